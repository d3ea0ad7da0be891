"""The rungs by name, and what each of them measures. Each runs in a process of its own."""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES

from probe import (
    arguments,
    blank,
    cost,
    cycles,
    exercise,
    failures,
    foreign_copy,
    hosted,
    interpreters,
    load_once,
    loading,
    names,
    ownership,
    protocol,
    references,
    reimport,
    settings,
    strictness,
    surface,
    teardown,
)
from probe.workload import Workload


class Setting:
    """All that a rung needs: the subject, who owns what, the plan of calls, the workload."""

    def __init__(self, spec):
        self.spec = spec
        exercise.quiet()
        self.subject = loading.Subject(spec)
        self.ownership = ownership.Ownership(self.subject)
        self.workload = Workload(spec.get("workload"))
        self.only = spec.get("only")
        self.skip = spec.get("skip") or []

    def exercise(self, module, **how):
        """Run the plan over one copy."""
        made = self.workload.specimens(module)
        return exercise.Exercise(module, self.ownership, only=self.only, skip=self.skip, **how).run(
            made
        )


def run(spec):
    """Carry out ``spec["rung"]``; an exception of the extension's import is a result too."""
    try:
        return {"ok": True, **RUNGS[spec["rung"]](Setting(spec))}
    except Exception as error:
        return {"ok": False, "problems": [exercise.outcome_of(error)[2:]]}


def _import(setting):
    before = set(sys.modules)
    module = setting.subject.load()
    others = [
        name
        for name, other in sorted(sys.modules.items())
        if name not in before and not setting.subject.covers(name) and _is_extension(other)
    ]
    return {"file": getattr(module, "__file__", None), "name": module.__name__, "others": others}


def _is_extension(module):
    origin = getattr(getattr(module, "__spec__", None), "origin", None) or ""
    return origin == "built-in" or origin.endswith(tuple(EXTENSION_SUFFIXES))


def _journaled(setting, repeated=(), **how):
    """Every call once, and some once more, each noted in the journal before it is made."""
    journal = os.open(setting.spec["journal"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    module = setting.subject.load()
    os.write(journal, b"workload\n")
    setting.workload.work(module)
    done = setting.exercise(module, journal=journal, timed=True, **how)
    done.rehearse(repeated)
    os.write(journal, b"end\n")
    return done


def _learn(setting):
    """What can be called, and what is worth repeating."""
    done = _journaled(setting)
    return {
        "outcomes": done.outcomes,
        "types": sorted(done.types),
        "idle": sorted(
            label
            for label, kind in done.types.items()
            if label not in done.specimens and not issubclass(kind, BaseException)
        ),
        "errors": {key: kind.__name__ for key, kind in done.errors.items()},
        "only": exercise.worth_repeating(done),
        "blocked": done.slow,
    }


def _rehearse(setting):
    """What is worth repeating twice: a call that dies of it has to be left out."""
    _journaled(setting, setting.only, recorded=True)
    return {}


RUNGS = {
    "import": _import,
    "learn": _learn,
    "rehearse": _rehearse,
    "surface": surface.run,
    "reimport": reimport.run,
    "own-gil": interpreters.own_gil,
    "shared-gil": interpreters.shared_gil,
    "own-gil-others": interpreters.own_gil_others,
    "shared-gil-others": interpreters.shared_gil_others,
    "inside": interpreters.inside,
    "hosted": hosted.run,
    "cycles": cycles.run,
    "cost": cost.run,
    "protocol": protocol.run,
    "references": references.run,
    "arguments": arguments.run,
    "blank": blank.run,
    "warnings": strictness.run,
    "names": names.run,
    "settings": settings.run,
    "foreign-copy": foreign_copy.run,
    "load-once": load_once.run,
    "no-memory": failures.run,
    **{f"teardown-{name}": scene for name, scene in teardown.SCENES.items()},
}
