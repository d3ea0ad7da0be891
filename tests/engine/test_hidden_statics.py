"""Static variables that macros declare are moved too, or keep the extension from the last stage."""

from __future__ import annotations

import pytest

from isolate_ext.engine import Stage
from isolate_ext.model.hidden_statics import hidden_statics
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import check_rewrite, check_stages, extension_of, migrated
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import module

BODY = """
static PyObject *
spam_seven(PyObject *self, PyObject *args)
{{
    {declared}
    if (kept_one == NULL) {{
        kept_one = PyLong_FromLong(7);
        if (kept_one == NULL) {{
            return NULL;
        }}
    }}
    Py_INCREF(kept_one);
    return kept_one;
}}
"""
METHODS = '{"seven", spam_seven, METH_NOARGS, NULL},'
CACHED = """
#define CACHED(target, made) do { \\
        static PyObject *cache; \\
        if (cache == NULL) { \\
            cache = made; \\
        } \\
        target = cache; \\
    } while (0)

static PyObject *
spam_seven(PyObject *self, PyObject *args)
{
    PyObject *one, *other;

    CACHED(one, PyLong_FromLong(1));
    CACHED(other, PyLong_FromLong(2));
    if (one == NULL || other == NULL) {
        return NULL;
    }
    return PyTuple_Pack(2, one, other);
}
"""


def source(define: str, declared: str, outside: str = "") -> str:
    return module(f"{define}\n{outside}" + BODY.format(declared=declared), METHODS)


@pytest.mark.parametrize(
    ("define", "used"),
    [
        ("#define SLOT(name) static PyObject *kept_##name", "SLOT(one);"),
        ("#define SLOT(name) static PyObject *name", "SLOT(kept_one);"),
        ("#define SLOT static PyObject *kept_one", "SLOT;"),
        ("#define SLOT(name) static PyObject *name = NULL;", "SLOT(kept_one)"),
        (
            "#define INNER(type, name) static type *name\n#define SLOT(name) INNER(PyObject, name)",
            "SLOT(kept_one);",
        ),
    ],
)
def test_a_hidden_variable_moves(define: str, used: str) -> None:
    for text, member in (
        (source(define, used), "state->spam_seven_kept_one = PyLong_FromLong(7);"),
        (source(define, "", f"{used}\n"), "state->kept_one = PyLong_FromLong(7);"),
    ):
        check_rewrite(SUITE, text, member)
        check_stages(SUITE, text)


def test_each_use_of_a_macro_has_its_own_variable() -> None:
    text = module(CACHED, METHODS)
    outcome = check_rewrite(SUITE, text, "PyLong_FromLong(2)")
    result = b"".join(outcome.files.values())
    assert result.count(b"static PyObject *cache") == 1
    assert result.count(b"Py_VISIT(state->") == 2
    check_stages(SUITE, text)


@pytest.mark.parametrize(
    "define",
    [
        "#ifdef SPAM_DEBUG\n#define SLOT(name) static PyObject *name = NULL\n"
        "#else\n#define SLOT(name) static PyObject *name\n#endif",
        "typedef struct { int n; } Slot;\n"
        "#define SLOT(name) static Slot name##_slot = {1}; static PyObject *name",
    ],
)
def test_what_cannot_be_written_out_is_refused(define: str) -> None:
    outcome = migrated(SUITE, source(define, "SLOT(kept_one);"))
    assert outcome.stage is not Stage.ISOLATED
    assert [(each.reason, each.message) for each in outcome.refusals] == [
        (Reason.FENCED, "SLOT hides a static variable")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "#define LOCAL(type) static type\nLOCAL(int) spam(int n) { return n; }\n",
        "#define INLINE static inline int\nINLINE spam(int n) { return n; }\n",
        "#define WORDS static char *words[]\nint spam(void) { WORDS = {0}; return !words; }\n",
        "#define LIMIT static const int limit\nint spam(void) { LIMIT = 3; return limit; }\n",
        '#define SAY puts("static int x;")\nint spam(void) { return SAY; }\n',
        "#define SLOT static int x\n#define UNUSED SLOT;\nint spam(void) { return 0; }\n",
        "#define SLOT static int x\n#if PY_MAJOR_VERSION < 3\nSLOT;\n#endif\n",
        "#define MAKE(n) static int n(int x) { return x; }\nMAKE(spam)\n",
    ],
)
def test_what_hides_nothing(text: str) -> None:
    assert list(hidden_statics(extension_of({"spam.c": text.encode()}).files)) == []


@pytest.mark.parametrize(
    "macro",
    [
        "#define KEPT(name) PyObject *name ## _one = NULL;\nKEPT(kept)\n",
        "#define KEPT(name) PyObject *name ## _one\nKEPT(kept);\n",
        "#define KEPT(name) int name ## _size; PyObject *name ## _one;\nKEPT(kept)\n",
        "#define KEPT(name) static int name(void) { return 1; } \\\n    PyObject *name ## _one;\n"
        "KEPT(kept)\n",
    ],
)
def test_at_file_scope_the_word_is_not_needed(macro: str) -> None:
    source = module(macro + BODY.format(declared=""), METHODS)
    (hidden,) = hidden_statics(extension_of(source).files)
    assert hidden.name == "KEPT"
    outcome = migrated(SUITE, source)
    moved = outcome.decisions is not None and "kept_one" in outcome.decisions.fields
    assert moved or outcome.stage is not Stage.ISOLATED


@pytest.mark.parametrize(
    "code",
    [
        "#define KEPT PyObject *kept\nstatic KEPT(void);\n",
        "#define SIZE a * b\nenum { a = 1, b = 2 };\nstatic const int kept[SIZE] = {SIZE, SIZE};\n",
        "#define DONE(x) return x;\nstatic int f(void) { DONE(1) }\n",
        "#define LOCAL(name) PyObject *name = NULL;\n"
        "static void f(void) { LOCAL(one) Py_XDECREF(one); }\n",
        "#define PREFIXED(x) spam_ ## x\n#define kind PREFIXED(kind)\n"
        "typedef struct { int a; } kind;\n",
        "#define TYPE struct one\nTYPE { int a; };\n",
    ],
)
def test_what_declares_no_variable_at_file_scope(code: str) -> None:
    assert not list(hidden_statics(extension_of(module(code)).files))
