"""What two texts have in common, in time that grows with their size.

Lines that stand once in either text are anchors, as in patience diff; between anchors that are
neighbours in both texts, equal lines next to them are taken in, and the rest is compared closely.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Block = tuple[int, int, int]
"""Start in the old lines, start in the new ones, and how many are equal from there on."""
Change = tuple[int, int, int, int]
"""``old[a:b]`` became ``new[c:d]``."""


def matching_blocks(old: Sequence[bytes], new: Sequence[bytes]) -> list[Block]:
    """The blocks in order, none touching the next; the last one is empty and stands at the ends."""
    blocks: list[Block] = []
    for start, other, size in _between(old, new, 0, len(old), 0, len(new)):
        left, right, length = blocks[-1] if blocks else (0, 0, 0)
        if length and (left + length, right + length) == (start, other):
            blocks[-1] = (left, right, length + size)
        else:
            blocks.append((start, other, size))
    return [*blocks, (len(old), len(new), 0)]


def changes(old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """What lies between the blocks, in order."""
    found = []
    before = (0, 0)
    for start, other, size in matching_blocks(old, new):
        if before != (start, other):
            found.append((before[0], start, before[1], other))
        before = (start + size, other + size)
    return found


def _between(
    old: Sequence[bytes], new: Sequence[bytes], low: int, high: int, start: int, end: int
) -> Iterator[Block]:
    """The blocks of ``old[low:high]`` and ``new[start:end]``."""
    head = 0
    while low + head < high and start + head < end and old[low + head] == new[start + head]:
        head += 1
    tail = 0
    while (
        low + head < high - tail
        and start + head < end - tail
        and old[high - tail - 1] == new[end - tail - 1]
    ):
        tail += 1
    if head:
        yield low, start, head
    yield from _differing(old, new, low + head, high - tail, start + head, end - tail)
    if tail:
        yield high - tail, end - tail, tail


def _differing(
    old: Sequence[bytes], new: Sequence[bytes], low: int, high: int, start: int, end: int
) -> Iterator[Block]:
    """The same where neither the first nor the last lines are equal."""
    if low == high or start == end:
        return
    anchors = _anchors(old, new, low, high, start, end)
    if not anchors:
        matcher = SequenceMatcher(None, old[low:high], new[start:end], autojunk=False)
        for block in matcher.get_matching_blocks()[:-1]:
            yield low + block.a, start + block.b, block.size
        return
    run = 0
    for left, right in anchors:
        if left < low or right < start:
            continue
        if left - low == right - start and old[low:left] == new[start:right]:
            run += left - low
        elif (left, right) != (low, start):
            if run:
                yield low - run, start - run, run
            if left > low and right > start:
                yield from _between(old, new, low, left, start, right)
            run = 0
        run += 1
        low, start = left + 1, right + 1
    if run:
        yield low - run, start - run, run
    yield from _between(old, new, low, high, start, end)


def _anchors(
    old: Sequence[bytes], new: Sequence[bytes], low: int, high: int, start: int, end: int
) -> list[tuple[int, int]]:
    """Pairs of lines that stand once on both sides: the longest run that ascends on both."""
    ours, theirs = _once(old, low, high), _once(new, start, end)
    pairs = [(at, theirs[line]) for line, at in ours.items() if line in theirs]
    tops: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (_, other) in enumerate(pairs):
        rank = bisect_left(tops, other)
        tops[rank : rank + 1] = [other]
        last[rank : rank + 1] = [index]
        before.append(last[rank - 1] if rank else -1)
    chain = []
    index = last[-1] if last else -1
    while index >= 0:
        chain.append(pairs[index])
        index = before[index]
    return chain[::-1]


def _once(lines: Sequence[bytes], start: int, end: int) -> dict[bytes, int]:
    """The lines that stand once in a range, with their indices, in order."""
    part = lines[start:end]
    last = dict(zip(part, range(start, end), strict=True))
    first = dict(zip(reversed(part), range(end - 1, start - 1, -1), strict=True))
    return {line: at for line, at in last.items() if first[line] == at}
