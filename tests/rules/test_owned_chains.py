"""Instances linked to one another, which their owner's dealloc function releases one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, text_of

from isolate_ext.engine import Stage
from isolate_ext_rules.examples import module

WALK = """\
    egg = self->first;
    while (egg) {
        last = egg;
        egg = egg->next;
        Py_DECREF(last);
    }"""
CODE = """
typedef struct EggObject {
    PyObject_HEAD
    struct EggObject *next;
} EggObject;

typedef struct {
    PyObject_HEAD
    EggObject *first;
} NestObject;

static PyTypeObject Egg_Type;
static PyTypeObject Nest_Type;

static void
Egg_dealloc(EggObject *self)
{
    PyObject_Free(self);
}

static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Egg",
    .tp_basicsize = sizeof(EggObject),
    .tp_dealloc = (destructor)Egg_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

static void
Nest_dealloc(NestObject *self)
{
    EggObject *egg, *last;
%s
    PyObject_Free(self);
}

static PyTypeObject Nest_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "spam.Nest",
    .tp_basicsize = sizeof(NestObject),
    .tp_dealloc = (destructor)Nest_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

static PyObject *
spam_nest(PyObject *self, PyObject *args)
{
    NestObject *nest = PyObject_New(NestObject, &Nest_Type);
    int i;
    if (nest == NULL) {
        return NULL;
    }
    nest->first = NULL;
    for (i = 0; i < 3; i++) {
        EggObject *egg = PyObject_New(EggObject, &Egg_Type);
        if (egg == NULL) {
            Py_DECREF(nest);
            return NULL;
        }
        egg->next = nest->first;
        nest->first = egg;
    }
    return (PyObject *)nest;
}
"""
READY = """if (PyType_Ready(&Egg_Type) < 0 || PyType_Ready(&Nest_Type) < 0) {
        return NULL;
    }"""
VISIT = """\
    for (EggObject *linked = self->first; linked != NULL; linked = linked->next) {
        Py_VISIT(linked);
    }
"""
LOOK = """
import gc, spam
nest = spam.nest()
print([type(each).__name__ for each in gc.get_referents(nest)].count("Egg"))
"""


def nest(walk: str = WALK) -> str:
    return module(CODE % walk, '{"nest", spam_nest, METH_NOARGS, NULL},', READY)


@pytest.mark.parametrize(
    "walk",
    [
        WALK,
        WALK.replace("while (egg)", "while (egg != NULL)"),
        WALK.replace("while (egg)", "while (egg != 0)"),
        WALK.replace("= self->first", "= (EggObject *)self->first"),
        WALK.replace("egg = egg->next", "egg = last->next"),
        WALK.replace("Py_DECREF(last)", "Py_XDECREF(last)"),
        WALK.replace("    while", "    /* one by one */\n    while"),
    ],
)
def test_the_owner_visits_all_of_them(walk: str) -> None:
    outcome = migrated(nest(walk))
    assert outcome.refusals == []
    assert VISIT in text_of(outcome)


def test_the_gc_sees_each_of_them(tmp_path: Path) -> None:
    library = compiled(migrated(nest()), Stage.ISOLATED, tmp_path)
    assert output(library, LOOK) == "3"


def test_a_traverse_function_that_leaves_them_out_is_completed() -> None:
    source = nest().replace(
        "static PyTypeObject Nest_Type = {",
        "static int\nNest_traverse(NestObject *self, visitproc visit, void *arg)\n{\n"
        "    return 0;\n}\n\nstatic PyTypeObject Nest_Type = {",
    )
    head, nest_type, rest = source.partition('.tp_name = "spam.Nest",')
    rest = rest.replace(
        "Py_TPFLAGS_DEFAULT,",
        "Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,\n    .tp_traverse = (traverseproc)Nest_traverse,",
    )
    rest = rest.replace("PyObject_New(NestObject", "PyObject_GC_New(NestObject")
    head = head.replace(
        "    PyObject_Free(self);\n}\n\nstatic int", "    PyObject_GC_Del(self);\n}\n\nstatic int"
    )
    outcome = migrated(head + nest_type + rest)
    assert outcome.refusals == []
    assert VISIT in text_of(outcome)


@pytest.mark.parametrize(
    "walk",
    [
        WALK.replace("        Py_DECREF(last);\n", ""),
        WALK.replace("Py_DECREF(last)", "Py_DECREF(self)"),
        WALK.replace("while (egg)", "while (egg->next)"),
        WALK.replace("egg = egg->next;", "egg = NULL;"),
        WALK.replace("    while", "    (void)last;\n    while"),
        WALK.replace("    egg = self->first;\n", "", 1),
    ],
    ids=["kept", "not theirs", "other end", "no link", "apart", "no beginning"],
)
def test_a_loop_that_is_none_of_it_is_not_followed(walk: str) -> None:
    assert "linked" not in text_of(migrated(nest(walk)))


def test_members_that_a_condition_takes_away_are_not_followed() -> None:
    source = nest(f"#ifdef HAVE_EGGS\n{WALK}\n#endif")
    first = "    EggObject *first;\n"
    source = source.replace(first, f"#ifdef HAVE_EGGS\n{first}#endif\n")
    assert "linked" not in text_of(migrated(source))


def test_members_that_are_no_instances_are_not_followed() -> None:
    source = nest().replace(
        "typedef struct EggObject {\n    PyObject_HEAD\n    struct EggObject *next;",
        "typedef struct EggObject {\n    struct EggObject *next;\n    PyObject_HEAD",
    )
    assert "linked" not in text_of(migrated(source))
