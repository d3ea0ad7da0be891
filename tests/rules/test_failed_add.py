"""Where a failed `PyModule_AddObject` would leave the reference that was taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, text_of

from isolate_ext.engine import Settings, Stage
from isolate_ext_rules.examples import STATE, module

PAIR = """    Py_INCREF(GET(m)->Error);
    PyModule_AddObject(m, "Error", GET(m)->Error);
"""
ADDED = 'PyModule_AddObjectRef(m, "Error"'
HELPER = "\nPyModule_AddObjectRef(PyObject *module"
COUNT = "import sys, spam; print(sys.getrefcount(spam.Error))"


def after(pair: str, ending: str = "") -> str:
    """The new text, with other lines where the pair stood."""
    source = STATE.replace(PAIR, pair).replace("    return m;\n}", f"    return m;\n{ending}}}")
    outcome = migrated(source)
    assert outcome.refusals == []
    return text_of(outcome)


@pytest.mark.parametrize(
    "pair",
    [
        PAIR,
        PAIR.replace("PyModule_AddObject(", "(void)PyModule_AddObject("),
        """    Py_XINCREF(GET(m)->Error);
    /* for the module */
    if (PyModule_AddObject(m, "Error", GET( m )->Error) < 0) {
        Py_DECREF(m);
        return NULL;
    }
""",
        """    PyObject *error = PyErr_NewException("spam.Error", NULL, NULL);
    GET(m)->Error = error;
    Py_INCREF(error);
    PyModule_AddObject(m, "Error", GET(m)->Error);
""",
    ],
)
def test_the_reference_is_the_calls_own(pair: str) -> None:
    text = after(pair)
    assert ADDED in text
    assert "INCREF(GET" not in text and "INCREF(error" not in text
    assert text.count(HELPER) == 1


@pytest.mark.parametrize(
    ("pair", "ending"),
    [
        (
            """    Py_INCREF(GET(m)->Error);
    if (PyModule_AddObject(m, "Error", GET(m)->Error) < 0) {
        Py_DECREF(GET(m)->Error);
        return NULL;
    }
""",
            "",
        ),
        (
            """    Py_INCREF(GET(m)->Error);
    if (PyModule_AddObject(m, "Error", GET(m)->Error) < 0) {
        goto failed;
    }
""",
            "failed:\n    Py_XDECREF(GET(m)->Error);\n    return NULL;\n",
        ),
        (
            """    Py_INCREF(PyExc_OSError);
    PyModule_AddObject(m, "error", PyExc_OSError);
""",
            "",
        ),
        (
            """    Py_INCREF(GET(m)->Error);
#ifdef ALL
    PyModule_AddObject(m, "Error", GET(m)->Error);
#endif
""",
            "",
        ),
    ],
)
def test_what_releases_it_or_never_dies_stays(pair: str, ending: str) -> None:
    text = after(pair, ending)
    assert pair.splitlines()[1] in text
    assert HELPER not in text


def test_a_version_that_has_the_function_needs_no_helper() -> None:
    text = text_of(migrated(STATE, Settings(floor=(3, 10))))
    assert ADDED in text
    assert HELPER not in text


def test_the_counts_are_the_same(tmp_path: Path) -> None:
    outcome = migrated(STATE)
    one = output(compiled(outcome, Stage.ACCESS, tmp_path), COUNT)
    assert one == output(compiled(outcome, Stage.ISOLATED, tmp_path), COUNT)


def test_a_stage_without_such_a_call_has_no_helper() -> None:
    source = module(
        "static PyObject *Error;",
        "",
        """Error = PyErr_NewException("spam.Error", NULL, NULL);
    Py_INCREF(Error);
    PyModule_AddObject(m, "Error", Error);""",
    )
    outcome = migrated(source)
    assert HELPER not in text_of(outcome, stage=Stage.HEAP_TYPES)
    assert HELPER in text_of(outcome)
