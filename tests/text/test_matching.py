"""What two texts have in common."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from isolate_ext.text import changes, matching_blocks

_LINES = st.lists(st.sampled_from([b"{", b"}", b"", b"a", b"b", b"c", b"d", b"e"]), max_size=30)


@given(_LINES, _LINES)
def test_blocks_are_equal_in_order_and_apart(old: list[bytes], new: list[bytes]) -> None:
    blocks = matching_blocks(old, new)
    assert blocks[-1] == (len(old), len(new), 0)
    end = (0, 0)
    for index, (start, other, size) in enumerate(blocks):
        assert old[start : start + size] == new[other : other + size]
        assert start >= end[0] and other >= end[1]
        assert index == 0 or size == 0 or (start, other) != end
        end = (start + size, other + size)


@given(_LINES, _LINES)
def test_changes_lead_from_one_text_to_the_other(old: list[bytes], new: list[bytes]) -> None:
    made, at = [], 0
    for start, end, left, right in changes(old, new):
        assert old[start:end] != new[left:right]
        made += [*old[at:start], *new[left:right]]
        at = end
    assert [*made, *old[at:]] == new


def test_a_line_that_moved_is_one_change() -> None:
    old = [b"int a;", b"", b"int f(void)", b"{", b"}", b"", b"int g(void)", b"{", b"}"]
    new = [*old[:2], b"int b;", b"", *old[2:]]
    assert changes(old, new) == [(2, 2, 2, 4)]


def test_repeated_lines_do_not_cost_their_square() -> None:
    old = [line for index in range(20_000) for line in (b"    x%d();" % index, b"}", b"")]
    new = [line.replace(b"7();", b"8();") for line in old]
    assert len(changes(old, new)) == 2_000
