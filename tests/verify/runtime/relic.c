/* An extension with multi-phase init.  Each macro gives it one thing that outlives a runtime, or
   one way to end badly in the second. */
#include <Python.h>
#include <unistd.h>

static int runtimes;

#ifdef KEPT_OBJECT
static PyObject *cache;
#endif

#ifdef HIDDEN_OBJECT
static struct { PyObject *cache; } *hidden;
#endif

#ifdef KEPT_BUFFER
static char *buffer;
#endif

static PyObject *
relic_touch(PyObject *module, PyObject *ignored)
{
#ifdef KEPT_OBJECT
    if (cache == NULL && (cache = PyList_New(0)) == NULL) {
        return NULL;
    }
    return PyLong_FromSsize_t(PyList_Size(cache));
#endif
#ifdef HIDDEN_OBJECT
    if (hidden == NULL) {
        hidden = PyMem_RawCalloc(1, sizeof(*hidden));
        hidden->cache = PyList_New(0);
    }
    return PyLong_FromSsize_t(PyList_Size(hidden->cache));
#endif
#ifdef KEPT_BUFFER
    if (buffer == NULL) {
        buffer = PyMem_Malloc(16);
    }
#endif
#ifdef MUCH_MEMORY
    void *much = PyMem_Malloc((size_t)2 << 30);
    if (much == NULL) {
        return PyErr_NoMemory();
    }
    PyMem_Free(much);
#endif
#ifdef ADDRESSES
    static uintptr_t first;
    PyObject *made = PyBytes_FromStringAndSize(NULL, 100);
    uintptr_t here = ~(uintptr_t)made;
    Py_XDECREF(made);
    if (first == 0) {
        first = here;
    }
    if (here > first + ((uintptr_t)1 << 20) || first > here + ((uintptr_t)1 << 20)) {
        Py_RETURN_NONE;
    }
#endif
#ifdef WORKS_ONCE
    if (runtimes > 1) {
        PyErr_SetString(PyExc_RuntimeError, "not again");
        return NULL;
    }
#endif
#ifdef CRASHES
    if (runtimes > 1) {
        *(volatile int *)8 = 1;
    }
#endif
#ifdef ABORTS
    if (runtimes > 1) {
        Py_FatalError("no more");
    }
#endif
#ifdef LEAVES
    if (runtimes > 1) {
        exit(3);
    }
#endif
#ifdef HANGS
    while (runtimes > 1) {
        sleep(1);
    }
#endif
    return PyLong_FromLong(1);
}

static PyMethodDef relic_methods[] = {
    {"touch", relic_touch, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static int
relic_exec(PyObject *module)
{
    runtimes++;
#ifdef LOAD_ONCE
    if (runtimes > 1) {
        PyErr_SetString(PyExc_ImportError, "cannot load relic more than once a process");
        return -1;
    }
#endif
    return 0;
}

static void
relic_free(void *module)
{
#ifdef DIES_AT_THE_END
    if (runtimes > 1) {
        *(volatile int *)8 = 1;
    }
#endif
}

static PyModuleDef_Slot relic_slots[] = {
    {Py_mod_exec, relic_exec},
    {0, NULL}
};

static struct PyModuleDef relic_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "relic",
    .m_size = 8,
    .m_methods = relic_methods,
    .m_slots = relic_slots,
    .m_free = relic_free,
};

PyMODINIT_FUNC
PyInit_relic(void)
{
    return PyModuleDef_Init(&relic_module);
}
