"""Where globals go, who owns what, how functions reach the state, and what things are named."""

from __future__ import annotations

import pytest

from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Decisions, Level, RouteKind
from isolate_ext.placement.ownership import owns
from isolate_ext.placement.place import place
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import extension_of
from isolate_ext_rules.examples import EXCEPTION, HELPER, TYPE, module

MADE = "PyType_Ready(&Egg_Type); Error = PyList_New(0);"


def decided(source: str) -> Decisions:
    decisions = place(extension_of(source))
    assert isinstance(decisions, Decisions)
    return decisions


def fields(source: str) -> dict[str, bool]:
    """Names of state members, and whether they are owned."""
    return {each.name: each.owned for each in decided(source).fields.values()}


def routes(source: str) -> dict[str, RouteKind]:
    return {each.name: route.kind for each, route in decided(source).routes.items()}


def variable_in(code: str) -> tuple[Extension, str]:
    return extension_of(f"#include <Python.h>\n#include <string.h>\n{code}"), "spam.c:value"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("value = PyList_New(0);", True),
        ('value = PyDict_GetItemString(d, "x");', False),
        ('value = PyDict_GetItemString(d, "x"); Py_INCREF(value);', True),
        ("value = d; Py_INCREF(d);", True),
        ("value = d;", False),
        ("PyObject *made = PyList_New(0); value = made;", True),
        ("value = NULL;", True),
    ],
)
def test_who_owns(statement: str, expected: bool) -> None:
    extension, key = variable_in(
        f"static PyObject *value;\nvoid f(PyObject *d) {{ {statement} }}\n"
    )
    assert owns(extension, extension.variables[key]) is expected


def test_objects_move_and_constants_stay() -> None:
    source = EXCEPTION.replace(
        "static PyObject *Error;",
        "static PyObject *Error;\nstatic const int table[] = {1, 2};\n"
        "static int never_written = 3;\n"
        "static struct { PyObject *a; int b; } unused_pair;",
    )
    assert fields(source) == {"Error": True, "unused_pair": True}


@pytest.mark.parametrize(
    "declared",
    [
        "static __thread int depth;",
        "static _Thread_local int depth;",
        "_Thread_local int depth;",
        "#define TLS __thread\nstatic TLS int depth;",
        "static __declspec(thread) int depth;",
    ],
)
def test_what_each_thread_has_its_own_of_stays(declared: str) -> None:
    source = EXCEPTION.replace("static PyObject *Error;", f"static PyObject *Error;\n{declared}")
    decisions = decided(source.replace("PyErr_SetString", "depth++;\n    PyErr_SetString"))
    assert [each.name for each in decisions.fields.values()] == ["Error"]
    assert [(each.symbol.split(":")[-1], each.level) for each in decisions.stays] == [
        ("depth", Level.THREAD)
    ]


def test_static_locals_of_all_branches_move() -> None:
    branches = "\n".join(
        f"#{word}\n    static PyObject *{name};\n    Py_XSETREF({name}, PyList_New(0));"
        for word, name in (("ifdef ONE", "one"), ("elif defined(TWO)", "two"), ("else", "three"))
    )
    source = EXCEPTION.replace("PyErr_SetString", f"{branches}\n#endif\n    PyErr_SetString")
    assert fields(source).keys() == {
        "Error", "spam_fail_one", "spam_fail_two", "spam_fail_three",
    }  # fmt: skip


def test_a_local_hides_nothing_in_another_branch() -> None:
    use = "PyObject_Hash(Error);"
    source = EXCEPTION.replace(
        "PyErr_SetString",
        f"#ifdef ONE\n    PyObject *Error = args;\n    {use}\n#else\n    {use}\n#endif\n"
        "    PyErr_SetString",
        1,
    )
    extension = extension_of(source)
    data = extension.files["spam.c"].source.data
    first = data.index(use.encode())
    places = [each.start for each in extension.uses_of("spam.c:Error")]
    assert data.index(b"Error);", first) not in places
    assert data.index(b"Error);", first + len(use)) in places


def test_a_static_local_gets_its_functions_name() -> None:
    source = EXCEPTION.replace(
        'PyErr_SetString(Error, "failed");',
        "static PyObject *text;\n    if (text == NULL) {\n"
        '        text = PyUnicode_FromString("failed");\n    }\n    PyErr_SetObject(Error, text);',
    )
    assert fields(source) == {"Error": True, "spam_fail_text": True}


def test_two_statics_of_one_name_become_two_members() -> None:
    code = EXCEPTION.partition("\n")[2]
    other = "static PyObject *Error;\nvoid other(void)\n{\n    Error = PyList_New(0);\n}\n"
    include = '#include "spam.h"\n'
    source = (
        f"-- spam.c --\n{include}{code}"
        f"-- other.c --\n{include}{other}"
        "-- spam.h --\n#include <Python.h>\nvoid other(void);\n"
    )
    names = set(fields(source))
    assert len(names) == 2 and "Error" in names


def test_the_routes() -> None:
    found = routes(HELPER)
    assert found["fail"] is RouteKind.PARAMETER
    assert found["spam_fail"] is RouteKind.MODULE
    assert found["PyInit_spam"] is RouteKind.EXEC


@pytest.mark.parametrize(
    ("slot", "head", "kind"),
    [
        (".tp_repr = f", "f(PyObject *self)", RouteKind.INSTANCE),
        (".tp_new = f", "f(PyTypeObject *type, PyObject *args, PyObject *kwds)", RouteKind.TYPE),
        (".tp_as_number = &number", "f(PyObject *left, PyObject *right)", RouteKind.EITHER),
    ],
)
def test_the_routes_of_slots(slot: str, head: str, kind: RouteKind) -> None:
    suite = "static PyNumberMethods number = {.nb_add = f};\n" if "number" in slot else ""
    code = (
        f"static PyObject *Error;\n\nstatic PyObject *\n{head}\n{{\n    Py_INCREF(Error);\n"
        f"    return Error;\n}}\n\n{suite}"
        "static PyTypeObject Egg_Type = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
        f'    .tp_name = "spam.Egg", {slot},\n}};\n'
    )
    assert routes(module(code, "", MADE))["f"] is kind


def test_a_class_method_gets_at_it_through_its_type() -> None:
    code = (
        "static PyObject *Error;\n\nstatic PyObject *\nmake(PyObject *cls, PyObject *none)\n{\n"
        "    Py_INCREF(Error);\n    return Error;\n}\n\n"
        'static PyMethodDef methods[] = {{"make", make, METH_NOARGS | METH_CLASS, NULL}, {NULL}};\n'
        "static PyTypeObject Egg_Type = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
        '    .tp_name = "spam.Egg", .tp_methods = methods,\n};\n'
    )
    assert routes(module(code, "", MADE))["make"] is RouteKind.TYPE


def test_a_refused_type_takes_the_access_of_its_methods_along() -> None:
    decisions = place(
        extension_of(
            TYPE.replace("    .tp_flags", "    .tp_repr = (reprfunc)new_egg,\n    .tp_flags")
        ),
        frozenset({"spam.c:Egg_Type"}),
    )
    assert isinstance(decisions, Decisions)
    assert "spam.c:Egg_Type" not in decisions.types


@pytest.mark.parametrize(
    ("taken", "name"),
    [("", "state"), ("int state;", "module_state"), ("int state, module_state;", "mod_state")],
)
def test_the_state_has_one_name_that_is_free(taken: str, name: str) -> None:
    source = EXCEPTION.replace("    PyErr_SetString", f"    {taken}\n    PyErr_SetString")
    assert decided(source).names.variable == name


def test_names_that_are_taken_are_not_used() -> None:
    source = EXCEPTION.replace(
        "static PyObject *Error;", "static PyObject *Error;\ntypedef int spam_state;"
    )
    assert decided(source).names.state_struct == "spam_module_state"


def test_a_placement_is_the_same_every_time() -> None:
    first, second = decided(TYPE), decided(TYPE)
    assert list(first.fields) == list(second.fields)
    assert [d.name for d in first.routes] == [d.name for d in second.routes]


def test_a_callback_without_a_way_is_refused() -> None:
    from isolate_ext_rules.examples import CALLBACK

    assert [each.reason for each in decided(CALLBACK).refusals] == [Reason.ADDRESS_TAKEN]
