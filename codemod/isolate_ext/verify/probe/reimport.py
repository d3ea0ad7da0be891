"""Two copies in one interpreter: nothing shared, and the old one still catches its own errors."""

import gc
import pickle
import re
import sys
from types import ModuleType

from probe.naming import full_name
from probe.ownership import describe, immutable

SHOWN = 40
STRANGER = re.compile(r"not the same object as (.+)\.\w+")


def run(setting):
    """Import, forget, import again, and compare what can be reached from each copy."""
    subject, own = setting.subject, setting.ownership
    old = subject.load()
    subject.forget()
    gc.collect()
    setting.workload.work(old)
    first = setting.exercise(old)
    scenes = setting.workload.errors(old)
    new = subject.load()
    setting.workload.work(new)
    second = setting.exercise(new)
    problems = []
    if new is old:
        problems.append("the second import gives the first module object")
    shared = _shared(own, old, first, new, second)
    shared += _shared_results(setting, first, second)
    problems += [f"shared: {line}" for line in shared[:SHOWN]]
    if len(shared) > SHOWN:
        problems.append(f"shared: {len(shared) - SHOWN} more")
    problems += _unpicklable(setting, second)
    problems += _uncaught(setting, old, first)
    problems += _scenes(scenes)
    setting.workload.work(old)
    return {
        "ok": not problems,
        "problems": problems,
        "errors": len(first.errors) + len(scenes),
        "types": len(first.types),
    }


def _shared(own, old, first, new, second):
    """One line for each shared object; what belongs to a shared class is not named again."""
    one = own.reach(old, first.types.values())
    two = own.reach(new, second.types.values())
    both = [
        item for key, item in one.items() if key in two and item is not old and not immutable(item)
    ]
    covered = {
        id(value)
        for item in both
        if isinstance(item, type)
        for value in (*vars(item).values(), *gc.get_referents(item))
    }
    lines = {describe(item) for item in both if id(item) not in covered}
    return sorted(lines, key=lambda line: (not line.startswith("type "), line))


def _shared_results(setting, first, second):
    """What both copies hand out, can be changed, and is not kept by a module of others."""
    known = setting.ownership.before_ids
    foreign = {
        id(value)
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and not setting.subject.covers(name)
        for value in (vars(module), *vars(module).values())
    }
    handed_out = {id(item) for item in first.containers.values()} - foreign - known
    return [
        f"the result of {key}: {describe(item)}"
        for key, item in second.containers.items()
        if id(item) in handed_out
    ]


def _unpicklable(setting, done):
    """Instances of the copy in sys.modules are pickled by names that are found there [15]."""
    problems = []
    for label, specimens in done.specimens.items():
        try:
            pickle.dumps(specimens[0], 2)
        except pickle.PicklingError as error:
            found = STRANGER.search(str(error))
            if found and setting.subject.covers(found[1]):
                problems.append(f"{label}: {error}")
        except Exception:
            continue
    return problems


def _uncaught(setting, old, first):
    """The calls that raised a class of the old copy must raise that very class again."""
    keys = list(first.errors)
    again = setting.exercise(old)
    problems = []
    for key in keys:
        kind = again.errors.get(key)
        if kind is not None and not issubclass(kind, first.errors[key]):
            name = first.errors[key].__qualname__
            problems.append(f"uncaught: {key} raises a {name} that the old {name} does not catch")
    return problems[:SHOWN]


def _scenes(scenes):
    problems = []
    for number, (call, expected) in enumerate(scenes):
        name = f"scene {number + 1}"
        try:
            call()
        except expected:
            continue
        except Exception as error:
            kind = type(error)
            problems.append(
                f"uncaught: {name} raises {full_name(kind)}, "
                f"which the old {expected.__qualname__} does not catch"
            )
        else:
            problems.append(f"uncaught: {name} raises nothing")
    return problems
