/* Checks the size of fields against a limit that can be set. */
#include "isolated.h"

typedef struct {
    long limit;
} limit_state;

#ifdef FAULTY
static long field_limit = 128;
#define limit_of(module) (&field_limit)
#else
#define limit_of(module) (&((limit_state *)PyModule_GetState(module))->limit)
#endif

static PyObject *
limit(PyObject *module, PyObject *args)
{
    long *place = limit_of(module), old = *place;

    if (!PyArg_ParseTuple(args, "|l:limit", place)) {
        return NULL;
    }
    return PyLong_FromLong(old);
}

static PyObject *
fits(PyObject *module, PyObject *field)
{
    Py_ssize_t length = PyObject_Length(field);

    return length < 0 ? NULL : PyBool_FromLong(length <= *limit_of(module));
}

static PyMethodDef module_methods[] = {
    {"limit", limit, METH_VARARGS, "The limit; sets a new one."},
    {"fits", fits, METH_O, "Whether a field is not too large."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
#ifndef FAULTY
    *limit_of(module) = 128;
#endif
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "static_setting", .m_size = sizeof(limit_state),
    .m_methods = module_methods, .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_static_setting(void)
{
    return PyModuleDef_Init(&module_definition);
}
