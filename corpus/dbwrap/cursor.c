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

PyObject *cursor_create(Connection *connection, PyObject *predicate)
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
	self = PyObject_New(Cursor, &Cursor_Type);
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
	Py_DECREF(self->connection);
	Py_DECREF(self->found);
	PyObject_Del(self);
}

static PyObject *cursor_iternext(Cursor *self)
{
	PyObject *pair, *factory;

	if (!connection_usable(self->connection))
		return NULL;
	if (self->next >= PyList_GET_SIZE(self->found))
		return NULL;
	pair = PyList_GET_ITEM(self->found, self->next++);
	factory = self->connection->row_factory;
	if (!factory)
		factory = (PyObject *)&Row_Type;
	return PyObject_Call(factory, pair, NULL);
}

static PyObject *cursor_fetchall(PyObject *self, PyObject *unused)
{
	return PySequence_List(self);
}

static PyObject *cursor_richcompare(PyObject *a, PyObject *b, int op)
{
	int same;

	if (!Cursor_CheckExact(b) || (op != Py_EQ && op != Py_NE))
		Py_RETURN_NOTIMPLEMENTED;
	same = ((Cursor *)a)->connection == ((Cursor *)b)->connection &&
	       ((Cursor *)a)->next == ((Cursor *)b)->next;
	return PyBool_FromLong(same == (op == Py_EQ));
}

static PyMethodDef cursor_methods[] = {
	{"fetchall", cursor_fetchall, METH_NOARGS, "All rows not given yet."},
	{NULL}
};

static PyMemberDef cursor_members[] = {
	{"connection", T_OBJECT, offsetof(Cursor, connection), READONLY},
	{NULL}
};

PyTypeObject Cursor_Type = {
	PyVarObject_HEAD_INIT(NULL, 0)
	.tp_name = "dbwrap.Cursor",
	.tp_basicsize = sizeof(Cursor),
	.tp_flags = Py_TPFLAGS_DEFAULT,
	.tp_dealloc = (destructor)cursor_dealloc,
	.tp_iter = PyObject_SelfIter,
	.tp_iternext = (iternextfunc)cursor_iternext,
	.tp_richcompare = cursor_richcompare,
	.tp_methods = cursor_methods,
	.tp_members = cursor_members,
};
