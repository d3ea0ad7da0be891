"""Flags of the init function, which a module that is executed once does not need."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, text_of

from isolate_ext.engine import Stage
from isolate_ext_rules.init_guard import GUARDED

POINT = "import spam; p = spam.point((1, 2)); print(p.x, p.y, type(p).__name__)"
KEPT = {
    "asked again": (
        "    return m;",
        "    if (!initialized) {\n        m = NULL;\n    }\n    return m;",
    ),
    "in a loop": (
        "    if (!initialized) {",
        "    for (int i = 0; i < 1; i++)\n    if (!initialized) {",
    ),
    "jumped back to": ("    if (!initialized) {", "again:\n    if (!initialized) {"),
    "told to others": (
        "    return m;",
        '    PyModule_AddIntConstant(m, "x", initialized);\n    return m;',
    ),
    "with another branch": ("    }\n    Py_INCREF", "    }\n    else {\n    }\n    Py_INCREF"),
    "around declarations": (
        "    if (!initialized) {\n",
        "    if (!initialized) {\n        int n = 0; (void)n;\n",
    ),
    "no zero": ("static int initialized;", "static int initialized = -1;"),
}


def test_what_it_guarded_is_done_for_each_module(tmp_path: Path) -> None:
    outcome = migrated(GUARDED)
    assert "initialized" in text_of(outcome, stage=Stage.ACCESS)
    assert "initialized" not in text_of(outcome)
    behaves(outcome, tmp_path, POINT, "1 2 point")


def test_lines_under_a_directive_stay_there(tmp_path: Path) -> None:
    code = GUARDED.replace(
        "        if (PyStruct", "#ifndef NO_POINT\n        /* once */\n        if (PyStruct"
    ).replace("            return NULL;\n    }", "            return NULL;\n#endif\n    }")
    outcome = migrated(code)
    assert "#ifndef NO_POINT\n    /* once */\n    state->PointType =" in text_of(outcome)
    behaves(outcome, tmp_path, POINT, "1 2 point")


def test_set_inside_of_what_it_guards(tmp_path: Path) -> None:
    code = GUARDED.replace("    initialized = 1;\n", "").replace(
        "            return NULL;\n    }",
        "            return NULL;\n        initialized = 1;\n    }",
    )
    outcome = migrated(code)
    assert "initialized" not in text_of(outcome)
    behaves(outcome, tmp_path, POINT, "1 2 point")


@pytest.mark.parametrize(("old", "new"), KEPT.values(), ids=KEPT.keys())
def test_it_stays_where_it_may_still_tell_something(old: str, new: str) -> None:
    assert old in GUARDED
    assert "int initialized;" in text_of(migrated(GUARDED.replace(old, new)))
