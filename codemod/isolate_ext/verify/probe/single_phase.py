"""Modules made in a single phase: their init function fails for lack of memory in processes apart.

It runs once a process only, and what it leaves behind it leaves there; so that it crashes is all
that is asked.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
from functools import partial

STEPS = 300
DONE = 12
"""As many successes in a row mean that there is no further allocation to fail."""

AT_ONCE = 2
MADE, FAILED, CALLED = 0, 1, 2
NOTHING = partial(sys.setprofile, None)


def answer_of(ask):
    """What a function answers in a process of its own; one that dies there dies here."""
    reading, writing = os.pipe()
    child = _forked(lambda: os.write(writing, json.dumps(ask()).encode()) and MADE)
    os.close(writing)
    with open(reading) as pipe:
        text = pipe.read()
    _ended(child)
    return json.loads(text) if text else None


def survives(subject, asked, set_nomemory, remove_mem_hooks):
    """Make the module with one allocation after the other failing; die as it does."""
    for name in asked["modules"]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    path, init = asked["path"], f"PyInit_{subject.name.rpartition('.')[2]}"
    if _ended(_forked(lambda: _made(path, init, sys.setprofile, NOTHING))) != MADE:
        return
    fine = 0
    for step in range(STEPS):

        def short(_, step=step):
            set_nomemory(step, step + AT_ONCE)

        found = _ended(_forked(lambda short=short: _made(path, init, short, remove_mem_hooks)))
        fine = fine + 1 if found == MADE else 0
        if fine == DONE:
            return


def _made(path, name, prepare, restore):
    """Whether the module could be made; one that calls Python code cannot be told about.

    The function is called by itself: what the interpreter does around it may crash too.
    """
    import ctypes

    calls = []
    init = getattr(ctypes.PyDLL(path), name)
    init.restype = ctypes.c_void_p
    prepare(lambda frame, event, argument: calls.append(event))
    try:
        made = init()
    except BaseException:
        return FAILED
    finally:
        restore()
    return CALLED if "call" in calls else MADE if made else FAILED


def _forked(work):
    """A process that ends with what the work returns."""
    child = os.fork()
    if child:
        return child
    code = FAILED
    try:
        code = work()
    finally:
        os._exit(code)


def _ended(child):
    """How a process ended; its signal is this one's too."""
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    return os.WEXITSTATUS(status)
