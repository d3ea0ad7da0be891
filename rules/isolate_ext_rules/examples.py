"""Small legacy extensions that several rules show themselves on."""

from __future__ import annotations

_INIT = """
static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT, "spam", NULL, -1, spam_methods,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    PyObject *m = PyModule_Create(&spam_module);
    if (m == NULL) {
        return NULL;
    }
    ${body}
    return m;
}
"""


def module(code: str, methods: str = "", body: str = "") -> str:
    """A single-phase module ``spam`` around ``code``; ``methods`` are rows of its table."""
    rows = f"    {methods}\n    {{NULL, NULL, 0, NULL}}\n"
    table = f"\nstatic PyMethodDef spam_methods[] = {{\n{rows}}};\n"
    return "#include <Python.h>\n\n" + code.strip() + "\n" + table + _INIT.replace("${body}", body)


EXCEPTION = module(
    """
static PyObject *Error;

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    PyErr_SetString(Error, "failed");
    return NULL;
}
""",
    '{"fail", spam_fail, METH_NOARGS, NULL},',
    """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL) {
        return NULL;
    }
    Py_INCREF(Error);
    PyModule_AddObject(m, "Error", Error);""",
)

STATE = """\
#include <Python.h>

typedef struct {
    PyObject *Error;
} spam_state;

#define GET(m) ((spam_state *)PyModule_GetState(m))

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    PyErr_SetString(GET(self)->Error, "failed");
    return NULL;
}

static PyMethodDef spam_methods[] = {
    {"fail", spam_fail, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static int
spam_clear(PyObject *m)
{
    Py_CLEAR(GET(m)->Error);
    return 0;
}

static int
spam_traverse(PyObject *m, visitproc visit, void *arg)
{
    Py_VISIT(GET(m)->Error);
    return 0;
}

static struct PyModuleDef spam_module = {
    PyModuleDef_HEAD_INIT, "spam", NULL, sizeof(spam_state), spam_methods,
    NULL, spam_traverse, spam_clear, NULL,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    PyObject *m = PyModule_Create(&spam_module);
    if (m == NULL) {
        return NULL;
    }
    GET(m)->Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (GET(m)->Error == NULL) {
        Py_DECREF(m);
        return NULL;
    }
    Py_INCREF(GET(m)->Error);
    PyModule_AddObject(m, "Error", GET(m)->Error);
    return m;
}
"""

FAIL = """
static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    PyErr_SetString(Error, "failed");
    return NULL;
}
"""

HELPER = module(
    """
static PyObject *Error;

static PyObject *
fail(int code)
{
    PyErr_Format(Error, "failed with %d", code);
    return NULL;
}

static PyObject *
spam_fail(PyObject *self, PyObject *args)
{
    return fail(1);
}
""",
    '{"fail", spam_fail, METH_NOARGS, NULL},',
    'Error = PyErr_NewException("spam.Error", NULL, NULL);',
)

CALLBACK = module(
    """
static PyObject *Error;

static int
compare(const void *left, const void *right)
{
    PyErr_SetString(Error, "compared");
    return 0;
}

static PyObject *
spam_sort(PyObject *self, PyObject *args)
{
    int values[2] = {2, 1};
    qsort(values, 2, sizeof(int), compare);
    return NULL;
}
""",
    '{"sort", spam_sort, METH_NOARGS, NULL},',
    'Error = PyErr_NewException("spam.Error", NULL, NULL);',
)

TABLE_OF_ADDRESSES = module(
    """
static PyObject *Error;
static PyObject **errors[] = {&Error};
""",
    "",
    'Error = PyErr_NewException("spam.Error", NULL, NULL);',
)

TYPE = module(
    """
typedef struct {
    PyObject_HEAD
    PyObject *value;
} EggObject;

static PyTypeObject Egg_Type;

static PyObject *
new_egg(void)
{
    EggObject *egg = PyObject_New(EggObject, &Egg_Type);
    if (egg == NULL) {
        return NULL;
    }
    egg->value = NULL;
    return (PyObject *)egg;
}

static void
Egg_dealloc(EggObject *self)
{
    Py_XDECREF(self->value);
    PyObject_Del(self);
}

static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "spam.Egg",                 /* tp_name */
    sizeof(EggObject),          /* tp_basicsize */
    0,                          /* tp_itemsize */
    (destructor)Egg_dealloc,    /* tp_dealloc */
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

static PyObject *
spam_egg(PyObject *self, PyObject *args)
{
    return new_egg();
}
""",
    '{"egg", spam_egg, METH_NOARGS, NULL},',
    """if (PyType_Ready(&Egg_Type) < 0) {
        return NULL;
    }""",
)
