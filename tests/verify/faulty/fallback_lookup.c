/* A basket notes in the module how much was ever put into one. */
#include "isolated.h"

typedef struct {
    Py_ssize_t total;
} basket_state;

typedef struct {
    PyObject_HEAD
    Py_ssize_t count;
} BasketObject;

static struct PyModuleDef module_definition;

static basket_state *
state_of(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030b0000
    return PyModule_GetState(PyType_GetModuleByDef(type, &module_definition));
#else
    PyObject *mro = type->tp_mro;

    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        PyObject *module;

        if (!PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
            continue;
        }
#ifdef FAULTY
        module = ((PyHeapTypeObject *)type)->ht_module;
#else
        module = ((PyHeapTypeObject *)base)->ht_module;
#endif
        if (module != NULL && PyModule_GetDef(module) == &module_definition) {
            return PyModule_GetState(module);
        }
    }
    return NULL;
#endif
}

static int
Basket_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Basket_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
Basket_put(BasketObject *self, PyObject *ignored)
{
    self->count++;
    return PyLong_FromSsize_t(++state_of(Py_TYPE(self))->total);
}

static PyMethodDef Basket_methods[] = {
    {"put", (PyCFunction)Basket_put, METH_NOARGS, "Put one thing in."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Basket_slots[] = {
    {Py_tp_traverse, Basket_traverse},
    {Py_tp_dealloc, Basket_dealloc},
    {Py_tp_methods, Basket_methods},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Basket_spec = {
    .name = "fallback_lookup.Basket",
    .basicsize = sizeof(BasketObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE
             | Py_TPFLAGS_IMMUTABLETYPE,
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
    PyModuleDef_HEAD_INIT, .m_name = "fallback_lookup", .m_size = sizeof(basket_state), 
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_fallback_lookup(void)
{
    return PyModuleDef_Init(&module_definition);
}
