"""Exec asks at its end for the errors of calls that nobody asked."""

from __future__ import annotations

import pytest
from rule_snippets import migrated, text_of

from isolate_ext_rules.examples import module

ASKS = "return PyErr_Occurred() ? -1 : 0;"


def ending(body: str, code: str = "") -> str:
    """The text of a module whose init function does ``body`` before it returns the module."""
    source = module(code).replace("    return m;\n", f"    {body}\n    return m;\n")
    outcome = migrated(source)
    assert outcome.refusals == []
    return text_of(outcome)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('PyModule_AddIntConstant(m, "x", 1);', ""),
        ('(void)PyModule_AddStringConstant(m, "x", "y");', ""),
        ("ADD(1);", '#define ADD(n) PyModule_AddIntConstant(m, "x", n)'),
        (
            "constants(m);",
            'static void constants(PyObject *m)\n{\n    PyModule_AddIntConstant(m, "x", 1);\n}',
        ),
        ("names = PyDict_New();", "static PyObject *names;"),
        (
            "(void)add(m);",
            "static int add(PyObject *m)\n{\n    if (PyModule_AddIntMacro(m, EOF) < 0) {\n"
            "        return -1;\n    }\n    return 0;\n}",
        ),
        ("PyObject *names = PyDict_New();\n    Py_XDECREF(names);", ""),
        (
            "names = PyDict_New();\n    if (names != NULL) {\n        Py_INCREF(names);\n    }",
            "static PyObject *names;",
        ),
    ],
)
def test_calls_that_nobody_asks(body: str, code: str) -> None:
    assert ASKS in ending(body, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('if (PyModule_AddIntConstant(m, "x", 1) < 0) {\n        return NULL;\n    }', ""),
        (
            'PyModule_AddIntConstant(m, "x", 1);\n'
            "    if (PyErr_Occurred()) {\n        return NULL;\n    }",
            "",
        ),
        (
            "ADD(1);",
            '#define ADD(n) if (PyModule_AddIntConstant(m, "x", n) < 0) return NULL',
        ),
        ("names = PyDict_New();\n    if (!names)\n        return NULL;", "static PyObject *names;"),
        (
            "if (fill() < 0) {\n        return NULL;\n    }",
            "static PyObject *names;\n\nstatic int fill(void)\n{\n    names = PyDict_New();\n"
            "    return names == NULL ? -1 : 0;\n}",
        ),
        (
            "names = PyDict_New();\n    CHECK(names);",
            "static PyObject *names;\n#define CHECK(x) if (!(x)) return NULL",
        ),
        ("", ""),
    ],
)
def test_what_is_asked_is_not_asked_again(body: str, code: str) -> None:
    text = ending(body, code)
    assert ASKS not in text
    assert "return 0;" in text


MADE_LAST = """
static PyObject *names;

static int fill(void)
{
    names = PyDict_New();
    return 1;
}

static struct PyModuleDef spam_module = {PyModuleDef_HEAD_INIT, "spam", NULL, -1};

PyMODINIT_FUNC
PyInit_spam(void)
{
    if (!fill()) {
        return NULL;
    }
    return PyModule_Create(&spam_module);
}
"""


def test_a_module_that_is_made_last() -> None:
    outcome = migrated(f"#include <Python.h>\n{MADE_LAST}")
    assert outcome.refusals == []
    assert ASKS in text_of(outcome)
