"""Rules for heap types: references counted, the type visited, the module not immortal.

Numbers in brackets are rows of the handbook's table of field bugs.
"""

import gc
import sys
import weakref

MANY = 200
HEAP, GC = 1 << 9, 1 << 14


def run(setting):
    """Look at instances of every heap type, make many more, and let the module go."""
    subject = setting.subject
    subject.alone()
    module = subject.load()
    done = setting.exercise(module)
    problems = []
    for label, kind in done.types.items():
        if kind.__flags__ & HEAP:
            problems += _visits_type(label, kind, done)
            problems += _counted(label, kind, done.producers.get(label, {}))
            problems += _subclass_counted(label, kind, done.producers.get(label, {}))
    kind = None
    done.forget()
    gc.collect()
    problems += _unowned(module)
    reference = weakref.ref(module)
    module.__dict__["probe_keeps"] = setting.exercise(module).specimens
    del module, done
    subject.forget()
    _unhook()
    for _ in range(3):
        gc.collect()
    if reference() is not None:
        problems.append("an instance in the module's dict keeps the module alive [1]")
    return {"ok": not problems, "problems": problems}


def _unhook():
    """The interpreter itself holds what a call has made its profile or trace function."""
    sys.setprofile(None)
    sys.settrace(None)


def _unowned(module):
    """What the module's traverse visits belongs to somebody: spare instances do not [6]."""
    found = gc.get_referents(module)
    for index in range(len(found)):
        if sys.getrefcount(found[index]) <= 2:
            kind = type(found[index]).__name__
            return [f"{kind}: the module's traverse visits what nobody owns [6]"]
    return []


def _visits_type(label, kind, done):
    """An instance that the garbage collector tracks names its type to it, once [1]."""
    tracked = [item for item in done.specimens.get(label, []) if gc.is_tracked(item)]
    if not tracked:
        return []
    times = min(sum(each is kind for each in gc.get_referents(item)) for item in tracked)
    if times == 0:
        return [f"{label}: traverse does not visit the type"]
    return [f"{label}: traverse visits the type {times} times"] if times > 1 else []


def _counted(label, kind, producers):
    """Whoever makes instances, the type's reference count is the same once they are gone [2, 3]."""
    problems = []
    for name, (function, args) in producers.items():
        if function is kind or kind.__flags__ & GC:
            drift = _drift(kind, function, args)
            if abs(drift) >= MANY // 2:
                what = f"{drift:+d} references to the type after {MANY} calls of {name}"
                problems.append(f"{label}: {what} [2]")
    return problems


def _subclass_counted(label, kind, producers):
    """The same for a class that Python code derives [4]."""
    for function, args in producers.values():
        if function is not kind:
            continue
        try:
            derived = type("Derived", (kind,), {})
            derived(*args)
        except Exception:
            continue
        drift = _drift(derived, derived, args)
        if abs(drift) >= MANY // 2:
            what = f"{drift:+d} references to a subclass after {MANY} instances"
            return [f"{label}: {what} [4]"]
    return []


def _drift(kind, function, args):
    """How the references to ``kind`` change over many calls, but for those of what still lives.

    They are topped up first, so that a type which loses some is not destroyed on the way.
    """
    spare = [kind] * (2 * MANY)
    _call(function, args)
    gc.collect()
    alive, before = _alive(kind), sys.getrefcount(kind)
    for _ in range(MANY):
        _call(function, args)
    gc.collect()
    drift = sys.getrefcount(kind) - before - (_alive(kind) - alive)
    if drift < 0:
        KEPT.append(spare)
    return drift


KEPT = []


def _call(function, args):
    try:
        function(*args)
    except Exception:
        return


def _alive(kind):
    """How many instances there are; those that are not tracked do not count."""
    return sum(type(item) is kind for item in gc.get_objects())
