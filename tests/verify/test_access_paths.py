"""Which calls reach the state on which path, by the plan."""

from isolate_ext.testing import extension_of
from isolate_ext.verify.access_paths import access_paths, label

LEGACY = """
#include <Python.h>

typedef struct { PyObject_HEAD } Foo;
static PyTypeObject Foo_Type;
static PyObject *error;
static int hits;

static int
count(void)
{
    return ++hits;
}

static PyObject *
Foo_spam(PyObject *self, PyObject *unused)
{
    PyErr_SetNone(error);
    return NULL;
}

static PyObject *
Foo_plain(PyObject *self, PyObject *unused)
{
    Py_RETURN_NONE;
}

static PyObject *
Foo_zone(PyObject *self, void *closure)
{
    return PyLong_FromLong(hits);
}

static PyObject *
Foo_repr(PyObject *self)
{
    return PyLong_FromLong(count());
}

static PyMethodDef Foo_methods[] = {
    {"spam", Foo_spam, METH_NOARGS, NULL},
    {"plain", Foo_plain, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static PyGetSetDef Foo_getset[] = {
    {"zone", Foo_zone, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}
};

static PyTypeObject Foo_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "eggs.Foo",
    .tp_basicsize = sizeof(Foo),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_repr = Foo_repr,
    .tp_methods = Foo_methods,
    .tp_getset = Foo_getset,
};

static PyObject *
total(PyObject *module, PyObject *unused)
{
    return PyLong_FromLong(count());
}

static PyMethodDef methods[] = {
    {"total", total, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "eggs", NULL, -1, methods};

PyMODINIT_FUNC
PyInit_eggs(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || PyType_Ready(&Foo_Type) < 0) {
        return NULL;
    }
    error = PyErr_NewException("eggs.Error", NULL, NULL);
    return module;
}
"""


def test_calls_are_grouped_by_the_path_that_the_plan_gives_them() -> None:
    assert access_paths(extension_of({"eggs.c": LEGACY.encode()})) == {
        "by definition": {"Foo.spam", "Foo.zone", "Foo repr"},
        "of the module": {"total"},
        "threaded": {"Foo repr", "total"},
    }


def test_what_cannot_be_placed_has_no_path() -> None:
    assert access_paths(extension_of({"eggs.c": b"static int hits;\n"})) == {}


def test_calls_of_the_probe_are_named_by_what_they_call() -> None:
    keys = ("Foo#0.spam(none)", "Foo#12 repr", "total(an int, two)", "Foo(x)", "Foo#0.zone")
    assert [label(key) for key in keys] == ["Foo.spam", "Foo repr", "total", "Foo", "Foo.zone"]
