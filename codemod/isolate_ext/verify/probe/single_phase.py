"""Modules made in a single phase: their init function fails for lack of memory in processes apart.

It runs once a process only, and what it leaves behind it leaves there; so that it crashes is all
that is asked.
"""

import _imp
import contextlib
import importlib
import json
import os
import signal
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import spec_from_file_location

STEPS = 300
DONE = 12
"""As many successes in a row mean that there is no further allocation to fail."""

AT_ONCE = 2
MADE, FAILED, CALLED = 0, 1, 2


def answer_of(ask):
    """What a function answers in a process of its own; one that dies there dies here."""
    reading, writing = os.pipe()
    child = _forked(lambda: os.write(writing, json.dumps(ask()).encode()) and MADE)
    os.close(writing)
    with open(reading) as pipe:
        text = pipe.read()
    _ended(child)
    return json.loads(text) if text else None


def survives(subject, asked, set_nomemory):
    """Make the module with one allocation after the other failing; die as it does."""
    for name in asked["modules"]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    path = asked["path"]
    loader = ExtensionFileLoader(subject.name, path)
    spec = spec_from_file_location(subject.name, path, loader=loader)
    if _ended(_forked(lambda: _made(spec, sys.setprofile))) != MADE:
        return
    fine = 0
    for step in range(STEPS):
        child = _forked(lambda at=step: _made(spec, lambda _: set_nomemory(at, at + AT_ONCE)))
        found = _ended(child)
        fine = fine + 1 if found == MADE else 0
        if fine == DONE:
            return


def _made(spec, prepare):
    """Whether the module could be made; one that calls Python code cannot be told about."""
    calls = []
    prepare(lambda frame, event, argument: calls.append(event))
    try:
        _imp.create_dynamic(spec)
    except BaseException:
        return FAILED
    return CALLED if "call" in calls else MADE


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
