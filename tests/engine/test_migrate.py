"""The loop: refusals until nothing changes, stages, and a second run."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from isolate_ext.engine import Pass, Stage
from isolate_ext.engine.plan import Plan
from isolate_ext.placement.refusals import Reason
from isolate_ext.testing import (
    check_rewrite,
    check_stages,
    check_unchanged,
    files_of,
    migrated,
    text_of,
)
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import CALLBACK, EXCEPTION, HELPER, TYPE


@pytest.mark.parametrize("source", [EXCEPTION, HELPER, TYPE], ids=["exception", "helper", "type"])
def test_a_second_run_changes_nothing(source: str) -> None:
    isolated = text_of({**files_of(source), **migrated(SUITE, source).files})
    check_unchanged(SUITE, isolated)


@pytest.mark.parametrize("source", [EXCEPTION, HELPER, TYPE], ids=["exception", "helper", "type"])
def test_a_run_from_a_stage_ends_where_a_whole_run_ends_or_refuses(source: str) -> None:
    whole = migrated(SUITE, source)
    assert list(whole.texts) == list(Stage)
    assert len({text_of(texts) for texts in whole.texts.values()}) >= 3


def test_a_macro_that_is_nothing_is_written_out_where_it_is_returned() -> None:
    added = 'PyModule_AddStringConstant(m, "no", NO);'
    source = EXCEPTION.replace("Python.h>", "Python.h>\n#define NO NULL").replace(
        "return NULL;\n    }\n    Py_INCREF", f"{added} return NO;\n    }}\n    Py_INCREF"
    )
    check_rewrite(SUITE, source, f"{added} return -1;")


def test_a_refusal_of_one_is_followed_to_the_end() -> None:
    """What the refused type held back is planned anew without it."""

    def reject(pass_: Pass) -> None:
        for key, type_ in pass_.decisions.types.items():
            home = type_.home
            pass_.refuse(Reason.TYPE_SHAPE, home.path, home.start, home.end, "not this one", key)

    outcome = migrated((*SUITE, replace(SUITE[-1], id="reject", run=reject)), TYPE)
    assert outcome.stage is Stage.ACCESS
    assert [each.message for each in outcome.refusals if each.reason is Reason.TYPE_SHAPE] == [
        "not this one"
    ]
    assert b"PyType_Spec" not in b"".join(outcome.files.values())


def test_refused_stays_single_phase_and_compiles() -> None:
    outcome = check_stages(SUITE, CALLBACK)
    assert outcome.stage is Stage.ACCESS
    assert b"PyModule_Create" in outcome.files["spam.c"]


def test_it_stops_where_it_is_told() -> None:
    outcome = migrated(SUITE, EXCEPTION, stage=Stage.STATE)
    assert outcome.stage is Stage.STATE
    assert b"get_global_spam_state()->Error" in outcome.files["spam.c"]


def test_no_violation_is_left_in_what_is_written() -> None:
    for source in (EXCEPTION, HELPER, TYPE):
        assert migrated(SUITE, source).violations == []


def test_line_endings_stay() -> None:
    outcome = check_rewrite(SUITE, TYPE.replace("\n", "\r\n"), "state->Egg_Type")
    text = outcome.files["spam.c"]
    assert text.count(b"\r\n") == text.count(b"\n")
    assert b"\r\r" not in text


def test_an_edit_is_scheduled_once() -> None:
    plan = Plan()
    for _ in range(2):
        plan.replace("rule", "spam.c", 1, 2, b"x", "group", Stage.STATE)
    assert len(plan.edits) == 1
    assert plan.at(Stage.ISOLATED) and not Plan().at(Stage.STATE)
