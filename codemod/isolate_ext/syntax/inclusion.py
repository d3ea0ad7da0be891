"""Which file an `#include` names, and what is defined wherever a file is included.

A header that others read too has a part for them, ``#ifndef SPAM_MODULE``, and every source of the
extension itself defines that macro first: the part is none of its code.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping

from isolate_ext.syntax.conditionals import Branch
from isolate_ext.syntax.directives import Define, Include, Undef
from isolate_ext.syntax.scanning import Scan

_HEADERS = (".h", ".hpp", ".hh", ".inc")


def resolve_include(path: str, name: str, files: Collection[str]) -> str | None:
    """The owned file that an `#include` in ``path`` names."""
    near = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if near in files:
        return near
    tail = "/" + name.lstrip("./")
    return next((other for other in files if other == name or other.endswith(tail)), None)


def defined_at_inclusion(scans: Mapping[str, Scan]) -> dict[str, frozenset[str]]:
    """Per included file the macros that are certain to be defined before each `#include` of it."""
    reader = _Reader(scans)
    for path in scans:
        if not path.endswith(_HEADERS) or path not in reader.included:
            reader.read_unit(path)
    return reader.found


class _Reader:
    """Follows the translation units, and keeps what all inclusions of a file have in common."""

    def __init__(self, scans: Mapping[str, Scan]) -> None:
        self.scans = scans
        self.found: dict[str, frozenset[str]] = {}
        self.targets = {
            path: {
                include: target
                for include in scan.includes
                if (target := resolve_include(path, include.name, scans)) is not None
            }
            for path, scan in scans.items()
        }
        self.included = {each for targets in self.targets.values() for each in targets.values()}

    def read_unit(self, path: str) -> None:
        """A file that the compiler is given, or may be."""
        if path in self.included:
            self.found[path] = frozenset()
        if self.targets[path]:
            self._read(path, set(), [], set())

    def _read(self, path: str, defined: set[str], stack: list[str], once: set[str]) -> None:
        stack.append(path)
        for event in self._events(path):
            if isinstance(event, Define):
                defined.add(event.name)
            elif isinstance(event, Undef):
                defined.discard(event.name)
            else:
                target = self.targets[path][event]
                if target not in stack and target not in once:
                    self._enter(target, defined, stack, once)
        stack.pop()

    def _enter(self, target: str, defined: set[str], stack: list[str], once: set[str]) -> None:
        known = frozenset(defined)
        self.found[target] = self.found.get(target, known) & known
        if any(group.branches[0].guard for group in self.scans[target].groups):
            once.add(target)
        self._read(target, defined, stack, once)

    def _events(self, path: str) -> list[Define | Undef | Include]:
        """What is certain to be defined, may be undefined, or may be read, in order."""
        scan = self.scans[path]
        found: list[Define | Undef | Include] = [
            include
            for include in self.targets[path]
            if all(
                scan.alone[each.branch] is not False for each in scan.conditions(include.span[0])
            )
        ]
        found += _definitions(scan, scan.root, True)
        return sorted(found, key=lambda each: each.span)


def _definitions(scan: Scan, branch: Branch, verdict: bool | None) -> Iterator[Define | Undef]:
    for event in branch.events:
        if isinstance(event, Define):
            if verdict is True:
                yield event
        elif isinstance(event, Undef):
            if verdict is not False:
                yield event
        else:
            for inner in event.branches:
                yield from _definitions(scan, inner, scan.alone[inner])
