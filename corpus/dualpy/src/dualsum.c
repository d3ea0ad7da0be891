/* dualsum: running checksums of bytes. */

#include "dualpy.h"

typedef struct {
    PyObject_HEAD
    unsigned long value;
    PyObject *owner;            /* whoever wants to be told */
} SumObject;

static PyTypeObject Sum_Type;
static PyObject *SumError = NULL;
static unsigned long sum_table[256];
static unsigned long sum_polynomial = 0xEDB88320UL;
static int sums_alive = 0;

static void
fill_table(void)
{
    unsigned long c;
    int n, k;

    for (n = 0; n < 256; n++) {
        c = (unsigned long)n;
        for (k = 0; k < 8; k++)
            c = c & 1 ? sum_polynomial ^ (c >> 1) : c >> 1;
        sum_table[n] = c;
    }
}

static unsigned long
feed(unsigned long value, const unsigned char *data, Py_ssize_t length)
{
    value ^= 0xFFFFFFFFUL;
    while (length-- > 0)
        value = sum_table[(value ^ *data++) & 0xFF] ^ (value >> 8);
    return value ^ 0xFFFFFFFFUL;
}

static SumObject *
new_sum(unsigned long value, PyObject *owner)
{
    SumObject *self = PyObject_New(SumObject, &Sum_Type);

    if (self == NULL)
        return NULL;
    self->value = value;
    Py_XINCREF(owner);
    self->owner = owner;
    sums_alive++;
    return self;
}

static void
sum_dealloc(SumObject *self)
{
    sums_alive--;
    Py_XDECREF(self->owner);
    PyObject_Del(self);
}

static PyObject *
sum_update(SumObject *self, PyObject *args)
{
    Py_buffer data;

    if (!PyArg_ParseTuple(args, BYTES_FORMAT ":update", &data))
        return NULL;
    self->value = feed(self->value, data.buf, data.len);
    PyBuffer_Release(&data);
    if (self->owner)
        return PyObject_CallFunction(self->owner, "O", self);
    Py_INCREF(Py_None);
    return Py_None;
}

static PyObject *
sum_copy(SumObject *self, PyObject *noargs)
{
    return (PyObject *)new_sum(self->value, self->owner);
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
    PyObject *result;

    if (Py_TYPE(b) != &Sum_Type || (op != Py_EQ && op != Py_NE))
        result = Py_NotImplemented;
    else if ((((SumObject *)a)->value == ((SumObject *)b)->value) == (op == Py_EQ))
        result = Py_True;
    else
        result = Py_False;
    Py_INCREF(result);
    return result;
}

static PyMethodDef sum_methods[] = {
    {"update", (PyCFunction)sum_update, METH_VARARGS, "Add bytes."},
    {"copy", (PyCFunction)sum_copy, METH_NOARGS, "A sum that goes its own way."},
    {"hexdigest", (PyCFunction)sum_hexdigest, METH_NOARGS, "The sum in hexadecimal."},
    {NULL, NULL, 0, NULL}
};

static PyMemberDef sum_members[] = {
    {"value", T_ULONG, offsetof(SumObject, value), READONLY, "The sum so far."},
    {NULL, 0, 0, 0, NULL}
};

static PyTypeObject Sum_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "dualsum.Sum",                              /* tp_name */
    sizeof(SumObject),                          /* tp_basicsize */
    0,                                          /* tp_itemsize */
    (destructor)sum_dealloc,                    /* tp_dealloc */
    0,                                          /* tp_print */
    0,                                          /* tp_getattr */
    0,                                          /* tp_setattr */
    0,                                          /* tp_compare */
    (reprfunc)sum_repr,                         /* tp_repr */
    0,                                          /* tp_as_number */
    0,                                          /* tp_as_sequence */
    0,                                          /* tp_as_mapping */
#ifdef PY3
    PyObject_HashNotImplemented,                /* tp_hash */
#else
    (hashfunc)PyObject_HashNotImplemented,      /* tp_hash */
#endif
    0,                                          /* tp_call */
    0,                                          /* tp_str */
    0,                                          /* tp_getattro */
    0,                                          /* tp_setattro */
    0,                                          /* tp_as_buffer */
    Py_TPFLAGS_DEFAULT,                         /* tp_flags */
    "A running checksum.",                      /* tp_doc */
    0,                                          /* tp_traverse */
    0,                                          /* tp_clear */
    sum_richcompare,                            /* tp_richcompare */
    0,                                          /* tp_weaklistoffset */
    0,                                          /* tp_iter */
    0,                                          /* tp_iternext */
    sum_methods,                                /* tp_methods */
    sum_members,                                /* tp_members */
};

static PyObject *
dualsum_sum(PyObject *self, PyObject *args)
{
    PyObject *owner = NULL;
    Py_buffer data;
    SumObject *sum;

    data.buf = NULL;
    if (!PyArg_ParseTuple(args, "|" BYTES_FORMAT "O:sum", &data, &owner))
        return NULL;
    if (owner && !PyCallable_Check(owner)) {
        PyErr_SetString(SumError, "the owner must be callable");
        PyBuffer_Release(&data);
        return NULL;
    }
    sum = new_sum(0, owner);
    if (data.buf) {
        if (sum)
            sum->value = feed(0, data.buf, data.len);
        PyBuffer_Release(&data);
    }
    return (PyObject *)sum;
}

static PyObject *
dualsum_use_polynomial(PyObject *self, PyObject *args)
{
    unsigned long old = sum_polynomial, polynomial;

    if (!PyArg_ParseTuple(args, "k:use_polynomial", &polynomial))
        return NULL;
    if (polynomial == 0 || polynomial > 0xFFFFFFFFUL) {
        PyErr_Format(SumError, "%lu is no polynomial", polynomial);
        return NULL;
    }
    sum_polynomial = polynomial;
    fill_table();
    return PyLong_FromUnsignedLong(old);
}

static PyObject *
dualsum_alive(PyObject *self, PyObject *noargs)
{
    return PyInt_FromLong(sums_alive);
}

static PyMethodDef dualsum_methods[] = {
    {"sum", dualsum_sum, METH_VARARGS, "sum(data=b'', owner=None): a running checksum."},
    {"use_polynomial", dualsum_use_polynomial, METH_VARARGS, "Change how sums are made."},
    {"alive", dualsum_alive, METH_NOARGS, "How many sums there are."},
    {NULL, NULL, 0, NULL}
};

MOD_INIT(dualsum)
{
    PyObject *m;

    if (PyType_Ready(&Sum_Type) < 0)
        return MOD_ERROR_VAL;
    MOD_DEF(m, "dualsum", "Running checksums.", dualsum_methods);
    if (m == NULL)
        return MOD_ERROR_VAL;
    fill_table();
    SumError = PyErr_NewException("dualsum.SumError", NULL, NULL);
    if (SumError == NULL)
        return MOD_ERROR_VAL;
    Py_INCREF(SumError);
    PyModule_AddObject(m, "SumError", SumError);
    Py_INCREF(&Sum_Type);
    PyModule_AddObject(m, "Sum", (PyObject *)&Sum_Type);
    return MOD_SUCCESS_VAL(m);
}
