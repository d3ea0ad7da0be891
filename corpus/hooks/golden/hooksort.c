/*
 * hooksort: sorting with the C library, whose comparators get no user data,
 * so what they need stands in globals while a sort is running.
 */
#include <Python.h>
#include <stdlib.h>

typedef struct {
	PyObject *compare_function;  /* of the sort that is running */
	PyObject *compare_error;  /* its first error, a value */
	PyObject *SortError;
	int running;
} hooksort_state;

static hooksort_state global_hooksort_state;

static inline hooksort_state *
get_global_hooksort_state(void)
{
	return &global_hooksort_state;
}

static inline hooksort_state *
get_hooksort_state(PyObject *module)
{
	(void)module;
	return get_global_hooksort_state();
}


static int compare_by_call(const void *a, const void *b)
{
	PyObject *answer, *type, *traceback;
	long order = 0;

	if (get_global_hooksort_state()->compare_error)
		return 0;
	answer = PyObject_CallFunctionObjArgs(get_global_hooksort_state()->compare_function, *(PyObject **)a,
					      *(PyObject **)b, NULL);
	if (answer)
		order = PyLong_AsLong(answer);
	Py_XDECREF(answer);
	if (PyErr_Occurred()) {
		PyErr_Fetch(&type, &get_global_hooksort_state()->compare_error, &traceback);
		PyErr_NormalizeException(&type, &get_global_hooksort_state()->compare_error, &traceback);
		Py_XDECREF(type);
		Py_XDECREF(traceback);
		return 0;
	}
	return (order > 0) - (order < 0);
}

static PyObject *hooksort_sorted(PyObject *self, PyObject *args)
{
	hooksort_state *state = get_hooksort_state(self);
	PyObject *items, *compare, *saved_function, *saved_error, *error;
	PyObject **array;
	Py_ssize_t i, n;

	if (!PyArg_ParseTuple(args, "OO:sorted", &items, &compare))
		return NULL;
	if (!PyCallable_Check(compare)) {
		PyErr_SetString(PyExc_TypeError, "the comparator must be callable");
		return NULL;
	}
	if (state->running >= 8) {
		PyErr_SetString(state->SortError, "too many sorts within sorts");
		return NULL;
	}
	if (!(items = PySequence_List(items)))
		return NULL;
	n = PyList_GET_SIZE(items);
	if (!(array = PyMem_New(PyObject *, n + 1))) {
		Py_DECREF(items);
		return PyErr_NoMemory();
	}
	for (i = 0; i < n; i++)
		array[i] = PyList_GET_ITEM(items, i);

	saved_function = state->compare_function;
	saved_error = state->compare_error;
	state->compare_function = compare;
	state->compare_error = NULL;
	state->running++;
	qsort(array, n, sizeof *array, compare_by_call);
	state->running--;
	error = state->compare_error;
	state->compare_function = saved_function;
	state->compare_error = saved_error;

	for (i = 0; i < n; i++)
		PyList_SET_ITEM(items, i, array[i]);
	PyMem_Free(array);
	if (error) {
		PyErr_SetObject((PyObject *)Py_TYPE(error), error);
		Py_DECREF(error);
		Py_DECREF(items);
		return NULL;
	}
	return items;
}

static PyMethodDef hooksort_methods[] = {
	{"sorted", hooksort_sorted, METH_VARARGS,
	 "sorted(items, compare)\n\nA sorted list; compare(a, b) gives a signed number."},
	{NULL, NULL, 0, NULL}
};

static struct PyModuleDef hooksort_module = {
	PyModuleDef_HEAD_INIT, "hooksort", NULL, -1, hooksort_methods,
};

PyMODINIT_FUNC PyInit_hooksort(void)
{
	hooksort_state *state = get_global_hooksort_state();
	PyObject *m = PyModule_Create(&hooksort_module);

	if (!m)
		return NULL;
	state->SortError = PyErr_NewException("hooksort.SortError", NULL, NULL);
	if (!state->SortError) {
		Py_DECREF(m);
		return NULL;
	}
	Py_INCREF(state->SortError);
	PyModule_AddObject(m, "SortError", state->SortError);
	return m;
}
