"""The init function: what it makes, and how it ends."""

from __future__ import annotations

from isolate_ext.model.init import ExitKind, ModuleInit, init_closure, module_inits
from isolate_ext.testing import extension_of

DEF = (
    "#include <Python.h>\n"
    'static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "spam", NULL, -1};\n'
)


def only(text: str) -> ModuleInit:
    (init,) = module_inits(extension_of(DEF + text))
    return init


def test_the_exits_of_a_plain_one() -> None:
    init = only(
        "PyMODINIT_FUNC PyInit_spam(void)\n{\n    PyObject *m = PyModule_Create(&def);\n"
        "    if (m == NULL)\n        return NULL;\n    if (m == Py_None)\n        return other();\n"
        "    return m;\n}\n"
    )
    assert init.module_variable == "m" and not init.multi_phase
    assert [each.kind for each in init.exits] == [ExitKind.FAILURE, ExitKind.OTHER, ExitKind.MODULE]


def test_one_that_returns_what_it_creates() -> None:
    init = only("PyMODINIT_FUNC PyInit_spam(void) { return PyModule_Create(&def); }\n")
    assert [each.kind for each in init.exits] == [ExitKind.CREATED]


def test_one_that_calls_another() -> None:
    init = only(
        "static PyObject *make(void) { return PyModule_Create(&def); }\n"
        "PyMODINIT_FUNC PyInit_spam(void) { return make(); }\n"
    )
    assert [each.name for each in init.chain] == ["PyInit_spam", "make"]
    assert init.creator.name == "make"


def test_one_with_slots() -> None:
    init = only("PyMODINIT_FUNC PyInit_spam(void) { return PyModuleDef_Init(&def); }\n")
    assert init.multi_phase and init.module_def is not None and init.module_def.name == "def"


def test_helpers_that_only_init_calls() -> None:
    extension = extension_of(
        DEF + "static int both(void) { return 0; }\nstatic int once(void) { return both(); }\n"
        "int other(void) { return both(); }\n"
        "PyMODINIT_FUNC PyInit_spam(void)\n{\n    once();\n    return PyModule_Create(&def);\n}\n"
    )
    closure = init_closure(extension, module_inits(extension)[0])
    assert {key.rpartition(":")[2] for key in closure} == {"PyInit_spam", "once"}
