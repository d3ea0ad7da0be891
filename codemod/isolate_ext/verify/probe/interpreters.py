"""The extension in several interpreters of one process, side by side and one after the other."""

import functools
import json
import os
import sys
import threading

SIDE_BY_SIDE = 8
ROUNDS = 3
IN_TURN = 20


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


def inside(setting):
    """What one sub-interpreter does: import, run the plan, work, import again."""
    module = setting.subject.load()
    setting.workload.work(module)
    first = setting.exercise(module)
    again = setting.subject.load()
    setting.exercise(again)
    return {"outcomes": len(first.outcomes), "digest": _digest(first)}


def _climb(setting, create, run, destroy):
    problems = []
    for turn in range(ROUNDS):
        problems += _together(setting, turn, create, run, destroy)
        if problems:
            break
    for turn in range(IN_TURN):
        if problems:
            break
        problems += _one(setting, f"turn {turn}", create, run, destroy)
    if not problems:
        setting.subject.load()
        problems += _together(setting, "after the main interpreter", create, run, destroy)
    unique = list(dict.fromkeys(line.split(": ", 1)[1] for line in problems))
    return {"ok": not problems, "problems": unique, "interpreters": SIDE_BY_SIDE, "rounds": ROUNDS}


def _together(setting, turn, create, run, destroy):
    found = []

    def body(number):
        found.extend(_one(setting, f"round {turn} interpreter {number}", create, run, destroy))

    _in_threads([functools.partial(body, number) for number in range(SIDE_BY_SIDE)])
    return found


def _in_threads(bodies):
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _one(setting, title, create, run, destroy):
    result = os.path.join(setting.spec["scratch"], title.replace(" ", "-") + ".json")
    spec = {**setting.spec, "rung": "inside", "result": result}
    code = BODY.format(home=os.path.dirname(os.path.dirname(__file__)), spec=spec)
    try:
        interpreter = create()
    except Exception as error:
        return [f"{title}: no interpreter: {error}"]
    try:
        failure = run(interpreter, code)
    except Exception as error:
        failure = error
    finally:
        destroy(interpreter)
    if failure is not None:
        return [f"{title}: {getattr(failure, 'formatted', failure)}"]
    with open(result, encoding="utf-8") as file:
        answer = json.load(file)
    os.remove(result)
    return [f"{title}: {line}" for line in answer.get("problems", [])]


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


def _digest(exercise):
    return sorted(f"{key} {value.split(':')[0]}" for key, value in exercise.outcomes.items())
