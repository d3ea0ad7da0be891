"""Loads a module that may be loaded once, tries again every way, and prints what happened.

    python guarded_scene.py MODULE BEHAVIOUR.py

The behaviour tests run last, in the process in which the other loads were refused.  Standard
library of the target interpreter only.
"""

import gc
import importlib
import json
import runpy
import sys
import tempfile
from pathlib import Path

SUB = """
import sys
sys.path.insert(0, {folder!r})
try:
    import {name}
except ImportError as error:
    said = f"refused: {{error}}"
else:
    said = "loaded"
with open({answer!r}, "w") as file:
    file.write(said)
"""


def attempt(name):
    """What an import says; the module's name must be free."""
    try:
        importlib.import_module(name)
    except ImportError as error:
        return f"refused: {error}"
    return "loaded"


def again(name, times):
    """The module taken out of `sys.modules` and imported, several times over."""
    answers = []
    for _ in range(times):
        kept = sys.modules.pop(name)
        answers.append(attempt(name))
        sys.modules.pop(name, None)
        sys.modules[name] = kept
        gc.collect()
    return answers


def interpreters():
    """(kind, create, run, destroy) of each kind of sub-interpreter that this Python has."""
    if sys.version_info >= (3, 13):
        import _interpreters as low

        for kind in ("legacy", "isolated"):
            yield kind, lambda kind=kind: low.create(kind), low.run_string, low.destroy
        return
    import _xxsubinterpreters as low

    for kind, isolated in (("legacy", False), ("isolated", True)):
        yield (
            kind,
            lambda isolated=isolated: low.create(isolated=isolated),
            low.run_string,
            (low.destroy),
        )


def elsewhere(name):
    """What an import in a sub-interpreter of each kind says, twice each."""
    found = {}
    folder = str(Path(sys.modules[name].__file__).parent)
    with tempfile.TemporaryDirectory() as scratch:
        for kind, create, run, destroy in interpreters():
            found[kind] = []
            for number in range(2):
                answer = Path(scratch, f"{kind}-{number}")
                made = create()
                run(made, SUB.format(folder=folder, name=name, answer=str(answer)))
                destroy(made)
                found[kind].append(answer.read_text())
    return found


def main(name, behaviour):
    found = {"first": attempt(name), "again": again(name, 3)}
    found["elsewhere"] = elsewhere(name)
    found["at last"] = again(name, 1)
    print(json.dumps(found), flush=True)
    sys.argv = [behaviour]
    runpy.run_path(behaviour, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
