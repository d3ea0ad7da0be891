"""Where a position in prepared text stands in the text as it was read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from isolate_ext.engine.plan import Note
from isolate_ext.placement.refusals import Refusal
from isolate_ext.text import matching_blocks

_Blocks = list[tuple[int, int, int]]


class Places(msgspec.Struct):
    """Maps byte offsets of ``prepared`` texts to those of the ``original`` ones, line by line.

    A line that was changed maps to the start of the lines it came from.
    """

    original: Mapping[str, bytes]
    prepared: Mapping[str, bytes]
    _blocks: dict[str, _Blocks] = msgspec.field(default_factory=dict)

    def refusal(self, refusal: Refusal) -> Refusal:
        start = self.offset(refusal.path, refusal.start)
        return replace(refusal, start=start, end=start + refusal.end - refusal.start)

    def note(self, note: Note) -> Note:
        return replace(note, start=self.offset(note.path, note.start))

    def offset(self, path: str, at: int) -> int:
        before, after = self.original.get(path), self.prepared.get(path)
        if before is None or after is None or before == after:
            return at
        if path not in self._blocks:
            self._blocks[path] = _equal_blocks(before, after)
        blocks = self._blocks[path]
        index = max(bisect_right(blocks, (at, len(before), 0)) - 1, 0)
        start, origin, length = blocks[index]
        return min(origin + min(at - start, length), len(before))


def _equal_blocks(before: bytes, after: bytes) -> _Blocks:
    """(offset in after, offset in before, length) of the stretches that are the same."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    old_at, new_at = _offsets(old), _offsets(new)
    found = [
        (new_at[b], old_at[a], new_at[b + size] - new_at[b])
        for a, b, size in matching_blocks(old, new)
    ]
    return found if found and found[0][0] == 0 else [(0, 0, 0), *found]


def _offsets(lines: list[bytes]) -> list[int]:
    result = [0]
    for line in lines:
        result.append(result[-1] + len(line))
    return result
