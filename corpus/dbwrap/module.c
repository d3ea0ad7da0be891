#include "common.h"
#include "connection.h"
#include "cursor.h"
#include "row.h"

PyObject *DBError;
PyObject *DBClosedError;
PyObject *DBVetoError;
PyObject *dbwrap_adapters;
int dbwrap_trace = 0;

static PyObject *module_connect(PyObject *self, PyObject *args, PyObject *kwds)
{
	return PyObject_Call((PyObject *)&Connection_Type, args, kwds);
}

static PyObject *module_register_adapter(PyObject *self, PyObject *args)
{
	PyTypeObject *type;
	PyObject *function;

	if (!PyArg_ParseTuple(args, "O!O", &PyType_Type, &type, &function))
		return NULL;
	if (PyDict_SetItem(dbwrap_adapters, (PyObject *)type, function) < 0)
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *module_enable_trace(PyObject *self, PyObject *flag)
{
	int on = PyObject_IsTrue(flag);

	if (on < 0)
		return NULL;
	dbwrap_trace = on;
	Py_RETURN_NONE;
}

/* copy(from, to): every record of one connection into another */
static PyObject *module_copy(PyObject *self, PyObject *args)
{
	Connection *from;
	PyObject *to, *cursor, *row, *done;
	long copied = 0;

	if (!PyArg_ParseTuple(args, "O!O:copy", &Connection_Type, &from, &to))
		return NULL;
	if (!Connection_Check(to))
		return PyErr_Format(DBError, "cannot copy into %.100s", Py_TYPE(to)->tp_name);
	if (!connection_usable(from))
		return NULL;
	cursor = cursor_create(from, NULL);
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
	return dbwrap_join(items);
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

static struct PyModuleDef dbwrap_module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "dbwrap",
	.m_doc = "Text records behind connections and cursors.",
	.m_size = -1,
	.m_methods = module_methods,
};

static int add_type(PyObject *module, const char *name, PyTypeObject *type)
{
	if (PyType_Ready(type) < 0)
		return -1;
	Py_INCREF(type);
	return PyModule_AddObject(module, name, (PyObject *)type);
}

static PyObject *add_error(PyObject *module, const char *name, char *dotted, PyObject *base)
{
	PyObject *error = PyErr_NewException(dotted, base, NULL);

	if (!error)
		return NULL;
	Py_INCREF(error);
	if (PyModule_AddObject(module, name, error) < 0)
		return NULL;
	return error;
}

PyMODINIT_FUNC PyInit_dbwrap(void)
{
	PyObject *module;

	if (PyType_Ready(&Cursor_Type) < 0 || dbwrap_util_init() < 0)
		return NULL;
	module = PyModule_Create(&dbwrap_module);
	if (!module)
		return NULL;
	if (add_type(module, "Connection", &Connection_Type) < 0 ||
	    add_type(module, "Row", &Row_Type) < 0)
		goto error;
	if (!(DBError = add_error(module, "Error", "dbwrap.Error", NULL)))
		goto error;
	if (!(DBClosedError = add_error(module, "ClosedError", "dbwrap.ClosedError", DBError)))
		goto error;
	if (!(DBVetoError = add_error(module, "VetoError", "dbwrap.VetoError", DBError)))
		goto error;
	if (!(dbwrap_adapters = PyDict_New()))
		goto error;
	Py_INCREF(dbwrap_adapters);
	if (PyModule_AddObject(module, "adapters", dbwrap_adapters) < 0)
		goto error;
	if (PyModule_AddStringConstant(module, "version", DBWRAP_VERSION) < 0)
		goto error;
	return module;
error:
	Py_DECREF(module);
	return NULL;
}
