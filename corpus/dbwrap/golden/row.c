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
	Py_VISIT(Py_TYPE(self));
	Py_VISIT(self->value);
	return 0;
}

static void row_dealloc(Row *self)
{
	PyTypeObject *tp = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_XDECREF(self->value);
	tp->tp_free((PyObject *)self);
	Py_DECREF(tp);
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
	dbwrap_state *state = get_dbwrap_state_by_type(Py_TYPE(a));
	Row *left = (Row *)a, *right = (Row *)b;

	if (!Row_Check(state, b) || (op != Py_EQ && op != Py_NE))
		Py_RETURN_NOTIMPLEMENTED;
	if (left->key != right->key)
		return PyBool_FromLong(op == Py_NE);
	return PyObject_RichCompare(left->value, right->value, op);
}

static PyMemberDef row_members[] = {
	{"key", T_LONG, offsetof(Row, key), READONLY, "The number of the record."},
	{"value", T_OBJECT_EX, offsetof(Row, value), READONLY, "Its text."},
	{NULL}
};

static PyType_Slot Row_slots[] = {
	{Py_tp_doc, (void *)"Row(key, value)\n--\n\nOne record."},
	{Py_tp_new, row_new},
	{Py_tp_dealloc, row_dealloc},
	{Py_tp_traverse, row_traverse},
	{Py_tp_repr, row_repr},
	{Py_tp_hash, row_hash},
	{Py_tp_richcompare, row_richcompare},
	{Py_tp_members, row_members},
	{Py_sq_length, row_length},
	{Py_sq_item, row_item},
	{0, NULL}
};

PyType_Spec Row_spec = {
	.name = "dbwrap.Row",
	.basicsize = sizeof(Row),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
			  Py_TPFLAGS_IMMUTABLETYPE,
	.slots = Row_slots,
};
