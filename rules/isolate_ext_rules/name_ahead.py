"""The name of the state struct in front of headers that the struct itself is made of.

Such a header can only declare with pointers to the struct, and be read before it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

import msgspec

from isolate_ext.engine import Pass, Stage
from isolate_ext_rules.include_order import place_behind_includes, reached_from, read_before
from isolate_ext_rules.state_needs import first_need, names_only

_TAG = re.compile(r"struct\s+(\w+)")


class NameAhead(msgspec.Struct, frozen=True):
    """Where the struct is named, at byte ``at`` of ``path``, and the headers that it is for."""

    path: str
    at: int
    headers: frozenset[str]

    def insert(self, pass_: Pass, group: str, first: Stage) -> None:
        name = pass_.decisions.names.state_struct
        line = f"{name};\n" if _TAG.fullmatch(name) else f"typedef struct {tag(pass_)} {name};\n"
        data = pass_.parsed(self.path).source.data
        apart = "\n" if data[: self.at].strip() else ""
        pass_.replace(self.path, self.at, self.at, apart + line, group, first, order=-20)


def tag(pass_: Pass) -> str:
    """The struct's tag: its own, or else the one that it gets."""
    name, adopted = pass_.decisions.names.state_struct, pass_.decisions.adopted
    own = adopted.struct.node.child("name") if adopted is not None else None
    return own.str if own is not None else name.removeprefix("struct ")


def read_by_the_state(pass_: Pass, included: Iterable[str], paths: Collection[str]) -> set[str]:
    """The headers that need the state, and that its own header reads."""
    read = {each for header in included for each in reached_from(pass_, header)}
    return read & set(paths)


def name_ahead(pass_: Pass, headers: set[str], units: list[str]) -> NameAhead | None:
    """One place that all of the headers read, or are; none where there is none."""
    needs = {each: first_need(pass_, each) for each in headers}
    if all(names_only(pass_, each) for each in headers):
        common = set.intersection(*(reached_from(pass_, each) for each in headers))
        for path in sorted(common, key=lambda each: (each not in headers, each)):
            at = place_behind_includes(pass_, path)
            if read_before(pass_, (path, at), needs, units):
                return NameAhead(path, at, frozenset(headers))
    return None


def without(places: Mapping[str, int], ahead: NameAhead | None) -> dict[str, int]:
    """The files that read the state's header: those for which the name suffices do not."""
    return {p: at for p, at in places.items() if ahead is None or p not in ahead.headers}
