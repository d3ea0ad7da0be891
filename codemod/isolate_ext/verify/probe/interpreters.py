"""The extension in several interpreters of one process, side by side and one after the other."""

import functools
import json
import os
import sys
import threading

from probe import beside

SIDE_BY_SIDE = 8
ROUNDS = 3
IN_TURN = 20
ATTEMPTS = 3


def own_gil(setting):
    """Eight interpreters with their own GIL at a time, in threads; nothing is imported before."""
    return _climb(setting, *_api(isolated=True))


def shared_gil(setting):
    """The same with interpreters that share one GIL."""
    return _climb(setting, *_api(isolated=False))


def own_gil_others(setting):
    """Modules of others in interpreters with their own GIL, without the extension."""
    return _imports(setting.spec["modules"], *_api(isolated=True))


def shared_gil_others(setting):
    """The same with interpreters that share one GIL."""
    return _imports(setting.spec["modules"], *_api(isolated=False))


def _imports(modules, create, run, destroy):
    def body():
        interpreter = create()
        try:
            run(interpreter, f"import {', '.join(modules)}")
        finally:
            destroy(interpreter)

    for _ in range(ROUNDS):
        _in_threads([body] * SIDE_BY_SIDE)
    for _ in range(IN_TURN):
        body()
    return {}


KEPT = []


def inside(setting):
    """What one sub-interpreter does: import, run the plan, work, import again.

    All that it made lives as long as the interpreter: what is at an address, is there alone.
    """
    module = setting.subject.load()
    setting.workload.work(module)
    first = setting.exercise(module)
    again = setting.subject.load()
    second = setting.exercise(again)
    KEPT.append((module, first, again, second))
    outcomes = {key: text.partition(":")[0] for key, text in first.outcomes.items()}
    return {"outcomes": outcomes, "objects": beside.objects(setting.ownership, module, first)}


def _climb(setting, create, run, destroy):
    problems, crowded, lone = [], [], []
    for turn in range(ROUNDS):
        problems += _together(setting, turn, create, run, destroy, crowded)
        if problems:
            break
    for turn in range(IN_TURN):
        if problems:
            break
        problems += _one(setting, f"turn {turn}", create, run, destroy, lone)
    if not problems:
        setting.subject.load()
        problems += _together(setting, "after the main interpreter", create, run, destroy, crowded)
    problems += beside.disturbed(crowded, lone)
    unique = list(dict.fromkeys(line.split(": ", 1)[1] for line in problems))
    return {"ok": not problems, "problems": unique, "interpreters": SIDE_BY_SIDE, "rounds": ROUNDS}


def _together(setting, turn, create, run, destroy, answers):
    """Eight at a time; all begin at once, and each is there until the last one is done.

    Each has a thread of its own from its creation to its end, as Python 3.9 and 3.10 want it.
    """
    found, mine = [], []
    creating, line = threading.Lock(), threading.Barrier(SIDE_BY_SIDE)

    def body(number):
        title = f"round {turn} interpreter {number}"
        try:
            with creating:
                interpreter = _created(create)
        except Exception as error:
            found.append(f"{title}: no interpreter: {error}")
            line.abort()
            return
        _wait(line)
        found.extend(_used(setting, title, interpreter, run, mine))
        _wait(line)
        destroy(interpreter)

    _in_threads([functools.partial(body, number) for number in range(SIDE_BY_SIDE)])
    answers += mine
    return found + beside.shared(mine)


def _wait(line):
    try:
        line.wait()
    except threading.BrokenBarrierError:
        return


def _in_threads(bodies):
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _one(setting, title, create, run, destroy, answers):
    """One interpreter from its creation to its end."""
    interpreter = _created(create)
    problems = _used(setting, title, interpreter, run, answers)
    destroy(interpreter)
    return problems


def _used(setting, title, interpreter, run, answers):
    result = os.path.join(setting.spec["scratch"], title.replace(" ", "-") + ".json")
    spec = {**setting.spec, "rung": "inside", "result": result}
    code = BODY.format(home=os.path.dirname(os.path.dirname(__file__)), spec=spec)
    try:
        failure = run(interpreter, code)
    except Exception as error:
        failure = error
    if failure is not None:
        return [f"{title}: {getattr(failure, 'formatted', failure)}"]
    with open(result, encoding="utf-8") as file:
        answer = json.load(file)
    os.remove(result)
    if "objects" in answer:
        answers.append(answer)
    return [f"{title}: {line}" for line in answer.get("problems", [])]


def _created(create):
    """An interpreter; where that fails it is tried again, since Python 3.13 may fail at times."""
    for _ in range(ATTEMPTS):
        try:
            return create()
        except Exception:
            continue
    return create()


BODY = """
import json, sys
sys.path.insert(0, {home!r})
from probe import rungs
del sys.path[0]
spec = {spec!r}
answer = rungs.run(spec)
with open(spec["result"], "w", encoding="utf-8") as file:
    json.dump(answer, file)
"""


def _api(isolated):
    """``(create, run, destroy)`` of the running version's low-level interpreters module."""
    if sys.version_info >= (3, 13):
        import _interpreters as low

        kind = "isolated" if isolated else "legacy"
        return (lambda: low.create(kind)), low.exec, low.destroy
    import _xxsubinterpreters as low

    return (lambda: low.create(isolated=isolated)), low.run_string, low.destroy
