"""Small legacy projects for the tests of the commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

MODULE = """\
#include <Python.h>

{code}
static PyMethodDef {name}_methods[] = {{
    {methods}
    {{NULL, NULL, 0, NULL}}
}};

static struct PyModuleDef {name}_module = {{
    PyModuleDef_HEAD_INIT, "{name}", NULL, -1, {name}_methods,
}};

PyMODINIT_FUNC
PyInit_{name}(void)
{{
    PyObject *m = PyModule_Create(&{name}_module);
    if (m == NULL) {{
        return NULL;
    }}
    {body}
    return m;
}}
"""

ERROR = """\
static PyObject *{name}_error;

static PyObject *
{name}_fail(PyObject *self, PyObject *args)
{{
    PyErr_SetString({name}_error, "failed");
    return NULL;
}}
"""

NEW_ERROR = """{name}_error = PyErr_NewException("{name}.Error", NULL, NULL);
    if ({name}_error == NULL) {{
        return NULL;
    }}
    Py_INCREF({name}_error);
    PyModule_AddObject(m, "Error", {name}_error);"""

CALLBACK = """
static int
compare(const void *one, const void *other)
{{
    return {name}_error == NULL ? 0 : *(const int *)one - *(const int *)other;
}}

static PyObject *
{name}_sort(PyObject *self, PyObject *args)
{{
    int numbers[2] = {{2, 1}};
    qsort(numbers, 2, sizeof(int), compare);
    return PyLong_FromLong(numbers[0]);
}}
"""

NOTED = MODULE.format(
    name="spam",
    code="""\
static int note;

static void
mark(void)
{
    note = 3 - 2 * note;
}

static PyObject *
step(PyObject *self, PyObject *args)
{
    mark();
    return PyLong_FromLong(note);
}
""",
    methods='{"step", step, METH_NOARGS, NULL},',
    body="",
)
"""A variable whose level is a guess."""

ALREADY = """\
#include <Python.h>

static PyModuleDef_Slot slots[] = {
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "done", .m_slots = slots,
};

PyMODINIT_FUNC
PyInit_done(void)
{
    return PyModuleDef_Init(&module);
}
"""


def clean(name: str = "spam") -> str:
    """A module with one exception in a C global: nothing to refuse."""
    row = f'{{"fail", {name}_fail, METH_NOARGS, NULL}},'
    code, body = ERROR.format(name=name), NEW_ERROR.format(name=name)
    return MODULE.format(name=name, code=code, methods=row, body=body)


def stubborn(name: str = "spam") -> str:
    """A module with a callback that uses the global and has no way to the state."""
    rows = (
        f'{{"fail", {name}_fail, METH_NOARGS, NULL}}, {{"sort", {name}_sort, METH_NOARGS, NULL}},'
    )
    code = ERROR.format(name=name) + CALLBACK.format(name=name)
    return MODULE.format(name=name, code=code, methods=rows, body=NEW_ERROR.format(name=name))


def setup_py(*extensions: str, floor: str | None = None, extra: str = "") -> str:
    """A setup.py with an extension for each 'name: source source'."""
    made = []
    for each in extensions:
        name, _, sources = each.partition(":")
        listed = ", ".join(repr(source) for source in (sources or f"{name}.c").split())
        made.append(f"Extension({name!r}, [{listed}]{extra})")
    requires = f", python_requires={floor!r}" if floor else ""
    return (
        "from setuptools import Extension, setup\n\n"
        f"setup(name='p', version='1'{requires},\n      ext_modules=[{', '.join(made)}])\n"
    )


def write_tree(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write the files below the root; the root."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file below the root but git's own, by path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def git(root: Path, *words: str) -> str:
    """What git prints."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    done = subprocess.run(
        ["git", "-C", str(root), *identity, *words], capture_output=True, text=True, check=True
    )
    return done.stdout


def repository(root: Path) -> Path:
    """Make the folder a repository with everything committed."""
    git(root, "init", "-q")
    git(root, "config", "user.name", "Test")
    git(root, "config", "user.email", "test@example.org")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "before")
    return root
