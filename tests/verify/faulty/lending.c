/* Lends numbers to other extensions; the table lives as long as its capsule. */
#include "isolated.h"

#include "lending.h"

static int
lend(void)
{
    return 1;
}

static void
give_back(int number)
{
}

static void
table_free(PyObject *capsule)
{
    PyMem_Free(PyCapsule_GetPointer(capsule, LENDING_TABLE));
}

static int
module_exec(PyObject *module)
{
    lending_table *table = PyMem_Malloc(sizeof(*table));
    PyObject *capsule;

    if (table == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    table->lend = lend;
    table->give_back = give_back;
    capsule = PyCapsule_New(table, LENDING_TABLE, table_free);
    if (capsule == NULL) {
        PyMem_Free(table);
        return -1;
    }
    if (PyModule_AddObject(module, "table", capsule) < 0) {
        Py_DECREF(capsule);
        return -1;
    }
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "lending", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_lending(void)
{
    return PyModuleDef_Init(&module_definition);
}
