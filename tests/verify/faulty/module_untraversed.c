/* Coins, which only the mint makes. */
#include "isolated.h"

typedef struct {
    PyTypeObject *Coin_Type;
} mint_state;

typedef struct {
    PyObject_HEAD
    long value;
} CoinObject;

static int
Coin_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void
Coin_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef Coin_members[] = {
    {"value", T_LONG, offsetof(CoinObject, value), READONLY, NULL},
    {NULL}
};

static PyType_Slot Coin_slots[] = {
    {Py_tp_traverse, Coin_traverse},
    {Py_tp_dealloc, Coin_dealloc},
    {Py_tp_members, Coin_members},
    {0, NULL}
};

static PyType_Spec Coin_spec = {
    .name = "module_untraversed.Coin",
    .basicsize = sizeof(CoinObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE
             | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = Coin_slots,
};

static PyObject *
mint(PyObject *module, PyObject *args)
{
    mint_state *state = PyModule_GetState(module);
    long value = 1;
    CoinObject *coin;

    if (!PyArg_ParseTuple(args, "|l:mint", &value)) {
        return NULL;
    }
    coin = PyObject_GC_New(CoinObject, state->Coin_Type);
    if (coin != NULL) {
        coin->value = value;
        PyObject_GC_Track(coin);
    }
    return (PyObject *)coin;
}

static PyMethodDef module_methods[] = {
    {"mint", mint, METH_VARARGS, "A coin of that value."},
    {NULL, NULL, 0, NULL}
};

static int
module_exec(PyObject *module)
{
    mint_state *state = PyModule_GetState(module);

    state->Coin_Type = make_type(module, &Coin_spec, NULL);
    if (state->Coin_Type == NULL) {
        return -1;
    }
    forbid_instances(state->Coin_Type);
    return 0;
}

#ifndef FAULTY
static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    mint_state *state = PyModule_GetState(module);

    Py_VISIT(state->Coin_Type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    mint_state *state = PyModule_GetState(module);

    Py_CLEAR(state->Coin_Type);
    return 0;
}
#endif

static void
module_free(void *module)
{
    mint_state *state = PyModule_GetState(module);

    if (state != NULL) {
        Py_CLEAR(state->Coin_Type);
    }
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    ISOLATED_SLOT
    {0, NULL}
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, .m_name = "module_untraversed", .m_size = sizeof(mint_state),
    .m_methods = module_methods, .m_slots = module_slots,
#ifndef FAULTY
    .m_traverse = module_traverse, .m_clear = module_clear,
#endif
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit_module_untraversed(void)
{
    return PyModuleDef_Init(&module_definition);
}
