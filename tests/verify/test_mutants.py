"""Mistakes made in migrated extensions: found by the model, compiled, and caught by a rung."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from mutants import report, running, subjects  # noqa: E402
from mutants.climbing import GROUPS, SURVIVES, Caught, Climber  # noqa: E402
from mutants.compiling import Workshop  # noqa: E402
from mutants.equivalence import equivalent  # noqa: E402
from mutants.kinds import mutations  # noqa: E402
from mutants.mutation import Mutation  # noqa: E402
from mutants.running import Outcome  # noqa: E402
from mutants.subjects import Subject  # noqa: E402

CAUGHT = {
    "visit of the type": ("Py_VISIT(Py_TYPE(self));", "protocol"),
    "visit of a member": ("Py_VISIT(self->input);", "surface"),
    "visit of the state": ("Py_VISIT(state->error_obj);", "references"),
    "decref of the type": ("Py_DECREF(tp);", "protocol"),
    "incref": ("Py_INCREF(state->dialects);", "references"),
    "flag HAVE_GC": ("", "learn"),
    "flag IMMUTABLETYPE": ("", "surface"),
    "m_traverse": ("", "protocol"),
    "static again": ("Dialect_Type", "binary"),
}
"""By kind a mistake in csvlite, and the rung that catches it."""


@pytest.fixture(scope="module")
def csvlite(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return subjects.original("csvlite", "3.13", tmp_path_factory.mktemp("csvlite"))[0]


@pytest.fixture(scope="module")
def climber(csvlite: Subject) -> Climber:
    return Climber(csvlite, GROUPS[:1])


@pytest.fixture(scope="module")
def workshop(csvlite: Subject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    target = tmp_path_factory.mktemp("workshop") / "tree"
    yield Workshop(csvlite.tree, csvlite.commands, target)


def first(subject: Subject, kind: str, text: str) -> Mutation:
    found = mutations(subject.extension)
    return next(each for each in found if each.kind == kind and text in each.what)


def test_without_a_mistake_every_rung_holds(climber: Climber) -> None:
    assert climber.unjudged == {}


@pytest.mark.parametrize("kind", CAUGHT)
def test_a_mistake_is_caught(
    csvlite: Subject, climber: Climber, workshop: Workshop, kind: str
) -> None:
    text, rung = CAUGHT[kind]
    mutation = first(csvlite, kind, text)
    texts = mutation.apply(dict(csvlite.texts))
    library = workshop.build(texts, csvlite.extension.units_of(texts), csvlite.module)
    assert climber.climb(library).rung == rung


def test_a_mistake_is_taken_back(csvlite: Subject, workshop: Workshop) -> None:
    mutation = first(csvlite, "m_free", "")
    texts = mutation.apply(dict(csvlite.texts))
    assert list(texts) == ["csvlite.c"]
    workshop.build(texts, ("csvlite.c",), csvlite.module)
    assert (workshop.tree / "csvlite.c").read_bytes() == csvlite.texts["csvlite.c"]


def test_every_kind_is_found_and_sampled(csvlite: Subject) -> None:
    found = mutations(csvlite.extension)
    kinds = {each.kind for each in found}
    assert len(kinds) == 17 and set(CAUGHT) <= kinds
    chosen = running.sample(found, len(kinds), 1)
    assert {each.kind for each in chosen} == kinds
    assert [each.where for each in chosen] == [
        each.where for each in running.sample(found, len(kinds), 1)
    ]


def test_what_makes_no_difference(csvlite: Subject) -> None:
    def reason(kind: str, text: str = "", version: tuple[int, int] = (3, 13)) -> str:
        return equivalent(csvlite.extension, first(csvlite, kind, text), version)

    assert reason("flag IMMUTABLETYPE", version=(3, 9)) == "the flag is 0 before 3.10"
    assert reason("flag IMMUTABLETYPE") == ""
    assert reason("visit of a member", "self->input") == ""
    assert "m_free does the same" in reason("m_clear")


def test_survivors_count_unless_they_are_no_mistake(csvlite: Subject) -> None:
    one, other = mutations(csvlite.extension)[:2]
    caught = Outcome("csvlite", one, Caught("protocol", "line"))
    survivor = Outcome("csvlite", other, SURVIVES)
    assert report.share([caught, survivor]) == 0.5
    assert report.share([caught, Outcome("csvlite", other, SURVIVES, "equal")]) == 1.0
    assert report.share([caught, Outcome("csvlite", other, broken="error")]) == 1.0
    assert other.where in report.text([caught, survivor])
