"""Which functions a change of text leaves as they were."""

from __future__ import annotations

from isolate_ext.testing import extension_of
from isolate_ext.verify.binary.untouched import untouched, untouched_by_unit

BEFORE = """\
-- spam.h --
#define LIMIT 3
#define TWICE(x) ((x) * LIMIT)
static inline int shared(int n) { return n; }
-- spam.c --
#include "spam.h"
#define LOCAL 1
static int plain(int n) { return n + 1; }
static int direct(int n) { return n + LIMIT; }
static int nested(int n) { return TWICE(n); }
static int local(int n) { return LOCAL + n; }
#if LIMIT > 2
static int branch(int n) { return 2; }
#else
static int branch(int n) { return 1; }
#endif
static int inside(int n)
{
#if LIMIT > 2
    n++;
#endif
    return n;
}
"""
EVERY = {"plain", "direct", "nested", "local", "branch", "inside"}


def left(*changes: tuple[str, str]) -> frozenset[str]:
    text = BEFORE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return untouched(extension_of(BEFORE).files["spam.c"], extension_of(text).files["spam.c"])


def test_all_are_untouched_where_nothing_changed() -> None:
    assert left() == EVERY
    assert left(("-- spam.c --\n", "-- spam.c --\nint more(void) { return 1; }\n")) == EVERY


def test_changed_text_is_a_touch_in_any_branch() -> None:
    assert left(("return n + 1", "return n + 2")) == EVERY - {"plain"}
    assert left(("return 1;", "return 0;")) == EVERY - {"branch"}


def test_macros_count_with_what_they_use() -> None:
    assert left(("LIMIT 3", "LIMIT 4")) == EVERY - {"direct", "nested", "inside"}
    assert left(("(x) *", "(x) +")) == EVERY - {"nested"}
    assert left(("#define LOCAL 1\n", "enum { LOCAL = 1 };\n")) == EVERY - {"local"}


def test_a_unit_has_the_functions_of_its_headers() -> None:
    before = extension_of(BEFORE)
    assert untouched_by_unit(before, extension_of(BEFORE)) == {"spam.c": EVERY | {"shared"}}
    after = extension_of(BEFORE.replace("{ return n; }", "{ return -n; }"))
    assert untouched_by_unit(before, after) == {"spam.c": EVERY}


def test_a_name_that_a_changed_function_has_too_is_left_out() -> None:
    other = BEFORE.replace("shared(", "plain(").replace(
        "static int plain(int n)", "int other(int n)"
    )
    text = other.replace("-- spam.c --", "#define OTHER\n-- spam.c --")
    changed = text.replace("{ return n; }", "{ return -n; }")
    names = untouched_by_unit(extension_of(text), extension_of(changed))["spam.c"]
    assert "plain" not in names and "other" in names


STRUCTS = """\
typedef struct { int first; int second; } Inner;
typedef struct { Inner in; int last; } Outer;
typedef struct { Outer *out; } Holder;
typedef struct { int other; } Apart;
static Holder kept;
static int inner(Inner *it) { return it->second; }
static int outer(Outer *it) { return it->last; }
static int holder(Holder *it) { return it->out->last; }
static int global(void) { return kept.out->last; }
static int apart(Apart *it) { return it->other; }
"""


def test_structs_of_another_layout_are_a_touch_of_what_names_them() -> None:
    before = extension_of(STRUCTS)
    grown = extension_of(STRUCTS.replace("int first; ", "int first; long more; "))
    assert set(untouched_by_unit(before, grown)["spam.c"]) == {"apart"}
    blanks = extension_of(STRUCTS.replace("int first; ", "int  first;\n"))
    assert len(untouched_by_unit(before, blanks)["spam.c"]) == 5
