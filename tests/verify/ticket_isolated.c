/* The same extension after a migration by hand. Macros put single mistakes in:
   NO_TYPE_VISIT, NO_TYPE_DECREF, INSTANTIABLE, LOOKUP_IN_DEALLOC, SHARED_ERROR. */
#include <Python.h>

#ifndef Py_TPFLAGS_IMMUTABLETYPE
#define Py_TPFLAGS_IMMUTABLETYPE 0
#endif
#ifndef Py_TPFLAGS_DISALLOW_INSTANTIATION
#define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#define CLEAR_TP_NEW
#endif

typedef struct {
    PyTypeObject *Ticket_Type;
    PyObject *error;
} ticket_state;

typedef struct {
    PyObject_HEAD
    long number;
    PyObject *note;
} TicketObject;

static struct PyModuleDef ticket_module;

#ifdef SHARED_ERROR
static PyObject *shared_error;
#endif

static ticket_state *
state_of_type(PyTypeObject *type)
{
    return (ticket_state *)PyType_GetModuleState(type);
}

static int
ticket_traverse(TicketObject *self, visitproc visit, void *arg)
{
#ifndef NO_TYPE_VISIT
    Py_VISIT(Py_TYPE(self));
#endif
    Py_VISIT(self->note);
    return 0;
}

static int
ticket_clear(TicketObject *self)
{
    Py_CLEAR(self->note);
    return 0;
}

static void
ticket_dealloc(TicketObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
#ifdef LOOKUP_IN_DEALLOC
    if (*(PyObject *volatile *)&state_of_type(type)->error == NULL) {
        Py_FatalError("ticket: the state is gone");
    }
#endif
    ticket_clear(self);
    type->tp_free(self);
#ifndef NO_TYPE_DECREF
    Py_DECREF(type);
#endif
}

static PyObject *
ticket_punch(TicketObject *self, PyObject *ignored)
{
#ifdef FRAGILE
    static int punches;
    if (punches++ > 0) {
        *(volatile int *)8 = 1;
    }
#endif
    if (self->number <= 0) {
        PyErr_SetString(state_of_type(Py_TYPE(self))->error, "nothing left on this ticket");
        return NULL;
    }
    self->number--;
    return PyLong_FromLong(self->number);
}

static PyObject *
ticket_reduce(PyObject *self, PyObject *ignored)
{
    return PyErr_Format(PyExc_TypeError, "cannot pickle '%s' object", "Ticket");
}

static PyMethodDef ticket_methods[] = {
    {"__reduce__", ticket_reduce, METH_NOARGS, NULL},
    {"punch", (PyCFunction)ticket_punch, METH_NOARGS, "punch()\n--\n\nUse the ticket once."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot ticket_slots[] = {
    {Py_tp_dealloc, ticket_dealloc},
    {Py_tp_traverse, ticket_traverse},
    {Py_tp_clear, ticket_clear},
    {Py_tp_doc, "A ticket for several rides."},
    {Py_tp_methods, ticket_methods},
    {0, NULL}
};

static PyType_Spec ticket_spec = {
    .name = "ticket.Ticket",
    .basicsize = sizeof(TicketObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
#ifndef INSTANTIABLE
           | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION
#endif
    ,
    .slots = ticket_slots,
};

static PyObject *
ticket_issue(PyObject *module, PyObject *args)
{
    ticket_state *state = (ticket_state *)PyModule_GetState(module);
    long number;
    PyObject *note = Py_None;
    TicketObject *ticket;

    if (!PyArg_ParseTuple(args, "l|O:issue", &number, &note)) {
        return NULL;
    }
    if (number < 0) {
        PyErr_SetString(state->error, "a ticket cannot owe rides");
        return NULL;
    }
    ticket = PyObject_GC_New(TicketObject, state->Ticket_Type);
    if (ticket == NULL) {
        return NULL;
    }
    ticket->number = number;
    Py_INCREF(note);
    ticket->note = note;
    PyObject_GC_Track(ticket);
    return (PyObject *)ticket;
}

static PyMethodDef module_methods[] = {
    {"issue", ticket_issue, METH_VARARGS, "Issue a ticket for a number of rides."},
    {NULL, NULL, 0, NULL}
};

static int
ticket_exec(PyObject *module)
{
    ticket_state *state = (ticket_state *)PyModule_GetState(module);

    state->Ticket_Type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &ticket_spec, NULL);
    if (state->Ticket_Type == NULL || PyModule_AddType(module, state->Ticket_Type) < 0) {
        return -1;
    }
#ifdef CLEAR_TP_NEW
    state->Ticket_Type->tp_new = NULL;
#endif
#ifdef SHARED_ERROR
    if (shared_error == NULL) {
        shared_error = PyErr_NewException("ticket.Error", NULL, NULL);
    }
    Py_XINCREF(shared_error);
    state->error = shared_error;
#else
    state->error = PyErr_NewException("ticket.Error", NULL, NULL);
#endif
    if (state->error == NULL) {
        return -1;
    }
    return PyModule_AddType(module, (PyTypeObject *)state->error);
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    ticket_state *state = (ticket_state *)PyModule_GetState(module);

    Py_VISIT(state->Ticket_Type);
    Py_VISIT(state->error);
    return 0;
}

static int
module_clear(PyObject *module)
{
    ticket_state *state = (ticket_state *)PyModule_GetState(module);

    Py_CLEAR(state->Ticket_Type);
    Py_CLEAR(state->error);
    return 0;
}

static void
module_free(void *module)
{
    (void)module_clear((PyObject *)module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)ticket_exec},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef ticket_module = {
    PyModuleDef_HEAD_INIT, "ticket", "Tickets.", sizeof(ticket_state), module_methods,
    module_slots, module_traverse, module_clear, module_free
};

PyMODINIT_FUNC
PyInit_ticket(void)
{
    return PyModuleDef_Init(&ticket_module);
}
