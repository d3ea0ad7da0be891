"""The returns of the init function, in every branch, as exec says them."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import EXCEPTION

LEAVE = "    return m;\n}\n"
FAIL = """\
#ifdef BROKEN
    if (Error != NULL) {
        %s
    }
#endif
"""


def leaving(text: str, before: str = "") -> str:
    """An init function that may leave earlier, or in another way."""
    head, last, tail = EXCEPTION.rpartition(LEAVE)
    assert last
    return f"{head.replace('PyMODINIT_FUNC', before + 'PyMODINIT_FUNC')}{text}{last}{tail}"


def body(source: str) -> str:
    """What exec does in the end."""
    outcome = migrated(source)
    assert outcome.refusals == []
    return text_of(outcome).partition("spam_exec(PyObject *m)")[2].partition("\n}\n")[0]


@pytest.mark.parametrize(
    ("leave", "result"),
    [
        ("return NULL;", "return -1;"),
        ("return 0;", "return -1;"),
        ("return (PyObject *)NULL;", "return -1;"),
        ("return m;", "return PyErr_Occurred() ? -1 : 0;"),
        ("return (m);", "return PyErr_Occurred() ? -1 : 0;"),
        ("return PyErr_Occurred() ? NULL : m;", "return PyErr_Occurred() ? -1 : 0;"),
        ("return PyErr_NoMemory();", "{ PyErr_NoMemory(); return -1; }"),
        (
            "Py_DECREF(m);\n        return NULL;",
            "if (state->Error != NULL) {\n        return -1;",
        ),
    ],
)
@pytest.mark.parametrize("branch", ["#ifdef BROKEN", "#ifndef BROKEN", "#ifdef MS_WINDOWS"])
def test_each_branch_says_it_as_exec_does(branch: str, leave: str, result: str) -> None:
    text = body(leaving((FAIL % leave).replace("#ifdef BROKEN", branch)))
    assert f"{branch}\n" in text
    assert result in text
    assert "return NULL" not in text
    assert "return m" not in text


def test_both_sides_of_a_branch() -> None:
    text = body(leaving("#ifdef BROKEN\n    return NULL;\n#else\n    return m;\n#endif\n"))
    done = "return PyErr_Occurred() ? -1 : 0;"
    assert f"#ifdef BROKEN\n    return -1;\n#else\n    {done}\n#endif\n    {done}" in text


@pytest.mark.parametrize("options", [(), ("-DBROKEN",)])
@pytest.mark.parametrize("stage", Stage, ids=lambda each: each.label)
def test_a_branch_that_is_taken_fails_as_before(
    stage: Stage, options: tuple[str, ...], tmp_path: Path
) -> None:
    source = leaving(FAIL % 'PyErr_SetString(PyExc_ImportError, "no");\n        return NULL;')
    library = compiled(migrated(source), stage, tmp_path, *options)
    run = "try:\n    import spam\nexcept ImportError as error:\n    print(error)"
    assert output(library, run) == ("no" if options else "")


@pytest.mark.parametrize("leave", ["return make();", "return PyErr_Occurred() ? m : make();"])
@pytest.mark.parametrize("branch", ["#ifdef BROKEN", "#ifndef BROKEN"])
def test_what_is_neither_is_refused_in_every_branch(branch: str, leave: str) -> None:
    make = "static PyObject *\nmake(void)\n{\n    return NULL;\n}\n\n"
    source = leaving((FAIL % leave).replace("#ifdef BROKEN", branch), make)
    outcome = migrated(source)
    assert reasons(outcome) == {Reason.INIT_SHAPE}
    (refusal,) = outcome.refusals
    assert source[refusal.start : refusal.end] == leave
