/* dualsum: running checksums of bytes. */

#include "dualpy.h"

typedef struct {
    PyObject *SumError;
    unsigned long sum_table[256];
    unsigned long sum_polynomial;
    int sums_alive;
    PyTypeObject *Sum_Type;
} dualsum_state;

static inline dualsum_state *
get_dualsum_state(PyObject *module)
{
    void *state = PyModule_GetState(module);
    assert(state != NULL);
    return (dualsum_state *)state;
}

static struct PyModuleDef moduledef;

/* NULL, without an exception, for a type that is not of this module. */
static inline dualsum_state *
get_dualsum_state_by_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030b0000
    PyObject *module;

    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        return NULL;
    }
    module = PyType_GetModuleByDef(type, &moduledef);
    if (module == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return (dualsum_state *)PyModule_GetState(module);
#else
    PyObject *mro = type->tp_mro;
    Py_ssize_t i, n = mro == NULL ? 0 : PyTuple_GET_SIZE(mro);

    for (i = 0; i < n; i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)base)->ht_module;
            if (module != NULL && PyModule_Check(module)
                && PyModule_GetDef(module) == &moduledef) {
                return (dualsum_state *)PyModule_GetState(module);
            }
        }
    }
    return NULL;
#endif
}

/* For dealloc and the like: once the GC has cleared the type, or its module,
   members are NULL, and there may be nothing but the caller's stand-in. */
static inline dualsum_state *
find_dualsum_state_in_teardown(PyTypeObject *type, dualsum_state *torn_down)
{
    for (; type != NULL; type = type->tp_base) {
        if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)type)->ht_module;
            if (module != NULL && PyModule_Check(module)
                && PyModule_GetDef(module) == &moduledef) {
                return (dualsum_state *)PyModule_GetState(module);
            }
        }
    }
    *torn_down = (dualsum_state){
        .sum_polynomial = 0xEDB88320UL,
    };
    return torn_down;
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
dualsum_add_type(PyObject *module, PyType_Spec *spec,
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

typedef struct {
    PyObject_HEAD
    unsigned long value;
    PyObject *owner;            /* whoever wants to be told */
} SumObject;


static void
fill_table(dualsum_state *state)
{
    unsigned long c;
    int n, k;

    for (n = 0; n < 256; n++) {
        c = (unsigned long)n;
        for (k = 0; k < 8; k++)
            c = c & 1 ? state->sum_polynomial ^ (c >> 1) : c >> 1;
        state->sum_table[n] = c;
    }
}

static unsigned long
feed(dualsum_state *state, unsigned long value, const unsigned char *data, Py_ssize_t length)
{
    value ^= 0xFFFFFFFFUL;
    while (length-- > 0)
        value = state->sum_table[(value ^ *data++) & 0xFF] ^ (value >> 8);
    return value ^ 0xFFFFFFFFUL;
}

static SumObject *
new_sum(dualsum_state *state, unsigned long value, PyObject *owner)
{
    SumObject *self = (SumObject *)PyType_GenericAlloc(state->Sum_Type, 0);

    if (self == NULL)
        return NULL;
    self->value = value;
    Py_XINCREF(owner);
    self->owner = owner;
    state->sums_alive++;
    return self;
}

static void
sum_dealloc(SumObject *self)
{
    dualsum_state torn_down, *state = find_dualsum_state_in_teardown(Py_TYPE(self), &torn_down);
    PyTypeObject *tp = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    state->sums_alive--;
    Py_XDECREF(self->owner);
    tp->tp_free((PyObject *)self);
    Py_DECREF(tp);
}

static PyObject *
sum_update(SumObject *self, PyObject *args)
{
    dualsum_state *state = get_dualsum_state_by_type(Py_TYPE(self));
    Py_buffer data;

    if (!PyArg_ParseTuple(args, BYTES_FORMAT ":update", &data))
        return NULL;
    self->value = feed(state, self->value, data.buf, data.len);
    PyBuffer_Release(&data);
    if (self->owner)
        return PyObject_CallFunction(self->owner, "O", self);
    Py_INCREF(Py_None);
    return Py_None;
}

static PyObject *
sum_copy(SumObject *self, PyObject *noargs)
{
    dualsum_state *state = get_dualsum_state_by_type(Py_TYPE(self));
    return (PyObject *)new_sum(state, self->value, self->owner);
}

static PyObject *
sum_hexdigest(SumObject *self, PyObject *noargs)
{
    char text[16];

    PyOS_snprintf(text, sizeof(text), "%08lx", self->value);
    return PyNative_FromFormat("%s", text);
}

static PyObject *
sum_repr(SumObject *self)
{
    char text[16];

    PyOS_snprintf(text, sizeof(text), "%08lx", self->value);
    return PyNative_FromFormat("<sum %s>", text);
}

static PyObject *
sum_richcompare(PyObject *a, PyObject *b, int op)
{
    dualsum_state *state = get_dualsum_state_by_type(Py_TYPE(a));
    PyObject *result;

    if (Py_TYPE(b) != state->Sum_Type || (op != Py_EQ && op != Py_NE))
        result = Py_NotImplemented;
    else if ((((SumObject *)a)->value == ((SumObject *)b)->value) == (op == Py_EQ))
        result = Py_True;
    else
        result = Py_False;
    Py_INCREF(result);
    return result;
}

static PyObject *
Sum_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle '%.200s' object", Py_TYPE(self)->tp_name);
    return NULL;
}

static PyMethodDef sum_methods[] = {
    {"__reduce__", Sum_reduce, METH_NOARGS, NULL},
    {"update", (PyCFunction)sum_update, METH_VARARGS, "Add bytes."},
    {"copy", (PyCFunction)sum_copy, METH_NOARGS, "A sum that goes its own way."},
    {"hexdigest", (PyCFunction)sum_hexdigest, METH_NOARGS, "The sum in hexadecimal."},
    {NULL, NULL, 0, NULL}
};

static PyMemberDef sum_members[] = {
    {"value", T_ULONG, offsetof(SumObject, value), READONLY, "The sum so far."},
    {NULL, 0, 0, 0, NULL}
};

static int
Sum_traverse(SumObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->owner);
    return 0;
}

static PyType_Slot Sum_slots[] = {
    {Py_tp_dealloc, sum_dealloc},
    {Py_tp_repr, sum_repr},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_doc, (void *)"A running checksum."},
    {Py_tp_richcompare, sum_richcompare},
    {Py_tp_methods, sum_methods},
    {Py_tp_members, sum_members},
    {Py_tp_traverse, Sum_traverse},
    {0, NULL}
};

static PyType_Spec Sum_spec = {
    .name = "dualsum.Sum",
    .basicsize = sizeof(SumObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
              Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Sum_slots,
};

static PyObject *
dualsum_sum(PyObject *self, PyObject *args)
{
    dualsum_state *state = get_dualsum_state(self);
    PyObject *owner = NULL;
    Py_buffer data;
    SumObject *sum;

    data.buf = NULL;
    if (!PyArg_ParseTuple(args, "|" BYTES_FORMAT "O:sum", &data, &owner))
        return NULL;
    if (owner && !PyCallable_Check(owner)) {
        PyErr_SetString(state->SumError, "the owner must be callable");
        PyBuffer_Release(&data);
        return NULL;
    }
    sum = new_sum(state, 0, owner);
    if (data.buf) {
        if (sum)
            sum->value = feed(state, 0, data.buf, data.len);
        PyBuffer_Release(&data);
    }
    return (PyObject *)sum;
}

static PyObject *
dualsum_use_polynomial(PyObject *self, PyObject *args)
{
    dualsum_state *state = get_dualsum_state(self);
    unsigned long old = state->sum_polynomial, polynomial;

    if (!PyArg_ParseTuple(args, "k:use_polynomial", &polynomial))
        return NULL;
    if (polynomial == 0 || polynomial > 0xFFFFFFFFUL) {
        PyErr_Format(state->SumError, "%lu is no polynomial", polynomial);
        return NULL;
    }
    state->sum_polynomial = polynomial;
    fill_table(state);
    return PyLong_FromUnsignedLong(old);
}

static PyObject *
dualsum_alive(PyObject *self, PyObject *noargs)
{
    dualsum_state *state = get_dualsum_state(self);
    return PyInt_FromLong(state->sums_alive);
}

static PyMethodDef dualsum_methods[] = {
    {"sum", dualsum_sum, METH_VARARGS, "sum(data=b'', owner=None): a running checksum."},
    {"use_polynomial", dualsum_use_polynomial, METH_VARARGS, "Change how sums are made."},
    {"alive", dualsum_alive, METH_NOARGS, "How many sums there are."},
    {NULL, NULL, 0, NULL}
};

static int
dualsum_traverse(PyObject *module, visitproc visit, void *arg)
{
    dualsum_state *state = get_dualsum_state(module);

    Py_VISIT(state->SumError);
    Py_VISIT(state->Sum_Type);
    return 0;
}

static int
dualsum_clear(PyObject *module)
{
    dualsum_state *state = get_dualsum_state(module);

    Py_CLEAR(state->SumError);
    Py_CLEAR(state->Sum_Type);
    return 0;
}

static void
dualsum_free(void *module)
{
    (void)dualsum_clear((PyObject *)module);
}

static int dualsum_exec(PyObject *);

static PyModuleDef_Slot dualsum_slots[] = {
    {Py_mod_exec, dualsum_exec},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef moduledef = {
    PyModuleDef_HEAD_INIT,
    .m_name = "dualsum",
    .m_doc = "Running checksums.",
    .m_size = sizeof(dualsum_state),
    .m_methods = dualsum_methods,
    .m_slots = dualsum_slots,
    .m_traverse = dualsum_traverse,
    .m_clear = dualsum_clear,
    .m_free = dualsum_free,
};

static int
dualsum_exec(PyObject *m)
{
    dualsum_state *state = get_dualsum_state(m);

    state->sum_polynomial = 0xEDB88320UL;
    if (dualsum_add_type(m, &Sum_spec, 0, &state->Sum_Type) < 0)
        return -1;
    do {
    } while (0);
    if (m == NULL)
        return -1;
    fill_table(state);
    state->SumError = PyErr_NewException("dualsum.SumError", NULL, NULL);
    if (state->SumError == NULL)
        return -1;
    PyModule_AddObjectRef(m, "SumError", state->SumError);
    PyModule_AddObjectRef(m, "Sum", (PyObject *)state->Sum_Type);
    return PyErr_Occurred() ? -1 : 0;
}

PyMODINIT_FUNC
PyInit_dualsum(void)
{
    return PyModuleDef_Init(&moduledef);
}
