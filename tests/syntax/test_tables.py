"""Long constant tables of numbers, which the parser need not see."""

from __future__ import annotations

import pytest

from isolate_ext.syntax import Source, scan
from isolate_ext.syntax.tables import number_tables

NUMBERS = ", ".join(["0x1f", "-2", "3UL", "1.5"] * 60)


def table(head: str, inside: str) -> bytes:
    return f"int before;\n{head} = {{{inside}}};\nint after = 1;\n".encode()


def emptied(text: bytes) -> str:
    return " ".join(scan(Source("a.c", text)).code.decode().split())


def test_the_insides_of_a_long_constant_table_are_blanked() -> None:
    text = table("static const int x[]", NUMBERS)
    assert emptied(text) == "int before; static const int x[] = { }; int after = 1;"
    assert len(scan(Source("a.c", text)).code) == len(text)


def test_rows_are_blanked_with_their_braces() -> None:
    rows = ", ".join(f"{{{NUMBERS}}}" for _ in range(3))
    assert "{ };" in emptied(table("const struct row x[]", rows))


@pytest.mark.parametrize(
    ("head", "inside"),
    [
        ("static int x[]", NUMBERS),
        ("const int x[]", "1, 2, 3"),
        ("const int x[]", f"{NUMBERS}, LAST"),
        ("const char *x[]", f'"a", {NUMBERS}'),
    ],
    ids=["not constant", "short", "with a name at its end", "with a string"],
)
def test_other_tables_stay(head: str, inside: str) -> None:
    text = table(head, inside)
    assert number_tables(text) == []
    assert emptied(text) == " ".join(text.decode().split())
