"""Types that are made where nothing declares their spec."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import TYPE, module

HEADER = "#ifndef SPAM_H\n#define SPAM_H\n#include <Python.h>\nPyObject *new_egg(void);\n#endif\n"
START = TYPE.index("typedef struct")
END = TYPE.index("static PyObject *\nspam_egg")
EGG = (
    TYPE[START:END]
    .replace("static PyTypeObject Egg_Type;\n", "")
    .replace("static PyObject *\nnew_egg", "PyObject *new_egg")
)
TYPE_AT = EGG.index("static PyTypeObject")
DEFINITION = EGG[TYPE_AT:]
EGG = EGG[: EGG.index("PyObject *new_egg")] + "PyTypeObject Egg_Type;\n\n" + EGG[
    EGG.index("PyObject *new_egg") : TYPE_AT
] + DEFINITION.removeprefix("static ")  # fmt: skip
USER = module(
    "static PyObject *\nspam_egg(PyObject *self, PyObject *args)\n{\n    return new_egg();\n}\n",
    '{"egg", spam_egg, METH_NOARGS, NULL},',
)
INCLUDE = '#include "spam.h"\n'
RUN = "import spam\nprint(spam.egg() is not None)"


def files(egg: str) -> dict[str, str]:
    user = USER.replace("#include <Python.h>\n", INCLUDE)
    return {"spam.c": user, "egg.c": INCLUDE + egg, "spam.h": HEADER}


def test_a_type_of_another_file_that_no_header_declares(tmp_path: Path) -> None:
    outcome = migrated(files(EGG))
    assert not outcome.refusals
    assert "extern PyType_Spec Egg_spec;" in text_of(outcome, "spam.h")
    behaves(outcome, tmp_path, RUN, "True")


def test_a_static_type_of_another_file(tmp_path: Path) -> None:
    outcome = migrated(files(EGG.replace("PyTypeObject Egg_Type", "static PyTypeObject Egg_Type")))
    assert "\nPyType_Spec Egg_spec = {" in text_of(outcome, "egg.c")
    behaves(outcome, tmp_path, RUN, "True")


def test_two_static_types_of_one_name_are_refused() -> None:
    one = EGG.replace("PyTypeObject Egg_Type", "static PyTypeObject Egg_Type")
    other = one.replace("new_egg", "new_egg_too")
    header = HEADER.replace("#endif", "PyObject *new_egg_too(void);\n#endif")
    outcome = migrated({**files(one), "other.c": INCLUDE + other, "spam.h": header})
    assert reasons(outcome) == {Reason.TYPE_SHAPE}


def test_a_type_behind_the_function_that_makes_it(tmp_path: Path) -> None:
    late = USER.replace("#include <Python.h>\n", "#include <Python.h>\nPyObject *new_egg(void);\n")
    outcome = migrated(late + EGG.replace("PyTypeObject Egg_Type", "static PyTypeObject Egg_Type"))
    assert "static PyType_Spec Egg_spec;" in text_of(outcome)
    behaves(outcome, tmp_path, RUN, "True")


@pytest.mark.parametrize("stage", [Stage.HEAP_TYPES, Stage.ACCESS, Stage.ISOLATED])
def test_what_the_header_declares_is_declared_once(stage: Stage) -> None:
    declared = {
        **files(EGG),
        "spam.h": HEADER.replace("PyObject *", "extern PyTypeObject Egg_Type;\nPyObject *", 1),
    }
    text = text_of(migrated(declared), "spam.h", stage)
    assert text.count("Egg_spec;") == 1
