/* lineedit: the terminal's line editor, with completion and history.
 *
 * The library keeps function pointers without user data and has one line for
 * the whole process.  So has this module.
 */

#include "Python.h"

#include <stdlib.h>
#include <string.h>

#include "termline.h"

typedef struct {
    PyObject *completer;  /* completer(text, number) -> str or None */
    PyObject *startup_hook;  /* called before each line */
    PyObject *begidx;  /* where the completed word begins */
    PyObject *LineError;
    int auto_history;
} lineedit_state;

static inline lineedit_state *
get_lineedit_state(PyObject *module)
{
    void *state = PyModule_GetState(module);
    assert(state != NULL);
    return (lineedit_state *)state;
}

static PyObject *loaded_lineedit;

/* NULL while no module is loaded. */
static inline lineedit_state *
get_loaded_lineedit_state(void)
{
    return loaded_lineedit == NULL ? NULL : (lineedit_state *)PyModule_GetState(loaded_lineedit);
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


/* What the library calls when the user presses tab. */
static char *
on_complete(const char *text, int number)
{
    lineedit_state *state = get_loaded_lineedit_state();
    if (state == NULL) {
        return NULL;
    }
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *answer, *start;
    const char *utf8;
    char *result = NULL;

    start = PyLong_FromSsize_t(text - termline_buffer);
    if (start != NULL)
        Py_XSETREF(state->begidx, start);
    answer = state->completer ? PyObject_CallFunction(state->completer, "si", text, number) : NULL;
    if (answer != NULL && answer != Py_None) {
        utf8 = PyUnicode_AsUTF8(answer);
        if (utf8 != NULL) {
            result = malloc(strlen(utf8) + 1);
            if (result != NULL)
                strcpy(result, utf8);
        }
    }
    Py_XDECREF(answer);
    if (PyErr_Occurred())
        PyErr_Clear();          /* as the terminal must not be left half drawn */
    PyGILState_Release(gil);
    return result;
}

static void
on_startup(void)
{
    lineedit_state *state = get_loaded_lineedit_state();
    if (state == NULL) {
        return;
    }
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *answer = state->startup_hook ? PyObject_CallObject(state->startup_hook, NULL) : NULL;

    if (answer == NULL)
        PyErr_Clear();
    Py_XDECREF(answer);
    PyGILState_Release(gil);
}

static PyObject *
set_hook(PyObject **where, PyObject *args, const char *name)
{
    PyObject *function = Py_None;

    if (!PyArg_UnpackTuple(args, name, 0, 1, &function))
        return NULL;
    if (function == Py_None) {
        Py_CLEAR(*where);
    }
    else if (PyCallable_Check(function)) {
        Py_INCREF(function);
        Py_XSETREF(*where, function);
    }
    else {
        PyErr_Format(PyExc_TypeError, "%s(): the argument must be callable", name);
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(set_completer_doc,
"set_completer(function=None)\n\
\n\
Complete words with function(text, number), or stop doing so.");

static PyObject *
lineedit_set_completer(PyObject *self, PyObject *args)
{
    lineedit_state *state = get_lineedit_state(self);
    return set_hook(&state->completer, args, "set_completer");
}

static PyObject *
lineedit_get_completer(PyObject *self, PyObject *noarg)
{
    lineedit_state *state = get_lineedit_state(self);
    if (state->completer == NULL)
        Py_RETURN_NONE;
    Py_INCREF(state->completer);
    return state->completer;
}

static PyObject *
lineedit_set_startup_hook(PyObject *self, PyObject *args)
{
    lineedit_state *state = get_lineedit_state(self);
    return set_hook(&state->startup_hook, args, "set_startup_hook");
}

static PyObject *
lineedit_get_begidx(PyObject *self, PyObject *noarg)
{
    lineedit_state *state = get_lineedit_state(self);
    Py_INCREF(state->begidx);
    return state->begidx;
}

static PyObject *
lineedit_insert_text(PyObject *self, PyObject *arg)
{
    lineedit_state *state = get_lineedit_state(self);
    const char *text = PyUnicode_AsUTF8(arg);

    if (text == NULL)
        return NULL;
    if (strlen(termline_buffer) + strlen(text) >= TERMLINE_MAX) {
        PyErr_SetString(state->LineError, "the line is full");
        return NULL;
    }
    strcat(termline_buffer, text);
    Py_RETURN_NONE;
}

static PyObject *
lineedit_get_line_buffer(PyObject *self, PyObject *noarg)
{
    return PyUnicode_FromString(termline_buffer);
}

static PyObject *
lineedit_edit(PyObject *self, PyObject *args)
{
    lineedit_state *state = get_lineedit_state(self);
    const char *prompt, *typed, *line;

    if (!PyArg_ParseTuple(args, "ss:edit", &prompt, &typed))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    line = termline_edit(prompt, typed);
    Py_END_ALLOW_THREADS
    if (line == NULL) {
        PyErr_Format(state->LineError, "a line has at most %d bytes", TERMLINE_MAX - 1);
        return NULL;
    }
    if (state->auto_history && *line && termline_history_add(line) < 0) {
        PyErr_SetString(state->LineError, "the history is full");
        return NULL;
    }
    return PyUnicode_FromString(line);
}

static PyObject *
lineedit_history(PyObject *self, PyObject *noarg)
{
    PyObject *list = PyList_New(0), *line;
    int i;

    for (i = 0; list != NULL && i < termline_history_length(); i++) {
        line = PyUnicode_FromString(termline_history_get(i));
        if (line == NULL || PyList_Append(list, line) < 0)
            Py_CLEAR(list);
        Py_XDECREF(line);
    }
    return list;
}

static PyObject *
lineedit_clear_history(PyObject *self, PyObject *noarg)
{
    termline_history_clear();
    Py_RETURN_NONE;
}

static PyObject *
lineedit_set_auto_history(PyObject *self, PyObject *args)
{
    lineedit_state *state = get_lineedit_state(self);
    if (!PyArg_ParseTuple(args, "p:set_auto_history", &state->auto_history))
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef lineedit_methods[] = {
    {"edit", lineedit_edit, METH_VARARGS, "edit(prompt, typed): the finished line."},
    {"set_completer", lineedit_set_completer, METH_VARARGS, set_completer_doc},
    {"get_completer", lineedit_get_completer, METH_NOARGS, "The completer, or None."},
    {"set_startup_hook", lineedit_set_startup_hook, METH_VARARGS,
     "Call a function before each line."},
    {"get_begidx", lineedit_get_begidx, METH_NOARGS, "Where the completed word began."},
    {"insert_text", lineedit_insert_text, METH_O, "Append to the line being edited."},
    {"get_line_buffer", lineedit_get_line_buffer, METH_NOARGS, "The line being edited."},
    {"history", lineedit_history, METH_NOARGS, "All lines so far."},
    {"clear_history", lineedit_clear_history, METH_NOARGS, "Forget them."},
    {"set_auto_history", lineedit_set_auto_history, METH_VARARGS,
     "Whether finished lines are remembered."},
    {NULL, NULL, 0, NULL}
};

static int
lineedit_traverse(PyObject *module, visitproc visit, void *arg)
{
    lineedit_state *state = get_lineedit_state(module);

    Py_VISIT(state->completer);
    Py_VISIT(state->startup_hook);
    Py_VISIT(state->begidx);
    Py_VISIT(state->LineError);
    return 0;
}

static int
lineedit_clear(PyObject *module)
{
    lineedit_state *state = get_lineedit_state(module);

    Py_CLEAR(state->completer);
    Py_CLEAR(state->startup_hook);
    Py_CLEAR(state->begidx);
    Py_CLEAR(state->LineError);
    return 0;
}

static void
lineedit_free(void *module)
{
    if (loaded_lineedit == (PyObject *)module) {
        loaded_lineedit = NULL;
    }
    (void)lineedit_clear((PyObject *)module);
}

/* What is hooked into the process works for this module until Python exits:
   atexit holds it that long, and calls no more than type(module) then. */
static int
lineedit_keep(PyObject *module)
{
    PyObject *atexit, *held;
    int result;

    atexit = PyImport_ImportModule("atexit");
    if (atexit == NULL) {
        return -1;
    }
    held = PyObject_CallMethod(atexit, "register", "OO", &PyType_Type, module);
    result = held == NULL ? -1 : 0;
    Py_XDECREF(held);
    Py_DECREF(atexit);
    return result;
}

static int lineedit_exec(PyObject *);

static PyModuleDef_Slot lineedit_slots[] = {
    {Py_mod_exec, lineedit_exec},
    {Py_mod_exec, lineedit_keep},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef lineedit_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "lineedit",
    .m_doc = "The line editor of the terminal.",
    .m_size = sizeof(lineedit_state),
    .m_methods = lineedit_methods,
    .m_slots = lineedit_slots,
    .m_traverse = lineedit_traverse,
    .m_clear = lineedit_clear,
    .m_free = lineedit_free,
};

static int
lineedit_exec(PyObject *m)
{
    lineedit_state *state = get_lineedit_state(m);

    state->auto_history = 1;
    if (loaded_lineedit != NULL) {
        PyErr_SetString(PyExc_ImportError,
                        "lineedit can be loaded only once in a process");
        return -1;
    }
    loaded_lineedit = m;
    state->begidx = PyLong_FromLong(0);
    if (state->begidx == NULL)
        goto error;
    state->LineError = PyErr_NewException("lineedit.LineError", PyExc_OSError, NULL);
    if (state->LineError == NULL)
        goto error;
    if (PyModule_AddObjectRef(m, "LineError", state->LineError) < 0)
        goto error;

    /* From here on the terminal is ours. */
    termline_complete_word = on_complete;
    termline_before_line = on_startup;
    return 0;

error:
    ;
    return -1;
}

PyMODINIT_FUNC
PyInit_lineedit(void)
{
    return PyModuleDef_Init(&lineedit_module);
}
