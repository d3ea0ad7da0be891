#include "common.h"


int dbwrap_util_init(dbwrap_state *state)
{
	if (!state->str_adapt && !(state->str_adapt = PyUnicode_InternFromString("__adapt__")))
		return -1;
	if (!state->str_join && !(state->str_join = PyUnicode_InternFromString("join")))
		return -1;
	if (!state->comma && !(state->comma = PyUnicode_InternFromString(", ")))
		return -1;
	return 0;
}

/* The text to store for a value: the adapter of its type, its own __adapt__
 * method, or the value itself if it is a string. */
PyObject *dbwrap_adapt(dbwrap_state *state, PyObject *value)
{
	PyObject *adapter, *result;

	adapter = PyDict_GetItemWithError(state->dbwrap_adapters, (PyObject *)Py_TYPE(value));
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
		result = PyObject_CallMethodObjArgs(value, state->str_adapt, NULL);
		if (!result && PyErr_ExceptionMatches(PyExc_AttributeError))
			PyErr_Format(state->DBError, "no adapter for %.100s", Py_TYPE(value)->tp_name);
	}
	if (result && !PyUnicode_Check(result)) {
		PyErr_Format(state->DBError, "an adapter must give a string, not %.100s",
			     Py_TYPE(result)->tp_name);
		Py_CLEAR(result);
	}
	return result;
}

PyObject *dbwrap_join(dbwrap_state *state, PyObject *items)
{
	return PyObject_CallMethodObjArgs(state->comma, state->str_join, items, NULL);
}

/* The library cannot carry a Python error through, so it ends here. */
void dbwrap_callback_error(dbwrap_state *state, PyObject *callback)
{
	if (state->dbwrap_trace)
		PyErr_WriteUnraisable(callback);
	else
		PyErr_Clear();
}
