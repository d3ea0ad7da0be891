/* A basket owns what it was made from. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    PyObject *content;
} BasketObject;

static PyObject *
Basket_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    BasketObject *self;
    PyObject *content;

    if (!PyArg_ParseTuple(args, "O:Basket", &content)) {
        return NULL;
    }
    self = (BasketObject *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
#ifndef FAULTY
    Py_INCREF(content);
#endif
    self->content = content;
    return (PyObject *)self;
}

static int
Basket_traverse(BasketObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->content);
    return 0;
}

static int
Basket_clear(BasketObject *self)
{
    Py_CLEAR(self->content);
    return 0;
}

static void
Basket_dealloc(BasketObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->content);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot Basket_slots[] = {
    {Py_tp_traverse, Basket_traverse},
    {Py_tp_clear, Basket_clear},
    {Py_tp_dealloc, Basket_dealloc},
    {Py_tp_new, Basket_new},
    {0, NULL}
};

static PyType_Spec Basket_spec = {
    .name = "borrowed_content.Basket",
    .basicsize = sizeof(BasketObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Basket_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Basket_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "borrowed_content", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_borrowed_content(void)
{
    return PyModuleDef_Init(&module_definition);
}
