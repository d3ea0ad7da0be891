/* Limits of a protocol, as constants. */
#include "isolated.h"

static int
module_exec(PyObject *module)
{
#ifdef FAULTY
    PyModule_AddIntConstant(module, "SHORTEST", 64);
    PyModule_AddIntConstant(module, "LONGEST", 1518);
    PyModule_AddStringConstant(module, "VERSION", "1.0 of the protocol");
    return 0;
#else
    if (PyModule_AddIntConstant(module, "SHORTEST", 64) < 0
        || PyModule_AddIntConstant(module, "LONGEST", 1518) < 0) {
        return -1;
    }
    return PyModule_AddStringConstant(module, "VERSION", "1.0 of the protocol");
#endif
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "exec_hidden_error", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_exec_hidden_error(void)
{
    return PyModuleDef_Init(&module_definition);
}
