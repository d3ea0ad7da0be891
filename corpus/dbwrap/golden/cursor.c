#include "cursor.h"
#include "row.h"

/* Passed through the scan of the library. */
struct scan {
	PyObject *predicate;	/* NULL: take all */
	PyObject *found;
	int failed;
};

static int collect(void *userdata, long key, const char *value)
{
	struct scan *scan = userdata;
	PyObject *pair, *answer;
	int wanted = 1;

	pair = Py_BuildValue("(ls)", key, value);
	if (!pair)
		goto error;
	if (scan->predicate) {
		answer = PyObject_Call(scan->predicate, pair, NULL);
		wanted = answer ? PyObject_IsTrue(answer) : -1;
		Py_XDECREF(answer);
	}
	if (wanted < 0 || (wanted && PyList_Append(scan->found, pair) < 0))
		goto error;
	Py_DECREF(pair);
	return 0;
error:
	Py_XDECREF(pair);
	scan->failed = 1;
	return 1;
}

PyObject *cursor_create(dbwrap_state *state, Connection *connection, PyObject *predicate)
{
	struct scan scan = {predicate, NULL, 0};
	Cursor *self;

	scan.found = PyList_New(0);
	if (!scan.found)
		return NULL;
	store_scan(connection->db, collect, &scan);
	if (scan.failed) {
		Py_DECREF(scan.found);
		return NULL;
	}
	self = (Cursor *)PyType_GenericAlloc(state->Cursor_Type, 0);
	if (!self) {
		Py_DECREF(scan.found);
		return NULL;
	}
	Py_INCREF(connection);
	self->connection = connection;
	self->found = scan.found;
	self->next = 0;
	return (PyObject *)self;
}

static void cursor_dealloc(Cursor *self)
{
	PyTypeObject *tp = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_DECREF(self->connection);
	Py_DECREF(self->found);
	tp->tp_free((PyObject *)self);
	Py_DECREF(tp);
}

static PyObject *cursor_iternext(Cursor *self)
{
	dbwrap_state *state = get_dbwrap_state_by_type(Py_TYPE(self));
	PyObject *pair, *factory;

	if (!connection_usable(state, self->connection))
		return NULL;
	if (self->next >= PyList_GET_SIZE(self->found))
		return NULL;
	pair = PyList_GET_ITEM(self->found, self->next++);
	factory = self->connection->row_factory;
	if (!factory)
		factory = (PyObject *)state->Row_Type;
	return PyObject_Call(factory, pair, NULL);
}

static PyObject *cursor_fetchall(PyObject *self, PyObject *unused)
{
	return PySequence_List(self);
}

static PyObject *cursor_richcompare(PyObject *a, PyObject *b, int op)
{
	dbwrap_state *state = get_dbwrap_state_by_type(Py_TYPE(a));
	int same;

	if (!Cursor_CheckExact(state, b) || (op != Py_EQ && op != Py_NE))
		Py_RETURN_NOTIMPLEMENTED;
	same = ((Cursor *)a)->connection == ((Cursor *)b)->connection &&
	       ((Cursor *)a)->next == ((Cursor *)b)->next;
	return PyBool_FromLong(same == (op == Py_EQ));
}

static PyObject *
Cursor_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
	PyErr_Format(PyExc_TypeError, "cannot pickle '%.200s' object", Py_TYPE(self)->tp_name);
	return NULL;
}

static PyMethodDef cursor_methods[] = {
	{"__reduce__", Cursor_reduce, METH_NOARGS, NULL},
	{"fetchall", cursor_fetchall, METH_NOARGS, "All rows not given yet."},
	{NULL}
};

static PyMemberDef cursor_members[] = {
	{"connection", T_OBJECT, offsetof(Cursor, connection), READONLY},
	{NULL}
};

static int
Cursor_traverse(Cursor *self, visitproc visit, void *arg)
{
	Py_VISIT(Py_TYPE(self));
	Py_VISIT(self->connection);
	Py_VISIT(self->found);
	return 0;
}

static PyType_Slot Cursor_slots[] = {
	{Py_tp_dealloc, cursor_dealloc},
	{Py_tp_iter, PyObject_SelfIter},
	{Py_tp_iternext, cursor_iternext},
	{Py_tp_richcompare, cursor_richcompare},
	{Py_tp_methods, cursor_methods},
	{Py_tp_members, cursor_members},
	{Py_tp_traverse, Cursor_traverse},
	{0, NULL}
};

PyType_Spec Cursor_spec = {
	.name = "dbwrap.Cursor",
	.basicsize = sizeof(Cursor),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
			  Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = Cursor_slots,
};
