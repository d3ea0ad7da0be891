"""Extensions that somebody has begun to migrate: slots, specs, and builds for the limited API."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import compiled, output, text_of
from rule_snippets import migrated as snippet

from isolate_ext.engine import Outcome, Stage
from isolate_ext.placement.decisions import Level
from isolate_ext.testing.checks import migrated
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import EXCEPTION, TYPE

LOCAL = """#include <Python.h>

typedef struct {
    PyObject_HEAD
} EggObject;

static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "spam.Egg",
    .tp_basicsize = sizeof(EggObject),
};

static PyObject *
egg(PyObject *self, PyObject *args)
{
    return (PyObject *)PyObject_New(EggObject, &Egg_Type);
}

static PyMethodDef methods[] = {
    {"egg", egg, METH_NOARGS, NULL},
    {NULL, NULL}
};

static int
spam_exec(PyObject *module)
{
    return PyType_Ready(&Egg_Type);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, spam_exec},
    {0, NULL}
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    static PyModuleDef definition = {
        PyModuleDef_HEAD_INIT,
        .m_name = "spam",
        .m_methods = methods,
        .m_slots = slots,
    };

    return PyModuleDef_Init(&definition);
}
"""
SPEC = """#include <Python.h>

typedef struct {
    PyObject_HEAD
    int weight;
} EggObject;

static void
Egg_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot Egg_slots[] = {
    {Py_tp_dealloc, Egg_dealloc},
    {0, NULL}
};

static PyType_Spec Egg_spec = {
    .name = "spam.Egg",
    .basicsize = sizeof(EggObject),
    .flags = Py_TPFLAGS_DEFAULT
#if PY_VERSION_HEX >= 0x030a0000
        | Py_TPFLAGS_IMMUTABLETYPE
#endif
    ,
    .slots = Egg_slots,
};

static int
spam_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &Egg_spec, NULL);
    if (type == NULL || PyModule_AddType(module, (PyTypeObject *)type) < 0) {
        Py_XDECREF(type);
        return -1;
    }
    Py_DECREF(type);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, spam_exec},
    {0, NULL}
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "spam",
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit_spam(void)
{
    return PyModuleDef_Init(&definition);
}
"""
STAND_IN = """
#if PY_VERSION_HEX < 0x030d0000
static inline PyObject *
Py_GetConstant(unsigned int which)
{
    static PyObject *constants[1];
    if (constants[0] == NULL) {
        constants[0] = PyLong_FromLong(0);
    }
    return Py_XNewRef(constants[0]);
}
#endif
"""


def whole(source: str) -> Outcome:
    outcome = migrated(SUITE, source)
    assert not outcome.refusals and outcome.stage is Stage.ISOLATED, outcome.refusals
    return outcome


def text(outcome: Outcome) -> str:
    return outcome.files["spam.c"].decode()


def test_a_definition_inside_the_init_function_gets_hooks_outside_of_it(tmp_path: Path) -> None:
    outcome = whole(LOCAL)
    before, after = text(outcome).split("PyInit_spam(void)")
    assert "spam_traverse(PyObject *module" in before and ".m_clear = spam_clear," in before
    assert after.split() == "{ return PyModuleDef_Init(&definition); }".split()
    library = compiled(outcome, Stage.ISOLATED, tmp_path)
    assert output(library, "import spam; print(type(spam.egg()).__name__)") == "Egg"


def test_a_flag_joins_others_that_an_if_is_part_of(tmp_path: Path) -> None:
    outcome = whole(SPEC)
    assert ".flags = Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DEFAULT\n#if" in text(outcome)
    library = compiled(outcome, Stage.ISOLATED, tmp_path)
    code = "import gc, spam; egg = spam.Egg(); print(gc.is_tracked(egg)); del egg; gc.collect()"
    assert output(library, code) == "True"


def test_the_interpreters_slot_heeds_the_limited_api(tmp_path: Path) -> None:
    outcome = whole("#define Py_LIMITED_API 0x030a0000\n" + EXCEPTION)
    guard = "#if (defined(Py_LIMITED_API) ? Py_LIMITED_API+0 : PY_VERSION_HEX) >= 0x030c0000\n"
    assert guard + "    {Py_mod_multiple_interpreters" in text(outcome)
    assert any("limited API" in each.message and each.review for each in outcome.notes)
    library = compiled(outcome, Stage.ISOLATED, tmp_path)
    assert output(library, "import spam; print(spam.Error.__name__)") == "Error"


def test_helpers_heed_the_limited_api_too(tmp_path: Path) -> None:
    added = 'PyModule_AddObject(m, "Error", Error);'
    source = EXCEPTION.replace(added, f"if ({added[:-1]} < 0) {{\n        return NULL;\n    }}")
    outcome = whole("#define Py_LIMITED_API 0x03060000\n" + source.replace("Py_INCREF(Error);", ""))
    assert "Py_LIMITED_API+0 : PY_VERSION_HEX) < 0x030a0000\nstatic inline int" in text(outcome)
    library = compiled(outcome, Stage.ISOLATED, tmp_path)
    assert output(library, "import spam; print(spam.Error.__name__)") == "Error"


def test_what_serves_older_pythons_stays_where_it_is_and_those_share_a_gil() -> None:
    source = EXCEPTION.replace("#include <Python.h>", '#include <Python.h>\n#include "compat.h"')
    source = source.replace('"failed");', '"failed");\n    Py_DECREF(Py_GetConstant(0));')
    outcome = snippet({"spam.c": source, "compat.h": STAND_IN})
    assert not outcome.refusals and outcome.decisions is not None
    [stay] = [each for each in outcome.decisions.stays if each.symbol.endswith("constants")]
    assert stay.level is Level.RUNTIME and stay.shared
    assert ">= 0x030c0000 && !(PY_VERSION_HEX < 0x030d0000)\n" in text(outcome)
    assert "compat.h" not in outcome.files

    own = snippet(source.replace('#include "compat.h"', STAND_IN))
    assert "PyObject *Py_GetConstant_constants[1];" in text_of(own)


def test_a_slot_that_init_sets_to_null_is_no_slot(tmp_path: Path) -> None:
    ready = "if (PyType_Ready(&Egg_Type) < 0"
    source = TYPE.replace(ready, f"Egg_Type.tp_new = NULL;\n    Egg_Type.tp_init = 0;\n    {ready}")
    assert source != TYPE
    outcome = whole(source)
    assert "Py_tp_new" not in text(outcome) and "Py_tp_init" not in text(outcome)
    assert "Py_TPFLAGS_DISALLOW_INSTANTIATION" in text(outcome)
    compiled(outcome, Stage.ISOLATED, tmp_path)
