/* A legacy extension for the harness's own tests: everything is static. */
#include <Python.h>

typedef struct {
    PyObject_HEAD
    long number;
    PyObject *note;
} TicketObject;

static PyObject *TicketError;
static PyTypeObject Ticket_Type;

static void
ticket_dealloc(TicketObject *self)
{
    Py_XDECREF(self->note);
    PyObject_Free(self);
}

static PyObject *
ticket_punch(TicketObject *self, PyObject *ignored)
{
    if (self->number <= 0) {
        PyErr_SetString(TicketError, "nothing left on this ticket");
        return NULL;
    }
    self->number--;
    return PyLong_FromLong(self->number);
}

static PyMethodDef ticket_methods[] = {
    {"punch", (PyCFunction)ticket_punch, METH_NOARGS, "punch()\n--\n\nUse the ticket once."},
    {NULL, NULL, 0, NULL}
};

static PyTypeObject Ticket_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "ticket.Ticket",
    .tp_basicsize = sizeof(TicketObject),
    .tp_dealloc = (destructor)ticket_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "A ticket for several rides.",
    .tp_methods = ticket_methods,
};

static PyObject *
ticket_issue(PyObject *module, PyObject *args)
{
    long number;
    PyObject *note = Py_None;
    TicketObject *ticket;

    if (!PyArg_ParseTuple(args, "l|O:issue", &number, &note)) {
        return NULL;
    }
    if (number < 0) {
        PyErr_SetString(TicketError, "a ticket cannot owe rides");
        return NULL;
    }
    ticket = PyObject_New(TicketObject, &Ticket_Type);
    if (ticket == NULL) {
        return NULL;
    }
    ticket->number = number;
    Py_INCREF(note);
    ticket->note = note;
    return (PyObject *)ticket;
}

static PyMethodDef module_methods[] = {
    {"issue", ticket_issue, METH_VARARGS, "Issue a ticket for a number of rides."},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef ticket_module = {
    PyModuleDef_HEAD_INIT, "ticket", "Tickets.", -1, module_methods, NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC
PyInit_ticket(void)
{
    PyObject *module = PyModule_Create(&ticket_module);

    if (module == NULL || PyType_Ready(&Ticket_Type) < 0) {
        return NULL;
    }
    TicketError = PyErr_NewException("ticket.Error", NULL, NULL);
    Py_XINCREF(TicketError);
    if (PyModule_AddObject(module, "Error", TicketError) < 0) {
        return NULL;
    }
    Py_INCREF(&Ticket_Type);
    PyModule_AddObject(module, "Ticket", (PyObject *)&Ticket_Type);
    return module;
}
