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

static lineedit_state global_lineedit_state;

static inline lineedit_state *
get_global_lineedit_state(void)
{
    return &global_lineedit_state;
}

static inline lineedit_state *
get_lineedit_state(PyObject *module)
{
    (void)module;
    return get_global_lineedit_state();
}


/* What the library calls when the user presses tab. */
static char *
on_complete(const char *text, int number)
{
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *answer, *start;
    const char *utf8;
    char *result = NULL;

    start = PyLong_FromSsize_t(text - termline_buffer);
    if (start != NULL)
        Py_XSETREF(get_global_lineedit_state()->begidx, start);
    answer = get_global_lineedit_state()->completer ? PyObject_CallFunction(get_global_lineedit_state()->completer, "si", text, number) : NULL;
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
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *answer = get_global_lineedit_state()->startup_hook ? PyObject_CallObject(get_global_lineedit_state()->startup_hook, NULL) : NULL;

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

static struct PyModuleDef lineedit_module = {
    PyModuleDef_HEAD_INIT,
    "lineedit",
    "The line editor of the terminal.",
    -1,
    lineedit_methods,
    NULL,
    NULL,
    NULL,
    NULL
};

static lineedit_state global_lineedit_state = {
    .auto_history = 1,
};

PyMODINIT_FUNC
PyInit_lineedit(void)
{
    lineedit_state *state = get_global_lineedit_state();
    PyObject *m;

    m = PyModule_Create(&lineedit_module);
    if (m == NULL)
        return NULL;
    state->begidx = PyLong_FromLong(0);
    if (state->begidx == NULL)
        goto error;
    state->LineError = PyErr_NewException("lineedit.LineError", PyExc_OSError, NULL);
    if (state->LineError == NULL)
        goto error;
    Py_INCREF(state->LineError);
    if (PyModule_AddObject(m, "LineError", state->LineError) < 0)
        goto error;

    /* From here on the terminal is ours. */
    termline_complete_word = on_complete;
    termline_before_line = on_startup;
    return m;

error:
    Py_DECREF(m);
    return NULL;
}
