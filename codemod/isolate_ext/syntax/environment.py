"""The macros a translation unit can see, and the shape of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from isolate_ext.capi.macros import CAPI_MACROS, SYSTEM_MACROS, TYPE_ARGUMENTS, Shape
from isolate_ext.syntax.conditionals import decided_macros
from isolate_ext.syntax.directives import Define
from isolate_ext.syntax.inclusion import defined_at_inclusion
from isolate_ext.syntax.inference import infer
from isolate_ext.syntax.lexing import BRACE_OR_IDENTIFIER, IDENTIFIER
from isolate_ext.syntax.scanning import Decided, Scan

Balance = tuple[int, int]
"""How many blocks a macro closes that it did not open, and how many it leaves open."""
_LEVEL: Balance = (0, 0)
_TABLE_BALANCE: dict[Shape, Balance] = {
    Shape.BLOCK_OPEN: (0, 1),
    Shape.BLOCK_CLOSE: (1, 0),
    Shape.BLOCK_TURN: (1, 1),
}
_TABLES = frozenset(name.encode() for name in (*CAPI_MACROS, *SYSTEM_MACROS))


class MacroEnvironment:
    """Answers definition and shape by name for the macros defined in the files a unit sees.

    The tables of the C API and of known platforms win over a project's own definition.
    """

    def __init__(self, definitions: Mapping[str, tuple[Define, ...]]) -> None:
        self._definitions = definitions
        self._shapes: dict[str, Shape | None] = {}
        self._balances: dict[str, Balance] = {}
        self._taking: dict[str, bool] = {}

    @classmethod
    def of(cls, scans: Iterable[Scan]) -> MacroEnvironment:
        """The environment of a unit: its own scan and those of its headers.

        What the files decide about the `#if` branches of each other is settled.
        """
        scans = list(scans)
        for each, known in zip(scans, decided_by(scans), strict=True):
            each.decide(known)
        return cls.of_decided(scans)

    @classmethod
    def of_decided(cls, scans: Iterable[Scan]) -> MacroEnvironment:
        """The environment of scans whose branches are decided."""
        found: dict[str, list[Define]] = {}
        for scan in scans:
            for define in scan.live_defines:
                found.setdefault(define.name, []).append(define)
        return cls({name: tuple(defines) for name, defines in found.items()})

    def shows_alike(self, scan: Scan, other: MacroEnvironment) -> bool:
        """Whether a file is parsed alike with either: no macro that differs can occur in it."""
        return not any(
            name in scan.identifiers or name in self._in_bodies or name in other._in_bodies
            for name in self._differing(other)
        )

    def _differing(self, other: MacroEnvironment) -> set[bytes]:
        names = self._definitions.keys() | other._definitions.keys()
        return {name.encode() for name in names if self._texts(name) != other._texts(name)}

    def _texts(self, name: str) -> list[tuple[tuple[str, ...] | None, bytes]]:
        return [(define.params, define.code) for define in self.definitions(name)]

    @cached_property
    def _in_bodies(self) -> frozenset[bytes]:
        """The identifiers of all macro bodies."""
        codes = {d.skeleton for defines in self._definitions.values() for d in defines}
        return frozenset(name for code in codes for name in IDENTIFIER.findall(code))

    @cached_property
    def names(self) -> frozenset[bytes]:
        """The macros of the project, the C API and the known platforms."""
        return _TABLES.union(map(str.encode, self._definitions))

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

    def balance(self, name: str) -> Balance:
        """How many blocks an invocation closes and opens, nested macros included."""
        table = CAPI_MACROS.get(name)
        if table is not None:
            return _TABLE_BALANCE.get(table, _LEVEL)
        if name not in self._balances:
            self._balances[name] = _LEVEL
            found = [self._balance(define) for define in self._definitions.get(name, ())]
            self._balances[name] = next((b for b in found if b != _LEVEL), _LEVEL)
        return self._balances[name]

    def _balance(self, define: Define) -> Balance:
        closed = depth = 0
        for match in BRACE_OR_IDENTIFIER.finditer(define.skeleton):
            token = match.group()
            if token == b"{":
                depth += 1
                continue
            closes, opens = (1, 0) if token == b"}" else self.balance(token.decode())
            depth -= closes
            if depth < 0:
                closed -= depth
                depth = 0
            depth += opens
        return (closed, depth)

    def is_macro(self, name: str) -> bool:
        """Whether the name is a macro of the project, the C API or a known platform."""
        return name in self._definitions or name in CAPI_MACROS or name in SYSTEM_MACROS

    def is_function_like(self, name: str) -> bool:
        """Whether some visible definition takes arguments."""
        return any(define.params is not None for define in self._definitions.get(name, ()))

    def takes_arguments(self, name: str) -> bool:
        """Whether parentheses after a name in a macro's place belong to the invocation."""
        if name not in self._taking:
            self._taking[name] = self._takes_arguments(name, 3)
        return self._taking[name]

    def _takes_arguments(self, name: str, depth: int) -> bool:
        definitions = self.definitions(name)
        if not definitions:
            return name not in SYSTEM_MACROS or "ragma" in name
        if any(define.params is not None for define in definitions):
            return True
        if not all(define.code for define in definitions):
            return True
        aliases = [define.code.decode("latin-1").strip() for define in definitions]
        return depth > 0 and any(
            alias.isidentifier()
            and self.is_macro(alias)
            and self._takes_arguments(alias, depth - 1)
            for alias in aliases
        )

    def takes_types(self, name: str) -> bool:
        """Whether an argument may be a type: a known builtin or any function-like macro."""
        return name in TYPE_ARGUMENTS or self.is_function_like(name)

    def _find(self, name: str) -> Shape | None:
        known = CAPI_MACROS.get(name) or SYSTEM_MACROS.get(name)
        if known is not None:
            return known
        definitions = self._definitions.get(name, ())
        if not definitions:
            return None
        balance = self.balance(name)
        if balance != _LEVEL:
            closes, opens = balance
            if closes and opens:
                return Shape.BLOCK_TURN
            return Shape.BLOCK_OPEN if opens else Shape.BLOCK_CLOSE
        telling = [define for define in definitions if define.code] or definitions[:1]
        shapes = [infer(define, self.shape) for define in telling]
        vague = {Shape.SPECIFIER, Shape.EXPRESSION}
        return next((shape for shape in shapes if shape not in vague), shapes[0])


def decided_by(scans: Sequence[Scan]) -> list[Decided]:
    """What the files of an extension decide about the `#if` branches of each."""
    known = decided_macros(
        (define.name, scan.alone.get(define.branch) if define.branch is not None else None)
        for scan in scans
        for define in scan.defines
    )
    before = defined_at_inclusion({each.source.path: each for each in scans})
    return [(known, before.get(each.source.path, frozenset())) for each in scans]
