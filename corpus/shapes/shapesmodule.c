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

static PyTypeObject Figure_Type;
static PyTypeObject Polygon_Type;
static PyTypeObject Square_Type;
static PyTypeObject Circle_Type;
static PyTypeObject Canvas_Type;

static PyObject *ShapeError;
static long figures_made = 0;

/* ----- Figure */

static PyObject *
figure_new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
    FigureObject *self;

    if (type == &Figure_Type) {
        PyErr_SetString(ShapeError, "a figure must be of some kind");
        return NULL;
    }
    self = (FigureObject *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    figures_made++;
    return (PyObject *)self;
}

static int
figure_traverse(FigureObject *self, visitproc visit, void *arg)
{
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
    PyObject_GC_UnTrack(self);
    if (self->weakreflist != NULL)
        PyObject_ClearWeakRefs((PyObject *)self);
    figure_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
figure_area(PyObject *self, PyObject *unused)
{
    PyErr_Format(ShapeError, "%.100s has no area", Py_TYPE(self)->tp_name);
    return NULL;
}

static PyObject *
figure_larger(PyObject *self, PyObject *other)
{
    PyObject *mine, *theirs;
    int larger;

    if (!PyObject_TypeCheck(other, &Figure_Type)) {
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

static PyTypeObject Figure_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shapes.Figure",
    .tp_basicsize = sizeof(FigureObject),
    .tp_dealloc = (destructor)figure_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_doc = PyDoc_STR("What all figures share."),
    .tp_traverse = (traverseproc)figure_traverse,
    .tp_clear = (inquiry)figure_clear,
    .tp_weaklistoffset = offsetof(FigureObject, weakreflist),
    .tp_methods = figure_methods,
    .tp_getset = figure_getset,
    .tp_dictoffset = offsetof(FigureObject, dict),
    .tp_new = figure_new,
};

/* ----- Polygon */

static int
polygon_init(PolygonObject *self, PyObject *args, PyObject *kwds)
{
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
            PyErr_Format(ShapeError, "corner %zd is not a pair", i);
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
    return Figure_Type.tp_traverse((PyObject *)self, visit, arg);
}

static int
polygon_clear(PolygonObject *self)
{
    Py_CLEAR(self->corners);
    return Figure_Type.tp_clear((PyObject *)self);
}

static void
polygon_dealloc(PolygonObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->corners);
    Figure_Type.tp_dealloc((PyObject *)self);
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

static PyTypeObject Polygon_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shapes.Polygon",
    .tp_basicsize = sizeof(PolygonObject),
    .tp_dealloc = (destructor)polygon_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)polygon_traverse,
    .tp_clear = (inquiry)polygon_clear,
    .tp_methods = polygon_methods,
    .tp_members = polygon_members,
    .tp_getset = polygon_getset,
    .tp_base = &Figure_Type,
    .tp_init = (initproc)polygon_init,
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
    PyObject *corners;
    int result;
    double a;

    if (!PyArg_ParseTuple(args, "d:Square", &a))
        return -1;
    if (a < 0) {
        PyErr_SetString(ShapeError, "a side cannot be negative");
        return -1;
    }
    corners = Py_BuildValue("([(dd)(dd)(dd)(dd)])", 0.0, 0.0, a, 0.0, a, a, 0.0, a);
    if (corners == NULL)
        return -1;
    result = Polygon_Type.tp_init((PyObject *)self, corners, kwds);
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

static PyTypeObject Square_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shapes.Square",
    .tp_basicsize = sizeof(SquareObject),
    .tp_repr = (reprfunc)square_repr,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_methods = square_methods,
    .tp_base = &Polygon_Type,
    .tp_init = (initproc)square_init,
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
    PyObject_GC_UnTrack(self);
    if (self->figure.weakreflist != NULL)
        PyObject_ClearWeakRefs((PyObject *)self);
    circle_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
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
    if (Py_TYPE(a) != &Circle_Type || Py_TYPE(b) != &Circle_Type)
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

static PyTypeObject Circle_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shapes.Circle",
    .tp_basicsize = sizeof(CircleObject),
    .tp_dealloc = (destructor)circle_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)circle_traverse,
    .tp_clear = (inquiry)circle_clear,
    .tp_richcompare = circle_richcompare,
    .tp_methods = circle_methods,
    .tp_members = circle_members,
    .tp_init = (initproc)circle_init,
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
    if (PyObject_CallFinalizerFromDealloc((PyObject *)self) < 0)
        return;
    PyObject_GC_UnTrack(self);
    canvas_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
canvas_add(CanvasObject *self, PyObject *args)
{
    PyObject *figure;

    if (!PyArg_ParseTuple(args, "O!:add", &Figure_Type, &figure))
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

static PySequenceMethods canvas_as_sequence = {
    .sq_length = (lenfunc)canvas_length,
    .sq_contains = (objobjproc)canvas_contains,
};

static PyMethodDef canvas_methods[] = {
    {"add", (PyCFunction)canvas_add, METH_VARARGS, PyDoc_STR("Add a figure; gives the canvas.")},
    {NULL, NULL}
};

static PyTypeObject Canvas_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "shapes.Canvas",
    .tp_basicsize = sizeof(CanvasObject),
    .tp_dealloc = (destructor)canvas_dealloc,
    .tp_as_sequence = &canvas_as_sequence,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)canvas_traverse,
    .tp_clear = (inquiry)canvas_clear,
    .tp_methods = canvas_methods,
    .tp_init = (initproc)canvas_init,
    .tp_finalize = canvas_finalize,
};

/* ----- module */

static PyObject *
shapes_made(PyObject *module, PyObject *unused)
{
    return PyLong_FromLong(figures_made);
}

static PyMethodDef shapes_methods[] = {
    {"made", shapes_made, METH_NOARGS, PyDoc_STR("How many figures were ever made.")},
    {NULL, NULL}
};

static struct PyModuleDef shapesmodule = {
    PyModuleDef_HEAD_INIT,
    "shapes",
    PyDoc_STR("Plane figures."),
    -1,
    shapes_methods,
};

static int
add_constant(PyTypeObject *type, const char *name, PyObject *value)
{
    int result = value ? PyDict_SetItemString(type->tp_dict, name, value) : -1;

    Py_XDECREF(value);
    return result;
}

PyMODINIT_FUNC
PyInit_shapes(void)
{
    PyObject *m, *unit;

    Circle_Type.tp_base = &Figure_Type;
    Canvas_Type.tp_new = PyType_GenericNew;
    if (PyType_Ready(&Figure_Type) < 0 || PyType_Ready(&Polygon_Type) < 0 ||
        PyType_Ready(&Square_Type) < 0 || PyType_Ready(&Circle_Type) < 0 ||
        PyType_Ready(&Canvas_Type) < 0)
        return NULL;

    ShapeError = PyErr_NewExceptionWithDoc("shapes.ShapeError", "A figure that cannot be.",
                                           PyExc_ValueError, NULL);
    if (ShapeError == NULL)
        return NULL;
    if (add_constant(&Figure_Type, "DIMENSIONS", PyLong_FromLong(2)) < 0)
        return NULL;
    if (add_constant(&Circle_Type, "PI", PyFloat_FromDouble(3.14159265358979)) < 0)
        return NULL;
    unit = PyObject_CallFunction((PyObject *)&Square_Type, "d", 1.0);
    if (add_constant(&Square_Type, "UNIT", unit) < 0)
        return NULL;

    m = PyModule_Create(&shapesmodule);
    if (m == NULL)
        return NULL;
    Py_INCREF(ShapeError);
    PyModule_AddObject(m, "ShapeError", ShapeError);
    Py_INCREF(&Figure_Type);
    PyModule_AddObject(m, "Figure", (PyObject *)&Figure_Type);
    Py_INCREF(&Polygon_Type);
    PyModule_AddObject(m, "Polygon", (PyObject *)&Polygon_Type);
    Py_INCREF(&Square_Type);
    PyModule_AddObject(m, "Square", (PyObject *)&Square_Type);
    Py_INCREF(&Circle_Type);
    PyModule_AddObject(m, "Circle", (PyObject *)&Circle_Type);
    Py_INCREF(&Canvas_Type);
    PyModule_AddObject(m, "Canvas", (PyObject *)&Canvas_Type);
    return m;
}
