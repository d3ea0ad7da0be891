/* halfway: sparse grids.
 *
 * On its way to module state: the module has slots and most types are made
 * from specs, but what they are is still remembered in globals. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

typedef struct {
    PyObject *GridError;
    PyTypeObject *Grid_Type;  /* heap types, made by halfway_exec() */
    PyTypeObject *GridIter_Type;
    PyObject *empty_value;  /* what a cell holds that was never set */
    Py_ssize_t max_cells;
    PyTypeObject *Cell_Type;
} halfway_state;

static inline halfway_state *
get_halfway_state(PyObject *module)
{
    void *state = PyModule_GetState(module);
    assert(state != NULL);
    return (halfway_state *)state;
}

static struct PyModuleDef halfway_module;

/* NULL, without an exception, for a type that is not of this module. */
static inline halfway_state *
get_halfway_state_by_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030b0000
    PyObject *module;

    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        return NULL;
    }
    module = PyType_GetModuleByDef(type, &halfway_module);
    if (module == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return (halfway_state *)PyModule_GetState(module);
#else
    PyObject *mro = type->tp_mro;
    Py_ssize_t i, n = mro == NULL ? 0 : PyTuple_GET_SIZE(mro);

    for (i = 0; i < n; i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)base)->ht_module;
            if (module != NULL && PyModule_Check(module)
                && PyModule_GetDef(module) == &halfway_module) {
                return (halfway_state *)PyModule_GetState(module);
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
halfway_add_type(PyObject *module, PyType_Spec *spec,
                 int instantiable, PyTypeObject **type)
{
    if (*type != NULL) {
        return 0;
    }
    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
#if PY_VERSION_HEX < 0x030a0000  /* no Py_TPFLAGS_DISALLOW_INSTANTIATION */
    if (*type != NULL && !instantiable) {
        (*type)->tp_new = NULL;
    }
#else
    (void)instantiable;
#endif
    return *type == NULL ? -1 : 0;
}

          /* still a static type */

typedef struct {
    PyObject_HEAD
    long x, y;
    PyObject *value;
} Cell;

typedef struct {
    PyObject_HEAD
    PyObject *cells;                    /* (x, y) -> Cell */
    PyObject *on_change;
} Grid;

typedef struct {
    PyObject_HEAD
    PyObject *values;                   /* of the cells, in order of (x, y) */
    Py_ssize_t next;
} GridIter;

/* Cell */

static PyObject *
cell_create(halfway_state *state, long x, long y, PyObject *value)
{
    Cell *cell = (Cell *)PyType_GenericAlloc(state->Cell_Type, 0);

    if (cell == NULL)
        return NULL;
    cell->x = x;
    cell->y = y;
    Py_INCREF(value);
    cell->value = value;
    return (PyObject *)cell;
}

static void
cell_dealloc(Cell *self)
{
    PyTypeObject *tp = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_DECREF(self->value);
    tp->tp_free((PyObject *)self);
    Py_DECREF(tp);
}

static PyObject *
cell_repr(Cell *self)
{
    return PyUnicode_FromFormat("<cell %ld,%ld: %R>", self->x, self->y, self->value);
}

static PyMemberDef cell_members[] = {
    {"x", T_LONG, offsetof(Cell, x), READONLY},
    {"y", T_LONG, offsetof(Cell, y), READONLY},
    {"value", T_OBJECT, offsetof(Cell, value), READONLY},
    {NULL}
};

static int
Cell_traverse(Cell *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->value);
    return 0;
}

static PyObject *
Cell_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle '%.200s' object", Py_TYPE(self)->tp_name);
    return NULL;
}

static PyMethodDef Cell_methods[] = {
    {"__reduce__", Cell_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Cell_slots[] = {
    {Py_tp_dealloc, cell_dealloc},
    {Py_tp_repr, cell_repr},
    {Py_tp_members, cell_members},
    {Py_tp_traverse, Cell_traverse},
    {Py_tp_methods, Cell_methods},
    {0, NULL}
};

static PyType_Spec Cell_spec = {
    .name = "halfway.Cell",
    .basicsize = sizeof(Cell),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
              Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Cell_slots,
};

/* GridIter */

static void
griditer_dealloc(GridIter *self)
{
    PyTypeObject *tp = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    Py_XDECREF(self->values);
    PyObject_GC_Del(self);
    Py_DECREF(tp);
}

static PyObject *
griditer_next(GridIter *self)
{
    PyObject *value;

    if (self->next >= PyList_GET_SIZE(self->values))
        return NULL;
    value = PyList_GET_ITEM(self->values, self->next++);
    Py_INCREF(value);
    return value;
}

static int
griditer_traverse(GridIter *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->values);
    return 0;
}

static PyType_Slot griditer_slots[] = {
    {Py_tp_traverse, griditer_traverse},
    {Py_tp_dealloc, griditer_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, griditer_next},
    {0, NULL}
};

static PyType_Spec griditer_spec = {
    "halfway.GridIter", sizeof(GridIter), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, griditer_slots
};

/* Grid */

static PyObject *
grid_new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
    Grid *self = (Grid *)type->tp_alloc(type, 0);

    if (self == NULL)
        return NULL;
    self->cells = PyDict_New();
    if (self->cells == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static int
grid_init(Grid *self, PyObject *args, PyObject *kwds)
{
    static char *kwlist[] = {"on_change", NULL};
    PyObject *on_change = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O:Grid", kwlist, &on_change))
        return -1;
    Py_XINCREF(on_change);
    Py_XSETREF(self->on_change, on_change);
    return 0;
}

static int
grid_traverse(Grid *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->cells);
    Py_VISIT(self->on_change);
    return 0;
}

static int
grid_clear(Grid *self)
{
    Py_CLEAR(self->cells);
    Py_CLEAR(self->on_change);
    return 0;
}

static void
grid_dealloc(Grid *self)
{
    PyTypeObject *tp = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    grid_clear(self);
    tp->tp_free((PyObject *)self);
    Py_DECREF(tp);
}

static int
grid_parse_key(halfway_state *state, PyObject *key, long *x, long *y)
{
    if (!PyTuple_Check(key)) {
        PyErr_Format(state->GridError, "a place is a pair, not %R", key);
        return -1;
    }
    return PyArg_ParseTuple(key, "ll;a place is a pair", x, y) ? 0 : -1;
}

static Py_ssize_t
grid_length(Grid *self)
{
    return PyDict_Size(self->cells);
}

static PyObject *
grid_subscript(Grid *self, PyObject *key)
{
    halfway_state *state = get_halfway_state_by_type(Py_TYPE(self));
    PyObject *cell;
    long x, y;

    if (grid_parse_key(state, key, &x, &y) < 0)
        return NULL;
    cell = PyDict_GetItemWithError(self->cells, key);
    if (cell != NULL) {
        Py_INCREF(cell);
        return cell;
    }
    return PyErr_Occurred() ? NULL : cell_create(state, x, y, state->empty_value);
}

static int
grid_ass_subscript(Grid *self, PyObject *key, PyObject *value)
{
    halfway_state *state = get_halfway_state_by_type(Py_TYPE(self));
    PyObject *cell, *result;
    long x, y;
    int failed;

    if (grid_parse_key(state, key, &x, &y) < 0)
        return -1;
    if (value == NULL) {
        failed = PyDict_DelItem(self->cells, key);
        if (failed && PyErr_ExceptionMatches(PyExc_KeyError))
            PyErr_Format(state->GridError, "nothing at %ld,%ld", x, y);
        return failed;
    }
    if (PyObject_TypeCheck(value, state->Cell_Type))
        value = ((Cell *)value)->value;
    else if (PyObject_TypeCheck(value, state->Grid_Type)) {
        PyErr_SetString(state->GridError, "no grids within grids");
        return -1;
    }
    if (PyDict_Size(self->cells) >= state->max_cells) {
        PyErr_Format(state->GridError, "more than %zd cells", state->max_cells);
        return -1;
    }
    cell = cell_create(state, x, y, value);
    if (cell == NULL)
        return -1;
    failed = PyDict_SetItem(self->cells, key, cell);
    if (!failed && self->on_change != NULL) {
        result = PyObject_CallFunctionObjArgs(self->on_change, self, cell, NULL);
        failed = result == NULL ? -1 : 0;
        Py_XDECREF(result);
    }
    Py_DECREF(cell);
    return failed;
}

static PyObject *
grid_iter(Grid *self)
{
    halfway_state *state = get_halfway_state_by_type(Py_TYPE(self));
    PyObject *items, *value;
    GridIter *iter;
    Py_ssize_t i;

    items = PyDict_Items(self->cells);
    if (items == NULL || PyList_Sort(items) < 0) {
        Py_XDECREF(items);
        return NULL;
    }
    for (i = 0; i < PyList_GET_SIZE(items); i++) {
        value = ((Cell *)PyTuple_GET_ITEM(PyList_GET_ITEM(items, i), 1))->value;
        Py_INCREF(value);
        PyList_SetItem(items, i, value);
    }
    iter = (GridIter *)PyType_GenericAlloc(state->GridIter_Type, 0);
    if (iter == NULL) {
        Py_DECREF(items);
        return NULL;
    }
    iter->values = items;
    iter->next = 0;
    return (PyObject *)iter;
}

static PyObject *
grid_from_rows(PyObject *cls, PyObject *rows)
{
    halfway_state *state = get_halfway_state_by_type((PyTypeObject *)cls);
    PyObject *grid, *key;
    Py_ssize_t x, y;
    int failed = 0;

    if (!PyList_Check(rows)) {
        PyErr_SetString(state->GridError, "rows come as a list of lists");
        return NULL;
    }
    grid = PyObject_CallObject(cls, NULL);
    for (y = 0; grid != NULL && !failed && y < PyList_GET_SIZE(rows); y++) {
        PyObject *row = PyList_GET_ITEM(rows, y);
        if (!PyList_Check(row)) {
            PyErr_SetString(state->GridError, "rows come as a list of lists");
            failed = -1;
        }
        for (x = 0; !failed && x < PyList_GET_SIZE(row); x++) {
            key = Py_BuildValue("(nn)", x, y);
            failed = key ? PyObject_SetItem(grid, key, PyList_GET_ITEM(row, x)) : -1;
            Py_XDECREF(key);
        }
    }
    if (failed)
        Py_CLEAR(grid);
    return grid;
}

static PyMethodDef grid_methods[] = {
    {"from_rows", grid_from_rows, METH_O | METH_CLASS, "A grid of a list of lists."},
    {NULL, NULL}
};

static PyType_Slot grid_slots[] = {
    {Py_tp_doc, "Grid(on_change=None)\n\nCells at pairs of integers."},
    {Py_tp_new, grid_new},
    {Py_tp_init, grid_init},
    {Py_tp_traverse, grid_traverse},
    {Py_tp_clear, grid_clear},
    {Py_tp_dealloc, grid_dealloc},
    {Py_tp_iter, grid_iter},
    {Py_tp_methods, grid_methods},
    {Py_mp_length, grid_length},
    {Py_mp_subscript, grid_subscript},
    {Py_mp_ass_subscript, grid_ass_subscript},
    {0, NULL}
};

static PyType_Spec grid_spec = {
    .name = "halfway.Grid",
    .basicsize = sizeof(Grid),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = grid_slots,
};

/* module */

static PyObject *
halfway_limit(PyObject *module, PyObject *args)
{
    halfway_state *state = get_halfway_state(module);
    Py_ssize_t old = state->max_cells;

    if (!PyArg_ParseTuple(args, "|n:limit", &state->max_cells))
        return NULL;
    return PyLong_FromSsize_t(old);
}

static PyObject *
halfway_count(PyObject *module, PyObject *args)
{
    halfway_state *state = get_halfway_state(module);
    PyObject *grid;

    if (!PyArg_ParseTuple(args, "O!:count", state->Grid_Type, &grid))
        return NULL;
    return PyLong_FromSsize_t(grid_length((Grid *)grid));
}

static PyMethodDef halfway_methods[] = {
    {"limit", halfway_limit, METH_VARARGS, "How many cells a grid can have, and set it."},
    {"count", halfway_count, METH_VARARGS, "How many cells a grid has."},
    {NULL, NULL}
};

static int
halfway_exec(PyObject *module)
{
    halfway_state *state = get_halfway_state(module);
    state->max_cells = 1000;
    if (halfway_add_type(module, &Cell_spec, 0, &state->Cell_Type) < 0)
        return -1;
    state->Grid_Type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &grid_spec, NULL);
    if (state->Grid_Type == NULL)
        return -1;
    state->GridIter_Type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &griditer_spec, NULL);
    if (state->GridIter_Type == NULL)
        return -1;
    state->GridIter_Type->tp_new = NULL;
    if (PyModule_AddObjectRef(module, "Grid", (PyObject *)state->Grid_Type) < 0)
        return -1;

    state->empty_value = PyUnicode_InternFromString("empty");
    if (state->empty_value == NULL)
        return -1;
    state->GridError = PyErr_NewException("halfway.GridError", PyExc_LookupError, NULL);
    if (state->GridError == NULL)
        return -1;
    return PyModule_AddObjectRef(module, "GridError", state->GridError);
}

static PyModuleDef_Slot halfway_slots[] = {
    {Py_mod_exec, halfway_exec},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static int
halfway_traverse(PyObject *module, visitproc visit, void *arg)
{
    halfway_state *state = get_halfway_state(module);

    Py_VISIT(state->GridError);
    Py_VISIT(state->Grid_Type);
    Py_VISIT(state->GridIter_Type);
    Py_VISIT(state->empty_value);
    Py_VISIT(state->Cell_Type);
    return 0;
}

static int
halfway_clear(PyObject *module)
{
    halfway_state *state = get_halfway_state(module);

    Py_CLEAR(state->GridError);
    Py_CLEAR(state->Grid_Type);
    Py_CLEAR(state->GridIter_Type);
    Py_CLEAR(state->empty_value);
    Py_CLEAR(state->Cell_Type);
    return 0;
}

static void
halfway_free(void *module)
{
    (void)halfway_clear((PyObject *)module);
}

static struct PyModuleDef halfway_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "halfway",
    .m_doc = "Sparse grids.",
    .m_size = sizeof(halfway_state),
    .m_methods = halfway_methods,
    .m_slots = halfway_slots,
    .m_traverse = halfway_traverse,
    .m_clear = halfway_clear,
    .m_free = halfway_free,
};

PyMODINIT_FUNC
PyInit_halfway(void)
{
    return PyModuleDef_Init(&halfway_module);
}
