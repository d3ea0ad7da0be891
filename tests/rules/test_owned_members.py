"""Members that a function releases which the dealloc function hands the instance to."""

from __future__ import annotations

from rule_snippets import migrated, text_of

from isolate_ext_rules.examples import TYPE

HELPED = TYPE.replace(
    "static void\nEgg_dealloc(EggObject *self)\n{\n    Py_XDECREF(self->value);\n",
    "static void\nrelease(EggObject *egg)\n{\n    Py_XDECREF(egg->value);\n}\n\n"
    "static void\nEgg_dealloc(EggObject *self)\n{\n    release(self);\n",
)


def test_what_a_helper_releases_is_visited() -> None:
    assert "release(self);" in HELPED
    assert "    Py_VISIT(self->value);\n" in text_of(migrated(HELPED))


def test_what_a_helper_gets_sometimes_is_not() -> None:
    asked = HELPED.replace("    release(self);", "    if (rare) {\n        release(self);\n    }")
    asked = asked.replace(
        "static PyTypeObject Egg_Type;",
        "static const int rare = 0;\nstatic PyTypeObject Egg_Type;",
        1,
    )
    assert "Py_VISIT(self->value)" not in text_of(migrated(asked))
