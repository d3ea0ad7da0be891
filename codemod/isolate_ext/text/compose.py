"""Many replacements into one text: nesting through holes, groups whole or not at all.

Offsets always mean the original text.  A replacement inside a hole of another is applied within
that hole; any other overlap is a conflict, and the group that came later is dropped as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from isolate_ext.text.replacement import Hole, Replacement, Span


class Conflict(msgspec.Struct, frozen=True):
    """Two replacements that cannot both be made; ``dropped`` is the group that was left out."""

    kept: Replacement
    dropped: Replacement

    def __str__(self) -> str:
        return (
            f"{self.dropped.path}: bytes {self.dropped.span} of group {self.dropped.group!r} "
            f"overlap {self.kept.span} of group {self.kept.group!r}"
        )


class Composed(msgspec.Struct, frozen=True):
    """New text per path (only paths that were given), applied groups, and the conflicts met."""

    files: Mapping[str, bytes]
    applied: frozenset[str]
    conflicts: tuple[Conflict, ...]


class Piece(msgspec.Struct, frozen=True):
    """A stretch of new text: that of the original from ``at`` on, or what ``by`` puts there."""

    text: bytes
    at: int
    by: Replacement | None = None


def compose(files: Mapping[str, bytes], replacements: Sequence[Replacement]) -> Composed:
    """Apply every group of ``replacements`` that fits; earlier groups win.

    Raises ValueError where a replacement lies outside its file, or names a file not given.
    """
    for item in replacements:
        if item.path not in files or item.span.end > len(files[item.path]):
            raise ValueError(f"replacement outside of {item.path}: {item.span}")
    dropped: set[str] = set()
    conflicts: list[Conflict] = []
    while True:
        live = [item for item in replacements if item.group not in dropped]
        found = _first_conflict(live)
        if found is None:
            break
        conflicts.append(found)
        dropped.add(found.dropped.group)
    texts = {
        path: _apply(data, [item for item in live if item.path == path])
        for path, data in files.items()
    }
    return Composed(texts, frozenset(item.group for item in live), tuple(conflicts))


def _first_conflict(replacements: Sequence[Replacement]) -> Conflict | None:
    rank = {id(item): index for index, item in enumerate(replacements)}
    by_path: dict[str, list[Replacement]] = {}
    for item in replacements:
        by_path.setdefault(item.path, []).append(item)
    for items in by_path.values():
        stack: list[Replacement] = []
        for item in _unique(_ordered(items)):
            while stack and stack[-1].span.end <= item.span.start and stack[-1].span != item.span:
                stack.pop()
            for outer in reversed(stack):
                if not outer.span.overlaps(item.span) or _fits(outer, item):
                    continue
                kept, lost = sorted((outer, item), key=lambda each: rank[id(each)])
                return Conflict(kept, lost)
            if item.span.start < item.span.end:
                stack.append(item)
    return None


def _fits(outer: Replacement, inner: Replacement) -> bool:
    return any(hole.contains(inner.span) for hole in outer.holes)


def _ordered(items: Iterable[Replacement]) -> list[Replacement]:
    """Outer before inner, insertions before what starts at the same offset."""
    return sorted(
        items,
        key=lambda item: (
            item.span.start,
            item.span.start < item.span.end,
            -item.span.end,
            not item.holes,
            item.order,
        ),
    )


def _unique(items: list[Replacement]) -> list[Replacement]:
    """Without repeated identical replacements; insertions are never merged."""
    seen: set[tuple[Span, tuple[bytes | Hole, ...]]] = set()
    result = []
    for item in items:
        key = (item.span, item.parts)
        if item.span.start < item.span.end:
            if key in seen:
                continue
            seen.add(key)
        result.append(item)
    return result


def pieces(data: bytes, replacements: Sequence[Replacement]) -> list[Piece]:
    """The new text of one file, in order, by where each piece of it comes from."""
    return list(_fill(data, Span(0, len(data)), _unique(_ordered(replacements))))


def _apply(data: bytes, items: Sequence[Replacement]) -> bytes:
    return b"".join(each.text for each in pieces(data, items)) if items else data


def _fill(data: bytes, within: Span, items: Sequence[Replacement]) -> Iterator[Piece]:
    """The text of ``within`` after ``items``, all of which lie in it."""
    at = within.start
    index = 0
    while index < len(items):
        item = items[index]
        inner_end = index + 1
        while inner_end < len(items) and _inside(item, items[inner_end]):
            inner_end += 1
        inner = items[index + 1 : inner_end]
        yield Piece(data[at : item.span.start], at)
        for part in item.parts:
            if isinstance(part, bytes):
                yield Piece(part, item.span.start, item)
            else:
                within_hole = [each for each in inner if part.span.contains(each.span)]
                yield from _filled(part, list(_fill(data, part.span, within_hole)), item)
        at = item.span.end
        index = inner_end
    yield Piece(data[at : within.end], at)


def _filled(hole: Hole, found: list[Piece], by: Replacement) -> list[Piece]:
    """What fills a hole; lines that are moved to another margin are the replacement's own."""
    text = b"".join(each.text for each in found)
    moved = hole.set(text)
    return found if moved == text else [Piece(moved, hole.span.start, by)]


def _inside(outer: Replacement, inner: Replacement) -> bool:
    if outer.span.start == outer.span.end:
        return False
    return _fits(outer, inner) or (
        outer.span.overlaps(inner.span) and outer.span.contains(inner.span)
    )
