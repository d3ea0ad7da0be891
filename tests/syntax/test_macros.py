"""Every row of the macro table, and macros whose shape is inferred from their definition."""

from __future__ import annotations

import pytest
from views import kinds_at, parsed, sound, statement_of

from isolate_ext.capi.macros import CAPI_MACROS, SYSTEM_MACROS, TYPE_ARGUMENTS, Shape

IN_CONTEXT = {
    Shape.FIELD: "typedef struct {{ {m} int used; }} T;",
    Shape.ENTRY: "int before; PyTypeObject T = {{ {m}(used, 0)\n .tp_name = \"x\" }};",
    Shape.BLOCK_OPEN: "void f(void) {{ {m}\n used = 1; }} }}",
    Shape.BLOCK_CLOSE: "void f(void) {{ {{ used = 1;\n {m}\n }}",
    Shape.STATEMENT: "void f(void) {{ {m}(x)\n used = 1;\n }}",
    Shape.DECLARATION: "{m}(used, \"text\")\nint after;",
    Shape.TYPE: "{m} used(void) {{ return 0; }}",
    Shape.WRAPPED_TYPE: "{m}(PyObject *) used(void);",
    Shape.STATIC_TYPE: "{m}(PyObject *) used(void) {{ return 0; }}",
    Shape.SPECIFIER: "void f({m} int used);",
    Shape.PARAMETER: "void f(PyObject *{m}(used)) {{ }}",
    Shape.EXPRESSION: "const char *x = \"a\" {m}(used) \"b\";",
}  # fmt: skip


@pytest.mark.parametrize("name", [*CAPI_MACROS, *SYSTEM_MACROS])
def test_a_macro_of_the_tables_leaves_its_surroundings_whole(name: str) -> None:
    shape = CAPI_MACROS.get(name) or SYSTEM_MACROS[name]
    result = sound(IN_CONTEXT[shape].format(m=name))
    assert None not in kinds_at(result, "used")


@pytest.mark.parametrize("name", sorted(TYPE_ARGUMENTS))
@pytest.mark.parametrize(
    "argument", ["PyObject *", "struct foo", "unsigned char *", "const T *", "int"]
)
def test_types_may_be_arguments(name: str, argument: str) -> None:
    result = sound(
        f"void f(void) {{ x = {name}(used, {argument}); y = {name}({argument}, used); }}"
    )
    assert kinds_at(result, "used") == ["identifier", "identifier"]


def test_an_assignment_after_a_block_macro_is_no_declaration() -> None:
    result = sound(
        "static int counter;\n"
        "void f(void)\n{\n    Py_BEGIN_ALLOW_THREADS\n    counter = 1;\n"
        "    Py_END_ALLOW_THREADS\n}\n"
    )
    use = result.node_at(result.occurrences("counter")[1])
    assert use is not None and use.parent is not None
    assert use.parent.kind == "assignment_expression"


DEFINITIONS = {
    "pointer type": (
        "#define VALUE PyObject *\n#define FIXED const char * const\n",
        "struct s { VALUE a; VALUE *used; FIXED b; };",
    ),
    "statement without semicolon": (
        "#define DONE(x) do { free(x); } while (0)\n",
        "void f(void) { DONE(first)\n used = 1; }",
    ),
    "statement before a prefix operator": (
        "#define CHECK(x) { if (!(x)) return; }\n",
        "void f(void) { CHECK(a)\n --used; }",
    ),
    "statement before else": (
        "#define FAIL { log(); return; }\n",
        "void f(void) { if (a) FAIL else used = 1; }",
    ),
    "head": ("#define UNLESS(x) if (!(x))\n", "void f(void) { UNLESS (a) { used = 1; } }"),
    "no head but a statement": (
        "#define LOG(f, x) if (!debug) ; else print(f, x)\n",
        "void f(void) { LOG(\"a\", used);\n other(); }",
    ),
    "loop head": (
        "#define EACH(i, n) for (i = 0; i < n; i++)\n",
        "void f(void) { EACH(i, 3) { used = i; } }",
    ),
    "label": (
        "#define CASE(x) case x:\n",
        "void f(void) { switch (a) { CASE(ONE) used = 1; break; } }",
    ),
    "opens and closes": (
        "#define BEGIN { int saved = 0;\n#define END restore(saved); }\n",
        "void f(void) { BEGIN\n used = 1;\n END\n }",
    ),
    "nested balance": (
        "#define ENTER { Py_BEGIN_ALLOW_THREADS lock();\n#define LEAVE Py_END_ALLOW_THREADS }\n",
        "void f(void) { ENTER used = 1; LEAVE }",
    ),
    "closes and opens": (
        "#define OTHERWISE } else {\n",
        "void f(void) { if (a) { x(); OTHERWISE used = 1; } }",
    ),
    "function header": (
        "#define MOD_INIT(name) PyMODINIT_FUNC PyInit_##name(void)\n",
        "MOD_INIT(thing)\n{\n    used = 1;\n}",
    ),
    "function definition": (
        "#define GETTER(n) static PyObject *get_##n(PyObject *s) { return s->n; }\n",
        "GETTER(one)\nGETTER(two)\nint used;",
    ),
    "function body": (
        "#define RETURNS(x) { return x(); }\n",
        "static int f(void)\nRETURNS(one)\nint used;",
    ),
    "qualifier": ("#define LOCAL static inline\n", "LOCAL int used(void) { return 0; }"),
    "empty qualifier": ("#define API\n", "API int used(void);"),
    "attribute": (
        "#define PRINTF(a, b) __attribute__((format(printf, a, b)))\n",
        "void used(const char *f, ...) PRINTF(1, 2);",
    ),
    "type around its argument": (
        "#define EXPORT(type) __declspec(dllexport) type\n",
        "EXPORT(int) used(void) { return 0; }",
    ),
    "identity": ("#define PLAIN(x) x\n", "PLAIN(long used = 10);"),
    "calling convention beside a parenthesis": (
        "#define CALL __stdcall\n",
        "typedef int CALL(used)(int);",
    ),
    "calling convention": ("#define CALL __stdcall\n", "typedef int (CALL *used)(int);"),
    "entry": (
        "#define METHOD {\"m\", m, 0, 0},\n",
        "T x[] = { METHOD\n METHOD\n {used} };",
    ),
    "field": ("#define HEAD int a; int b\n", "struct s { HEAD\n int used; };"),
    "cast": ("#define FREE (void *)\n", "void f(void) { free(FREE used); }"),
    "unit": ("#define KB *(1 << 10)\n", "void f(void) { used = 64 KB; }"),
    "operator word": ("#include <iso646.h>\n", "void f(void) { if (not a and used or b) x(); }"),
    "chain of choices": (
        "#define CMP(a, b) ((a) != (b)) ? ((a) < (b) ? -1 : 1)\n",
        "void f(void) { r = CMP(used, b) : CMP(c, d) : 0; }",
    ),
    "string": ("#define STR(x) #x\n", "const char *p = \"a\" STR(used) \"b\";"),
    "names among strings": ("", "char *x[] = { MODULE PREFIX \"b\", used };"),
    "enumerators": (
        "#define EACH(X) X(one) X(two)\n",
        "enum e { FIRST, EACH(GENERATE) LAST };\nint used;",
    ),
    "tag": ("#define CNAME(x) prefix_##x\n", "void f(void) { struct CNAME(a) b; used = 1; }"),
    "declared by macro": (
        "#define NAME(x) my_##x\n",
        "static int NAME(one)(int a) { return a; }\nint used;",
    ),
    "parentheses of the macro": (
        "#define OK(x) ((x) == 0)\n",
        "void f(void) { if OK(used) x(); else y(); }",
    ),
    "operator argument": ("#define CMP(a, op, b) ((a) op (b))\n", "int x = CMP(used, ==, 3);"),
    "statement argument": (
        "#define GUARD(s) if (err) { s }\n",
        "void f(void) { GUARD(return used;) }",
    ),
    "list argument": (
        "#define TABLE(n, ...) static int n[] = __VA_ARGS__\n",
        "TABLE(n, {used, 2, 3});",
    ),
    "parameter list argument": (
        "#define HANDLER(n, p) static void n##_handler p { }\n",
        "HANDLER(one, (void *data, const used *q))\nint after;",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DEFINITIONS)
def test_a_defined_macro_leaves_its_surroundings_whole(case: str) -> None:
    definition, text = DEFINITIONS[case]
    result = sound(definition + text)
    assert None not in kinds_at(result, "used")
    assert sound(text, definition).fences == ()


_IDENTIFIERS = ("identifier", "field_identifier", "type_identifier")
UNKNOWN = {
    "alone on its line": "void f(void)\n{\n    SOME_LIB_LOCK\n    used = 1;\n}",
    "call without semicolon": "void f(void)\n{\n    SOME_LOCK(a)\n    used = 1;\n}",
    "calling convention": "static int SOMECALL used(int a) { return a; }",
    "pointer to function": "struct s { int (SOMECALL *used)(int); };",
    "attribute": "void used(void) SOME_ATTRIBUTE(x);\nint y;",
    "before a type": "int used(int a, LIB_CONST char *url);",
    "attribute after typedef": "typedef __attribute__((aligned(1))) used small;",
    "leading": "HIDDEN PyObject *used(void) { return 0; }",
    "strings of another header": "void f(void) { x(PREFIX_STRING SUFFIX_STRING, used); }",
    "availability": "void f(void) { if (__builtin_available(macOS 11.0, iOS 14.0)) used(); }",
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_unknown_macro_is_guessed_by_its_place(case: str) -> None:
    result = sound(UNKNOWN[case])
    assert kinds_at(result, "used")[0] in _IDENTIFIERS


def test_the_shapes_of_stand_ins_are_told() -> None:
    result = parsed("void f(void)\n{\n    Py_BEGIN_ALLOW_THREADS\n    Py_END_ALLOW_THREADS\n}\n")
    assert [(s.name, s.category) for s in result.stand_ins] == [
        ("Py_BEGIN_ALLOW_THREADS", Shape.BLOCK_OPEN),
        ("Py_END_ALLOW_THREADS", Shape.BLOCK_CLOSE),
    ]


def test_a_static_type_stays_static() -> None:
    result = sound("Py_LOCAL_INLINE(int) used(void) { return 0; }")
    (function,) = result.items()
    assert function.children[0].kind == "storage_class_specifier"


def test_arguments_of_a_replaced_macro_have_spans() -> None:
    text = "static int f(PyObject *Py_UNUSED(ignored)) { return 0; }"
    (stand_in,) = sound(text).stand_ins
    assert [text[a:b] for a, b in stand_in.arguments] == ["ignored"]


def test_a_return_macro_without_semicolon_ends_its_statement() -> None:
    result = sound("void f(void)\n{\n    if (a)\n        Py_RETURN_NONE\n    used = 1;\n}\n")
    assert statement_of(result, "used").kind == "expression_statement"


def test_an_alias_of_a_macro_takes_its_arguments() -> None:
    result = sound("#define INNER Py_LOCAL\nINNER(int)\nused(void) { return 0; }")
    (function,) = result.items()
    assert function.start == result.source.data.index(b"INNER(int)")
    assert [n.kind for n in function.children[:2]] == ["storage_class_specifier", "primitive_type"]


def test_a_short_qualifier_keeps_its_linkage() -> None:
    result = sound("#define LOCAL static\nint x;\nLOCAL int used(void) { return 0; }")
    function = result.items()[1]
    assert function.text.startswith(b"LOCAL")
    assert function.children[0].kind == "storage_class_specifier"
