"""Import, work, destroy, many times: no module, no type and no memory is left behind."""

import gc
import sys
import warnings
import weakref
from types import ModuleType

PARTS, WARM = 8, 3
RUNS = 48
TOLERATED = 0.5
"""Blocks a cycle: less is noise of the interpreter's own caches."""


def run(setting):
    """As many cycles as the specification says; the first third only warms caches up."""
    count = setting.spec.get("cycles", 200)
    subject = setting.subject
    subject.alone()
    setting.ownership.types.update(_standing_types(setting))
    work = _work(setting)
    stops = [count * part // PARTS for part in range(WARM, PARTS + 1)]
    references, marks, watched = [], [], 0
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
            marks.append(sys.getallocatedblocks())
    alive = sorted({name for name, _ in references})
    per_cycle = round(_slope(stops, marks) - work, 2)
    problems = [f"alive after its copy is gone: {name}" for name in alive]
    if per_cycle > TOLERATED:
        problems.append(f"{per_cycle:.1f} blocks of memory more a cycle")
    return {
        "ok": not problems,
        "problems": problems,
        "blocks": per_cycle,
        "work": work,
        "survivors": len(references),
        "watched": watched,
        "cycles": count,
    }


def _slope(stops, marks):
    """The median growth a cycle over the parts: a leak shows in all, what happens once in one."""
    slopes = sorted(
        (marks[part] - marks[part - 1]) / max(1, stops[part] - stops[part - 1])
        for part in range(1, len(marks))
    )
    return slopes[len(slopes) // 2]


def _work(setting):
    """Blocks that the work itself leaks on a copy that stays: no matter of import and destroy."""
    module = setting.subject.load()
    stops = [RUNS * part // PARTS for part in range(WARM, PARTS + 1)]
    marks = []
    for number in range(1, RUNS + 1):
        setting.workload.work(module)
        setting.exercise(module)
        if number in stops:
            _settle()
            marks.append(sys.getallocatedblocks())
    return max(0.0, round(_slope(stops, marks), 2))


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
