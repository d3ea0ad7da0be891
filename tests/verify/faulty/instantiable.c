/* A reader walks over a text; only `read` makes one. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Reader_Type;
} reader_state;

typedef struct {
    PyObject_HEAD
    PyObject *text;
    Py_ssize_t place;
} ReaderObject;

static int
Reader_traverse(ReaderObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->text);
    return 0;
}

static void
Reader_dealloc(ReaderObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    Py_XDECREF(self->text);
    type->tp_free(self);
    Py_DECREF(type);
}

static Py_ssize_t
Reader_length(ReaderObject *self)
{
    return PyUnicode_GET_LENGTH(self->text) - self->place;
}

static PyObject *
Reader_next(ReaderObject *self)
{
    if (Reader_length(self) <= 0) {
        return NULL;
    }
    self->place++;
    return PyUnicode_Substring(self->text, self->place - 1, self->place);
}

static PyType_Slot Reader_slots[] = {
    {Py_tp_traverse, Reader_traverse},
    {Py_tp_dealloc, Reader_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, Reader_next},
    {Py_sq_length, Reader_length},
    {0, NULL}
};

static PyType_Spec Reader_spec = {
    .name = "instantiable.Reader",
    .basicsize = sizeof(ReaderObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
#ifndef FAULTY
             | Py_TPFLAGS_DISALLOW_INSTANTIATION
#endif
    ,
    .slots = Reader_slots,
};

static PyObject *
read_text(PyObject *module, PyObject *text)
{
    reader_state *state = PyModule_GetState(module);
    ReaderObject *reader;

    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "only a str can be read");
        return NULL;
    }
    reader = PyObject_GC_New(ReaderObject, state->Reader_Type);
    if (reader == NULL) {
        return NULL;
    }
    Py_INCREF(text);
    reader->text = text;
    reader->place = 0;
    PyObject_GC_Track(reader);
    return (PyObject *)reader;
}

static PyMethodDef module_methods[] = {
    {"read", read_text, METH_O, "A reader of that text."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    reader_state *state = PyModule_GetState(module);

    state->Reader_Type = make_type(module, &Reader_spec, NULL);
    if (state->Reader_Type == NULL) {
        return -1;
    }
#ifndef FAULTY
    forbid_instances(state->Reader_Type);
#endif
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    reader_state *state = PyModule_GetState(module);

    Py_VISIT(state->Reader_Type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    reader_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Reader_Type);
    return 0;
}

static void
module_free(void *module)
{
    (void)module_clear(module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, "instantiable", NULL, sizeof(reader_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_instantiable(void)
{
    return PyModuleDef_Init(&module_definition);
}
