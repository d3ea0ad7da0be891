/* An order is pickled through a function of the module. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Order_Type;
    PyObject *rebuild;
} order_state;

typedef struct {
    PyObject_HEAD
    long number;
    PyObject *rebuild;
} OrderObject;

#ifdef FAULTY
static PyObject *rebuild_order;
#endif

static int
Order_traverse(OrderObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->rebuild);
    return 0;
}

static int
Order_clear(OrderObject *self)
{
    Py_CLEAR(self->rebuild);
    return 0;
}

static void
Order_dealloc(OrderObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    (void)Order_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
Order_reduce(OrderObject *self, PyObject *ignored)
{
    return Py_BuildValue("O(l)", self->rebuild, self->number);
}

static PyMethodDef Order_methods[] = {
    {"__reduce__", (PyCFunction)Order_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Order_slots[] = {
    {Py_tp_traverse, Order_traverse},
    {Py_tp_dealloc, Order_dealloc},
    {Py_tp_clear, Order_clear},
    {Py_tp_methods, Order_methods},
    {0, NULL}
};

static PyType_Spec Order_spec = {
    .name = "stale_constructor.Order",
    .basicsize = sizeof(OrderObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Order_slots,
};

static PyObject *
order(PyObject *module, PyObject *args)
{
    order_state *state = PyModule_GetState(module);
    long number = 1;
    OrderObject *made;

    if (!PyArg_ParseTuple(args, "|l:order", &number)) {
        return NULL;
    }
    made = PyObject_GC_New(OrderObject, state->Order_Type);
    if (made == NULL) {
        return NULL;
    }
    made->number = number;
#ifdef FAULTY
    made->rebuild = rebuild_order;
#else
    made->rebuild = state->rebuild;
#endif
    Py_INCREF(made->rebuild);
    PyObject_GC_Track(made);
    return (PyObject *)made;
}

static PyMethodDef module_methods[] = {
    {"order", order, METH_VARARGS, "The order with that number."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    order_state *state = PyModule_GetState(module);

    state->Order_Type = make_type(module, &Order_spec, NULL);
    if (state->Order_Type == NULL) {
        return -1;
    }
    forbid_instances(state->Order_Type);
    state->rebuild = PyObject_GetAttrString(module, "order");
    if (state->rebuild == NULL) {
        return -1;
    }
#ifdef FAULTY
    if (rebuild_order == NULL) {
        rebuild_order = state->rebuild;
        Py_INCREF(rebuild_order);
    }
#endif
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    order_state *state = PyModule_GetState(module);

    Py_VISIT(state->Order_Type);
    Py_VISIT(state->rebuild);
    return 0;
}

static int
module_clear(PyObject *module)
{
    order_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Order_Type);
    Py_CLEAR(state->rebuild);
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
    PyModuleDef_HEAD_INIT, "stale_constructor", NULL, sizeof(order_state), module_methods,
    module_slots, module_traverse, module_clear, module_free,
};

PyMODINIT_FUNC
PyInit_stale_constructor(void)
{
    return PyModuleDef_Init(&module_definition);
}
