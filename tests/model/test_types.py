"""Static types: positional and designated initialisers, suites, assignments at run time."""

from __future__ import annotations

from isolate_ext.model.types import StaticType, static_types
from isolate_ext.testing import extension_of

HEAD = "#include <Python.h>\ntypedef struct { PyObject_HEAD int n; } Egg;\n"


def egg(text: str) -> StaticType:
    return static_types(extension_of(HEAD + text))["spam.c:Egg_Type"]


def test_positional_values_go_to_their_fields() -> None:
    type_ = egg(
        'static PyTypeObject Egg_Type = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n    "spam.Egg",\n'
        "    sizeof(Egg),\n    0,\n    (destructor)egg_dealloc,\n    0, 0, 0, 0,\n"
        "    (reprfunc)egg_repr,\n};\n"
    )
    assert type_.name == "spam.Egg"
    assert type_.function("tp_dealloc") == "egg_dealloc"
    assert type_.function("tp_repr") == "egg_repr"
    assert type_.slot("tp_itemsize") is None
    assert type_.struct is not None and type_.struct.names == ("Egg",)


def test_designated_values_and_those_that_follow_one() -> None:
    type_ = egg(
        "static PyTypeObject Egg_Type = {\n    PyVarObject_HEAD_INIT(NULL, 0)\n"
        '    .tp_name = "spam." "Egg",\n    .tp_hash = egg_hash,\n    egg_call,\n};\n'
    )
    assert type_.name == "spam.Egg"
    assert type_.function("tp_hash") == "egg_hash"
    assert type_.function("tp_call") == "egg_call"


def test_suites_are_flattened() -> None:
    type_ = egg(
        "static PyNumberMethods egg_number = {egg_add, .nb_bool = egg_bool};\n"
        'static PyTypeObject Egg_Type = {PyVarObject_HEAD_INIT(NULL, 0) "spam.Egg",\n'
        "    .tp_as_number = &egg_number};\n"
    )
    assert type_.function("nb_add") == "egg_add"
    assert type_.function("nb_bool") == "egg_bool"
    assert type_.suites == ["spam.c:egg_number"]


def test_an_assignment_at_run_time_counts() -> None:
    type_ = egg(
        'static PyTypeObject Egg_Type = {PyVarObject_HEAD_INIT(NULL, 0) "spam.Egg"};\n'
        "void set(void)\n{\n    Egg_Type.tp_new = PyType_GenericNew;\n}\n"
    )
    assert type_.function("tp_new") == "PyType_GenericNew"


def test_flags_by_name() -> None:
    type_ = egg(
        'static PyTypeObject Egg_Type = {PyVarObject_HEAD_INIT(NULL, 0) "spam.Egg",\n'
        "    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC};\n"
    )
    assert type_.has_flag("HAVE_GC") and not type_.has_flag("BASETYPE")
