"""Objects that init makes inside of calls that take no reference over."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import compiled, migrated, output, text_of

from isolate_ext.engine import Stage
from isolate_ext_rules.examples import module

COUNT = "import sys, spam; print(*(sys.getrefcount(each) for each in spam.all))"
ADDED = module(
    "",
    "",
    """PyObject *all = PyList_New(0);
    PyObject *names = PyDict_New();
    PyList_Append(all, PyUnicode_FromString("an element"));
    PyDict_SetItem(names, PyLong_FromLong(123456), Py_BuildValue("(i)", 5));
    PyList_Append(all, PyDict_GetItem(names, PyList_GET_ITEM(PyDict_Keys(names), 0)));
    PyModule_AddObject(m, "all", all);
    PyModule_AddObject(m, "names", names);""",
)


def test_each_object_belongs_to_what_it_was_added_to(tmp_path: Path) -> None:
    outcome = migrated(ADDED)
    assert not outcome.refusals
    single = output(compiled(outcome, Stage.ACCESS, tmp_path), COUNT)
    multi = output(compiled(outcome, Stage.ISOLATED, tmp_path), COUNT)
    assert [int(each) for each in single.split()] == [4, 5]
    assert [int(each) for each in multi.split()] == [3, 4]


def test_every_branch_is_seen() -> None:
    branches = '#ifdef ONE\n{0}\n#endif\n#ifdef TWO\n{0}\n#endif\n    PyModule_AddObject(m, "all"'
    added = "PyList_Append(all, PyLong_FromLong(7));"
    source = ADDED.replace('    PyModule_AddObject(m, "all"', branches.format(f"    {added}"))
    assert text_of(migrated(source)).count("= PyLong_FromLong(7);") == 2


def test_both_of_a_pair_are_released() -> None:
    text = text_of(migrated(ADDED))
    assert "PyDict_SetItem(names, key, value);" in text
    assert text.index("Py_XDECREF(value);") < text.index("Py_XDECREF(key);")


def test_what_is_borrowed_or_tested_stays_as_it_is() -> None:
    text = text_of(migrated(ADDED))
    assert "PyList_Append(all, PyDict_GetItem(names," in text
    tested = ADDED.replace(
        'PyList_Append(all, PyUnicode_FromString("an element"));',
        'if (PyList_Append(all, PyUnicode_FromString("an element")) < 0) { return NULL; }',
    )
    assert 'PyList_Append(all, PyUnicode_FromString("an element")) < 0' in text_of(migrated(tested))
