#include "connection.h"
#include "cursor.h"
#include "row.h"

int connection_usable(dbwrap_state *state, Connection *self)
{
	if (self->db)
		return 1;
	PyErr_SetString(state->DBClosedError, "the connection is closed");
	return 0;
}

static int before_change(void *userdata, const char *action, long key)
{
	dbwrap_state *state = get_dbwrap_state_by_type(Py_TYPE(userdata));
	Connection *self = userdata;
	PyObject *hook = self->hook, *answer;
	int veto;

	Py_INCREF(hook);
	answer = PyObject_CallFunction(hook, "sl", action, key);
	veto = answer ? answer == Py_False : -1;
	Py_XDECREF(answer);
	if (veto < 0) {
		dbwrap_callback_error(state, hook);
		veto = 0;
	}
	Py_DECREF(hook);
	return veto;
}

static PyObject *connection_new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
	Connection *self = (Connection *)type->tp_alloc(type, 0);

	if (self && !(self->db = store_open())) {
		Py_DECREF(self);
		return PyErr_NoMemory();
	}
	return (PyObject *)self;
}

static int connection_init(Connection *self, PyObject *args, PyObject *kwds)
{
	static char *kwlist[] = {"records", "row_factory", NULL};
	PyObject *records = NULL, *factory = NULL, *items, *item;
	int failed = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O!O:Connection", kwlist,
					 &PyDict_Type, &records, &factory))
		return -1;
	if (factory && factory != Py_None) {
		Py_INCREF(factory);
		Py_XSETREF(self->row_factory, factory);
	}
	if (!records)
		return 0;
	items = PyMapping_Items(records);
	if (!items)
		return -1;
	for (Py_ssize_t i = 0; !failed && i < PyList_GET_SIZE(items); i++) {
		item = PyObject_CallMethod((PyObject *)self, "put", "O",
					   PyList_GET_ITEM(items, i));
		failed = !item;
		Py_XDECREF(item);
	}
	Py_DECREF(items);
	return failed ? -1 : 0;
}

static int connection_traverse(Connection *self, visitproc visit, void *arg)
{
	Py_VISIT(Py_TYPE(self));
	Py_VISIT(self->hook);
	Py_VISIT(self->row_factory);
	return 0;
}

static int connection_clear(Connection *self)
{
	if (self->db)
		store_set_hook(self->db, NULL, NULL);
	Py_CLEAR(self->hook);
	Py_CLEAR(self->row_factory);
	return 0;
}

static void connection_dealloc(Connection *self)
{
	PyTypeObject *tp = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	if (self->weakrefs)
		PyObject_ClearWeakRefs((PyObject *)self);
	connection_clear(self);
	if (self->db)
		store_close(self->db);
	tp->tp_free((PyObject *)self);
	Py_DECREF(tp);
}

static PyObject *finish_change(dbwrap_state *state, Connection *self, int status, long key)
{
	if (status == 1)
		return PyErr_Format(state->DBVetoError, "the change of %ld was vetoed", key);
	if (status < 0)
		return PyErr_Format(state->DBError, "no record %ld", key);
	self->changes++;
	Py_RETURN_NONE;
}

static PyObject *connection_put(Connection *self, PyObject *args)
{
	dbwrap_state *state = get_dbwrap_state_by_type(Py_TYPE(self));
	PyObject *value, *text;
	const char *utf8;
	long key;
	int status;

	if (PyTuple_GET_SIZE(args) == 1 && Row_Check(state, PyTuple_GET_ITEM(args, 0))) {
		Row *row = (Row *)PyTuple_GET_ITEM(args, 0);
		key = row->key;
		value = row->value;
	} else if (PyTuple_GET_SIZE(args) == 1) {
		if (!PyArg_ParseTuple(args, "(lO):put", &key, &value))
			return NULL;
	} else if (!PyArg_ParseTuple(args, "lO:put", &key, &value)) {
		return NULL;
	}
	if (!connection_usable(state, self) || !(text = dbwrap_adapt(state, value)))
		return NULL;
	utf8 = PyUnicode_AsUTF8(text);
	if (!utf8 || !connection_usable(state, self)) {
		Py_DECREF(text);
		return NULL;
	}
	status = store_put(self->db, key, utf8);
	Py_DECREF(text);
	if (status < 0)
		return PyErr_NoMemory();
	return finish_change(state, self, status, key);
}

static PyObject *connection_delete(Connection *self, PyObject *arg)
{
	dbwrap_state *state = get_dbwrap_state_by_type(Py_TYPE(self));
	long key = PyLong_AsLong(arg);

	if ((key == -1 && PyErr_Occurred()) || !connection_usable(state, self))
		return NULL;
	return finish_change(state, self, store_delete(self->db, key), key);
}

static PyObject *connection_select(Connection *self, PyObject *args)
{
	dbwrap_state *state = get_dbwrap_state_by_type(Py_TYPE(self));
	PyObject *predicate = NULL;

	if (!PyArg_ParseTuple(args, "|O:select", &predicate) || !connection_usable(state, self))
		return NULL;
	return cursor_create(state, self, predicate == Py_None ? NULL : predicate);
}

static PyObject *connection_set_hook(Connection *self, PyObject *hook)
{
	dbwrap_state *state = get_dbwrap_state_by_type(Py_TYPE(self));
	if (!connection_usable(state, self))
		return NULL;
	if (hook == Py_None) {
		store_set_hook(self->db, NULL, NULL);
		Py_CLEAR(self->hook);
		Py_RETURN_NONE;
	}
	if (!PyCallable_Check(hook))
		return PyErr_Format(PyExc_TypeError, "the hook must be callable");
	Py_INCREF(hook);
	Py_XSETREF(self->hook, hook);
	store_set_hook(self->db, before_change, self);
	Py_RETURN_NONE;
}

static PyObject *connection_close(Connection *self, PyObject *unused)
{
	if (self->db)
		store_close(self->db);
	self->db = NULL;
	Py_RETURN_NONE;
}

static Py_ssize_t connection_length(Connection *self)
{
	dbwrap_state *state = get_dbwrap_state_by_type(Py_TYPE(self));
	return connection_usable(state, self) ? store_count(self->db) : -1;
}

static PyMethodDef connection_methods[] = {
	{"put", (PyCFunction)connection_put, METH_VARARGS,
	 "put(key, value), put((key, value)) or put(row)\n\nStore a record."},
	{"delete", (PyCFunction)connection_delete, METH_O, "Delete the record of a key."},
	{"select", (PyCFunction)connection_select, METH_VARARGS,
	 "A cursor over the records for which predicate(key, text) is true."},
	{"set_hook", (PyCFunction)connection_set_hook, METH_O,
	 "Call hook(action, key) before every change; False is a veto."},
	{"close", (PyCFunction)connection_close, METH_NOARGS, "Let go of all records."},
	{NULL}
};

static PyMemberDef connection_members[] = {
	{"__weaklistoffset__", T_PYSSIZET, offsetof(Connection, weakrefs), READONLY},
	{"changes", T_LONG, offsetof(Connection, changes), READONLY},
	{NULL}
};

static PyType_Slot Connection_slots[] = {
	{Py_tp_doc, (void *)"Connection(records={}, row_factory=Row)"},
	{Py_tp_new, connection_new},
	{Py_tp_init, connection_init},
	{Py_tp_dealloc, connection_dealloc},
	{Py_tp_traverse, connection_traverse},
	{Py_tp_clear, connection_clear},
	{Py_tp_methods, connection_methods},
	{Py_tp_members, connection_members},
	{Py_mp_length, connection_length},
	{0, NULL}
};

PyType_Spec Connection_spec = {
	.name = "dbwrap.Connection",
	.basicsize = sizeof(Connection),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
			  Py_TPFLAGS_IMMUTABLETYPE,
	.slots = Connection_slots,
};
