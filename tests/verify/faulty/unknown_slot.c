/* One function without any state. */
#include "isolated.h"

static PyObject *
twice(PyObject *module, PyObject *value)
{
    return PyNumber_Add(value, value);
}

static PyMethodDef module_methods[] = {
    {"twice", twice, METH_O, "Twice the value."},
    {NULL, NULL, 0, NULL}
};

static PyModuleDef_Slot module_slots[] = {
#ifdef FAULTY
    /* Py_mod_multiple_interpreters and Py_MOD_PER_INTERPRETER_GIL_SUPPORTED */
    {3, (void *)2},
#else
    ISOLATED_SLOT
#endif
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "unknown_slot", .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_unknown_slot(void)
{
    return PyModuleDef_Init(&module_definition);
}
