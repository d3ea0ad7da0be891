"""A macro written out by hand: what its text becomes."""

from __future__ import annotations

import pytest

from isolate_ext.syntax import Source, scan
from isolate_ext.syntax.expansion import expand

CASES = {
    "line ends": ("first(x); \\\n    second(x)", "first(1);\n    second(1)"),
    "strings go on": ('doc("a\\n\\\nb" #x "c")', 'doc("a\\n\\\nb" "1" "c")'),
    "quotes in characters": ("f('\"', x); \\\n    g('\\'')", "f('\"', 1);\n    g('\\'')"),
    "quotes in comments": ('f(x); /* " */ \\\n    g("x")', 'f(1); /* " */\n    g("x")'),
    "division": ("(x / 2) \\\n    / 3", "(1 / 2)\n    / 3"),
}


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES)
def test_a_body_with_its_arguments_put_in(body: str, expected: str) -> None:
    data = f"#define M(x) {body}\n".encode()
    [define] = scan(Source("a.c", data)).defines
    expanded = expand(define, data, [b"1"])
    assert expanded is not None and expanded.decode() == expected
