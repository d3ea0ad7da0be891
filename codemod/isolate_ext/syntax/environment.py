"""The macros a translation unit can see, and the shape of each."""

from __future__ import annotations

from collections.abc import Iterable

from isolate_ext.capi.macros import CAPI_MACROS, SYSTEM_MACROS, TYPE_ARGUMENTS, Shape
from isolate_ext.syntax.directives import Define
from isolate_ext.syntax.inference import infer
from isolate_ext.syntax.scanning import Scan


class MacroEnvironment:
    """Answers definition and shape by name for the macros defined in the files a unit sees.

    The project's own definition wins over the tables, except where it is empty in one
    configuration and the table knows better.
    """

    def __init__(self, definitions: dict[str, tuple[Define, ...]]) -> None:
        self._definitions = definitions
        self._shapes: dict[str, Shape | None] = {}

    @classmethod
    def of(cls, scans: Iterable[Scan]) -> MacroEnvironment:
        """The environment of a unit: its own scan and those of its headers."""
        found: dict[str, list[Define]] = {}
        for scan in scans:
            for define in scan.live_defines:
                found.setdefault(define.name, []).append(define)
        return cls({name: tuple(defines) for name, defines in found.items()})

    def definitions(self, name: str) -> tuple[Define, ...]:
        """Every visible definition of a macro, in the order of the files; empty when unknown."""
        return self._definitions.get(name, ())

    def shape(self, name: str) -> Shape | None:
        """What an invocation is to the grammar; None for a name that is no known macro."""
        if name not in self._shapes:
            self._shapes[name] = None
            self._shapes[name] = self._find(name)
        return self._shapes[name]

    category = shape

    def is_macro(self, name: str) -> bool:
        """Whether the name is a macro of the project, the C API or a known platform."""
        return name in self._definitions or name in CAPI_MACROS or name in SYSTEM_MACROS

    def takes_types(self, name: str) -> bool:
        """Whether an argument may be a type: a known builtin or any function-like macro."""
        return name in TYPE_ARGUMENTS or any(
            define.params is not None for define in self._definitions.get(name, ())
        )

    def _find(self, name: str) -> Shape | None:
        known = CAPI_MACROS.get(name) or SYSTEM_MACROS.get(name)
        if known is not None:
            return known
        shapes = [infer(define, self.shape) for define in self._definitions.get(name, ())]
        if not shapes:
            return None
        empty = {Shape.SPECIFIER, Shape.EXPRESSION}
        return next((shape for shape in shapes if shape not in empty), shapes[0])
