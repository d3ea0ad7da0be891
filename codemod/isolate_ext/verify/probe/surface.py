"""What Python code can see of the module: names, types, signatures, what can be done to them."""

import copy
import inspect
import pickle
import weakref
from types import BuiltinFunctionType, ModuleType

from probe.exercise import outcome_of
from probe.naming import full_name

VISIBLE_FLAGS = (1 << 5) | (1 << 6) | (1 << 10) | (1 << 20) | (0xFF << 24)
"""Sequence, mapping, BASETYPE, abstract, and the built-in base bits; the rest is layout."""

HEAP, GC, IMMUTABLE, FINAL = 1 << 9, 1 << 14, 1 << 8, 1 << 10
SCENERY = ("__file__", "__spec__", "__loader__", "__package__", "__builtins__", "__cached__")
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def run(setting):
    """A description that can be compared with that of another build, key by key."""
    module = setting.subject.load()
    done = setting.exercise(module, timed=True)
    facts = {
        "module": {"name": module.__name__, "doc": module.__doc__, "type": type(module).__name__}
    }
    for name, value in sorted(vars(module).items()):
        if name not in SCENERY:
            facts[f"name {name}"] = _value(value)
    for label, kind in sorted(done.types.items()):
        facts[f"type {label}"] = _type(kind)
        for number, specimen in enumerate(done.specimens.get(label, [])[:1]):
            made = f"{label}#{number}"
            types = [kind for _, kind in sorted(done.types.items())]
            visits = {"visits": ", ".join(sorted(done.visited[made]))}
            facts[f"instance {made}"] = {**_instance(specimen, types), **visits}
    facts["calls"] = done.outcomes
    return {"surface": facts}


def _value(value):
    kind = type(value)
    fact = {"kind": full_name(kind)}
    if isinstance(value, type):
        fact["class"] = full_name(value)
    elif isinstance(value, (int, float, complex, str, bytes)):
        fact["value"] = repr(value)[:200]
    elif isinstance(value, (tuple, list, dict, set, frozenset)):
        fact["size"] = len(value)
    elif isinstance(value, ModuleType):
        fact["module"] = value.__name__
    elif callable(value):
        fact.update(_callable(value))
    return fact


def _callable(value):
    fact = {
        name: _attempt(lambda name=name: getattr(value, name))
        for name in ("__name__", "__qualname__", "__module__", "__doc__", "__text_signature__")
    }
    fact["signature"] = _attempt(lambda: str(inspect.signature(value)))
    if isinstance(value, BuiltinFunctionType):
        fact["self"] = type(value.__self__).__name__
    return fact


def _attempt(function):
    try:
        result = function()
    except Exception as error:
        return outcome_of(error)
    return result if isinstance(result, (str, int, bool, type(None))) else type(result).__name__


def _type(kind):
    members = {}
    for name, value in sorted(vars(kind).items()):
        members[name] = {
            "kind": type(value).__name__,
            **{
                key: _attempt(lambda key=key, value=value: getattr(value, key))
                for key in ("__doc__", "__text_signature__")
            },
        }
    return {
        "name": kind.__name__,
        "qualname": kind.__qualname__,
        "module": getattr(kind, "__module__", None),
        "doc": kind.__doc__,
        "text_signature": _attempt(lambda: kind.__text_signature__),
        "mro": [full_name(base) for base in kind.__mro__],
        "metaclass": type(kind).__qualname__,
        "flags": kind.__flags__ & VISIBLE_FLAGS,
        "layout": {
            "heap": bool(kind.__flags__ & HEAP),
            "gc": bool(kind.__flags__ & GC),
            "immutable": bool(kind.__flags__ & IMMUTABLE),
        },
        "hashable": kind.__hash__ is not None,
        "dictoffset": bool(kind.__dictoffset__),
        "weakrefoffset": bool(kind.__weakrefoffset__),
        "members": members,
        "call": _attempt(kind),
        "new": _attempt(lambda: kind.__new__(kind)),
        "object-new": _attempt(lambda: object.__new__(kind)),
        "set-attribute": _attempt(lambda: _assign(kind)),
        "subclass": _attempt(lambda: type("Sub", (kind,), {}).__name__),
        "pickle-class": [_attempt(lambda p=p: len(pickle.dumps(kind, p)) > 0) for p in PROTOCOLS],
    }


def _assign(kind):
    kind.probe_attribute = 1
    del kind.probe_attribute
    return "allowed"


def _instance(specimen, types):
    kind = type(specimen)
    return {
        "dict": hasattr(specimen, "__dict__"),
        "weakref": _attempt(lambda: weakref.ref(specimen) is not None),
        "set-attribute": _attempt(lambda: setattr(specimen, "another_attribute", 1)),
        "set-class": _attempt(lambda: setattr(specimen, "__class__", type("Sub", (), {}))),
        "set-own-class": [each.__qualname__ for each in types if _turns(specimen, each)],
        "set-subclass": _attempt(lambda: _turns(specimen, type("Sub", (kind,), {"__slots__": ()}))),
        "pickle": [_attempt(lambda p=p: len(pickle.dumps(specimen, p)) > 0) for p in PROTOCOLS],
        "unpickle": [_attempt(lambda p=p: _round_trip(specimen, p)) for p in PROTOCOLS],
        "copy": _attempt(lambda: type(copy.copy(specimen)) is kind),
        "deepcopy": _attempt(lambda: type(copy.deepcopy(specimen)) is kind),
        "hash": _attempt(lambda: hash(specimen) is not None),
        "callable": callable(specimen),
        "buffer": _attempt(lambda: memoryview(specimen).nbytes >= 0),
    }


def _turns(specimen, other):
    """Whether an instance can be made one of another class of the extension."""
    kind = type(specimen)
    if other is kind:
        return False
    try:
        specimen.__class__ = other
    except Exception:
        return False
    specimen.__class__ = kind
    return True


def _round_trip(specimen, protocol):
    try:
        pickle.dumps(specimen, protocol)
    except Exception:
        return "not pickled"
    return type(pickle.loads(pickle.dumps(specimen, protocol))).__qualname__
