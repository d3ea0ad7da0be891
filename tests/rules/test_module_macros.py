"""Modules whose definition, init function and exits are spelled through macros."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import compiled, output

from isolate_ext.engine import Stage
from isolate_ext.testing.checks import migrated
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import EXCEPTION

MACROS = """#if PY_MAJOR_VERSION >= 3
#define MODULE_ERROR NULL
#define MODULE_RETURN(v) return (v)
#define MODULE_INIT(name) PyMODINIT_FUNC PyInit_##name(void)
#define MODULE_DEF(name, doc, methods)                  \\
    static struct PyModuleDef moduledef = {             \\
        PyModuleDef_HEAD_INIT, (name), (doc), -1, (methods), };
#define MODULE_CREATE(obj, name, doc, methods)          \\
    obj = PyModule_Create(&moduledef);
#else
#define MODULE_ERROR
#define MODULE_RETURN(v)
#define MODULE_INIT(name) void init##name(void)
#define MODULE_DEF(name, doc, methods)
#define MODULE_CREATE(obj, name, doc, methods) obj = Py_InitModule3((name), (methods), (doc));
#endif
"""
SPELLED = """
MODULE_DEF("spam", NULL, spam_methods);

MODULE_INIT(spam)
{
    PyObject *m;

    MODULE_CREATE(m, "spam", NULL, spam_methods);
    if (!m)
        return MODULE_ERROR;

    Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL)
        return MODULE_ERROR;
    MODULE_RETURN(m);
}
"""


def test_what_macros_spell_is_written_out_and_migrated(tmp_path: Path) -> None:
    head = EXCEPTION.partition("\nstatic struct PyModuleDef")[0]
    source = head.replace("#include <Python.h>\n", f"#include <Python.h>\n{MACROS}") + SPELLED
    outcome = migrated(SUITE, source)
    assert not outcome.refusals and outcome.stage is Stage.ISOLATED
    written = outcome.files["spam.c"].decode()
    assert ";;" not in written and "MODULE_CREATE(m" not in written
    assert "{\n    return PyModuleDef_Init(&moduledef);\n}" in written
    code = "import spam\ntry: spam.fail()\nexcept Exception as error: print(type(error).__name__)"
    assert output(compiled(outcome, Stage.ISOLATED, tmp_path), code) == "Error"
