"""Who writes a variable, through whatever pointers lead to it."""

from __future__ import annotations

import pytest

from isolate_ext.placement.pointer_values import How, Write
from isolate_ext.placement.writes import writes
from isolate_ext.testing import extension_of

ROWS = "struct row { int *data; const int *view; const char *name; };\n"


def found_in(code: str) -> list[Write]:
    extension = extension_of(f"#include <Python.h>\n#include <string.h>\n{ROWS}{code}")
    return writes(extension, extension.variables["spam.c:value"])


WRITTEN = {
    "assigned": "static int value;\nvoid f(void) { value = 1; }",
    "counted": "static int value;\nvoid f(void) { value++; }",
    "in part": "static struct { int a; } value;\nvoid f(void) { value.a |= 1; }",
    "an element": "static char value[8];\nvoid f(void) { value[0] = 1; }",
    "a row": "static int value[2][2];\nvoid f(void) { value[0][1] = 1; }",
    "handed out": "static int value;\nvoid f(void) { change(&value); }",
    "copied into": "static char value[8];\nvoid f(char *text) { strcpy(value, text); }",
    "parsed": 'static int value;\nvoid f(PyObject *a) { PyArg_ParseTuple(a, "i", &value); }',
    "an alias": "static int value[3];\nvoid f(void) { int *p = value; p[1] = 2; }",
    "an alias of an alias": (
        "static int value[3];\nvoid f(void) { int *p = value; int *q; q = p + 1; *q++ = 2; }"
    ),
    "an alias in a condition": (
        "static int value[3], other[3];\nvoid f(int n) { int *p = n ? value : other; *p = 2; }"
    ),
    "an alias of a row": (
        "static int value[3][4];\nvoid f(void) { int (*p)[4] = value; p[1][2] = 2; }"
    ),
    "an array of aliases": (
        "static int value;\nvoid f(int i) { int *all[2] = {&value, 0}; *all[i] = 2; }"
    ),
    "a pointer to an alias": (
        "static int value;\nvoid f(void) { int *p = &value; int **q = &p; **q = 2; }"
    ),
    "through a parameter": (
        "static int value[3];\nstatic void fill(int *at) { at[0] = 1; }\n"
        "void f(void) { fill(value); }"
    ),
    "through parameters": (
        "static int value[3];\nstatic void fill(int at[]) { at[0] = 1; }\n"
        "static void pass(int n, void *at) { fill((int *)at); }\nvoid f(void) { pass(1, value); }"
    ),
    "through a result": (
        "static int value[3];\nstatic int *get(int n) { return &value[n]; }\n"
        "void f(void) { *get(1) = 2; }"
    ),
    "through a result that is kept": (
        "static int value[3];\nstatic int *get(void) { return value; }\n"
        "void f(void) { int *p = get(); p[0]++; }"
    ),
    "through a function that is handed on": (
        "static int value[3];\nstatic int *get(void) { return value; }\nint *(*how)(void) = get;"
    ),
    "through a member": (
        "static int value[3];\nvoid f(struct row *r) { r->data = value; }\n"
        "void g(struct row *r) { r->data[1] = 2; }"
    ),
    "through a table": (
        "static int value[3];\nstatic struct row rows[] = {{NULL}, {value}};\n"
        "void g(int i) { *rows[i].data = 2; }"
    ),
    "through a table with names": (
        "static int value[3];\nstatic struct row rows[] = {{.data = value}};\n"
        "void g(struct row *r) { *r->data = 2; }"
    ),
    "through a static": (
        "static int value[3];\nstatic int *now = value;\nvoid f(void) { *now = 1; }"
    ),
    "through an extern": (
        "static int value[3];\nextern int *theirs;\nvoid f(void) { theirs = value; }"
    ),
    "through a void pointer": (
        "static int value[3];\nstruct ctx { void *data; };\n"
        "void f(struct ctx *c) { c->data = value; }\n"
        "void g(struct ctx *c) { ((int *)c->data)[0] = 1; }"
    ),
    "through a constant that is cast": (
        "static int value[3];\nvoid f(void) { const int *p = value; *(int *)p = 1; }"
    ),
    "through a union": (
        "static int value[3];\nunion u { int *a; long *b; };\nvoid f(union u *x) { x->a = value; }"
    ),
    "through memory": "static int value[3];\nvoid f(int **out) { *out = value; }",
    "through a number": "static int value[3];\nlong f(void) { return (long)value; }",
    "found in it": (
        "static char value[9];\nvoid f(void) { char *p = strchr(value, 'a'); if (p) *p = 0; }"
    ),
    "a macro assigns": (
        "#define SET(x, y) do { x = (y); } while (0)\nstatic int value;\n"
        "void f(void) { SET(value, 1); }"
    ),
    "a macro takes the address": (
        "#define FILL(x) fill(&(x))\nstatic int value;\nvoid f(void) { FILL(value); }"
    ),
    "a macro names it": (
        "#define ENTRY(i) (value[(i)])\nstatic int value[3];\nvoid f(void) { ENTRY(1) = 2; }"
    ),
    "a macro names an alias": (
        "#define PUT(x) *at++ = (x)\nstatic int value[3];\n"
        "void f(void) { int *at = value; PUT(1); }"
    ),
    "a macro has an alias": (
        "#define EACH(x, code) { int *at = x; code }\n#define PUT(n) *at++ = n;\n"
        "static int value[3];\nvoid f(void) { EACH(value, { PUT(1) PUT(2) }) }"
    ),
    "a macro of others assigns": (
        "static char *value;\nvoid f(void) { PyMem_RESIZE(value, char, 9); }"
    ),
    "a macro spells it": (
        "#define RAISE(x) x##ue = 1\nstatic int value;\nvoid f(void) { RAISE(val); }"
    ),
    "a closure": (
        'static int value;\nstatic PyGetSetDef all[] = {{"value", get, set, NULL, &value}, {NULL}};'
    ),
    "a macro that may be missing": (
        "#ifndef Lock\n#define Lock(x)\n#endif\nstatic int value;\nvoid f(void) { Lock(&value); }"
    ),
    "a struct that others see": (
        "static int value;\nvoid run(struct row *);\n"
        "void f(struct row *r) { r->data = &value; run(r); }"
    ),
    "a type of others": "static mpz_t value;\nvoid f(void) { mpz_init(value); }",
    "a capsule": 'static int value[3];\nvoid f(void) { PyCapsule_New(value, "spam", NULL); }',
    "a converter": ('static int value;\nvoid f(void) { Py_BuildValue("O&", make, &value); }'),
    "code that is not parsed": (
        "static int value;\nvoid f(void) {\n#define OPEN {\n    value = 1; ) ( }\n"
    ),
}

READ = {
    "its value": "static int value;\nint f(void) { return use(value) + value; }",
    "a constant text": "static char value[8];\nvoid f(void) { puts(value); }",
    "an element": "static int value[3];\nvoid f(int i) { use(value[i]); }",
    "its size": "static int value[3];\nvoid f(void) { use(sizeof(value) / sizeof(value[0])); }",
    "an alias": "static int value[3];\nvoid f(void) { int *p = value; use(p[1]); p = NULL; }",
    "copied from": "static char value[8];\nvoid f(char *text) { memcpy(text, value, 8); }",
    "what it points to": "static char *value;\nvoid f(void) { value[0] = 1; *value = 2; }",
    "keywords": (
        "static char *value[] = {NULL};\nvoid f(PyObject *a, PyObject *k, int *n) "
        '{ PyArg_ParseTupleAndKeywords(a, k, "i", value, n); }'
    ),
    "names": (
        "static const char *value[] = {NULL};\nstatic void add(PyObject *m, const char *names[]) "
        "{ for (; *names; names++) PyModule_AddStringConstant(m, *names, *names); }\n"
        "void f(PyObject *m) { add(m, value); }"
    ),
    "a walk": (
        "static struct row value[2];\nvoid f(void) "
        "{ struct row *r; for (r = value; r->name; ++r) puts(r->name); }"
    ),
    "a search": (
        "static struct row value[2];\nstatic const struct row *find(int i) { return &value[i]; }\n"
        "void f(void) { const struct row *r = find(1); use(r->view[0]); }"
    ),
    "a distance": (
        "static int value[3];\n"
        "int f(int i) { int *p = &value[i]; int at = (int)(p - value); return at; }"
    ),
    "a comparison": "static char value[3];\nint f(char *p) { return p == value || value < p; }",
    "a view": "static int value[3];\nvoid f(struct row *r) { r->view = value; use(r->view[0]); }",
    "documentation": (
        'static char value[] = "doc";\n'
        'static PyMethodDef all[] = {{"f", f, METH_NOARGS, value}, {NULL}};'
    ),
    "documentation that may be left out": (
        'static char value[] = "doc";\n'
        'static PyMethodDef all[] = {{"f", f, METH_NOARGS, PyDoc_STR(value)}, {NULL}};'
    ),
    "documentation in a macro": (
        'static char value[] = "doc";\n#define ROW(f, d) {#f, f, METH_NOARGS, d}\n'
        "static PyMethodDef all[] = {ROW(f, value), {NULL}};"
    ),
    "a size macro": (
        "#define LENGTH(x) (sizeof(x) / sizeof((x)[0]))\nstatic int value[3];\nint f(void) "
        "{ return LENGTH(value); }"
    ),
    "a promise": (
        "static int value[3];\nint sum(const int *, int);\nint f(void) { return sum(value, 3); }"
    ),
    "a call": "static int (*value[2])(int);\nint f(int i) { return value[i](2) + (*value[0])(1); }",
    "a freed one": (
        "static char value[8];\nvoid f(char *p, int n) "
        "{ char *q = n ? value : p; if (q != value) PyMem_Free(q); }"
    ),
    "an alias in a macro": (
        "#define EACH(x, code) { const int *at = x; code }\nstatic int value[3];\n"
        "void f(void) { EACH(value, { use(*at++); }) }"
    ),
    "a function that nobody calls": (
        "static int value;\nstatic void set(int to) { value = to; }\nint f(void) { return value; }"
    ),
    "an own name": "static int value;\nvoid f(int *value) { *value = 1; }\nvoid g(int *value);",
    "an own type": (
        "typedef enum { A } mode;\nstatic mode value;\nint f(void) { return use(value); }"
    ),
    "another name": (
        "#define COPY(x) strdup_of_##x\nstatic int value;\nvoid f(void) { use(COPY(a)); }"
    ),
}


@pytest.mark.parametrize("code", WRITTEN.values(), ids=WRITTEN)
def test_what_writes(code: str) -> None:
    assert found_in(code)


@pytest.mark.parametrize("code", READ.values(), ids=READ)
def test_what_only_reads(code: str) -> None:
    assert not found_in(code)


def test_where_and_how_it_is_written() -> None:
    (write,) = found_in(
        "static int value[3];\nstatic void fill(int *p) { *p = 1; }\nvoid f(void) { fill(value); }"
    )
    assert write.how is How.ASSIGNED
    assert write.inside is not None
    assert write.inside.name == "fill"


def test_what_is_filled_is_not_kept() -> None:
    (write,) = found_in("static char value[8];\nvoid f(void) { memset(value, 0, 8); }")
    assert write.how is How.FILLED
