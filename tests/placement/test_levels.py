"""One extension for each rule of the handbook, and what is told of its variable."""

from __future__ import annotations

import pytest

from isolate_ext.engine import Settings, survey
from isolate_ext.placement.clauses import Clause, Confidence, Purpose
from isolate_ext.placement.decisions import Level, RouteKind
from isolate_ext.placement.levels import Becomes, Placed, levels, without_use
from isolate_ext.placement.readiness import Standing, readiness
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import extension_of
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import EXCEPTION, TYPE, module

ROW = '{"go", go, METH_VARARGS, NULL},'
GO = "static PyObject *\ngo(PyObject *self, PyObject *args)\n{\n    %s\n    Py_RETURN_NONE;\n}\n"


def calling(declared: str, statement: str, init: str = "", before: str = "") -> str:
    """A module with variables, a function ``go`` that uses them, and an init function."""
    return module(f"{before}\n{declared}\n\n{GO % statement}", ROW, init)


def surveyed(source: str) -> dict[str, Placed]:
    """The variables by name."""
    found = survey(extension_of(source), SUITE, Settings(), extension_of)
    outcome = found.outcome
    placed = levels(found.extension, outcome.decisions, outcome.refusals)
    placed += without_use(found.original, found.gone)
    return {each.variable.name: each for each in placed}


FREELIST = TYPE.replace(
    "static PyObject *\nnew_egg",
    "static EggObject *kept;\n\nstatic void\nEgg_dealloc(EggObject *self)\n{\n"
    "    if (kept == NULL) {\n        kept = self;\n        return;\n    }\n"
    "    PyObject_Free(self);\n}\n\nstatic PyObject *\nnew_egg",
).replace("    .tp_flags", "    .tp_dealloc = (destructor)Egg_dealloc,\n    .tp_flags")

CASES = {
    Clause.C1: ("Egg_Type", TYPE, Level.MODULE, Becomes.HEAP_TYPE, Purpose.TYPE),
    Clause.C2: (
        "spam_methods", EXCEPTION, Level.PROCESS, Becomes.STATIC, Purpose.DEFINITION,
    ),
    Clause.C3: ("Error", EXCEPTION, Level.MODULE, Becomes.MEMBER, Purpose.EXCEPTION),
    Clause.C4: (
        "default_egg",
        TYPE.replace(
            "static PyObject *\nnew_egg",
            "static EggObject default_egg = {PyObject_HEAD_INIT(&Egg_Type) NULL};\n\n"
            "static PyObject *\nnew_egg",
        ),
        Level.MODULE, Becomes.UNDECIDED, Purpose.INSTANCE,
    ),
    Clause.C5: (
        "limit", calling("static int limit = 3;", "if (limit > 2) Py_RETURN_NONE;"),
        Level.PROCESS, Becomes.STATIC, Purpose.CONSTANT,
    ),
    Clause.C6: (
        "api",
        calling(
            "static void **api;", "if (api == NULL) Py_RETURN_NONE;",
            'api = (void **)PyCapsule_Import("eggs.api", 0);',
        ),
        Level.MODULE, Becomes.MEMBER, Purpose.CAPSULE_TABLE,
    ),
    Clause.C7: (
        "found",
        calling(
            "static int (*found)(int);", "if (found != NULL) found(1);",
            'found = (int (*)(int))dlsym(NULL, "abs");', "#include <dlfcn.h>",
        ),
        Level.MODULE, Becomes.MEMBER, Purpose.FUNCTION_MEMO,
    ),
    Clause.C8: (
        "limit",
        calling("static long limit;", 'if (!PyArg_ParseTuple(args, "l", &limit)) return NULL;'),
        Level.MODULE, Becomes.MEMBER, Purpose.SETTING,
    ),
    Clause.C9: (
        "table",
        calling(
            "static unsigned char table[4];", "if (table[1]) Py_RETURN_NONE;",
            "for (int i = 0; i < 4; i++) {\n        table[i] = i;\n    }",
        ),
        Level.PROCESS, Becomes.STATIC, Purpose.INIT_ONLY,
    ),
    Clause.C10: (
        "lock",
        calling(
            "static PyThread_type_lock lock;", "PyThread_acquire_lock(lock, 1);",
            "lock = PyThread_allocate_lock();",
        ),
        Level.MODULE, Becomes.MEMBER, Purpose.LOCK,
    ),
    Clause.C11: (
        "display",
        calling(
            "static Display *display;", "XFlush(display);",
            "display = XOpenDisplay(NULL);", "#include <X11/Xlib.h>",
        ),
        Level.MODULE, Becomes.MEMBER, Purpose.FOREIGN,
    ),
    Clause.C12: (
        "depth", calling("static __thread int depth;", "depth++;"),
        Level.THREAD, Becomes.STATIC, Purpose.THREAD,
    ),
    Clause.C13: (
        "work", calling("", "static int work;\n    work = 3;\n    if (work) Py_RETURN_NONE;"),
        Level.THREAD, Becomes.LOCAL, Purpose.SCRATCH,
    ),
    Clause.C14: (
        "free_blocks",
        calling(
            "struct block { struct block *next; };\nstatic struct block *free_blocks;",
            "struct block *one = PyMem_Malloc(sizeof(struct block));\n"
            "    one->next = free_blocks;\n    free_blocks = one;",
        ),
        Level.MODULE, Becomes.MEMBER, Purpose.FREELIST,
    ),
    Clause.C15: ("kept", FREELIST, Level.MODULE, Becomes.NOTHING, Purpose.FREELIST),
    Clause.C16: (
        "calls", calling("static long calls;", "calls++;"),
        Level.MODULE, Becomes.MEMBER, Purpose.COUNTER,
    ),
    Clause.C17: (
        "debug",
        calling(
            "static int debug;", "if (debug) Py_RETURN_NONE;",
            'debug = getenv("SPAM_DEBUG") != NULL;',
        ),
        Level.MODULE, None, Purpose.SETTING,
    ),
    Clause.C18: (
        "lib_version", calling("extern int lib_version;", "if (lib_version) Py_RETURN_NONE;"),
        Level.PROCESS, Becomes.STATIC, Purpose.FOREIGN,
    ),
    Clause.C19: (
        "last",
        module(
            "static int last;\n\nstatic int\nnext_of(int n)\n{\n    last = n;\n"
            "    return last;\n}\n"
            + GO % "next_of(2);",
            ROW,
        ),
        Level.MODULE, Becomes.MEMBER, Purpose.OTHER,
    ),
}  # fmt: skip


@pytest.mark.parametrize("clause", Clause, ids=lambda each: each.name)
def test_every_rule_has_its_variable(clause: Clause) -> None:
    name, source, level, becomes, purpose = CASES[clause]
    found = surveyed(source)[name]
    assert found.classified.clause is clause
    assert found.level is level
    assert found.classified.purpose is purpose
    assert becomes is None or found.becomes is becomes


@pytest.mark.parametrize("clause", Clause, ids=lambda each: each.name)
def test_what_the_migration_moves_belongs_to_the_module(clause: Clause) -> None:
    source = CASES[clause][1]
    found = survey(extension_of(source), SUITE, Settings(), extension_of)
    decisions = found.outcome.decisions
    assert decisions is not None
    for each in levels(found.extension, decisions, found.outcome.refusals):
        moved = each.variable.key in decisions.fields
        assert not moved or each.level is Level.MODULE, each.variable.name
        assert (each.becomes in (Becomes.MEMBER, Becomes.HEAP_TYPE)) <= moved


def test_the_value_names_its_readers_and_writers() -> None:
    code = (
        "static long calls;\n\n"
        + GO % "calls++;"
        + (GO % 'printf("%ld", calls);').replace("\ngo(", "\nshow(")
    )
    rows = '{"go", go, METH_VARARGS, NULL}, {"show", show, METH_VARARGS, NULL},'
    (found,) = [it for it in surveyed(module(code, rows)).values() if it.variable.name == "calls"]
    assert [each.inside.name for each in found.evidence.writes if each.inside] == ["go"]
    assert [each.inside.name for each in found.evidence.reads if each.inside] == ["show"]
    assert {it.function.name: it.route.kind for it in found.accesses if it.route} == {
        "go": RouteKind.MODULE,
        "show": RouteKind.MODULE,
    }
    assert found.evidence.passed_to == ("printf",)
    assert not found.early


def test_who_cannot_reach_the_state_says_why() -> None:
    code = (
        "static PyObject *Error;\n\nstatic int\ncompare(const void *a, const void *b)\n{\n"
        "    return Error == NULL ? 0 : *(const int *)a - *(const int *)b;\n}\n\n"
        + GO
        % "int n[2] = {2, 1};\n    qsort(n, 2, sizeof(int), compare);"
    )
    found = survey(extension_of(module(code, ROW)), SUITE, Settings(), extension_of)
    outcome = found.outcome
    placed = levels(found.extension, outcome.decisions, outcome.refusals)
    (error,) = [each for each in placed if each.variable.name == "Error"]
    (access,) = error.accesses
    assert access.lacking is not None
    assert access.lacking.reason is Reason.ADDRESS_TAKEN
    ready = readiness(found.extension, outcome.already, outcome.refusals)
    assert ready.standing is Standing.DECISIONS
    assert [each.symbol for each in ready.decisions] == ["spam.c:compare"]


def test_a_hook_of_the_process_means_to_opt_out() -> None:
    code = (
        "static PyObject *Error;\nextern int (*lib_hook)(void);\n\nstatic int\nhook(void)\n{\n"
        "    return Error != NULL;\n}\n\n" + GO % "lib_hook = hook;"
    )
    found = survey(extension_of(module(code, ROW)), SUITE, Settings(), extension_of)
    decisions = found.outcome.decisions
    assert decisions is not None and not found.outcome.refusals
    ready = readiness(found.extension, found.outcome.already, (), decisions.resources)
    assert ready.standing is Standing.OPT_OUT
    assert "lib_hook" in ready.resources[0].message
    assert not ready.decisions


def test_what_is_proved_is_certain_and_what_is_left_is_a_guess() -> None:
    sure = [surveyed(CASES[each][1])[CASES[each][0]].classified for each in Clause]
    by_clause = {each.clause: each.confidence for each in sure}
    assert by_clause[Clause.C1] is by_clause[Clause.C3] is Confidence.CERTAIN
    assert by_clause[Clause.C13] is Confidence.CERTAIN
    assert by_clause[Clause.C19] is Confidence.GUESS


def test_a_module_that_is_ready_says_so() -> None:
    found = survey(extension_of(EXCEPTION), SUITE, Settings(), extension_of)
    assert readiness(found.extension, found.outcome.already, ()).standing is Standing.UNATTENDED
    assert readiness(found.extension, True, ()).standing is Standing.ISOLATED


@pytest.mark.parametrize(
    ("init", "purpose"),
    [
        ('thing = PyUnicode_InternFromString("x");', Purpose.STRING_OBJECT),
        ('thing = PyImport_ImportModule("re");', Purpose.IMPORTED),
        ("thing = PyDict_New();", Purpose.OBJECT),
        ('PyObject *made = PyErr_NewException("spam.E", NULL, NULL);\n    thing = made;',
         Purpose.EXCEPTION),
    ],
)  # fmt: skip
def test_what_an_object_is_for(init: str, purpose: Purpose) -> None:
    source = calling("static PyObject *thing;", "Py_INCREF(thing);", init)
    assert surveyed(source)["thing"].classified.purpose is purpose


def test_lazy_and_given_objects() -> None:
    lazy = calling("", "static PyObject *thing;\n    if (!thing) thing = PyDict_New();")
    assert surveyed(lazy)["thing"].classified.purpose is Purpose.CACHE
    given = calling(
        "static PyObject *thing;",
        "Py_XSETREF(thing, Py_NewRef(args));\n    PyObject_CallNoArgs(thing);",
    )
    assert surveyed(given)["thing"].classified.purpose is Purpose.HOOK
    kept = given.replace("PyObject_CallNoArgs(thing)", "PyObject_Hash(thing)")
    assert surveyed(kept)["thing"].classified.purpose is Purpose.SETTING


def test_what_leads_to_objects_and_what_others_keep() -> None:
    code = "struct node { struct node *next; PyObject *value; };\nstatic struct node *first;"
    found = surveyed(calling(code, "first = first->next;"))["first"]
    assert (found.classified.clause, found.level) == (Clause.C3, Level.MODULE)
    assert found.classified.purpose is Purpose.CONTAINER
    table = calling(
        "static void *api[1];", "", 'api[0] = (void *)go;\n    PyModule_AddObject(m, "api", '
        'PyCapsule_New(api, "spam.api", NULL));'
    )  # fmt: skip
    exported = surveyed(table)["api"]
    assert (exported.classified.clause, exported.level) == (Clause.C18, Level.PROCESS)


def test_the_row_of_a_local_table_is_no_hook() -> None:
    code = (
        "static PyObject *Error;\n\nstatic PyObject *\ninner(PyObject *self, PyObject *args)\n{\n"
        "    return Py_NewRef(Error);\n}\n\n"
        + GO
        % 'static PyMethodDef row = {"hook", inner, METH_VARARGS};\n    row.ml_doc = NULL;'
    )
    found = survey(extension_of(module(code, ROW)), SUITE, Settings(), extension_of)
    ready = readiness(found.extension, found.outcome.already, found.outcome.refusals)
    assert not ready.resources


def test_identifiers_that_a_macro_declares_are_listed() -> None:
    code = (
        "#define ADD(name) do { _Py_IDENTIFIER(name); use(&PyId_##name); } while (0)\n\n"
        "static void\nuse(_Py_Identifier *one)\n{\n}\n\n" + GO % "ADD(spam);\n    ADD(eggs);"
    )
    found = surveyed(module(code, ROW))
    assert {"PyId_spam", "PyId_eggs"} <= found.keys()
    assert found["PyId_spam"].level is Level.RUNTIME
    assert found["PyId_spam"].variable.made_by_macro


def test_docs_and_what_macros_of_the_project_hide_are_listed() -> None:
    code = (
        "#define MIXIN(NAME) { static PyTypeObject NAME ## Type = { PyVarObject_HEAD_INIT(NULL, 0) "
        '"spam." #NAME }; PyType_Ready(&NAME ## Type); }\n'
        '#define DOC(n) PyDoc_STRVAR(n ## _doc, "Doc.")\nDOC(other);\n'
        "#define COUNT(n) static int n##_count = 0; n##_count++;\n"
        'PyDoc_STRVAR(go_doc, "Go.");\n\n' + GO % "COUNT(go)"
    )
    found = surveyed(module(code, '{"go", go, METH_VARARGS, go_doc},', "MIXIN(Egg)"))
    assert found["go_doc"].classified.clause is Clause.C5
    assert found["other_doc"].classified.clause is Clause.C5
    assert found["EggType"].classified.clause is Clause.C1
    assert not found["go_count"].constant
