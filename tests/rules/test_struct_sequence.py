"""Struct sequences move, and no static type stays behind in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, migrated, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import module
from isolate_ext_rules.struct_sequence import POINT

USE = "import spam\nprint(type(spam.point()).__name__, spam.point.__module__)"
UNCHECKED = """if (PointType.tp_name == 0)
        PyStructSequence_InitType(&PointType, &point_desc);"""


@pytest.mark.parametrize(
    "fill",
    [
        "if (PyStructSequence_InitType2(&PointType, &point_desc) < 0) {\n"
        "        return NULL;\n    }",
        "if (PyStructSequence_InitType2(&PointType, &point_desc) < 0 || m == NULL) return NULL;",
        "if (PyStructSequence_InitType2(&PointType, &point_desc)) return NULL;",
        "PyStructSequence_InitType(&PointType, &point_desc);",
        UNCHECKED,
    ],
)
def test_filled_in_every_spelling(fill: str, tmp_path: Path) -> None:
    head, _, rest = POINT.partition("if (PointType.tp_name == NULL)")
    outcome = migrated(head + fill + "\n    return m;" + rest.partition("return m;")[2])
    assert outcome.stage is Stage.ISOLATED
    assert "PyTypeObject PointType" not in text_of(outcome)
    behaves(outcome, tmp_path, USE, "point spam")


def test_a_patched_slot_is_reached_through_the_member(tmp_path: Path) -> None:
    code = POINT.replace("    return m;\n", "    PointType.tp_doc = NULL;\n    return m;\n")
    outcome = migrated(code)
    assert "state->PointType->tp_doc = NULL;" in text_of(outcome)
    behaves(outcome, tmp_path, USE, "point spam")


def test_a_failure_that_nobody_would_hear_is_refused() -> None:
    code = POINT.replace(
        "static PyObject *\nspam_point",
        """static void
fill(void)
{
    PyStructSequence_InitType(&PointType, &point_desc);
}

static PyObject *
spam_point""",
    ).replace("return m;", "fill();\n    return m;")
    outcome = migrated(code)
    assert outcome.stage is Stage.ACCESS
    assert Reason.INIT_SHAPE in reasons(outcome)


@pytest.mark.parametrize(
    "code",
    [
        'static PyTypeObject Egg;\nstatic void fill(void) { Egg.tp_name = "spam.Egg"; }',
        'static void fill(void) { static PyTypeObject Egg = {PyVarObject_HEAD_INIT(NULL, 0) "a.b"};'
        " PyType_Ready(&Egg); }",
        "static PyTypeObject Eggs[2];",
    ],
)
def test_a_static_type_of_another_kind_is_refused(code: str) -> None:
    outcome = migrated(module(code))
    assert Reason.TYPE_SHAPE in reasons(outcome)
    assert outcome.stage is Stage.ACCESS


@pytest.mark.parametrize(
    ("descriptor", "written"),
    [
        ('{"spam.point", 0, point_fields, 2}', '{"spam.point", "", point_fields, 2}'),
        ('{"spam.point", "p", point_fields, 2}', '{"spam.point", "p", point_fields, 2}'),
        (
            '{.name = "spam.point", .doc = NULL, .fields = point_fields, .n_in_sequence = 2}',
            '{.name = "spam.point", .doc = "", .fields = point_fields, .n_in_sequence = 2}',
        ),
        (
            '{.name = "spam.point", /* no doc */ .fields = point_fields, .n_in_sequence = 2}',
            '{.name = "spam.point", .doc = "", /* no doc */ .fields = point_fields, '
            ".n_in_sequence = 2}",
        ),
        (
            '{.fields = point_fields, .name = "spam.point", .n_in_sequence = 2}',
            '{.fields = point_fields, .name = "spam.point", .doc = "", .n_in_sequence = 2}',
        ),
    ],
)
def test_old_pythons_need_a_doc(descriptor: str, written: str, tmp_path: Path) -> None:
    outcome = migrated(POINT.replace('{"spam.point", NULL, point_fields, 2}', descriptor))
    assert outcome.stage is Stage.ISOLATED
    assert f"point_desc = {written};" in text_of(outcome)
    behaves(outcome, tmp_path, USE, "point spam")


def test_a_descriptor_of_two_types_is_given_one_doc(tmp_path: Path) -> None:
    code = POINT.replace(
        "static PyTypeObject PointType;", "static PyTypeObject PointType, OtherType;"
    ).replace(
        "    return m;\n",
        "    if (PyStructSequence_InitType2(&OtherType, &point_desc) < 0)\n"
        "        return NULL;\n    return m;\n",
    )
    outcome = migrated(code)
    assert outcome.stage is Stage.ISOLATED
    assert 'point_desc = {"spam.point", "", point_fields, 2};' in text_of(outcome)
    behaves(outcome, tmp_path, USE, "point spam")


CONSTRUCTOR = POINT.replace(
    "static PyObject *\nspam_point",
    """static newfunc sequence_new;

static PyObject *
point_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    return sequence_new(type, args, keywords);
}

static PyObject *
spam_point""",
).replace(
    "    return m;\n",
    "    sequence_new = PointType.tp_new;\n    PointType.tp_new = point_new;\n"
    '    PyModule_AddObject(m, "Point", Py_NewRef((PyObject *)&PointType));\n    return m;\n',
)


def test_a_constructor_of_its_own_calls_that_of_the_interpreter(tmp_path: Path) -> None:
    outcome = migrated(CONSTRUCTOR)
    text = text_of(outcome)
    assert outcome.refusals == []
    assert "static newfunc sequence_new;" in text
    assert "    sequence_new = state->PointType->tp_new;\n" in text
    assert "Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED" in text
    assert "PER_INTERPRETER_GIL" not in text
    behaves(outcome, tmp_path, "import spam\nprint(spam.Point((1, 2)).y)", "2")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "sequence_new = PointType.tp_new;\n    PointType.tp_new = point_new;",
            "PointType.tp_new = point_new;\n    sequence_new = PointType.tp_new;",
        ),
        ("sequence_new = PointType.tp_new;", "sequence_new = PyTuple_Type.tp_new;"),
        ("return sequence_new(", "sequence_new = PyTuple_Type.tp_new; return sequence_new("),
    ],
    ids=["after its own", "of another type", "later"],
)
def test_any_other_constructor_that_is_kept_needs_the_state(old: str, new: str) -> None:
    outcome = migrated(CONSTRUCTOR.replace(old, new))
    assert Reason.NO_ROUTE in reasons(outcome)
