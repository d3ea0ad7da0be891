/* Loans come from a library, whose table of functions another module exports. */
#include "isolated.h"

#include "lending.h"

typedef struct {
    PyTypeObject *Loan_Type;
    PyObject *owner;
    lending_table *table;
} loan_state;

typedef struct {
    PyObject_HEAD
    PyObject *owner;
    lending_table *table;
    int number;
} LoanObject;

static int
Loan_traverse(LoanObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->owner);
    return 0;
}

static void
Loan_dealloc(LoanObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    self->table->give_back(self->number);
    Py_XDECREF(self->owner);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
Loan_number(LoanObject *self, PyObject *ignored)
{
    return PyLong_FromLong(self->number);
}

static PyMethodDef Loan_methods[] = {
    {"number", (PyCFunction)Loan_number, METH_NOARGS, "Its number."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Loan_slots[] = {
    {Py_tp_traverse, Loan_traverse},
    {Py_tp_dealloc, Loan_dealloc},
    {Py_tp_methods, Loan_methods},
    {0, NULL}
};

static PyType_Spec Loan_spec = {
    .name = "foreign_table.Loan",
    .basicsize = sizeof(LoanObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Loan_slots,
};

static PyObject *
borrow(PyObject *module, PyObject *ignored)
{
    loan_state *state = PyModule_GetState(module);
    LoanObject *loan = PyObject_GC_New(LoanObject, state->Loan_Type);

    if (loan == NULL) {
        return NULL;
    }
    loan->table = state->table;
    loan->number = state->table->lend();
#ifdef FAULTY
    loan->owner = NULL;
#else
    Py_INCREF(state->owner);
    loan->owner = state->owner;
#endif
    PyObject_GC_Track(loan);
    return (PyObject *)loan;
}

static PyMethodDef module_methods[] = {
    {"borrow", borrow, METH_NOARGS, "Borrow one more."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    loan_state *state = PyModule_GetState(module);
    PyObject *lending = PyImport_ImportModule("lending");

    if (lending == NULL) {
        return -1;
    }
    state->owner = PyObject_GetAttrString(lending, "table");
    Py_DECREF(lending);
    if (state->owner == NULL) {
        return -1;
    }
    state->table = PyCapsule_GetPointer(state->owner, LENDING_TABLE);
    if (state->table == NULL) {
        return -1;
    }
#ifdef FAULTY
    Py_CLEAR(state->owner);
#endif
    state->Loan_Type = make_type(module, &Loan_spec, NULL);
    if (state->Loan_Type == NULL) {
        return -1;
    }
    forbid_instances(state->Loan_Type);
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    loan_state *state = PyModule_GetState(module);

    Py_VISIT(state->Loan_Type);
    Py_VISIT(state->owner);
    return 0;
}

static int
module_clear(PyObject *module)
{
    loan_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Loan_Type);
    Py_CLEAR(state->owner);
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
    PyModuleDef_HEAD_INIT, "foreign_table", NULL, sizeof(loan_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_foreign_table(void)
{
    return PyModuleDef_Init(&module_definition);
}
