"""How the exec function ends where the init function gave the module up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, text_of

from isolate_ext.engine import Stage
from isolate_ext.testing import check_stages
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import TYPE, module

GIVEN_UP = 'if (PyModule_AddIntConstant(m, "one", 1) < 0 || make() < 0) {\n        %s\n    }'
MAKE = """
static int calls;

static int
make(void)
{
    calls++;
    PyErr_SetString(PyExc_OSError, "no more");
    return -1;
}
"""


@pytest.mark.parametrize(
    "given_up", ["Py_CLEAR(m);", "Py_DECREF(m);\n        m = NULL;", "Py_CLEAR(m);\n return NULL;"]
)
def test_a_module_given_up_is_a_failure(given_up: str, tmp_path: Path) -> None:
    outcome = migrated(module(MAKE, "", GIVEN_UP % given_up))
    library = compiled(outcome, Stage.ISOLATED, tmp_path)
    code = "try:\n    import spam\nexcept OSError as error:\n    print(error)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=library.parent, capture_output=True, text=True
    )
    assert done.stdout.strip() == "no more", done.stderr
    assert "Py_DECREF(m)" not in text_of(outcome) and "Py_CLEAR(m)" not in text_of(outcome)


def test_a_macro_of_the_init_function_is_edited_where_it_stands() -> None:
    body = """#define CONSTANT(name) \\
    if (PyModule_AddIntConstant(m, #name, name) < 0) \\
        return NULL;
    CONSTANT(EOF);
    CONSTANT(BUFSIZ);
#undef CONSTANT
#define CONSTANT(name) PyModule_AddIntConstant(m, #name, name)
    CONSTANT(FOPEN_MAX); /* CONSTANT */"""
    source = module("#define START PyInit_spam", "", body).replace("PyInit_spam(", "START(")
    text = text_of(check_stages(SUITE, source))
    assert "        return -1;\n    CONSTANT(EOF);\n    CONSTANT(BUFSIZ);" in text
    assert "#define CONSTANT(name) PyModule_AddIntConstant(m, #name, name)" in text


@pytest.mark.parametrize(
    ("macro", "call", "edited"),
    [
        (
            """#define ADD(name) do { \\
    if (PyModule_AddIntConstant(m, #name, name) < 0) { \\
        Py_DECREF(m); \\
        return NULL; \\
    } \\
} while (0)""",
            "ADD(EOF);",
            """name) < 0) { \\
        return -1; \\
    } \\
} while""",
        ),
        (
            "#define ADD(to, name) "
            "if (PyModule_AddIntConstant(to, #name, name) < 0) { Py_XDECREF(to); return NULL; }",
            "ADD(m, EOF)",
            "name) < 0) { return -1; }",
        ),
        (
            "#define ADD(d, name) "
            "if (PyModule_AddIntConstant(m, #name, name) < 0) { Py_XDECREF(d); return NULL; }",
            "PyObject *d = NULL;\n    ADD(d, EOF)",
            "name) < 0) { Py_XDECREF(d); return -1; }",
        ),
    ],
)
def test_a_macro_does_not_release_the_module(macro: str, call: str, edited: str) -> None:
    text = text_of(check_stages(SUITE, module(macro, "", call)))
    assert edited in text


@pytest.mark.parametrize(("more", "left"), [("", 0), ("Py_INCREF(to);\n    ", 1)])
def test_what_init_calls_does_not_release_the_module(more: str, left: int) -> None:
    helper = f"""static int
add(PyObject *to)
{{
    {more}if (PyModule_AddIntMacro(to, EOF) < 0) {{
        Py_DECREF(to);
        return -1;
    }}
    return 0;
}}"""
    source = module(helper, "", "if (add(m) < 0) {\n        return NULL;\n    }")
    assert text_of(check_stages(SUITE, source)).count("Py_DECREF(to);") == left


def test_a_macro_that_takes_the_address_of_a_type_is_written_out() -> None:
    source = TYPE.replace(
        "    if (PyType_Ready(&Egg_Type) < 0) {\n        return NULL;\n    }",
        "    ADD_TYPE(m, Egg_Type);",
    ).replace(
        "PyMODINIT_FUNC",
        "#define ADD_TYPE(module, type) do { \\\n"
        "    if (PyModule_AddType(module, &type) < 0) { \\\n"
        "        Py_DECREF(module); \\\n        return NULL; \\\n    } \\\n} while (0)\n\n"
        "PyMODINIT_FUNC",
    )
    text = text_of(check_stages(SUITE, source))
    assert "if (PyModule_AddType(m, state->Egg_Type) < 0)" in text and "return -1;" in text
