"""Functions whose body is a macro are entered like others."""

from __future__ import annotations

from isolate_ext.testing import check_rewrite, check_stages
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import module

SOURCE = module(
    """
static PyObject *Error;

static PyObject *
check(int code, const char *name)
{
    PyErr_Format(Error, "%s() returned %d", name, code);
    return NULL;
}

#define CHECKED(X) \\
{ \\
    return check(X(), # X); }
#define FAILS { return check(-1, "fails"); }

static int beep(void) { return -1; }

static PyObject *
spam_beep(PyObject *self, PyObject *args)
CHECKED(beep)

static PyObject *spam_fail(PyObject *self, PyObject *args) FAILS
""",
    '{"beep", spam_beep, METH_NOARGS, NULL}, {"fail", spam_fail, METH_NOARGS, NULL},',
    """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL || PyModule_AddObject(m, "Error", Error) < 0) {
        return NULL;
    }""",
)


def test_the_body_is_written_out_where_the_state_is_fetched() -> None:
    check_rewrite(
        SUITE,
        SOURCE,
        'return check(state, beep(), "beep"); }',
        "spam_fail(PyObject *self, PyObject *args) {\n"
        '    spam_state *state = get_spam_state(self); return check(state, -1, "fails"); }',
    )
    check_stages(SUITE, SOURCE)


def test_a_body_stays_a_macro_where_nothing_is_added() -> None:
    source = SOURCE.replace("PyErr_Format(Error,", "PyErr_Format(PyExc_OSError,")
    check_rewrite(SUITE, source, "args)\nCHECKED(beep)", "args) FAILS")
