"""Attributes put into the dictionary of a type, found by lookups that missed them before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module
from isolate_ext_rules.type_dict import MADE

TYPES = """
static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Egg",
    .tp_basicsize = sizeof(PyObject),
};
static PyTypeObject Ham_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Ham",
    .tp_basicsize = sizeof(PyObject),
};
static int
add_types(PyObject *m)
{
    Py_INCREF(&Egg_Type);
    Py_INCREF(&Ham_Type);
    return PyModule_AddObject(m, "Egg", (PyObject *)&Egg_Type) < 0 ? -1
        : PyModule_AddObject(m, "Ham", (PyObject *)&Ham_Type);
}
static int
missed(void)
{
    return PyObject_HasAttrString((PyObject *)&Egg_Type, "a")
        + PyObject_HasAttrString((PyObject *)&Ham_Type, "a");
}
static int
fill(PyObject *dict)
{
    return PyDict_SetItemString(dict, "a", Py_True);
}
"""
READY = """if (PyType_Ready(&Egg_Type) < 0 || PyType_Ready(&Ham_Type) < 0 || missed()) {
        return NULL;
    }
    """
DIRECT = """if (PyDict_SetItemString(Egg_Type.tp_dict, "a", Py_True) < 0) {
        return NULL;
    }
    PyDict_SetItemString(Ham_Type.tp_dict, "a", Py_True);  /* the same */
"""
KEPT = """PyObject *dict = Egg_Type.tp_dict;
    PyDict_SetItemString(dict, "a", Py_True);
    dict = Ham_Type.tp_dict;
    for (int i = 0; i < 2; i++) {
        if (PyDict_SetItemString(dict, i ? "a" : "b", Py_True) < 0) {
            return NULL;
        }
    }
"""
HANDED_ON = """if (fill(Egg_Type.tp_dict) < 0 || fill(Ham_Type.tp_dict) < 0)
        return NULL;
"""
RUN = "import spam; print(spam.Egg.a, spam.Ham.a)"


@pytest.mark.parametrize("filled", [DIRECT, KEPT, HANDED_ON], ids=["direct", "kept", "handed on"])
def test_what_was_missed_is_found(filled: str, tmp_path: Path) -> None:
    outcome = migrated(module(TYPES, "", f"{READY}{filled}    if (add_types(m) < 0) return NULL;"))
    assert not outcome.refusals
    text = text_of(outcome)
    assert re.findall(r"PyType_Modified\(state->(\w+)", text) == ["Egg_Type", "Ham_Type"]
    behaves(outcome, tmp_path, RUN, "True True")


def test_a_loop_is_left_first() -> None:
    text = text_of(migrated(module(TYPES, "", READY + KEPT)))
    assert "        }\n    }\n    PyType_Modified(state->Ham_Type);" in text


def test_before_a_return() -> None:
    code = TYPES + "static int\nlast(void)\n{\n    return fill(Egg_Type.tp_dict);\n}\n"
    text = text_of(migrated(module(code, "", f"{READY} if (last() < 0) return NULL;")))
    assert "    PyType_Modified(state->Egg_Type);\n    return fill(" in text


def test_a_dictionary_made_before(tmp_path: Path) -> None:
    code = MADE.replace(
        "return m;", 'PyModule_AddObject(m, "Egg", (PyObject *)&Egg_Type);return m;'
    )
    outcome = migrated(code)
    assert not outcome.refusals
    assert text_of(outcome).count("spam_add_type(m") == 1
    behaves(outcome, tmp_path, "import spam; print(spam.Egg.size)", "1")


def test_reading_is_left_alone() -> None:
    read = 'if (PyDict_GetItemString(Egg_Type.tp_dict, "a")) return NULL;'
    assert "PyType_Modified" not in text_of(migrated(module(TYPES, "", READY + read)))


def test_a_shared_dictionary_is_refused() -> None:
    given = "Egg_Type.tp_dict = PyModule_GetDict(m);\n    "
    assert Reason.TYPE_SHAPE in reasons(migrated(module(TYPES, "", given + READY)))
