"""The state owns one reference to each of its objects, however they came there and went on."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, output, reasons

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import migrated
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import FAIL, module

PLAIN = "#include <stdlib.h>\nstatic PyObject *Error;\n" + FAIL
METHOD = '{"fail", spam_fail, METH_NOARGS, NULL},'
NEW = 'PyObject_CallObject(PySys_GetObject("make"), NULL)'
STRUCT = "struct known { const char *name; PyObject *errors[2]; };\nstatic struct known known[2]"
ADD = "static int add(PyObject *m, const char *name, PyObject *value)\n{\n    %s;\n}\n"
MAKE = (
    f"static PyObject *make(PyObject *m)\n{{\n    PyObject *made = {NEW};\n    %s\n"
    f"    return made;\n}}\n{PLAIN}"
)
BORROW = (
    f'PyObject *d = PyDict_New(), *e = {NEW};\n    PyDict_SetItemString(d, "e", e);\n'
    '    Py_DECREF(e);\n    PyModule_AddObject(m, "d", d);\n    '
)
FAILS = 'if (getenv("SPAM_FAIL") != NULL) {\n        %s\n        return NULL;\n    }'
CASES = {
    "an alias is added": (
        PLAIN,
        f'PyObject *e = {NEW};\n    Error = e;\n    PyModule_AddObject(m, "Error", e);',
    ),
    "a local is added, and then kept": (
        PLAIN,
        f'PyObject *e = {NEW};\n    PyModule_AddObject(m, "Error", e);\n    Error = e;',
    ),
    "a copy is added": (
        PLAIN,
        f'PyObject *e;\n    Error = {NEW};\n    e = Error;\n    PyModule_AddObject(m, "E", e);',
    ),
    "the assignment is the argument": (PLAIN, f'PyModule_AddObject(m, "Error", Error = {NEW});'),
    "conditions are tried in turn": (
        PLAIN,
        f'Error = {NEW};\n    if (Error == NULL || PyModule_AddObject(m, "E", Error) < 0) {{\n'
        "        return NULL;\n    }",
    ),
    "a tuple takes it": (
        PLAIN,
        f"PyObject *all = PyTuple_New(1);\n    Error = {NEW};\n"
        '    PyTuple_SET_ITEM(all, 0, Error);\n    PyModule_AddObject(m, "all", all);',
    ),
    "a built value takes it": (
        PLAIN,
        f'Error = {NEW};\n    PyModule_AddObject(m, "all", Py_BuildValue("(iN)", 1, Error));',
    ),
    "a macro adds it": (
        f"#define ADD(name, value) PyModule_AddObject(m, name, value)\n{PLAIN}",
        f'Error = {NEW};\n    ADD("Error", Error);',
    ),
    "a function adds it": (
        ADD % "return PyModule_AddObject(m, name, value)" + PLAIN,
        f'Error = {NEW};\n    add(m, "Error", Error);',
    ),
    "a function adds it with a reference of its own": (
        ADD % "Py_INCREF(value);\n    return PyModule_AddObject(m, name, value)" + PLAIN,
        f'Error = {NEW};\n    add(m, "Error", Error);',
    ),
    "a function puts it into the dict and releases it": (
        ADD % "PyDict_SetItemString(PyModule_GetDict(m), name, value);\n    Py_DECREF(value);\n"
        "    return 0" + PLAIN,
        f'Error = {NEW};\n    add(m, "Error", Error);',
    ),
    "a function makes and adds it": (
        MAKE % 'PyModule_AddObject(m, "Error", made);', "Error = make(m);"
    ),
    "a function makes it and gets a reference": (
        MAKE % 'Py_INCREF(made);\n    PyModule_AddObject(m, "Error", made);', "Error = make(m);"
    ),
    "a function finds it": (
        f'static PyObject *get(PyObject *d)\n{{\n    return PyDict_GetItemString(d, "e");\n}}\n'
        f"{PLAIN}",
        f"{BORROW}Error = get(d);",
    ),
    "a function stores it": (
        f"static int get(PyObject *m, PyObject **found)\n{{\n    *found = {NEW};\n"
        f'    return PyModule_AddObject(m, "Error", *found);\n}}\n{PLAIN}',
        "if (get(m, &Error) < 0) {\n        return NULL;\n    }",
    ),
    "what is borrowed is added": (
        PLAIN,
        f'{BORROW}Error = PyDict_GetItemString(d, "e");\n    Py_INCREF(Error);\n'
        '    PyModule_AddObject(m, "Error", Error);',
    ),
    "the dict alone keeps it": (
        PLAIN,
        f'Error = {NEW};\n    PyDict_SetItemString(PyModule_GetDict(m), "Error", Error);\n'
        "    Py_DECREF(Error);",
    ),
    "a failing path releases it": (
        PLAIN, f"Error = {NEW};\n    {FAILS % 'Py_DECREF(Error);'}"
    ),
    "a failing path releases a copy": (
        PLAIN, f"PyObject *e = {NEW};\n    Error = e;\n    {FAILS % 'Py_DECREF(e);'}"
    ),
    "a member of a struct": (
        f"{STRUCT};\n#define Error known[1].errors[0]\n{FAIL}",
        f'known[1].errors[0] = {NEW};\n    PyModule_AddObject(m, "Error", known[1].errors[0]);',
    ),
    "through a pointer to a struct": (
        f'{STRUCT} = {{{{"spam.A", {{NULL}}}}, {{"spam.B", {{NULL}}}}}};\n'
        f"#define Error known[1].errors[1]\n{FAIL}",
        "struct known *each;\n    for (each = known; each < known + 2; each++) {\n"
        f"        each->errors[1] = {NEW};\n"
        "        PyModule_AddObject(m, each->name + 5, each->errors[1]);\n    }",
    ),
    "through a pointer to an array": (
        f"static PyObject *errors[2];\n#define Error errors[1]\n{FAIL}",
        "PyObject **each;\n    for (each = errors; each < errors + 2; each++) {\n"
        f"        *each = {NEW};\n"
        '        PyModule_AddObject(m, each == errors ? "A" : "B", *each);\n    }',
    ),
}  # fmt: skip
RUN = """
import gc, os, sys

made, spare = [], []

def make():
    made.append(type("Error", (Exception,), {}))
    spare.extend(made[-1:] * 100)
    return made[-1]

def cycle():
    try:
        import spam
        spam.fail()
    except Exception:
        pass
    sys.modules.pop("spam", None)

sys.make = make
one = type("Error", (Exception,), {})
plain = [one]
for fails in ("", "1"):
    for _ in range(5):
        cycle()
        gc.collect()
    os.environ["SPAM_FAIL"] = "1"
print({sys.getrefcount(each) - sys.getrefcount(one) for each in made})
"""
METHODS = {
    "returned": "return last;",
    "given away in a value": 'return Py_BuildValue("N", last);',
}


@pytest.mark.parametrize(("code", "body"), CASES.values(), ids=CASES)
def test_no_copy_takes_or_leaves_a_reference(code: str, body: str, tmp_path: Path) -> None:
    outcome = migrated(SUITE, module(code, METHOD, body))
    assert reasons(outcome) == set()
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), RUN) == "{100}"


def test_a_member_that_a_method_fills_and_releases_is_emptied(tmp_path: Path) -> None:
    code = f"""
static PyObject *last;

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{{
    PyObject *text;
    last = {NEW};
    text = PyObject_Repr(last);
    Py_DECREF(last);
    return text;
}}
"""
    outcome = migrated(SUITE, module(code, METHOD))
    assert reasons(outcome) == set()
    assert b"Py_CLEAR(state->last);\n    return text;" in outcome.files["spam.c"]
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), RUN) == "{100}"


@pytest.mark.parametrize("end", METHODS.values(), ids=METHODS)
def test_a_member_that_a_method_gives_away_is_refused(end: str) -> None:
    code = "static PyObject *last;\n" + FAIL.replace(
        'PyErr_SetString(Error, "failed")', "last = " + NEW
    )
    outcome = migrated(SUITE, module(code.replace("return NULL;", end), METHOD))
    assert reasons(outcome) == {Reason.POSTCONDITION}


def test_what_a_call_lends_is_not_released() -> None:
    code = """
static PyObject *last;

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    return PyArg_ParseTuple(args, "O", &last) ? PyLong_FromLong(last != NULL) : NULL;
}
"""
    outcome = migrated(SUITE, module(code, METHOD.replace("METH_NOARGS", "METH_VARARGS")))
    assert reasons(outcome) == set()
    assert b"Py_CLEAR" not in outcome.files["spam.c"]


def test_objects_in_a_union_stay() -> None:
    code = "union u { PyObject *object; long number; };\nstatic union u either;\n"
    code += FAIL.replace("Error", "either.object")
    assert reasons(migrated(SUITE, module(code, METHOD, "either.number = 1;"))) == {Reason.LAYOUT}
