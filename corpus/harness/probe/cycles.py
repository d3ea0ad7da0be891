"""Import, work, destroy, many times: no module, no type and no memory is left behind."""

import gc
import sys
import weakref
from types import ModuleType

WARM = 0.3
RUNS = 40
TOLERATED = 0.5
"""Blocks a cycle: less is noise of the interpreter's own caches."""


def run(setting):
    """As many cycles as the specification says; the first third only warms caches up."""
    count = setting.spec.get("cycles", 200)
    subject = setting.subject
    subject.alone()
    setting.ownership.types.update(_standing_types(setting))
    work = _work(setting)
    warm = int(count * WARM)
    references, marks, watched = [], [], 0
    for number in range(count):
        made = _cycle(setting)
        watched += len(made)
        references += made
        del made
        if number % 10 == 9 or number + 1 in (warm, count):
            _settle()
            references = [pair for pair in references if pair[1]() is not None]
        if number + 1 in (warm, count):
            marks.append(sys.getallocatedblocks())
    alive = sorted({name for name, _ in references})
    per_cycle = (marks[-1] - marks[0]) / max(1, count - warm) - work
    problems = [f"alive after its copy is gone: {name}" for name in alive]
    if per_cycle > TOLERATED:
        problems.append(f"{per_cycle:.1f} blocks of memory more a cycle")
    return {"ok": not problems, "problems": problems, "blocks": round(per_cycle, 2), "work": work,
            "survivors": len(references), "watched": watched, "cycles": count}


def _work(setting):
    """Blocks that the work itself leaks on a copy that stays: no matter of import and destroy."""
    module = setting.subject.load()
    marks = []
    for number in range(RUNS + RUNS // 2):
        setting.exercise(module)
        setting.workload.work(module)
        if number + 1 in (RUNS // 2, RUNS + RUNS // 2):
            _settle()
            marks.append(sys.getallocatedblocks())
    return max(0.0, round((marks[1] - marks[0]) / RUNS, 2))


def _standing_types(setting):
    """Classes that the package around the library keeps: they belong to a copy that stays."""
    module = sys.modules.get(setting.subject.name)
    return () if module is None else [
        item for item in vars(module).values() if isinstance(item, type)
        and item.__flags__ & (1 << 9)
    ]


def _cycle(setting):
    module = setting.subject.load()
    done = setting.exercise(module)
    setting.workload.work(module)
    watched = [("module " + module.__name__, module)] if isinstance(module, ModuleType) else []
    watched += [("type " + label, kind) for label, kind in done.types.items()]
    references = [(name, weakref.ref(item)) for name, item in watched]
    setting.subject.forget()
    return references


def _settle():
    for _ in range(3):
        gc.collect()
    if hasattr(sys, "_clear_internal_caches"):
        sys._clear_internal_caches()
    elif hasattr(sys, "_clear_type_cache"):
        sys._clear_type_cache()
