"""Which tables may stay static under a guard, and which must not."""

from __future__ import annotations

import pytest

from isolate_ext.model.init import module_inits
from isolate_ext.placement.once import filled_once
from isolate_ext.placement.writes import writers_of
from isolate_ext.testing import extension_of
from isolate_ext_rules.examples import module

TABLE = "static int table[9];\nint at(int i) { return table[i]; }\n"
LOOP = "for (int i = 0; i < 9; i++) { table[i] = i; }"


def guarded(code: str, body: str) -> list[str]:
    """Names of the tables that a guard around statements of the init function is enough for."""
    extension = extension_of(module(code, "", body))
    found = filled_once(extension, module_inits(extension)[0], writers_of(extension))
    return [key.rpartition(":")[2] for key in found.tables] if found is not None else []


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (TABLE, LOOP),
        (TABLE, "{\n        int *p = table;\n        *p = sizeof(long);\n    }"),
        (TABLE, "int i;\n    for (i = 0; i < 9; i++)\n        table[i] = i;"),
        (f"{TABLE}static void fill(int *t) {{ t[0] = LONG_MAX; }}", "fill(table);"),
        (f"{TABLE}static double half(double x) {{ return sqrt(x) / 2; }}", "table[0] = half(2);"),
        (f"{TABLE}#define SET(i, x) table[i] = x;", "SET(1, 2)\n    SET(2, 3)"),
        (f"{TABLE}static const int source[9];", "memcpy(table, source, sizeof(table));"),
    ],
    ids=["loop", "pointer", "local before", "helper", "arithmetic", "macro", "copy"],
)
def test_tables_that_constants_decide(code: str, body: str) -> None:
    assert guarded(code, body) == ["table"]


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (TABLE, "table[0] = (int)PyLong_AsLong(NULL);"),
        (TABLE, "table[0] = getpid();"),
        (TABLE, "table[0] = m != NULL;"),
        (TABLE, "if (errno) table[0] = 1;"),
        (TABLE, "for (int i = 0; i < 9; i++) { if (i > 3) { return NULL; } table[i] = i; }"),
        (f"{TABLE}void set(void) {{ table[0] = 1; }}", LOOP),
        (f"{TABLE}static int mode;\nvoid set(int to) {{ mode = to; }}", "table[0] = mode;"),
        (f"{TABLE}static int *kept;", "kept = table;\n    table[0] = 1;"),
        (f"{TABLE}static int sum(void) {{ return table[0]; }}", f"use(sum());\n    {LOOP}"),
        (TABLE, f"int i = 0;\n    {LOOP}\n    table[i] = i;\n    use(i);"),
        (TABLE, f"{LOOP} use(m);"),
        (TABLE, f"#ifdef FAST\n    {LOOP}\n#endif"),
        ("static int count;\nint at(void) { return count; }", "count = 3;"),
        (f"{TABLE}void set(void) {{ PyOS_x(table); }}", LOOP),
    ],
    ids=[
        "Python", "the process", "the module", "errno", "leaving", "another writer", "a setting",
        "kept", "read before", "a local after", "a shared line", "a condition", "a scalar",
        "an escape",
    ],
)  # fmt: skip
def test_tables_that_a_guard_does_not_save(code: str, body: str) -> None:
    assert guarded(code, body) == []


def test_several_tables_share_a_guard() -> None:
    code = f"{TABLE}static int other[9];\nint get(int i) {{ return other[i]; }}"
    assert guarded(code, f"{LOOP}\n    other[0] = 1;") == ["table", "other"]


def test_the_run_with_most_tables_is_guarded() -> None:
    code = f"{TABLE}static int a[2], b[2];\nint get(int i) {{ return a[i] + b[i]; }}"
    assert guarded(code, f"{LOOP}\n    use(m);\n    a[0] = 1;\n    b[0] = 1;") == ["a", "b"]
