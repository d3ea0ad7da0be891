"""Offsets of a text that was made plainer, as lines of the user's file."""

from __future__ import annotations

import hashlib

from isolate_ext.app.places import Places
from isolate_ext.project import SourceFile
from isolate_ext.syntax import MacroEnvironment, Source, parse, scan


def places(before: str, now: str) -> Places:
    scanned = scan(Source("a.c", now.encode()))
    data = before.encode()
    read = SourceFile("a.c", data, 0o644, hashlib.sha256(data).hexdigest(), 0, len(data))
    return Places({"a.c": parse(scanned, MacroEnvironment.of([scanned]))}, {"a.c": read})


def test_the_same_text() -> None:
    text = "int a;\nint b, \u00e9;\n"
    assert places(text, text).of("a.c", len("int a;\nint b, ")) == (2, 8, "int b, \u00e9;")


def test_lines_that_were_removed_before() -> None:
    before = "#ifdef A\nint a;\n#endif\nint b;\nint c;\n"
    now = "int b;\nint c;\n"
    assert places(before, now).of("a.c", 0)[0] == 4
    assert places(before, now).of("a.c", len("int b;\n"))[0] == 5


def test_a_line_that_is_new_lies_at_the_one_before() -> None:
    before = "int a;\nint c;\n"
    now = "int a;\nint b;\nint c;\n"
    found = places(before, now)
    assert [found.of("a.c", 7 * line)[0] for line in range(3)] == [1, 1, 2]


def test_a_file_that_was_not_parsed() -> None:
    assert places("", "").of("b.c", 5) == (1, 1, "")
