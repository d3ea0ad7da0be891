/*
 * hooks: subscriptions to named events, and a walk over nested sequences.
 *
 * Every callback here goes through C with its user data beside it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>
#include <structmember.h>

enum mode { MODE_ALWAYS, MODE_ONCE };

typedef struct {
	PyObject_HEAD
	PyObject *event;
	PyObject *callback;
	enum mode mode;
	int active;
	long calls;
} subscription;

static PyTypeObject subscription_type;

static PyObject *hook_error;
static PyObject *subscribers;		/* event -> list of subscriptions */
static PyObject *last_result;		/* of the last callback */
static unsigned long fired;
static int max_depth = 50;
static unsigned long compared;

/* ---- converters for O& ---- */

static int convert_mode(PyObject *arg, void *result)
{
	enum mode *mode = result;
	const char *name;

	if (!PyUnicode_Check(arg)) {
		PyErr_Format(PyExc_TypeError, "the mode must be a string, not %.100s",
			     Py_TYPE(arg)->tp_name);
		return 0;
	}
	if (!(name = PyUnicode_AsUTF8(arg)))
		return 0;
	if (!strcmp(name, "always"))
		*mode = MODE_ALWAYS;
	else if (!strcmp(name, "once"))
		*mode = MODE_ONCE;
	else {
		PyErr_Format(PyExc_ValueError, "no mode %R", arg);
		return 0;
	}
	return 1;
}

static int convert_callable(PyObject *arg, void *result)
{
	if (!PyCallable_Check(arg)) {
		PyErr_Format(PyExc_TypeError, "%R is not callable", arg);
		return 0;
	}
	*(PyObject **)result = arg;
	return 1;
}

static int convert_subscription(PyObject *arg, void *result)
{
	if (Py_TYPE(arg) != &subscription_type) {
		PyErr_Format(PyExc_TypeError, "%R is not a subscription", arg);
		return 0;
	}
	*(subscription **)result = (subscription *)arg;
	return 1;
}

/* ---- subscriptions ---- */

static void subscription_dealloc(subscription *self)
{
	Py_XDECREF(self->event);
	Py_XDECREF(self->callback);
	PyObject_Free(self);
}

static PyObject *subscription_call(subscription *self, PyObject *args, PyObject *kwds)
{
	if (!self->active) {
		PyErr_Format(hook_error, "the subscription to %R is over", self->event);
		return NULL;
	}
	if (self->mode == MODE_ONCE)
		self->active = 0;
	self->calls++;
	return PyObject_Call(self->callback, args, kwds);
}

static PyObject *subscription_repr(subscription *self)
{
	return PyUnicode_FromFormat("<subscription to %R, %ld calls>", self->event, self->calls);
}

static PyMemberDef subscription_members[] = {
	{"event", T_OBJECT, offsetof(subscription, event), READONLY},
	{"active", T_INT, offsetof(subscription, active), READONLY},
	{"calls", T_LONG, offsetof(subscription, calls), READONLY},
	{NULL}
};

static PyTypeObject subscription_type = {
	PyVarObject_HEAD_INIT(NULL, 0)
	.tp_name	= "hooks.subscription",
	.tp_basicsize	= sizeof(subscription),
	.tp_dealloc	= (destructor)subscription_dealloc,
	.tp_repr	= (reprfunc)subscription_repr,
	.tp_call	= (ternaryfunc)subscription_call,
	.tp_flags	= Py_TPFLAGS_DEFAULT,
	.tp_doc		= "What subscribe() gives.",
	.tp_members	= subscription_members,
};

PyDoc_STRVAR(subscribe_doc,
"subscribe(event, callback, mode='always')\n--\n\n"
"Have callback called when the event is fired.");

static PyObject *hooks_subscribe(PyObject *self, PyObject *args, PyObject *kwds)
{
	static char *keywords[] = {"event", "callback", "mode", NULL};
	PyObject *event, *callback, *list;
	enum mode mode = MODE_ALWAYS;
	subscription *sub;
	int failed;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "UO&|O&:subscribe", keywords, &event,
					 convert_callable, &callback, convert_mode, &mode))
		return NULL;
	list = PyDict_GetItemWithError(subscribers, event);
	if (!list) {
		if (PyErr_Occurred() || !(list = PyList_New(0)))
			return NULL;
		failed = PyDict_SetItem(subscribers, event, list);
		Py_DECREF(list);
		if (failed)
			return NULL;
	}
	sub = PyObject_New(subscription, &subscription_type);
	if (!sub)
		return NULL;
	Py_INCREF(event);
	sub->event = event;
	Py_INCREF(callback);
	sub->callback = callback;
	sub->mode = mode;
	sub->active = 1;
	sub->calls = 0;
	if (PyList_Append(list, (PyObject *)sub) < 0)
		Py_CLEAR(sub);
	return (PyObject *)sub;
}

static PyObject *hooks_cancel(PyObject *self, PyObject *args)
{
	subscription *sub;
	PyObject *list, *seq;
	Py_ssize_t i;

	if (!PyArg_ParseTuple(args, "O!:cancel", &subscription_type, &sub))
		return NULL;
	if (!sub->active) {
		PyErr_SetString(hook_error, "cancelled twice");
		return NULL;
	}
	sub->active = 0;
	seq = (PyObject *)sub;
	list = PyDict_GetItemWithError(subscribers, sub->event);
	for (i = 0; list && i < PyList_GET_SIZE(list); i++)
		if (PyList_GET_ITEM(list, i) == seq)
			return PyList_SetSlice(list, i, i + 1, NULL) < 0 ? NULL : Py_BuildValue("");
	if (PyErr_Occurred())
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *hooks_same_event(PyObject *self, PyObject *args)
{
	subscription *one, *other;

	if (!PyArg_ParseTuple(args, "O&O&:same_event", convert_subscription, &one,
			      convert_subscription, &other))
		return NULL;
	return PyObject_RichCompare(one->event, other->event, Py_EQ);
}

static PyObject *hooks_fire(PyObject *self, PyObject *args)
{
	PyObject *event, *list, *rest, *copy, *result;
	long called = 0;
	Py_ssize_t i;

	if (PyTuple_GET_SIZE(args) < 1) {
		PyErr_SetString(PyExc_TypeError, "fire() needs an event");
		return NULL;
	}
	event = PyTuple_GET_ITEM(args, 0);
	fired++;
	list = PyDict_GetItemWithError(subscribers, event);
	if (!list)
		return PyErr_Occurred() ? NULL : PyLong_FromLong(0);
	copy = PyList_AsTuple(list);
	rest = PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args));
	for (i = 0; copy && rest && i < PyTuple_GET_SIZE(copy); i++) {
		if (!((subscription *)PyTuple_GET_ITEM(copy, i))->active)
			continue;
		result = PyObject_Call(PyTuple_GET_ITEM(copy, i), rest, NULL);
		if (!result)
			break;
		Py_XSETREF(last_result, result);
		called++;
	}
	Py_XDECREF(copy);
	Py_XDECREF(rest);
	return PyErr_Occurred() ? NULL : PyLong_FromLong(called);
}

static PyObject *hooks_status(PyObject *self, PyObject *unused)
{
	return Py_BuildValue("{s:k,s:O}", "fired", fired, "last",
			     last_result ? last_result : Py_None);
}

/* ---- a walk that knows nothing of what its visitor does ---- */

typedef int (*visitor)(PyObject *leaf, int depth, void *data);

static int walk(PyObject *tree, int depth, visitor visit, void *data)
{
	PyObject *item, *iterator;
	int stop = 0;

	if (depth > max_depth) {
		PyErr_Format(hook_error, "nested deeper than %d", max_depth);
		return -1;
	}
	if (!PyList_Check(tree) && !PyTuple_Check(tree))
		return visit(tree, depth, data);
	if (!(iterator = PyObject_GetIter(tree)))
		return -1;
	while (!stop && (item = PyIter_Next(iterator))) {
		stop = walk(item, depth + 1, visit, data);
		Py_DECREF(item);
	}
	Py_DECREF(iterator);
	return PyErr_Occurred() ? -1 : stop;
}

struct call_data {
	PyObject *callable;
	long visited;
};

static int visit_by_call(PyObject *leaf, int depth, void *data)
{
	struct call_data *call = data;
	PyObject *answer;
	int stop;

	call->visited++;
	answer = PyObject_CallFunction(call->callable, "Oi", leaf, depth);
	if (!answer)
		return -1;
	stop = answer == Py_False;
	if (!stop && answer != Py_None && answer != Py_True) {
		PyErr_Format(hook_error, "a visitor returned %R", answer);
		stop = -1;
	}
	Py_DECREF(answer);
	return stop;
}

static int visit_count(PyObject *leaf, int depth, void *data)
{
	int *deepest = data;

	if (depth > *deepest)
		*deepest = depth;
	return 0;
}

static PyObject *hooks_walk(PyObject *self, PyObject *args)
{
	struct call_data call = {NULL, 0};
	PyObject *tree;

	if (!PyArg_ParseTuple(args, "OO&:walk", &tree, convert_callable, &call.callable))
		return NULL;
	if (walk(tree, 0, visit_by_call, &call) < 0)
		return NULL;
	return PyLong_FromLong(call.visited);
}

static PyObject *hooks_depth(PyObject *self, PyObject *tree)
{
	int deepest = 0;

	return walk(tree, 0, visit_count, &deepest) < 0 ? NULL : PyLong_FromLong(deepest);
}

/* ---- order, by the C library ---- */

static int compare_numbers(const void *a, const void *b, void *data)
{
	double one = *(const double *)a, other = *(const double *)b;
	int *downwards = data;

	compared++;
	return *downwards ? (one < other) - (one > other) : (one > other) - (one < other);
}

static int compare_sizes(const void *a, const void *b, void *unused)
{
	Py_ssize_t one = Py_SIZE(*(PyObject **)a), other = Py_SIZE(*(PyObject **)b);

	compared++;
	return (one > other) - (one < other);
}

static PyObject *hooks_ordered(PyObject *self, PyObject *args)
{
	double numbers[3];
	int downwards = 0;

	if (!PyArg_ParseTuple(args, "ddd|p:ordered", numbers, numbers + 1, numbers + 2,
			      &downwards))
		return NULL;
	qsort_r(numbers, 3, sizeof(double), compare_numbers, &downwards);
	return Py_BuildValue("ddd", numbers[0], numbers[1], numbers[2]);
}

static PyObject *hooks_by_size(PyObject *self, PyObject *args)
{
	PyObject *tuples[3];

	if (!PyArg_ParseTuple(args, "O!O!O!:by_size", &PyTuple_Type, &tuples[0], &PyTuple_Type,
			      &tuples[1], &PyTuple_Type, &tuples[2]))
		return NULL;
	qsort_r(tuples, 3, sizeof(PyObject *), compare_sizes, NULL);
	return Py_BuildValue("OOO", tuples[0], tuples[1], tuples[2]);
}

static PyObject *hooks_compared(PyObject *self, PyObject *unused)
{
	return PyLong_FromUnsignedLong(compared);
}

static PyObject *hooks_limit(PyObject *self, PyObject *args)
{
	int old = max_depth;

	if (!PyArg_ParseTuple(args, "|i:limit", &max_depth))
		return NULL;
	return PyLong_FromLong(old);
}

static PyMethodDef hooks_methods[] = {
	{"subscribe", (PyCFunction)(void (*)(void))hooks_subscribe,
	 METH_VARARGS | METH_KEYWORDS, subscribe_doc},
	{"cancel", hooks_cancel, METH_VARARGS, "End a subscription."},
	{"same_event", hooks_same_event, METH_VARARGS, "Are both to one event?"},
	{"fire", hooks_fire, METH_VARARGS, "Fire an event; how many were called."},
	{"status", hooks_status, METH_NOARGS, "What happened so far."},
	{"walk", hooks_walk, METH_VARARGS, "Call visitor(leaf, depth) until one says False."},
	{"depth", hooks_depth, METH_O, "How deep the deepest leaf is."},
	{"ordered", hooks_ordered, METH_VARARGS, "Three numbers in order."},
	{"by_size", hooks_by_size, METH_VARARGS, "Three tuples, the smallest first."},
	{"compared", hooks_compared, METH_NOARGS, "How often two things were compared."},
	{"limit", hooks_limit, METH_VARARGS, "The depth that is allowed, and set it."},
	{NULL, NULL, 0, NULL}
};

static struct PyModuleDef hooks_module = {
	PyModuleDef_HEAD_INIT,
	.m_name		= "hooks",
	.m_size		= -1,
	.m_methods	= hooks_methods,
};

PyMODINIT_FUNC PyInit_hooks(void)
{
	PyObject *m;

	if (PyType_Ready(&subscription_type) < 0)
		return NULL;
	if (!(m = PyModule_Create(&hooks_module)))
		return NULL;
	subscribers = PyDict_New();
	hook_error = PyErr_NewException("hooks.HookError", PyExc_RuntimeError, NULL);
	if (!subscribers || !hook_error) {
		Py_DECREF(m);
		return NULL;
	}
	Py_INCREF(hook_error);
	if (PyModule_AddObject(m, "HookError", hook_error) < 0) {
		Py_DECREF(hook_error);
		Py_DECREF(m);
		return NULL;
	}
	return m;
}
