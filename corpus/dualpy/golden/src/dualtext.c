/* dualtext: words and their counts. */

#include "dualpy.h"

#include <string.h>

struct module_state {
    PyObject *error;
    PyObject *counts;           /* word -> how often it was seen */
    long longest;
};

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

#if PY_MAJOR_VERSION >= 3
#define GETSTATE(m) ((struct module_state *)PyModule_GetState(m))
#else
#define GETSTATE(m) (&_state)
static struct module_state _state;
#endif

static PyObject *
text_word(struct module_state *st, const char *start, Py_ssize_t length)
{
    PyObject *word, *old, *count;
    long n = 1;

    if (length > st->longest)
        st->longest = (long)length;
#if PY_MAJOR_VERSION >= 3
    word = PyUnicode_DecodeUTF8(start, length, "replace");
#else
    word = PyString_FromStringAndSize(start, length);
#endif
    if (word == NULL)
        return NULL;
    old = PyDict_GetItem(st->counts, word);
    if (old != NULL)
        n += PyLong_AsLong(old);
    count = PyLong_FromLong(n);
    if (count == NULL || PyDict_SetItem(st->counts, word, count) < 0)
        Py_CLEAR(word);
    Py_XDECREF(count);
    return word;
}

static PyObject *
text_split(PyObject *m, PyObject *args)
{
    struct module_state *st = GETSTATE(m);
    const char *text, *end;
    char mark = ' ';
    PyObject *list, *word;
    int failed;

    if (!PyArg_ParseTuple(args, "s|c:split", &text, &mark))
        return NULL;
    list = PyList_New(0);
    while (list != NULL && *text) {
#ifdef DUALTEXT_FAST
        end = strchr(text, mark);
        if (end == NULL)
            end = text + strlen(text);
#else
        for (end = text; *end && *end != mark; end++)
            ;
#endif
        if (end == text) {
            PyErr_SetString(st->error, "two marks without a word between");
            Py_DECREF(list);
            return NULL;
        }
        word = text_word(st, text, end - text);
        failed = word == NULL || PyList_Append(list, word) < 0;
        Py_XDECREF(word);
        if (failed)
            Py_CLEAR(list);
        text = *end ? end + 1 : end;
    }
    return list;
}

static PyObject *
text_counts(PyObject *m, PyObject *noargs)
{
    return PyDict_Copy(GETSTATE(m)->counts);
}

static PyObject *
text_longest(PyObject *m, PyObject *noargs)
{
    return PyLong_FromLong(GETSTATE(m)->longest);
}

static PyObject *
text_forget(PyObject *m, PyObject *noargs)
{
    PyDict_Clear(GETSTATE(m)->counts);
    GETSTATE(m)->longest = 0;
    Py_INCREF(Py_None);
    return Py_None;
}

static PyMethodDef text_methods[] = {
    {"split", text_split, METH_VARARGS, "split(text, mark): the words of a text."},
    {"counts", text_counts, METH_NOARGS, "How often each word was seen."},
    {"longest", text_longest, METH_NOARGS, "The length of the longest word."},
    {"forget", text_forget, METH_NOARGS, "Begin anew."},
    {NULL, NULL, 0, NULL}
};


static int
text_traverse(PyObject *m, visitproc visit, void *arg)
{
    Py_VISIT(GETSTATE(m)->error);
    Py_VISIT(GETSTATE(m)->counts);
    return 0;
}

static int
text_clear(PyObject *m)
{
    Py_CLEAR(GETSTATE(m)->error);
    Py_CLEAR(GETSTATE(m)->counts);
    return 0;
}

static void
dualtext_free(void *module)
{
    (void)text_clear((PyObject *)module);
}

static int dualtext_exec(PyObject *);

static PyModuleDef_Slot dualtext_slots[] = {
    {Py_mod_exec, dualtext_exec},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef moduledef = {
    PyModuleDef_HEAD_INIT,
    .m_name = "dualtext",
    .m_size = sizeof(struct module_state),
    .m_methods = text_methods,
    .m_slots = dualtext_slots,
    .m_traverse = text_traverse,
    .m_clear = text_clear,
    .m_free = dualtext_free,
};

#define INITERROR return NULL

static int
dualtext_exec(PyObject *module)
{
    struct module_state *st;

    st = GETSTATE(module);

    st->error = PyErr_NewException("dualtext.Error", NULL, NULL);
    if (st->error == NULL) {
        return -1;
    }
    st->counts = PyDict_New();
    if (st->counts == NULL) {
        return -1;
    }
    PyModule_AddObjectRef(module, "Error", st->error);

#if PY_MAJOR_VERSION >= 3
    return PyErr_Occurred() ? -1 : 0;
#endif
}

PyMODINIT_FUNC
PyInit_dualtext(void)
{
    return PyModuleDef_Init(&moduledef);
}
