"""As what the address of a function is taken."""

from __future__ import annotations

from isolate_ext.model.roles import Called, Role, roles
from isolate_ext.testing import extension_of


def found(text: str, name: str) -> list[Role]:
    extension = extension_of("#include <Python.h>\n" + text)
    (routine,) = [r for r in extension.routines.values() if r.name == name and not r.is_macro]
    return roles(extension, routine)


FUNCTION = "static PyObject *f(PyObject *self, PyObject *arg) { return arg; }\n"
MODULE = 'static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "spam", NULL, -1, table};\n'


def test_a_function_of_the_module() -> None:
    (role,) = found(
        FUNCTION
        + 'static PyMethodDef table[] = {{"f", (PyCFunction)f, METH_O}, {NULL}};\n'
        + MODULE,
        "f",
    )
    assert role.called is Called.MODULE_METHOD
    assert role.flags == {"METH_O"}


def test_a_table_row_that_is_a_macro() -> None:
    """As Argument Clinic writes them."""
    (role,) = found(
        FUNCTION + '#define F_METHODDEF \\\n    {"f", (PyCFunction)f, METH_O, NULL},\n'
        "static PyMethodDef table[] = {F_METHODDEF {NULL}};\n" + MODULE,
        "f",
    )
    assert role.called is Called.MODULE_METHOD


def test_methods_getters_and_slots_of_a_type() -> None:
    text = (
        FUNCTION + "static PyObject *get(PyObject *self, void *closure) { return NULL; }\n"
        "static PyObject *show(PyObject *self) { return NULL; }\n"
        'static PyMethodDef methods[] = {{"f", f, METH_O | METH_CLASS}, {NULL}};\n'
        'static PyGetSetDef getset[] = {{"x", get, NULL, NULL, NULL}, {NULL}};\n'
        'static PyTypeObject Egg_Type = {PyVarObject_HEAD_INIT(NULL, 0) "spam.Egg",\n'
        "    .tp_methods = methods, .tp_getset = getset, .tp_repr = show};\n"
    )
    assert [(r.called, r.owners) for r in found(text, "f")] == [
        (Called.TYPE_METHOD, ("spam.c:Egg_Type",))
    ]
    assert "METH_CLASS" in found(text, "f")[0].flags
    assert [r.called for r in found(text, "get")] == [Called.GETTER]
    assert [(r.called, r.slot) for r in found(text, "show")] == [(Called.SLOT, "tp_repr")]


def test_a_slot_assigned_at_run_time() -> None:
    text = (
        "static PyObject *show(PyObject *self) { return NULL; }\n"
        'static PyTypeObject Egg_Type = {PyVarObject_HEAD_INIT(NULL, 0) "spam.Egg"};\n'
        "void set(void) { Egg_Type.tp_repr = show; }\n"
    )
    assert [(r.called, r.slot) for r in found(text, "show")] == [(Called.SLOT, "tp_repr")]


def test_converters_callbacks_and_destructors() -> None:
    text = (
        "static int convert(PyObject *arg, void *out) { return 1; }\n"
        "static int order(const void *a, const void *b) { return 0; }\n"
        "static void drop(PyObject *capsule) { }\n"
        "void f(PyObject *args, int *v)\n{\n    int x;\n"
        '    PyArg_ParseTuple(args, "O&", convert, &x);\n    qsort(v, 2, 4, order);\n'
        '    PyCapsule_New(v, "x", drop);\n}\n'
    )
    assert [r.called for r in found(text, "convert")] == [Called.CONVERTER]
    assert [(r.called, r.slot) for r in found(text, "order")] == [(Called.CALLBACK, "qsort")]
    assert [r.called for r in found(text, "drop")] == [Called.DESTRUCTOR]


def test_a_direct_call_is_no_role() -> None:
    assert found(FUNCTION + "void g(void) { f(NULL, NULL); }\n", "f") == []
