"""Which objects the extension made: told apart from what was there, and from its surroundings."""

import gc
import sys
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    ModuleType,
)

from probe.naming import full_name

ATOMS = (int, float, complex, str, bytes, bool, type(None), type(...), type(NotImplemented), range)
SCENERY = (ModuleType, FunctionType, CodeType, FrameType)


class Ownership:
    """Made before the first import; everything that exists then is foreign."""

    def __init__(self, subject):
        self.subject = subject
        self.types = set(all_types())
        self.before = gc.get_objects()
        self.before_ids = {id(item) for item in self.before}

    def owns_type(self, kind):
        """Whether C code of the judged extension made the class ``kind``."""
        if kind in self.types or _made_by_python(kind):
            return False
        home = getattr(kind, "__module__", None)
        if not isinstance(home, str) or self.subject.covers(home) or home == "builtins":
            return True
        place = sys.modules.get(home)
        return place is None or getattr(place, kind.__name__, None) is not kind

    def reach(self, module, types=()):
        """Every object of the extension that can be reached from one copy: id -> object."""
        found = {}
        elsewhere = self._of_other_extensions()
        queue = [module, *types]
        while queue:
            item = queue.pop()
            if id(item) in found or id(item) in elsewhere or self._foreign(item, module):
                continue
            found[id(item)] = item
            if isinstance(item, type):
                queue.extend(vars(item).values())
                queue.extend(item.__bases__)
            queue.extend(gc.get_referents(item))
        return found

    def _of_other_extensions(self):
        """What other modules written in C keep: a capsule that the extension has imported."""
        return {
            id(value)
            for name, module in list(sys.modules.items())
            if isinstance(module, ModuleType) and not self.subject.covers(name)
            if str(getattr(module, "__file__", "")).endswith(".so")
            for value in vars(module).values()
        }

    def _foreign(self, item, module):
        if item is module:
            return False
        if isinstance(item, (*ATOMS, *SCENERY)) or id(item) in self.before_ids:
            return True
        if isinstance(item, BuiltinFunctionType):
            home = getattr(item, "__self__", None)
            return isinstance(home, ModuleType) and not self.subject.covers(home.__name__)
        if isinstance(item, type):
            return not self.owns_type(item)
        if type(item).__name__ == "PyCapsule":
            return self._lent(item)
        if isinstance(item, dict):
            return any(
                item is vars(place)
                for place in list(sys.modules.values())
                if isinstance(place, ModuleType) and place is not module
            )
        return False

    def _lent(self, capsule):
        """Whether a capsule stands in a module of others, from which it was imported."""
        return any(
            capsule is value
            for name, place in list(sys.modules.items())
            if isinstance(place, ModuleType) and not self.subject.covers(name)
            for value in vars(place).values()
        )


def immutable(item):
    """Constants may be shared: tuples and frozen sets of nothing but atoms."""
    if isinstance(item, ATOMS):
        return True
    if type(item) in (tuple, frozenset):
        return all(immutable(part) for part in item)
    return False


def describe(item):
    """One short line that names an object in a report."""
    if isinstance(item, type):
        return f"type {full_name(item)}"
    if isinstance(item, BuiltinFunctionType):
        return f"function {item.__name__}"
    owner = getattr(item, "__objclass__", None)
    if owner is not None:
        return f"{type(item).__name__} {owner.__name__}.{item.__name__}"
    if isinstance(item, (dict, list, set)):
        return f"{type(item).__name__} of {len(item)}"
    return f"object of {full_name(type(item))}"


def _made_by_python(kind):
    names = vars(kind)
    if "__firstlineno__" in names or "__static_attributes__" in names:
        return True
    return any(
        isinstance(value, (FunctionType, classmethod, staticmethod))
        and isinstance(getattr(value, "__func__", value), FunctionType)
        for value in names.values()
    )


def all_types():
    """Every class that there is."""
    seen = set()
    queue = [object]
    while queue:
        kind = queue.pop()
        if kind in seen:
            continue
        seen.add(kind)
        queue.extend(type.__subclasses__(kind))
    return seen
