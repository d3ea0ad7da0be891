"""Objects that outlive their module, and objects that are still there when the process ends.

A scene that ends the process badly is seen by its driver: the exit status or what it wrote to
stderr. The scenes follow handbook section 4, whose rows the names in brackets give.
"""

import copyreg
import gc
import os
import sys
from contextlib import contextmanager

UNIMPORTED = ("! builtins.ImportError", "! builtins.ModuleNotFoundError", "! builtins.SystemError")


def _specimens(setting, **how):
    module = setting.subject.load()
    setting.workload.work(module)
    done = setting.exercise(module, **how)
    return module, done


def _at_exit(setting):
    module, done = _specimens(setting)
    sys.modules["__main__"].probe_keeps = done.specimens
    module.__dict__["probe_keeps"] = list(done.specimens.values())
    return {"specimens": sum(map(len, done.specimens.values()))}


@contextmanager
def _in_order():
    """What is garbage later is cleared in the order in which it was made inside.

    A collection in between would sort it anew, whenever that happens to be.
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _self_cycle(setting):
    """The type is cleared before the instance dies [5a]."""
    with _in_order():
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
    """A generator's finally block uses types and instances while the interpreter goes [24].

    What worked before must not need an import now.
    """
    module, done = _specimens(setting, recorded=True)

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
            for key, outcome in done.again().items():
                if outcome.startswith(UNIMPORTED) and done.outcomes[key].startswith("->"):
                    os.write(2, f"Exception ignored in {key} at exit: {outcome}\n".encode())

    running = late()
    next(running)
    sys.modules["__main__"].probe_keeps = (running, module)
    return {}


def _provider(setting):
    """What the extension took from other extensions stays, once these are gone [8]."""
    own = setting.subject
    before = set(sys.modules)
    module, done = _specimens(setting, recorded=True)
    for name in set(sys.modules) - before:
        place = sys.modules[name]
        if not own.covers(name) and str(getattr(place, "__file__", "")).endswith(".so"):
            del sys.modules[name]
    place = None
    for _ in range(3):
        gc.collect()
    done.again()
    done.forget()
    del done
    gc.collect()
    sys.modules["__main__"].probe_keeps = module
    return {}


SCENES = {
    "at-exit": _at_exit,
    "self-cycle": _self_cycle,
    "copyreg": _in_copyreg,
    "subclass": _subclass,
    "generator": _generator,
    "provider": _provider,
}
