"""What calls return is compared, but for what two processes of one build do not agree on."""

import subprocess

import pytest

from isolate_ext.verify import pythons
from isolate_ext.verify.drive import probe
from isolate_ext.verify.judging import judge

SOURCE = """
#include <Python.h>
#include <unistd.h>
static PyObject *answer(PyObject *self, PyObject *noargs) { return PyLong_FromLong(ANSWER); }
static PyObject *names(PyObject *self, PyObject *noargs)
{ return Py_BuildValue("(si)", "a", ANSWER); }
static PyObject *process(PyObject *self, PyObject *noargs) { return PyLong_FromLong(getpid()); }
static PyMethodDef methods[] = {
    {"answer", answer, METH_NOARGS, NULL},
    {"names", names, METH_NOARGS, NULL},
    {"process", process, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "answers", NULL, 0, methods};
PyMODINIT_FUNC PyInit_answers(void) { return PyModuleDef_Init(&def); }
"""


@pytest.fixture(scope="module")
def probed(tmp_path_factory, newest):
    python = pythons.find(newest)

    def build(answer):
        folder = tmp_path_factory.mktemp("answers")
        (folder / "answers.c").write_text(SOURCE)
        library = folder / "answers.so"
        flags = ["-shared", "-fPIC", f"-I{pythons.include(python)}", f"-DANSWER={answer}"]
        subprocess.run(["gcc", *flags, str(folder / "answers.c"), "-o", str(library)], check=True)
        return probe(library, python, rungs=("surface",))

    return build


def test_another_result_is_a_regression(probed):
    found = judge(probed(42), probed(43), (3, 13), ("surface",))
    assert any("answer()" in line and "42" in line and "43" in line for line in found.reasons)
    assert any("names()" in line for line in found.reasons)


def test_results_that_differ_from_process_to_process_do_not_count(probed):
    found = judge(probed(42), probed(42), (3, 13), ("surface",))
    assert found.reasons == ()


def test_what_the_unmodified_build_shows_in_another_run_is_no_regression(probed):
    one, other, third = (probed(answer) for answer in (42, 43, 44))
    surfaces = [each["rungs"]["surface"]["data"]["surface"] for each in (one, other, third)]
    assert judge(one, other, (3, 13), ("surface",)).looks_other
    assert judge(one, other, (3, 13), ("surface",), [surfaces[0], surfaces[2]]).looks_other
    found = judge(one, other, (3, 13), ("surface",), [surfaces[2], surfaces[1]])
    assert not found.looks_other
    assert any("in another run" in reason for reason in found.expected)
