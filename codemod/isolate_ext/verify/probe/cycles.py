"""Import, work, destroy, many times: no module, no type and no memory is left behind.

On a debug build the references are counted, too: one to an object that lives anyway is no memory.
"""

import gc
import sys
import warnings
import weakref
from types import ModuleType

PARTS, WARM = 8, 3
RUNS = 48
NAMES = {"blocks": "blocks of memory", "references": "references"}
TOLERATED = 0.5
"""Blocks or references a cycle: less is noise of the interpreter's own caches."""


def run(setting):
    """As many cycles as the specification says; the first third only warms caches up."""
    count = setting.spec.get("cycles", 200)
    subject = setting.subject
    subject.alone()
    setting.ownership.types.update(_standing_types(setting))
    work = _work(setting)
    stops = [count * part // PARTS for part in range(WARM, PARTS + 1)]
    references, marks, watched = [], Marks(stops), 0
    for number in range(1, count + 1):
        made = _cycle(setting)
        watched += len(made)
        references += made
        del made
        if number % 10 == 0 or number in stops:
            _settle()
            references = [pair for pair in references if pair[1]() is not None]
        if number in stops:
            gc.collect()
            marks.take()
    alive = sorted({name for name, _ in references})
    growth = marks.slopes()
    per_cycle = {kind: round(growth[kind] - work[kind], 2) for kind in growth}
    problems = [f"alive after its copy is gone: {name}" for name in alive]
    for kind, more in per_cycle.items():
        if more > TOLERATED:
            problems.append(f"{more:.1f} {NAMES[kind]} more a cycle")
    return {
        "ok": not problems,
        "problems": problems,
        **per_cycle,
        "work": work["blocks"],
        "work references": work.get("references", 0.0),
        "survivors": len(references),
        "watched": watched,
        "cycles": count,
    }


class Marks:
    """Blocks in use, and on a debug build all references; two lists, to weigh little itself."""

    def __init__(self, stops):
        self.stops = stops
        self.taken = {"blocks": []}
        if hasattr(sys, "gettotalrefcount"):
            self.taken["references"] = []

    def take(self):
        self.taken["blocks"].append(sys.getallocatedblocks())
        if "references" in self.taken:
            self.taken["references"].append(sys.gettotalrefcount())

    def slopes(self):
        """The growth of each count a run, by its name."""
        return {kind: _slope(self.stops, marks) for kind, marks in self.taken.items()}


def _slope(stops, marks):
    """The median growth a cycle over the parts: a leak shows in all, what happens once in one."""
    slopes = sorted(
        (marks[part] - marks[part - 1]) / max(1, stops[part] - stops[part - 1])
        for part in range(1, len(marks))
    )
    return slopes[len(slopes) // 2]


def _work(setting):
    """What the work itself leaks on a copy that stays: no matter of import and destroy."""
    module = setting.subject.load()
    stops = [RUNS * part // PARTS for part in range(WARM, PARTS + 1)]
    marks = Marks(stops)
    for number in range(1, RUNS + 1):
        setting.workload.work(module)
        setting.exercise(module)
        if number in stops:
            _settle()
            marks.take()
    return {kind: max(0.0, round(slope, 2)) for kind, slope in marks.slopes().items()}


def _standing_types(setting):
    """Classes that the package around the library keeps: they belong to a copy that stays."""
    module = sys.modules.get(setting.subject.name)
    return (
        ()
        if module is None
        else [
            item
            for item in vars(module).values()
            if isinstance(item, type) and item.__flags__ & (1 << 9)
        ]
    )


def _cycle(setting):
    module = setting.subject.load()
    setting.workload.work(module)
    done = setting.exercise(module)
    watched = [("module " + module.__name__, module)] if isinstance(module, ModuleType) else []
    watched += [("type " + label, kind) for label, kind in done.types.items()]
    references = [(name, weakref.ref(item)) for name, item in watched]
    setting.subject.forget()
    return references


def _settle():
    for _ in range(3):
        gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for name in ("_clear_internal_caches", "_clear_type_cache"):
            getattr(sys, name, int)()
