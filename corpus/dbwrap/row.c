#include "row.h"

static PyObject *row_new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
	PyObject *value;
	long key;
	Row *self;

	if (kwds && PyDict_GET_SIZE(kwds)) {
		PyErr_SetString(PyExc_TypeError, "Row() takes no keyword arguments");
		return NULL;
	}
	if (!PyArg_ParseTuple(args, "lO:Row", &key, &value))
		return NULL;
	self = (Row *)type->tp_alloc(type, 0);
	if (!self)
		return NULL;
	self->key = key;
	Py_INCREF(value);
	self->value = value;
	return (PyObject *)self;
}

static int row_traverse(Row *self, visitproc visit, void *arg)
{
	Py_VISIT(self->value);
	return 0;
}

static void row_dealloc(Row *self)
{
	PyObject_GC_UnTrack(self);
	Py_XDECREF(self->value);
	Py_TYPE(self)->tp_free(self);
}

static Py_ssize_t row_length(PyObject *self)
{
	return 2;
}

static PyObject *row_item(Row *self, Py_ssize_t i)
{
	if (i == 0)
		return PyLong_FromLong(self->key);
	if (i == 1) {
		Py_INCREF(self->value);
		return self->value;
	}
	PyErr_SetString(PyExc_IndexError, "a row has two columns");
	return NULL;
}

static PyObject *row_repr(Row *self)
{
	return PyUnicode_FromFormat("<Row %ld: %R>", self->key, self->value);
}

static Py_hash_t row_hash(Row *self)
{
	Py_hash_t hash = PyObject_Hash(self->value);

	if (hash == -1)
		return -1;
	hash ^= self->key;
	return hash == -1 ? -2 : hash;
}

static PyObject *row_richcompare(PyObject *a, PyObject *b, int op)
{
	Row *left = (Row *)a, *right = (Row *)b;

	if (!Row_Check(b) || (op != Py_EQ && op != Py_NE))
		Py_RETURN_NOTIMPLEMENTED;
	if (left->key != right->key)
		return PyBool_FromLong(op == Py_NE);
	return PyObject_RichCompare(left->value, right->value, op);
}

static PySequenceMethods row_as_sequence = {
	.sq_length = row_length,
	.sq_item = (ssizeargfunc)row_item,
};

static PyMemberDef row_members[] = {
	{"key", T_LONG, offsetof(Row, key), READONLY, "The number of the record."},
	{"value", T_OBJECT_EX, offsetof(Row, value), READONLY, "Its text."},
	{NULL}
};

PyTypeObject Row_Type = {
	PyVarObject_HEAD_INIT(NULL, 0)
	.tp_name = "dbwrap.Row",
	.tp_doc = "Row(key, value)\n--\n\nOne record.",
	.tp_basicsize = sizeof(Row),
	.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
	.tp_new = row_new,
	.tp_dealloc = (destructor)row_dealloc,
	.tp_traverse = (traverseproc)row_traverse,
	.tp_repr = (reprfunc)row_repr,
	.tp_hash = (hashfunc)row_hash,
	.tp_richcompare = row_richcompare,
	.tp_as_sequence = &row_as_sequence,
	.tp_members = row_members,
};
