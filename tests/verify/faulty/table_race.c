/* Finds the letter that stands for a number, in a table that is sorted when it is made. */
#include "isolated.h"

#include <string.h>

#define ENTRIES 20000

typedef struct {
    unsigned int key;
    unsigned int letter;
} entry;

typedef struct {
    entry *entries;
} table_state;

#ifdef FAULTY
static entry all_entries[ENTRIES];
#endif

static int
by_key(const void *one, const void *other)
{
    unsigned int a = ((const entry *)one)->key, b = ((const entry *)other)->key;

    return (a > b) - (a < b);
}

static void
fill(entry *entries)
{
    for (unsigned int i = 0; i < ENTRIES; i++) {
        entries[i].key = (i * 7919u) % ENTRIES;
        entries[i].letter = 'a' + entries[i].key % 26;
    }
    qsort(entries, ENTRIES, sizeof(entry), by_key);
}

static PyObject *
letter(PyObject *module, PyObject *number)
{
    table_state *state = PyModule_GetState(module);
    entry wanted = {0, 0}, *found;
    long key = PyLong_AsLong(number);

    if (key == -1 && PyErr_Occurred()) {
        return NULL;
    }
    wanted.key = (unsigned int)(key % ENTRIES + ENTRIES) % ENTRIES;
    found = bsearch(&wanted, state->entries, ENTRIES, sizeof(entry), by_key);
    if (found == NULL) {
        PyErr_SetString(PyExc_LookupError, "no such number");
        return NULL;
    }
    return PyUnicode_FromFormat("%c", (int)found->letter);
}

static PyMethodDef module_methods[] = {
    {"letter", letter, METH_O, "The letter of a number."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    table_state *state = PyModule_GetState(module);

#ifdef FAULTY
    state->entries = all_entries;
#else
    state->entries = PyMem_Malloc(sizeof(entry) * ENTRIES);
    if (state->entries == NULL) {
        PyErr_NoMemory();
        return -1;
    }
#endif
    fill(state->entries);
    return 0;
}

static void
module_free(void *module)
{
#ifndef FAULTY
    table_state *state = PyModule_GetState(module);

    if (state != NULL) {
        PyMem_Free(state->entries);
        state->entries = NULL;
    }
#endif
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "table_race", .m_size = sizeof(table_state),
    .m_methods = module_methods,
    .m_slots = module_slots, .m_free = module_free,
};

PyMODINIT_FUNC
PyInit_table_race(void)
{
    return PyModuleDef_Init(&module_definition);
}
