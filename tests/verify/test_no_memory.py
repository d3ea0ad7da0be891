"""What the init function of a single-phase module does without memory, and that it may crash."""

import subprocess

import pytest

from isolate_ext.verify import pythons
from isolate_ext.verify.drive import probe

SOURCE = """
#include <Python.h>
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "forgetful", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_forgetful(void)
{
    PyObject *m = PyModule_Create(&def);
    PyObject *text = PyUnicode_FromString("a text that nobody has seen before");
    if (m == NULL CHECKED) {
        Py_XDECREF(text);
        Py_XDECREF(m);
        return NULL;
    }
    Py_INCREF(text);
    if (PyModule_AddObject(m, "text", text) < 0) {
        Py_DECREF(text);
    }
    Py_DECREF(text);
    return m;
}
"""


@pytest.mark.parametrize(("checked", "status"), [("|| text == NULL", "ok"), ("", "crashed")])
def test_a_single_phase_module_is_tried_in_processes_apart(tmp_path, newest, checked, status):
    python = pythons.find(newest)
    (tmp_path / "forgetful.c").write_text(SOURCE.replace("CHECKED", checked))
    library = tmp_path / "forgetful.so"
    flags = ["-shared", "-fPIC", f"-I{pythons.include(python)}"]
    subprocess.run(["gcc", *flags, str(tmp_path / "forgetful.c"), "-o", str(library)], check=True)
    rung = probe(library, python, rungs=("no-memory",))["rungs"]["no-memory"]
    assert rung["status"] == status, rung
