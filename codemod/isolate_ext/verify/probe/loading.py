"""Fresh copies of the judged extension, and forgetting them again."""

import importlib
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType


class Subject:
    """The extension under judgement, as the specification describes it.

    ``path`` given: the library is loaded from there under the module's name. Otherwise the module
    is imported by name like any other, and forgotten together with everything under ``prefixes``.
    """

    def __init__(self, spec):
        self.name = spec["module"]
        self.path = spec.get("path")
        self.prefixes = tuple(spec.get("prefixes") or (self.name.partition(".")[0],))
        self.companions = spec.get("companions") or []
        self.bare_parent = spec.get("bare_parent", False)
        for folder in reversed(spec.get("sys_path") or []):
            if folder not in sys.path:
                sys.path.insert(0, folder)

    def covers(self, name):
        """Whether the module ``name`` belongs to the judged package."""
        return name == self.name or any(
            name == prefix or name.startswith(prefix + ".") for prefix in self.prefixes
        )

    def load(self):
        """A fresh copy: nothing of an earlier one is left in sys.modules."""
        for name, path in self.companions:
            if getattr(sys.modules.get(name), "__file__", None) != path:
                _load_file(name, path)
        self.forget()
        if self.path is None:
            return importlib.import_module(self.name)
        self._parents()
        return _load_file(self.name, self.path)

    def alone(self):
        """Load by path from now on, whatever the package around it does; see ``bare_parent``."""
        if self.path is None:
            self.path = self.load().__file__
            for name in [name for name in sys.modules if self.covers(name)]:
                del sys.modules[name]
            self._parents()

    def forget(self):
        """Take the module (by name: and its package) out of sys.modules."""
        if self.path is not None:
            sys.modules.pop(self.name, None)
            return
        for name in [name for name in sys.modules if self.covers(name)]:
            del sys.modules[name]

    def _parents(self):
        """Import the packages around a library that is loaded by path, or stand-ins for them."""
        parts = self.name.split(".")[:-1]
        for end in range(1, len(parts) + 1):
            parent = ".".join(parts[:end])
            if parent in sys.modules:
                continue
            if self.bare_parent:
                stand_in = ModuleType(parent)
                stand_in.__path__ = []
                sys.modules[parent] = stand_in
            else:
                importlib.import_module(parent)


def _load_file(name, path):
    sys.modules.pop(name, None)
    spec = spec_from_file_location(name, path, loader=ExtensionFileLoader(name, path))
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return sys.modules[name]
