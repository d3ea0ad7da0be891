"""Members of the state keep what their variables were declared with, where init is one line too."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import behaves, migrated, text_of

SOURCE = """#include <Python.h>
static const char *label = "none";
static char const *east;
static volatile int flag;
static const char *(*maker)(void);
static const char *names[2] = {"a", "b"};
static const char *make(void) { return "made"; }
static PyObject *
spam_set(PyObject *self, PyObject *arg)
{
    east = label;
    label = PyUnicode_AsUTF8(arg);
    flag = 1;
    maker = make;
    names[0] = label;
    return PyUnicode_FromFormat("%s %s %s %s", east, names[0], names[1], maker());
}
static PyMethodDef spam_methods[] = {{"set", spam_set, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef spam_module = {PyModuleDef_HEAD_INIT, "spam", NULL, -1, spam_methods};
PyMODINIT_FUNC PyInit_spam(void) { return PyModule_Create(&spam_module); }
"""


def test_qualifiers_of_what_is_pointed_to_stay(tmp_path: Path) -> None:
    outcome = migrated(SOURCE)
    text = text_of(outcome)
    for member in ("const char *label;", "const char *east;", "volatile int flag;"):
        assert member in text
    assert "const char *(*maker)(void);" in text
    behaves(outcome, tmp_path, "import spam\nprint(spam.set('x'))", "none x b made")


def test_an_init_function_of_one_line() -> None:
    expected = '{\n    spam_state *state = get_spam_state(module);\n    state->label = "none";\n'
    text = text_of(migrated(SOURCE))
    assert expected in text and "    return 0; }\n\nPyMODINIT_FUNC" in text
