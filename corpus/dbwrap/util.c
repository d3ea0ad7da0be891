#include "common.h"

static PyObject *str_adapt;	/* "__adapt__" */
static PyObject *str_join;	/* "join" */
static PyObject *comma;		/* ", " */

int dbwrap_util_init(void)
{
	if (!str_adapt && !(str_adapt = PyUnicode_InternFromString("__adapt__")))
		return -1;
	if (!str_join && !(str_join = PyUnicode_InternFromString("join")))
		return -1;
	if (!comma && !(comma = PyUnicode_InternFromString(", ")))
		return -1;
	return 0;
}

/* The text to store for a value: the adapter of its type, its own __adapt__
 * method, or the value itself if it is a string. */
PyObject *dbwrap_adapt(PyObject *value)
{
	PyObject *adapter, *result;

	adapter = PyDict_GetItemWithError(dbwrap_adapters, (PyObject *)Py_TYPE(value));
	if (adapter) {
		Py_INCREF(adapter);
		result = PyObject_CallFunctionObjArgs(adapter, value, NULL);
		Py_DECREF(adapter);
	} else if (PyErr_Occurred()) {
		return NULL;
	} else if (PyUnicode_Check(value)) {
		Py_INCREF(value);
		return value;
	} else {
		result = PyObject_CallMethodObjArgs(value, str_adapt, NULL);
		if (!result && PyErr_ExceptionMatches(PyExc_AttributeError))
			PyErr_Format(DBError, "no adapter for %.100s", Py_TYPE(value)->tp_name);
	}
	if (result && !PyUnicode_Check(result)) {
		PyErr_Format(DBError, "an adapter must give a string, not %.100s",
			     Py_TYPE(result)->tp_name);
		Py_CLEAR(result);
	}
	return result;
}

PyObject *dbwrap_join(PyObject *items)
{
	return PyObject_CallMethodObjArgs(comma, str_join, items, NULL);
}

/* The library cannot carry a Python error through, so it ends here. */
void dbwrap_callback_error(PyObject *callback)
{
	if (dbwrap_trace)
		PyErr_WriteUnraisable(callback);
	else
		PyErr_Clear();
}
