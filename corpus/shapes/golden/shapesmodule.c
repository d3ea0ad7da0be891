/* Plane figures: a hierarchy of types.

   Figure               abstract, has weak references and a __dict__
     Polygon            a list of corners
       Square           made from a side
     Circle             base set at run time
   Canvas               holds figures, calls back when one is dropped
*/

#include "Python.h"
#include "structmember.h"

typedef struct {
    PyObject *ShapeError;
    long figures_made;
    PyTypeObject *Figure_Type;
    PyTypeObject *Polygon_Type;
    PyTypeObject *Square_Type;
    PyTypeObject *Circle_Type;
    PyTypeObject *Canvas_Type;
} shapes_state;

static inline shapes_state *
get_shapes_state(PyObject *module)
{
    void *state = PyModule_GetState(module);
    assert(state != NULL);
    return (shapes_state *)state;
}

static struct PyModuleDef shapesmodule;

/* NULL, without an exception, for a type that is not of this module. */
static inline shapes_state *
get_shapes_state_by_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030b0000
    PyObject *module;

    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        return NULL;
    }
    module = PyType_GetModuleByDef(type, &shapesmodule);
    if (module == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return (shapes_state *)PyModule_GetState(module);
#else
    PyObject *mro = type->tp_mro;
    Py_ssize_t i, n = mro == NULL ? 0 : PyTuple_GET_SIZE(mro);

    for (i = 0; i < n; i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)base)->ht_module;
            if (module != NULL && PyModule_Check(module)
                && PyModule_GetDef(module) == &shapesmodule) {
                return (shapes_state *)PyModule_GetState(module);
            }
        }
    }
    return NULL;
#endif
}

#if PY_VERSION_HEX < 0x030a0000
static inline int
PyModule_AddObjectRef(PyObject *module, const char *name, PyObject *value)
{
    Py_XINCREF(value);
    if (PyModule_AddObject(module, name, value) < 0) {
        Py_XDECREF(value);
        return -1;
    }
    return 0;
}
#endif

#ifndef Py_TPFLAGS_DISALLOW_INSTANTIATION  /* new in 3.10 */
#  define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#endif
#ifndef Py_TPFLAGS_IMMUTABLETYPE  /* new in 3.10 */
#  define Py_TPFLAGS_IMMUTABLETYPE 0
#endif

static int
shapes_add_type(PyObject *module, PyType_Spec *spec,
                PyTypeObject *base, PyTypeObject **type)
{
    PyObject *bases = NULL;

    if (*type != NULL) {
        return 0;
    }
    if (base != NULL && (bases = PyTuple_Pack(1, base)) == NULL) {
        return -1;
    }
    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, bases);
    Py_XDECREF(bases);
    return *type == NULL ? -1 : 0;
}

typedef struct {
    PyObject_HEAD
    PyObject *dict;
    PyObject *weakreflist;
    PyObject *label;
} FigureObject;

typedef struct {
    FigureObject figure;
    PyObject *corners;          /* list of (x, y) */
} PolygonObject;

typedef struct {
    PolygonObject polygon;
    double side;
} SquareObject;

typedef struct {
    FigureObject figure;
    double radius;
    PyObject *centre;
} CircleObject;

typedef struct {
    PyObject_HEAD
    PyObject *figures;
    PyObject *on_close;
} CanvasObject;



/* ----- Figure */

static PyObject *
figure_new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
    shapes_state *state = get_shapes_state_by_type(type);
    FigureObject *self;

    if (type == state->Figure_Type) {
        PyErr_SetString(state->ShapeError, "a figure must be of some kind");
        return NULL;
    }
    self = (FigureObject *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    state->figures_made++;
    return (PyObject *)self;
}

static int
figure_traverse(FigureObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->dict);
    Py_VISIT(self->label);
    return 0;
}

static int
figure_clear(FigureObject *self)
{
    Py_CLEAR(self->dict);
    Py_CLEAR(self->label);
    return 0;
}

static void
figure_dealloc(FigureObject *self)
{
    PyTypeObject *tp = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (self->weakreflist != NULL)
        PyObject_ClearWeakRefs((PyObject *)self);
    figure_clear(self);
    tp->tp_free((PyObject *)self);
    Py_DECREF(tp);
}

static PyObject *
figure_area(PyObject *self, PyObject *unused)
{
    shapes_state *state = get_shapes_state_by_type(Py_TYPE(self));
    PyErr_Format(state->ShapeError, "%.100s has no area", Py_TYPE(self)->tp_name);
    return NULL;
}

static PyObject *
figure_larger(PyObject *self, PyObject *other)
{
    shapes_state *state = get_shapes_state_by_type(Py_TYPE(self));
    PyObject *mine, *theirs;
    int larger;

    if (!PyObject_TypeCheck(other, state->Figure_Type)) {
        PyErr_Format(PyExc_TypeError, "not a figure: %R", other);
        return NULL;
    }
    mine = PyObject_CallMethod(self, "area", NULL);
    theirs = mine ? PyObject_CallMethod(other, "area", NULL) : NULL;
    larger = theirs ? PyObject_RichCompareBool(mine, theirs, Py_GT) : -1;
    Py_XDECREF(mine);
    Py_XDECREF(theirs);
    return larger < 0 ? NULL : PyBool_FromLong(larger);
}

static PyObject *
figure_kinds(PyObject *cls, PyObject *unused)
{
    return PyObject_CallMethod(cls, "__subclasses__", NULL);
}

static PyObject *
figure_distance(PyObject *unused, PyObject *args)
{
    double x1, y1, x2, y2;

    if (!PyArg_ParseTuple(args, "(dd)(dd):distance", &x1, &y1, &x2, &y2))
        return NULL;
    x1 -= x2;
    y1 -= y2;
    return PyFloat_FromDouble(x1 * x1 + y1 * y1);
}

static PyObject *
figure_get_label(FigureObject *self, void *Py_UNUSED(closure))
{
    PyObject *label = self->label ? self->label : Py_None;

    Py_INCREF(label);
    return label;
}

static int
figure_set_label(FigureObject *self, PyObject *value, void *Py_UNUSED(closure))
{
    Py_XINCREF(value);
    Py_XSETREF(self->label, value);
    return 0;
}

static PyMethodDef figure_methods[] = {
    {"area", figure_area, METH_NOARGS, PyDoc_STR("The area covered.")},
    {"larger", figure_larger, METH_O, PyDoc_STR("Whether this covers more than another.")},
    {"kinds", figure_kinds, METH_NOARGS | METH_CLASS, PyDoc_STR("The kinds below this one.")},
    {"distance", figure_distance, METH_VARARGS | METH_STATIC,
     PyDoc_STR("The square of the distance of two points.")},
    {NULL, NULL}
};

static PyGetSetDef figure_getset[] = {
    {"label", (getter)figure_get_label, (setter)figure_set_label, "Any object, or None."},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict},
    {NULL}
};

static PyMemberDef Figure_offsets[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(FigureObject, dict), READONLY},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(FigureObject, weakreflist), READONLY},
    {NULL}
};

static PyType_Slot Figure_slots[] = {
    {Py_tp_dealloc, figure_dealloc},
    {Py_tp_doc, (void *)PyDoc_STR("What all figures share.")},
    {Py_tp_traverse, figure_traverse},
    {Py_tp_clear, figure_clear},
    {Py_tp_methods, figure_methods},
    {Py_tp_getset, figure_getset},
    {Py_tp_new, figure_new},
    {Py_tp_members, Figure_offsets},
    {0, NULL}
};

static PyType_Spec Figure_spec = {
    .name = "shapes.Figure",
    .basicsize = sizeof(FigureObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
              Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Figure_slots,
};

/* ----- Polygon */

static int
polygon_init(PolygonObject *self, PyObject *args, PyObject *kwds)
{
    shapes_state *state = get_shapes_state_by_type(Py_TYPE(self));
    static char *kwlist[] = {"corners", "label", NULL};
    PyObject *corners, *label = NULL;
    Py_ssize_t i;

    if (!PyArg_ParseTupleAndKeywords(args, kwds, "O|O:Polygon", kwlist, &corners, &label))
        return -1;
    corners = PySequence_List(corners);
    if (corners == NULL)
        return -1;
    for (i = 0; i < PyList_GET_SIZE(corners); i++) {
        PyObject *corner = PyList_GET_ITEM(corners, i);
        if (!PyTuple_Check(corner) || PyTuple_GET_SIZE(corner) != 2) {
            PyErr_Format(state->ShapeError, "corner %zd is not a pair", i);
            Py_DECREF(corners);
            return -1;
        }
    }
    Py_XSETREF(self->corners, corners);
    return label ? figure_set_label(&self->figure, label, NULL) : 0;
}

static int
polygon_traverse(PolygonObject *self, visitproc visit, void *arg)
{
    Py_VISIT(self->corners);
    return figure_traverse((FigureObject *)self, visit, arg);
}

static int
polygon_clear(PolygonObject *self)
{
    Py_CLEAR(self->corners);
    return figure_clear((FigureObject *)self);
}

static void
polygon_dealloc(PolygonObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->corners);
    figure_dealloc((FigureObject *)self);
}

static int
corner_at(PolygonObject *self, Py_ssize_t i, double *x, double *y)
{
    Py_ssize_t n = PyList_GET_SIZE(self->corners);

    return PyArg_ParseTuple(PyList_GET_ITEM(self->corners, i % n), "dd", x, y);
}

static PyObject *
polygon_area(PolygonObject *self, PyObject *unused)
{
    double twice = 0.0, x1, y1, x2, y2;
    Py_ssize_t i;

    if (self->corners == NULL)
        return figure_area((PyObject *)self, NULL);
    for (i = 0; i < PyList_GET_SIZE(self->corners); i++) {
        if (!corner_at(self, i, &x1, &y1) || !corner_at(self, i + 1, &x2, &y2))
            return NULL;
        twice += x1 * y2 - x2 * y1;
    }
    return PyFloat_FromDouble(twice < 0 ? -twice / 2 : twice / 2);
}

/* One function for both edges of the bounding box: closure is the column. */
static PyObject *
polygon_get_extent(PolygonObject *self, void *closure)
{
    double point[2], low = 0.0, high = 0.0;
    int column = *(const int *)closure;
    Py_ssize_t i;

    for (i = 0; self->corners && i < PyList_GET_SIZE(self->corners); i++) {
        if (!corner_at(self, i, &point[0], &point[1]))
            return NULL;
        if (i == 0 || point[column] < low)
            low = point[column];
        if (i == 0 || point[column] > high)
            high = point[column];
    }
    return PyFloat_FromDouble(high - low);
}

static const int columns[] = {0, 1};

static PyGetSetDef polygon_getset[] = {
    {"width", (getter)polygon_get_extent, NULL, NULL, (void *)&columns[0]},
    {"height", (getter)polygon_get_extent, NULL, NULL, (void *)&columns[1]},
    {NULL}
};

static PyMethodDef polygon_methods[] = {
    {"area", (PyCFunction)polygon_area, METH_NOARGS, PyDoc_STR("The area inside.")},
    {NULL, NULL}
};

static PyMemberDef polygon_members[] = {
    {"corners", T_OBJECT, offsetof(PolygonObject, corners), READONLY},
    {NULL}
};

static PyType_Slot Polygon_slots[] = {
    {Py_tp_dealloc, polygon_dealloc},
    {Py_tp_traverse, polygon_traverse},
    {Py_tp_clear, polygon_clear},
    {Py_tp_methods, polygon_methods},
    {Py_tp_members, polygon_members},
    {Py_tp_getset, polygon_getset},
    {Py_tp_init, polygon_init},
    {0, NULL}
};

static PyType_Spec Polygon_spec = {
    .name = "shapes.Polygon",
    .basicsize = sizeof(PolygonObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
              Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Polygon_slots,
};

/* ----- Square: everything inherited but __init__, __repr__ and tp_finalize */

static PyObject *
square_of(PyObject *cls, PyObject *side)
{
    return PyObject_CallFunctionObjArgs(cls, side, NULL);
}

static int
square_init(SquareObject *self, PyObject *args, PyObject *kwds)
{
    shapes_state *state = get_shapes_state_by_type(Py_TYPE(self));
    PyObject *corners;
    int result;
    double a;

    if (!PyArg_ParseTuple(args, "d:Square", &a))
        return -1;
    if (a < 0) {
        PyErr_SetString(state->ShapeError, "a side cannot be negative");
        return -1;
    }
    corners = Py_BuildValue("([(dd)(dd)(dd)(dd)])", 0.0, 0.0, a, 0.0, a, a, 0.0, a);
    if (corners == NULL)
        return -1;
    result = state->Polygon_Type->tp_init((PyObject *)self, corners, kwds);
    Py_DECREF(corners);
    self->side = a;
    return result;
}

static PyObject *
square_repr(SquareObject *self)
{
    PyObject *side = PyFloat_FromDouble(self->side), *text;

    text = side ? PyUnicode_FromFormat("%s(%R)", Py_TYPE(self)->tp_name, side) : NULL;
    Py_XDECREF(side);
    return text;
}

static PyMethodDef square_methods[] = {
    {"of", square_of, METH_O | METH_CLASS, PyDoc_STR("A square of that side.")},
    {NULL, NULL}
};

static PyType_Slot Square_slots[] = {
    {Py_tp_repr, square_repr},
    {Py_tp_methods, square_methods},
    {Py_tp_init, square_init},
    {0, NULL}
};

static PyType_Spec Square_spec = {
    .name = "shapes.Square",
    .basicsize = sizeof(SquareObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |
              Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Square_slots,
};

/* ----- Circle: final, unhashable, compared by radius; base set in init */

static int
circle_init(CircleObject *self, PyObject *args, PyObject *kwds)
{
    static char *kwlist[] = {"radius", "centre", NULL};
    PyObject *centre = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwds, "d|O", kwlist, &self->radius, &centre))
        return -1;
    Py_XINCREF(centre);
    Py_XSETREF(self->centre, centre);
    return 0;
}

static int
circle_traverse(CircleObject *self, visitproc visit, void *arg)
{
    int result = figure_traverse(&self->figure, visit, arg);

    if (result)
        return result;
    Py_VISIT(self->centre);
    return 0;
}

static int
circle_clear(CircleObject *self)
{
    Py_CLEAR(self->centre);
    return figure_clear(&self->figure);
}

static void
circle_dealloc(CircleObject *self)
{
    PyTypeObject *tp = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (self->figure.weakreflist != NULL)
        PyObject_ClearWeakRefs((PyObject *)self);
    circle_clear(self);
    tp->tp_free((PyObject *)self);
    Py_DECREF(tp);
}

static PyObject *
circle_area(CircleObject *self, PyObject *unused)
{
    PyObject *pi = PyObject_GetAttrString((PyObject *)self, "PI"), *area = NULL;

    if (pi != NULL && PyFloat_Check(pi))
        area = PyFloat_FromDouble(PyFloat_AS_DOUBLE(pi) * self->radius * self->radius);
    Py_XDECREF(pi);
    return area;
}

static PyObject *
circle_richcompare(PyObject *a, PyObject *b, int op)
{
    shapes_state *state = get_shapes_state_by_type(Py_TYPE(a));
    if (Py_TYPE(a) != state->Circle_Type || Py_TYPE(b) != state->Circle_Type)
        Py_RETURN_NOTIMPLEMENTED;
    Py_RETURN_RICHCOMPARE(((CircleObject *)a)->radius, ((CircleObject *)b)->radius, op);
}

static PyMethodDef circle_methods[] = {
    {"area", (PyCFunction)circle_area, METH_NOARGS, NULL},
    {NULL, NULL}
};

static PyMemberDef circle_members[] = {
    {"radius", T_DOUBLE, offsetof(CircleObject, radius), 0},
    {"centre", T_OBJECT_EX, offsetof(CircleObject, centre), 0},
    {NULL}
};

static PyType_Slot Circle_slots[] = {
    {Py_tp_dealloc, circle_dealloc},
    {Py_tp_traverse, circle_traverse},
    {Py_tp_clear, circle_clear},
    {Py_tp_richcompare, circle_richcompare},
    {Py_tp_methods, circle_methods},
    {Py_tp_members, circle_members},
    {Py_tp_init, circle_init},
    {0, NULL}
};

static PyType_Spec Circle_spec = {
    .name = "shapes.Circle",
    .basicsize = sizeof(CircleObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Circle_slots,
};

/* ----- Canvas */

static int
canvas_init(CanvasObject *self, PyObject *args, PyObject *kwds)
{
    PyObject *on_close = NULL;

    if (!PyArg_ParseTuple(args, "|O:Canvas", &on_close))
        return -1;
    Py_XINCREF(on_close);
    Py_XSETREF(self->on_close, on_close);
    Py_XSETREF(self->figures, PyList_New(0));
    return self->figures ? 0 : -1;
}

static void
canvas_finalize(PyObject *op)
{
    CanvasObject *self = (CanvasObject *)op;
    PyObject *type, *value, *tb, *result;

    if (self->on_close == NULL)
        return;
    PyErr_Fetch(&type, &value, &tb);
    result = PyObject_CallFunctionObjArgs(self->on_close, op, NULL);
    if (result == NULL)
        PyErr_WriteUnraisable(op);
    Py_XDECREF(result);
    PyErr_Restore(type, value, tb);
}

static int
canvas_traverse(CanvasObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->figures);
    Py_VISIT(self->on_close);
    return 0;
}

static int
canvas_clear(CanvasObject *self)
{
    Py_CLEAR(self->figures);
    Py_CLEAR(self->on_close);
    return 0;
}

static void
canvas_dealloc(CanvasObject *self)
{
    PyTypeObject *tp = Py_TYPE(self);
    if (PyObject_CallFinalizerFromDealloc((PyObject *)self) < 0)
        return;
    PyObject_GC_UnTrack(self);
    canvas_clear(self);
    tp->tp_free((PyObject *)self);
    Py_DECREF(tp);
}

static PyObject *
canvas_add(CanvasObject *self, PyObject *args)
{
    shapes_state *state = get_shapes_state_by_type(Py_TYPE(self));
    PyObject *figure;

    if (!PyArg_ParseTuple(args, "O!:add", state->Figure_Type, &figure))
        return NULL;
    if (self->figures == NULL || PyList_Append(self->figures, figure) < 0)
        return NULL;
    Py_INCREF(self);
    return (PyObject *)self;
}

static Py_ssize_t
canvas_length(CanvasObject *self)
{
    return self->figures ? PyList_GET_SIZE(self->figures) : 0;
}

static int
canvas_contains(CanvasObject *self, PyObject *item)
{
    return self->figures ? PySequence_Contains(self->figures, item) : 0;
}

static PyMethodDef canvas_methods[] = {
    {"add", (PyCFunction)canvas_add, METH_VARARGS, PyDoc_STR("Add a figure; gives the canvas.")},
    {NULL, NULL}
};

static PyType_Slot Canvas_slots[] = {
    {Py_tp_dealloc, canvas_dealloc},
    {Py_tp_traverse, canvas_traverse},
    {Py_tp_clear, canvas_clear},
    {Py_tp_methods, canvas_methods},
    {Py_tp_init, canvas_init},
    {Py_tp_finalize, canvas_finalize},
    {Py_sq_length, canvas_length},
    {Py_sq_contains, canvas_contains},
    {Py_tp_new, PyType_GenericNew},
    {0, NULL}
};

static PyType_Spec Canvas_spec = {
    .name = "shapes.Canvas",
    .basicsize = sizeof(CanvasObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
              Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Canvas_slots,
};

/* ----- module */

static PyObject *
shapes_made(PyObject *module, PyObject *unused)
{
    shapes_state *state = get_shapes_state(module);
    return PyLong_FromLong(state->figures_made);
}

static PyMethodDef shapes_methods[] = {
    {"made", shapes_made, METH_NOARGS, PyDoc_STR("How many figures were ever made.")},
    {NULL, NULL}
};

static int
shapes_traverse(PyObject *module, visitproc visit, void *arg)
{
    shapes_state *state = get_shapes_state(module);

    Py_VISIT(state->ShapeError);
    Py_VISIT(state->Figure_Type);
    Py_VISIT(state->Polygon_Type);
    Py_VISIT(state->Square_Type);
    Py_VISIT(state->Circle_Type);
    Py_VISIT(state->Canvas_Type);
    return 0;
}

static int
shapes_clear(PyObject *module)
{
    shapes_state *state = get_shapes_state(module);

    Py_CLEAR(state->ShapeError);
    Py_CLEAR(state->Figure_Type);
    Py_CLEAR(state->Polygon_Type);
    Py_CLEAR(state->Square_Type);
    Py_CLEAR(state->Circle_Type);
    Py_CLEAR(state->Canvas_Type);
    return 0;
}

static void
shapes_free(void *module)
{
    (void)shapes_clear((PyObject *)module);
}

static int shapes_exec(PyObject *);

static PyModuleDef_Slot shapes_slots[] = {
    {Py_mod_exec, shapes_exec},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef shapesmodule = {
    PyModuleDef_HEAD_INIT,
    .m_name = "shapes",
    .m_doc = PyDoc_STR("Plane figures."),
    .m_size = sizeof(shapes_state),
    .m_methods = shapes_methods,
    .m_slots = shapes_slots,
    .m_traverse = shapes_traverse,
    .m_clear = shapes_clear,
    .m_free = shapes_free,
};

static int
add_constant(PyTypeObject *type, const char *name, PyObject *value)
{
    int result = value ? PyDict_SetItemString(type->tp_dict, name, value) : -1;

    Py_XDECREF(value);
    return result;
}

static int
shapes_exec(PyObject *m)
{
    shapes_state *state = get_shapes_state(m);
    PyObject *unit;

    if (shapes_add_type(m, &Figure_spec, NULL, &state->Figure_Type) < 0 || shapes_add_type(m, &Polygon_spec, state->Figure_Type, &state->Polygon_Type) < 0 ||
        shapes_add_type(m, &Square_spec, state->Polygon_Type, &state->Square_Type) < 0 || shapes_add_type(m, &Circle_spec, state->Figure_Type, &state->Circle_Type) < 0 ||
        shapes_add_type(m, &Canvas_spec, NULL, &state->Canvas_Type) < 0)
        return -1;

    state->ShapeError = PyErr_NewExceptionWithDoc("shapes.ShapeError", "A figure that cannot be.",
                                           PyExc_ValueError, NULL);
    if (state->ShapeError == NULL)
        return -1;
    if (add_constant(state->Figure_Type, "DIMENSIONS", PyLong_FromLong(2)) < 0)
        return -1;
    if (add_constant(state->Circle_Type, "PI", PyFloat_FromDouble(3.14159265358979)) < 0)
        return -1;
    unit = PyObject_CallFunction((PyObject *)state->Square_Type, "d", 1.0);
    if (add_constant(state->Square_Type, "UNIT", unit) < 0)
        return -1;

    PyModule_AddObjectRef(m, "ShapeError", state->ShapeError);
    PyModule_AddObjectRef(m, "Figure", (PyObject *)state->Figure_Type);
    PyModule_AddObjectRef(m, "Polygon", (PyObject *)state->Polygon_Type);
    PyModule_AddObjectRef(m, "Square", (PyObject *)state->Square_Type);
    PyModule_AddObjectRef(m, "Circle", (PyObject *)state->Circle_Type);
    PyModule_AddObjectRef(m, "Canvas", (PyObject *)state->Canvas_Type);
    return PyErr_Occurred() ? -1 : 0;
}

PyMODINIT_FUNC
PyInit_shapes(void)
{
    return PyModuleDef_Init(&shapesmodule);
}
