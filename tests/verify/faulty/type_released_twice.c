/* A leaf is a node with a value. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    PyObject *parent;
} NodeObject;

typedef struct {
    NodeObject node;
    PyObject *value;
} LeafObject;

static int
Node_traverse(NodeObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->parent);
    return 0;
}

static int
Node_clear(NodeObject *self)
{
    Py_CLEAR(self->parent);
    return 0;
}

static void
Node_dealloc(NodeObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    (void)Node_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Node_members[] = {
    {"parent", T_OBJECT, offsetof(NodeObject, parent), 0, "The node above."},
    {NULL}
};

static PyType_Slot Node_slots[] = {
    {Py_tp_traverse, Node_traverse},
    {Py_tp_dealloc, Node_dealloc},
    {Py_tp_clear, Node_clear},
    {Py_tp_members, Node_members},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Node_spec = {
    .name = "type_released_twice.Node",
    .basicsize = sizeof(NodeObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE
             | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Node_slots,
};

static int
Leaf_traverse(LeafObject *self, visitproc visit, void *arg)
{
    Py_VISIT(self->value);
    return Node_traverse(&self->node, visit, arg);
}

static int
Leaf_clear(LeafObject *self)
{
    Py_CLEAR(self->value);
    return Node_clear(&self->node);
}

static void
Leaf_dealloc(LeafObject *self)
{
#ifdef FAULTY
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->value);
    Node_dealloc(&self->node);
    Py_DECREF(type);
#else
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->value);
    Node_dealloc(&self->node);
#endif
}

static PyMemberDef Leaf_members[] = {
    {"value", T_OBJECT, offsetof(LeafObject, value), 0, "What it holds."},
    {NULL}
};

static PyType_Slot Leaf_slots[] = {
    {Py_tp_traverse, Leaf_traverse},
    {Py_tp_dealloc, Leaf_dealloc},
    {Py_tp_clear, Leaf_clear},
    {Py_tp_members, Leaf_members},
    {0, NULL}
};

static PyType_Spec Leaf_spec = {
    .name = "type_released_twice.Leaf",
    .basicsize = sizeof(LeafObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Leaf_slots,
};

static int
module_exec(PyObject *module)
{
    PyTypeObject *node = make_type(module, &Node_spec, NULL);
    PyTypeObject *leaf = node == NULL ? NULL : make_type(module, &Leaf_spec, node);

    Py_XDECREF(node);
    Py_XDECREF(leaf);
    return leaf == NULL ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "type_released_twice", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_type_released_twice(void)
{
    return PyModuleDef_Init(&module_definition);
}
