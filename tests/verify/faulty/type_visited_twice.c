/* Shapes have a name, and circles are shapes with a label. */
#include "isolated.h"

typedef struct {
    PyObject_HEAD
    PyObject *name;
} ShapeObject;

typedef struct {
    ShapeObject shape;
    PyObject *label;
} CircleObject;

static int
Shape_traverse(ShapeObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->name);
    return 0;
}

static int
Shape_clear(ShapeObject *self)
{
    Py_CLEAR(self->name);
    return 0;
}

static void
Shape_dealloc(ShapeObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    (void)Shape_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Shape_members[] = {
    {"name", T_OBJECT, offsetof(ShapeObject, name), 0, "What it is called."},
    {NULL}
};

static PyType_Slot Shape_slots[] = {
    {Py_tp_new, PyType_GenericNew},
    {Py_tp_traverse, Shape_traverse},
    {Py_tp_clear, Shape_clear},
    {Py_tp_dealloc, Shape_dealloc},
    {Py_tp_members, Shape_members},
    {0, NULL}
};

static PyType_Spec Shape_spec = {
    .name = "type_visited_twice.Shape",
    .basicsize = sizeof(ShapeObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE
             | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Shape_slots,
};

static int
Circle_traverse(CircleObject *self, visitproc visit, void *arg)
{
#ifdef FAULTY
    Py_VISIT(Py_TYPE(self));
#endif
    Py_VISIT(self->label);
    return Shape_traverse(&self->shape, visit, arg);
}

static int
Circle_clear(CircleObject *self)
{
    Py_CLEAR(self->label);
    return Shape_clear(&self->shape);
}

static void
Circle_dealloc(CircleObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->label);
    Shape_dealloc(&self->shape);
}

static PyMemberDef Circle_members[] = {
    {"label", T_OBJECT, offsetof(CircleObject, label), 0, "What is written on it."},
    {NULL}
};

static PyType_Slot Circle_slots[] = {
    {Py_tp_traverse, Circle_traverse},
    {Py_tp_clear, Circle_clear},
    {Py_tp_dealloc, Circle_dealloc},
    {Py_tp_members, Circle_members},
    {0, NULL}
};

static PyType_Spec Circle_spec = {
    .name = "type_visited_twice.Circle",
    .basicsize = sizeof(CircleObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Circle_slots,
};

static int
module_exec(PyObject *module)
{
    PyTypeObject *shape = make_type(module, &Shape_spec, NULL);
    PyTypeObject *circle = shape == NULL ? NULL : make_type(module, &Circle_spec, shape);

    Py_XDECREF(shape);
    Py_XDECREF(circle);
    return circle == NULL ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "type_visited_twice", .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_type_visited_twice(void)
{
    return PyModuleDef_Init(&module_definition);
}
