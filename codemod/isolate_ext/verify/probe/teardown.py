"""Objects that outlive their module, and objects that are still there when the process ends.

A scene that ends the process badly is seen by its driver: the exit status or what it wrote to
stderr. The scenes follow handbook section 4, whose rows the names in brackets give.
"""

import copyreg
import gc
import sys
import weakref

from probe.exercise import OPERATIONS, outcome_of

MANY = 200


def protocol(setting):
    """Rules for heap types: references counted, the type visited, the module not immortal."""
    subject = setting.subject
    subject.alone()
    module = subject.load()
    done = setting.exercise(module)
    problems = []
    for label in list(done.specimens):
        if done.types[label].__flags__ & (1 << 9):
            problems += _visits_type(label, done)
            problems += _counted(setting, module, label, done.types[label])
    done.specimens.clear()
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


def _visits_type(label, done):
    """An instance that the garbage collector tracks names its type to it."""
    specimen, kind = done.specimens[label][0], done.types[label]
    if gc.is_tracked(specimen) and kind not in gc.get_referents(specimen):
        return [f"{label}: traverse does not visit the type"]
    return []


def _counted(setting, module, label, kind):
    """Creating and destroying instances leaves the type's reference count as it was [2, 3]."""
    keys = [key for key in (setting.only or ()) if key.partition("(")[0] == kind.__name__]
    if not keys or getattr(module, kind.__name__, None) is not kind:
        return []
    kind_only, setting.only = setting.only, keys[:1]
    try:
        setting.exercise(module)
        gc.collect()
        before = sys.getrefcount(kind)
        for _ in range(MANY):
            setting.exercise(module)
        gc.collect()
        drift = sys.getrefcount(kind) - before
    finally:
        setting.only = kind_only
    if abs(drift) < MANY // 2:
        return []
    return [f"{label}: {drift:+d} references to the type after {MANY} instances [2]"]


def blank(setting):
    """Instances that no constructor filled in must not crash [11]; nor empty subclasses [20]."""
    done = setting.exercise(setting.subject.load())
    for kind in done.types.values():
        for make in (
            kind,
            lambda kind=kind: kind.__new__(kind),
            lambda kind=kind: object.__new__(kind),
        ):
            try:
                instance = make()
            except Exception:
                continue
            for _, operation in OPERATIONS:
                try:
                    operation(instance)
                except Exception:
                    continue
    problems = _subclass_methods(done)
    return {"ok": not problems, "problems": problems}


def _subclass_methods(done):
    """Methods reach the module through an empty Python subclass as well [20]."""
    problems = []
    for label, kind in done.types.items():
        try:
            instance = type("Empty", (kind,), {})()
        except Exception:
            continue
        for name in dir(kind):
            if name.startswith("__") or f"{label}.{name}" in done.skip:
                continue
            try:
                value = getattr(instance, name)
                if callable(value) and f"{label}#0.{name}()" in (done.only or ()):
                    value()
            except SystemError as error:
                problems.append(f"{label}.{name} on a subclass: {outcome_of(error)}")
            except Exception:
                continue
    return problems


def _specimens(setting):
    module = setting.subject.load()
    setting.workload.work(module)
    done = setting.exercise(module)
    return module, done


def _at_exit(setting):
    module, done = _specimens(setting)
    sys.modules["__main__"].probe_keeps = done.specimens
    module.__dict__["probe_keeps"] = list(done.specimens.values())
    return {"specimens": sum(map(len, done.specimens.values()))}


def _self_cycle(setting):
    """The type is cleared before the instance dies [5a]."""
    module, done = _specimens(setting)

    class Holder:
        """Keeps an instance in a cycle of plain Python objects."""

    for specimens in done.specimens.values():
        for specimen in specimens:
            holder = Holder()
            holder.me, holder.specimen = holder, specimen
            del holder, specimen
    setting.subject.forget()
    specimens = None
    del module, done
    for _ in range(3):
        gc.collect()
    return {}


def _in_copyreg(setting):
    """A module that dies late keeps the instance in a cycle [5b]."""
    _, done = _specimens(setting)
    copyreg.probe_keeps = list(done.specimens.values())
    copyreg.probe_cycle = copyreg
    return {}


def _subclass(setting):
    """Subclasses and their instances, destroyed now and at exit [4]."""
    _, done = _specimens(setting)
    kept = []
    for kind in done.types.values():
        try:
            sub = type("Sub", (kind,), {})
            kept.append(sub())
            sub()
        except Exception:
            continue
    sub = kind = None
    setting.subject.forget()
    gc.collect()
    sys.modules["__main__"].probe_keeps = kept
    return {}


def _generator(setting):
    """A generator's finally block uses the types while the interpreter shuts down [24]."""
    module, done = _specimens(setting)

    def late():
        try:
            yield
        finally:
            for kind in done.types.values():
                repr(kind)
            for specimens in done.specimens.values():
                for specimen in specimens:
                    isinstance(specimen, type(specimen))
                    hash(type(specimen))

    running = late()
    next(running)
    sys.modules["__main__"].probe_keeps = (running, module)
    return {}


SCENES = {
    "at-exit": _at_exit,
    "self-cycle": _self_cycle,
    "copyreg": _in_copyreg,
    "subclass": _subclass,
    "generator": _generator,
}
