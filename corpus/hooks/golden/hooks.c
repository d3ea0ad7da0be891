/*
 * hooks: subscriptions to named events, and a walk over nested sequences.
 *
 * Every callback here goes through C with its user data beside it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>
#include <structmember.h>

typedef struct {
	PyObject *hook_error;
	PyObject *subscribers;  /* event -> list of subscriptions */
	PyObject *last_result;  /* of the last callback */
	unsigned long fired;
	int max_depth;
	unsigned long compared;
	PyTypeObject *subscription_type;
} hooks_state;

/* What a converter gets as its second argument. */
typedef struct {
	hooks_state *state;
	void *result;
} hooks_converter_arg;

/* What a callback gets for the length of the call that it is handed over with. */
typedef struct {
	hooks_state *state;
	void *data;
} hooks_callback_arg;

static inline hooks_state *
get_hooks_state(PyObject *module)
{
	void *state = PyModule_GetState(module);
	assert(state != NULL);
	return (hooks_state *)state;
}

static struct PyModuleDef hooks_module;

/* NULL, without an exception, for a type that is not of this module. */
static inline hooks_state *
get_hooks_state_by_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030b0000
	PyObject *module;

	if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
		return NULL;
	}
	module = PyType_GetModuleByDef(type, &hooks_module);
	if (module == NULL) {
		PyErr_Clear();
		return NULL;
	}
	return (hooks_state *)PyModule_GetState(module);
#else
	PyObject *mro = type->tp_mro;
	Py_ssize_t i, n = mro == NULL ? 0 : PyTuple_GET_SIZE(mro);

	for (i = 0; i < n; i++) {
		PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
		if (PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
			PyObject *module = ((PyHeapTypeObject *)base)->ht_module;
			if (module != NULL && PyModule_Check(module)
				&& PyModule_GetDef(module) == &hooks_module) {
				return (hooks_state *)PyModule_GetState(module);
			}
		}
	}
	return NULL;
#endif
}

#if PY_VERSION_HEX < 0x030a0000
static inline int
PyModule_AddObjectRef(PyObject *module, const char *name, PyObject *value)
{
	Py_XINCREF(value);
	if (PyModule_AddObject(module, name, value) < 0) {
		Py_XDECREF(value);
		return -1;
	}
	return 0;
}
#endif

#ifndef Py_TPFLAGS_DISALLOW_INSTANTIATION  /* new in 3.10 */
#  define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#endif
#ifndef Py_TPFLAGS_IMMUTABLETYPE  /* new in 3.10 */
#  define Py_TPFLAGS_IMMUTABLETYPE 0
#endif

static int
hooks_add_type(PyObject *module, PyType_Spec *spec,
			   int instantiable, PyTypeObject **type)
{
	if (*type != NULL) {
		return 0;
	}
	*type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
#if PY_VERSION_HEX < 0x030a0000  /* no Py_TPFLAGS_DISALLOW_INSTANTIATION */
	if (*type != NULL && !instantiable) {
		(*type)->tp_new = NULL;
	}
#else
	(void)instantiable;
#endif
	return *type == NULL ? -1 : 0;
}

enum mode { MODE_ALWAYS, MODE_ONCE };

typedef struct {
	PyObject_HEAD
	PyObject *event;
	PyObject *callback;
	enum mode mode;
	int active;
	long calls;
} subscription;


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

static int convert_subscription(PyObject *arg, void *arg_)
{
	hooks_state *state = ((hooks_converter_arg *)arg_)->state;
	void *result = ((hooks_converter_arg *)arg_)->result;
	if (Py_TYPE(arg) != state->subscription_type) {
		PyErr_Format(PyExc_TypeError, "%R is not a subscription", arg);
		return 0;
	}
	*(subscription **)result = (subscription *)arg;
	return 1;
}

/* ---- subscriptions ---- */

static void subscription_dealloc(subscription *self)
{
	PyTypeObject *tp = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_XDECREF(self->event);
	Py_XDECREF(self->callback);
	tp->tp_free((PyObject *)self);
	Py_DECREF(tp);
}

static PyObject *subscription_call(subscription *self, PyObject *args, PyObject *kwds)
{
	hooks_state *state = get_hooks_state_by_type(Py_TYPE(self));
	if (!self->active) {
		PyErr_Format(state->hook_error, "the subscription to %R is over", self->event);
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

static int
subscription_traverse(subscription *self, visitproc visit, void *arg)
{
	Py_VISIT(Py_TYPE(self));
	Py_VISIT(self->event);
	Py_VISIT(self->callback);
	return 0;
}

static PyObject *
subscription_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
	PyErr_Format(PyExc_TypeError, "cannot pickle '%.200s' object", Py_TYPE(self)->tp_name);
	return NULL;
}

static PyMethodDef subscription_methods[] = {
	{"__reduce__", subscription_reduce, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL}
};

static PyType_Slot subscription_slots[] = {
	{Py_tp_dealloc, subscription_dealloc},
	{Py_tp_repr, subscription_repr},
	{Py_tp_call, subscription_call},
	{Py_tp_doc, (void *)"What subscribe() gives."},
	{Py_tp_members, subscription_members},
	{Py_tp_traverse, subscription_traverse},
	{Py_tp_methods, subscription_methods},
	{0, NULL}
};

static PyType_Spec subscription_spec = {
	.name = "hooks.subscription",
	.basicsize = sizeof(subscription),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
			  Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = subscription_slots,
};

PyDoc_STRVAR(subscribe_doc,
"subscribe(event, callback, mode='always')\n--\n\n"
"Have callback called when the event is fired.");

static PyObject *hooks_subscribe(PyObject *self, PyObject *args, PyObject *kwds)
{
	hooks_state *state = get_hooks_state(self);
	static char *keywords[] = {"event", "callback", "mode", NULL};
	PyObject *event, *callback, *list;
	enum mode mode = MODE_ALWAYS;
	subscription *sub;
	int failed;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "UO&|O&:subscribe", keywords, &event,
					 convert_callable, &callback, convert_mode, &mode))
		return NULL;
	list = PyDict_GetItemWithError(state->subscribers, event);
	if (!list) {
		if (PyErr_Occurred() || !(list = PyList_New(0)))
			return NULL;
		failed = PyDict_SetItem(state->subscribers, event, list);
		Py_DECREF(list);
		if (failed)
			return NULL;
	}
	sub = (subscription *)PyType_GenericAlloc(state->subscription_type, 0);
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
	hooks_state *state = get_hooks_state(self);
	subscription *sub;
	PyObject *list, *seq;
	Py_ssize_t i;

	if (!PyArg_ParseTuple(args, "O!:cancel", state->subscription_type, &sub))
		return NULL;
	if (!sub->active) {
		PyErr_SetString(state->hook_error, "cancelled twice");
		return NULL;
	}
	sub->active = 0;
	seq = (PyObject *)sub;
	list = PyDict_GetItemWithError(state->subscribers, sub->event);
	for (i = 0; list && i < PyList_GET_SIZE(list); i++)
		if (PyList_GET_ITEM(list, i) == seq)
			return PyList_SetSlice(list, i, i + 1, NULL) < 0 ? NULL : Py_BuildValue("");
	if (PyErr_Occurred())
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *hooks_same_event(PyObject *self, PyObject *args)
{
	hooks_state *state = get_hooks_state(self);
	subscription *one, *other;

	hooks_converter_arg one_arg = {state, &one};
	hooks_converter_arg other_arg = {state, &other};
	if (!PyArg_ParseTuple(args, "O&O&:same_event", convert_subscription, &one_arg,
			      convert_subscription, &other_arg))
		return NULL;
	return PyObject_RichCompare(one->event, other->event, Py_EQ);
}

static PyObject *hooks_fire(PyObject *self, PyObject *args)
{
	hooks_state *state = get_hooks_state(self);
	PyObject *event, *list, *rest, *copy, *result;
	long called = 0;
	Py_ssize_t i;

	if (PyTuple_GET_SIZE(args) < 1) {
		PyErr_SetString(PyExc_TypeError, "fire() needs an event");
		return NULL;
	}
	event = PyTuple_GET_ITEM(args, 0);
	state->fired++;
	list = PyDict_GetItemWithError(state->subscribers, event);
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
		Py_XSETREF(state->last_result, result);
		called++;
	}
	Py_XDECREF(copy);
	Py_XDECREF(rest);
	return PyErr_Occurred() ? NULL : PyLong_FromLong(called);
}

static PyObject *hooks_status(PyObject *self, PyObject *unused)
{
	hooks_state *state = get_hooks_state(self);
	return Py_BuildValue("{s:k,s:O}", "fired", state->fired, "last",
			     state->last_result ? state->last_result : Py_None);
}

/* ---- a walk that knows nothing of what its visitor does ---- */

typedef int (*visitor)(hooks_state *state, PyObject *leaf, int depth, void *data);

static int walk(hooks_state *state, PyObject *tree, int depth, visitor visit, void *data)
{
	PyObject *item, *iterator;
	int stop = 0;

	if (depth > state->max_depth) {
		PyErr_Format(state->hook_error, "nested deeper than %d", state->max_depth);
		return -1;
	}
	if (!PyList_Check(tree) && !PyTuple_Check(tree))
		return visit(state, tree, depth, data);
	if (!(iterator = PyObject_GetIter(tree)))
		return -1;
	while (!stop && (item = PyIter_Next(iterator))) {
		stop = walk(state, item, depth + 1, visit, data);
		Py_DECREF(item);
	}
	Py_DECREF(iterator);
	return PyErr_Occurred() ? -1 : stop;
}

struct call_data {
	PyObject *callable;
	long visited;
};

static int visit_by_call(hooks_state *state, PyObject *leaf, int depth, void *data)
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
		PyErr_Format(state->hook_error, "a visitor returned %R", answer);
		stop = -1;
	}
	Py_DECREF(answer);
	return stop;
}

static int visit_count(hooks_state *state, PyObject *leaf, int depth, void *data)
{
	int *deepest = data;

	if (depth > *deepest)
		*deepest = depth;
	return 0;
}

static PyObject *hooks_walk(PyObject *self, PyObject *args)
{
	hooks_state *state = get_hooks_state(self);
	struct call_data call = {NULL, 0};
	PyObject *tree;

	if (!PyArg_ParseTuple(args, "OO&:walk", &tree, convert_callable, &call.callable))
		return NULL;
	if (walk(state, tree, 0, visit_by_call, &call) < 0)
		return NULL;
	return PyLong_FromLong(call.visited);
}

static PyObject *hooks_depth(PyObject *self, PyObject *tree)
{
	hooks_state *state = get_hooks_state(self);
	int deepest = 0;

	return walk(state, tree, 0, visit_count, &deepest) < 0 ? NULL : PyLong_FromLong(deepest);
}

/* ---- order, by the C library ---- */

static int compare_numbers(const void *a, const void *b, void *arg)
{
	hooks_state *state = ((hooks_callback_arg *)arg)->state;
	void *data = ((hooks_callback_arg *)arg)->data;
	double one = *(const double *)a, other = *(const double *)b;
	int *downwards = data;

	state->compared++;
	return *downwards ? (one < other) - (one > other) : (one > other) - (one < other);
}

static int compare_sizes(const void *a, const void *b, void *arg)
{
	hooks_state *state = (hooks_state *)arg;
	Py_ssize_t one = Py_SIZE(*(PyObject **)a), other = Py_SIZE(*(PyObject **)b);

	state->compared++;
	return (one > other) - (one < other);
}

static PyObject *hooks_ordered(PyObject *self, PyObject *args)
{
	hooks_state *state = get_hooks_state(self);
	double numbers[3];
	int downwards = 0;
	hooks_callback_arg compare_numbers_arg = {state, &downwards};

	if (!PyArg_ParseTuple(args, "ddd|p:ordered", numbers, numbers + 1, numbers + 2,
			      &downwards))
		return NULL;
	qsort_r(numbers, 3, sizeof(double), compare_numbers, &compare_numbers_arg);
	return Py_BuildValue("ddd", numbers[0], numbers[1], numbers[2]);
}

static PyObject *hooks_by_size(PyObject *self, PyObject *args)
{
	hooks_state *state = get_hooks_state(self);
	PyObject *tuples[3];

	if (!PyArg_ParseTuple(args, "O!O!O!:by_size", &PyTuple_Type, &tuples[0], &PyTuple_Type,
			      &tuples[1], &PyTuple_Type, &tuples[2]))
		return NULL;
	qsort_r(tuples, 3, sizeof(PyObject *), compare_sizes, state);
	return Py_BuildValue("OOO", tuples[0], tuples[1], tuples[2]);
}

static PyObject *hooks_compared(PyObject *self, PyObject *unused)
{
	hooks_state *state = get_hooks_state(self);
	return PyLong_FromUnsignedLong(state->compared);
}

static PyObject *hooks_limit(PyObject *self, PyObject *args)
{
	hooks_state *state = get_hooks_state(self);
	int old = state->max_depth;

	if (!PyArg_ParseTuple(args, "|i:limit", &state->max_depth))
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

static int
hooks_traverse(PyObject *module, visitproc visit, void *arg)
{
	hooks_state *state = get_hooks_state(module);

	Py_VISIT(state->hook_error);
	Py_VISIT(state->subscribers);
	Py_VISIT(state->last_result);
	Py_VISIT(state->subscription_type);
	return 0;
}

static int
hooks_clear(PyObject *module)
{
	hooks_state *state = get_hooks_state(module);

	Py_CLEAR(state->hook_error);
	Py_CLEAR(state->subscribers);
	Py_CLEAR(state->last_result);
	Py_CLEAR(state->subscription_type);
	return 0;
}

static void
hooks_free(void *module)
{
	(void)hooks_clear((PyObject *)module);
}

static int hooks_exec(PyObject *);

static PyModuleDef_Slot hooks_slots[] = {
	{Py_mod_exec, hooks_exec},
#if PY_VERSION_HEX >= 0x030c0000
	{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
	{0, NULL}
};

static struct PyModuleDef hooks_module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "hooks",
	.m_size = sizeof(hooks_state),
	.m_methods = hooks_methods,
	.m_slots = hooks_slots,
	.m_traverse = hooks_traverse,
	.m_clear = hooks_clear,
	.m_free = hooks_free,
};

static int
hooks_exec(PyObject *m)
{
	hooks_state *state = get_hooks_state(m);

	state->max_depth = 50;
	if (hooks_add_type(m, &subscription_spec, 0, &state->subscription_type) < 0)
		return -1;
	state->subscribers = PyDict_New();
	state->hook_error = PyErr_NewException("hooks.HookError", PyExc_RuntimeError, NULL);
	if (!state->subscribers || !state->hook_error) {
		return -1;
	}
	if (PyModule_AddObjectRef(m, "HookError", state->hook_error) < 0) {
		return -1;
	}
	return 0;
}

PyMODINIT_FUNC
PyInit_hooks(void)
{
	return PyModuleDef_Init(&hooks_module);
}
