"""C text of the state's accessors (handbook sections 0.2 and 0.3)."""

from __future__ import annotations

from isolate_ext.text import Template

STATIC_ACCESSOR = Template(
    """\
${storage} ${struct} ${variable};

static inline ${struct} *
${accessor}(void)
{
    return &${variable};
}""",
    "storage struct variable accessor",
)

GET_MODULE = Template(
    """\
static inline ${struct} *
${accessor}(PyObject *module)
{
    ${body}
}""",
    "struct accessor body",
)

GET_BY_TYPE_NEW = Template(
    """\
/* NULL, without an exception, for a type that is not of this module. */
static inline ${struct} *
${accessor}(PyTypeObject *type)
{
    PyObject *module;

    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        return NULL;
    }
    module = PyType_GetModuleByDef(type, &${definition});
    if (module == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return (${struct} *)PyModule_GetState(module);
}""",
    "struct accessor definition",
)

GET_BY_TYPE = Template(
    """\
/* NULL, without an exception, for a type that is not of this module. */
static inline ${struct} *
${accessor}(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030b0000
    PyObject *module;

    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        return NULL;
    }
    module = PyType_GetModuleByDef(type, &${definition});
    if (module == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return (${struct} *)PyModule_GetState(module);
#else
    PyObject *mro = type->tp_mro;
    Py_ssize_t i, n = mro == NULL ? 0 : PyTuple_GET_SIZE(mro);

    for (i = 0; i < n; i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)base)->ht_module;
            if (module != NULL && PyModule_Check(module)
                && PyModule_GetDef(module) == &${definition}) {
                return (${struct} *)PyModule_GetState(module);
            }
        }
    }
    return NULL;
#endif
}""",
    "struct accessor definition",
)

GET_BY_OPERANDS = Template(
    """\
/* NULL, without an exception, if no operand is of a type of this module. */
static inline ${struct} *
${accessor}(PyObject *left, PyObject *right, PyObject *third)
{
    ${struct} *found = ${by_type}(Py_TYPE(left));

    if (found == NULL) {
        found = ${by_type}(Py_TYPE(right));
    }
    if (found == NULL && third != NULL) {
        found = ${by_type}(Py_TYPE(third));
    }
    return found;
}""",
    "struct accessor by_type",
)

GET_IN_TEARDOWN = Template(
    """\
/* For dealloc and the like: once the GC has cleared the type, or its module,
   members are NULL, and there may be nothing but the caller's stand-in. */
static inline ${struct} *
${accessor}(PyTypeObject *type, ${struct} *${stand_in})
{
    for (; type != NULL; type = type->tp_base) {
        if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)type)->ht_module;
            if (module != NULL && PyModule_Check(module)
                && PyModule_GetDef(module) == &${definition}) {
                return (${struct} *)PyModule_GetState(module);
            }
        }
    }
    ${fill}
    return ${stand_in};
}""",
    "struct accessor definition stand_in fill",
)

CONVERTER_ARGUMENT = Template(
    """\
/* What a converter gets as its second argument. */
typedef struct {
    ${struct} *state;
    void *result;
} ${name};""",
    "struct name",
)

CALLBACK_ARGUMENT = Template(
    """\
/* What a callback gets for the length of the call that it is handed over with. */
typedef struct {
    ${struct} *state;
    void *data;
} ${name};""",
    "struct name",
)

GET_LOADED = Template(
    """\
${storage}PyObject *${loaded};

/* NULL while no module is loaded. */
static inline ${struct} *
${accessor}(void)
{
    return ${loaded} == NULL ? NULL : (${struct} *)PyModule_GetState(${loaded});
}""",
    "storage loaded struct accessor",
)

TYPE_FLAGS = Template(
    """\
#ifndef Py_TPFLAGS_DISALLOW_INSTANTIATION  /* new in 3.10 */
#  define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#endif
#ifndef Py_TPFLAGS_IMMUTABLETYPE  /* new in 3.10 */
#  define Py_TPFLAGS_IMMUTABLETYPE 0
#endif""",
    "",
)


def READY(name: str, inline: bool, *, based: bool, closed: bool) -> str:  # noqa: N802
    """The function that makes a heap type of a spec, once."""
    parameters = ["PyObject *module", "PyType_Spec *spec"]
    parameters += ["PyTypeObject *base"] if based else []
    parameters += ["int instantiable"] if closed else []
    parameters += ["PyTypeObject **type"]
    joined = ", ".join(parameters)
    signature = f"{name}({joined})"
    if len(signature) > 79:
        pad = " " * (len(name) + 1)
        signature = f"{name}({parameters[0]}, {parameters[1]},\n{pad}{', '.join(parameters[2:])})"
    lines = [f"static {'inline ' if inline else ''}int", signature, "{"]
    if based:
        lines += ["    PyObject *bases = NULL;", ""]
    lines += ["    if (*type != NULL) {", "        return 0;", "    }"]
    if based:
        lines += [
            "    if (base != NULL && (bases = PyTuple_Pack(1, base)) == NULL) {",
            "        return -1;",
            "    }",
            "    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, bases);",
            "    Py_XDECREF(bases);",
        ]
    else:
        lines += ["    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);"]
    if closed:
        lines += [
            "#if PY_VERSION_HEX < 0x030a0000  /* no Py_TPFLAGS_DISALLOW_INSTANTIATION */",
            "    if (*type != NULL && !instantiable) {",
            "        (*type)->tp_new = NULL;",
            "    }",
            "#else",
            "    (void)instantiable;",
            "#endif",
        ]
    return "\n".join([*lines, "    return *type == NULL ? -1 : 0;", "}"])
