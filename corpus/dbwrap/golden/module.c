#include "common.h"
#include "connection.h"
#include "cursor.h"
#include "row.h"


static PyObject *module_connect(PyObject *self, PyObject *args, PyObject *kwds)
{
	dbwrap_state *state = get_dbwrap_state(self);
	return PyObject_Call((PyObject *)state->Connection_Type, args, kwds);
}

static PyObject *module_register_adapter(PyObject *self, PyObject *args)
{
	dbwrap_state *state = get_dbwrap_state(self);
	PyTypeObject *type;
	PyObject *function;

	if (!PyArg_ParseTuple(args, "O!O", &PyType_Type, &type, &function))
		return NULL;
	if (PyDict_SetItem(state->dbwrap_adapters, (PyObject *)type, function) < 0)
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *module_enable_trace(PyObject *self, PyObject *flag)
{
	dbwrap_state *state = get_dbwrap_state(self);
	int on = PyObject_IsTrue(flag);

	if (on < 0)
		return NULL;
	state->dbwrap_trace = on;
	Py_RETURN_NONE;
}

/* copy(from, to): every record of one connection into another */
static PyObject *module_copy(PyObject *self, PyObject *args)
{
	dbwrap_state *state = get_dbwrap_state(self);
	Connection *from;
	PyObject *to, *cursor, *row, *done;
	long copied = 0;

	if (!PyArg_ParseTuple(args, "O!O:copy", state->Connection_Type, &from, &to))
		return NULL;
	if (!Connection_Check(state, to))
		return PyErr_Format(state->DBError, "cannot copy into %.100s", Py_TYPE(to)->tp_name);
	if (!connection_usable(state, from))
		return NULL;
	cursor = cursor_create(state, from, NULL);
	if (!cursor)
		return NULL;
	while ((row = PyIter_Next(cursor)) != NULL) {
		done = PyObject_CallMethod(to, "put", "(O)", row);
		Py_DECREF(row);
		if (!done)
			break;
		Py_DECREF(done);
		copied++;
	}
	Py_DECREF(cursor);
	return PyErr_Occurred() ? NULL : PyLong_FromLong(copied);
}

static PyObject *module_join(PyObject *self, PyObject *items)
{
	dbwrap_state *state = get_dbwrap_state(self);
	return dbwrap_join(state, items);
}

static PyMethodDef module_methods[] = {
	{"connect", (PyCFunction)(void (*)(void))module_connect, METH_VARARGS | METH_KEYWORDS,
	 "Open a connection."},
	{"register_adapter", module_register_adapter, METH_VARARGS,
	 "Store values of a type as the text that a function gives."},
	{"enable_trace", module_enable_trace, METH_O, "Report errors in callbacks, or not."},
	{"copy", module_copy, METH_VARARGS, "Copy all records; returns how many."},
	{"join", module_join, METH_O, "Strings with commas between."},
	{NULL}
};

static int
dbwrap_traverse(PyObject *module, visitproc visit, void *arg)
{
	dbwrap_state *state = get_dbwrap_state(module);

	Py_VISIT(state->DBError);
	Py_VISIT(state->DBClosedError);
	Py_VISIT(state->DBVetoError);
	Py_VISIT(state->dbwrap_adapters);
	Py_VISIT(state->str_adapt);
	Py_VISIT(state->str_join);
	Py_VISIT(state->comma);
	Py_VISIT(state->Connection_Type);
	Py_VISIT(state->Cursor_Type);
	Py_VISIT(state->Row_Type);
	return 0;
}

static int
dbwrap_clear(PyObject *module)
{
	dbwrap_state *state = get_dbwrap_state(module);

	Py_CLEAR(state->DBError);
	Py_CLEAR(state->DBClosedError);
	Py_CLEAR(state->DBVetoError);
	Py_CLEAR(state->dbwrap_adapters);
	Py_CLEAR(state->str_adapt);
	Py_CLEAR(state->str_join);
	Py_CLEAR(state->comma);
	Py_CLEAR(state->Connection_Type);
	Py_CLEAR(state->Cursor_Type);
	Py_CLEAR(state->Row_Type);
	return 0;
}

static void
dbwrap_free(void *module)
{
	(void)dbwrap_clear((PyObject *)module);
}

static int dbwrap_exec(PyObject *);

static PyModuleDef_Slot dbwrap_slots[] = {
	{Py_mod_exec, dbwrap_exec},
#if PY_VERSION_HEX >= 0x030c0000
	{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
	{0, NULL}
};

struct PyModuleDef dbwrap_module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "dbwrap",
	.m_doc = "Text records behind connections and cursors.",
	.m_size = sizeof(dbwrap_state),
	.m_methods = module_methods,
	.m_slots = dbwrap_slots,
	.m_traverse = dbwrap_traverse,
	.m_clear = dbwrap_clear,
	.m_free = dbwrap_free,
};

static int add_type(PyObject *module, const char *name, PyTypeObject *type)
{
	if (PyType_Ready(type) < 0)
		return -1;
	return PyModule_AddObjectRef(module, name, (PyObject *)type);
}

static PyObject *add_error(PyObject *module, const char *name, char *dotted, PyObject *base)
{
	PyObject *error = PyErr_NewException(dotted, base, NULL);

	if (!error)
		return NULL;
	if (PyModule_AddObjectRef(module, name, error) < 0)
		return NULL;
	return error;
}

static int
dbwrap_exec(PyObject *module)
{
	dbwrap_state *state = get_dbwrap_state(module);

	if (dbwrap_add_type(module, &Connection_spec, 1, &state->Connection_Type) < 0) {
	    return -1;
	}
	if (dbwrap_add_type(module, &Row_spec, 1, &state->Row_Type) < 0) {
	    return -1;
	}
	if (dbwrap_add_type(module, &Cursor_spec, 0, &state->Cursor_Type) < 0 || dbwrap_util_init(state) < 0)
		return -1;
	if (add_type(module, "Connection", state->Connection_Type) < 0 ||
	    add_type(module, "Row", state->Row_Type) < 0)
		goto error;
	if (!(state->DBError = add_error(module, "Error", "dbwrap.Error", NULL)))
		goto error;
	if (!(state->DBClosedError = add_error(module, "ClosedError", "dbwrap.ClosedError", state->DBError)))
		goto error;
	if (!(state->DBVetoError = add_error(module, "VetoError", "dbwrap.VetoError", state->DBError)))
		goto error;
	if (!(state->dbwrap_adapters = PyDict_New()))
		goto error;
	if (PyModule_AddObjectRef(module, "adapters", state->dbwrap_adapters) < 0)
		goto error;
	if (PyModule_AddStringConstant(module, "version", DBWRAP_VERSION) < 0)
		goto error;
	return 0;
error:
	;
	return -1;
}

PyMODINIT_FUNC
PyInit_dbwrap(void)
{
	return PyModuleDef_Init(&dbwrap_module);
}
