/* A shelf has room for one book, and may be extended by subclasses. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    PyObject *book;
} ShelfObject;

static int
Shelf_traverse(ShelfObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->book);
    return 0;
}

static int
Shelf_clear(ShelfObject *self)
{
    Py_CLEAR(self->book);
    return 0;
}

static void
Shelf_dealloc(ShelfObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    (void)Shelf_clear(self);
    type->tp_free(self);
#ifdef FAULTY
    if (type->tp_dealloc == (destructor)Shelf_dealloc) {
        Py_DECREF(type);
    }
#else
    Py_DECREF(type);
#endif
}

static PyObject *
Shelf_put(ShelfObject *self, PyObject *book)
{
    Py_INCREF(book);
    Py_XSETREF(self->book, book);
    Py_RETURN_NONE;
}

static PyMethodDef Shelf_methods[] = {
    {"put", (PyCFunction)Shelf_put, METH_O, "Put a book there."},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Shelf_slots[] = {
    {Py_tp_traverse, Shelf_traverse},
    {Py_tp_dealloc, Shelf_dealloc},
    {Py_tp_clear, Shelf_clear},
    {Py_tp_methods, Shelf_methods},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Shelf_spec = {
    .name = "subclass_leaked.Shelf",
    .basicsize = sizeof(ShelfObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE
             | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Shelf_slots,
};

static int
module_exec(PyObject *module)
{
    return export_type(module, &Shelf_spec);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "subclass_leaked", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_subclass_leaked(void)
{
    return PyModuleDef_Init(&module_definition);
}
