"""Mistakes made in migrated extensions: found by the model, compiled, and caught by a rung."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolate_ext.verify.source_rung import NAME as SOURCES

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from mutants import reasons, records, report, running, subjects  # noqa: E402
from mutants.climbing import GROUPS, SURVIVES, Caught, Climber  # noqa: E402
from mutants.compiling import Workshop  # noqa: E402
from mutants.equivalence import equivalent  # noqa: E402
from mutants.kinds import mutations  # noqa: E402
from mutants.mutation import Mutation  # noqa: E402
from mutants.running import Outcome  # noqa: E402
from mutants.subjects import Subject  # noqa: E402
from mutants.touched import touched  # noqa: E402

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
"""By kind a mistake in csvlite, and the rung that catches it without a look at the sources."""

SHOWN = {
    "visit of the type": "dialect_traverse does not visit the type",
    "visit of a member": "dialect_traverse does not visit terminator",
    "clear of the state": "csvlite_clear leaves out",
    "decref of the type too early": "goes on after it has released the type",
    "by definition in dealloc": "finds the module through a type that may be cleared",
    "incref": "takes no reference to terminator",
    "m_free": "csvlite_module has no m_free",
}
"""By kind what the sources show of the first such mistake."""


@pytest.fixture(scope="module")
def csvlite(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return subjects.original("csvlite", "3.13", tmp_path_factory.mktemp("csvlite"))[0]


@pytest.fixture(scope="module")
def climber(csvlite: Subject) -> Climber:
    return Climber(csvlite, GROUPS[:1], without=[SOURCES])


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
    assert climber.climb(library, texts).rung == rung


@pytest.mark.parametrize("kind", SHOWN)
def test_a_mistake_shows_in_the_sources(csvlite: Subject, kind: str) -> None:
    texts = first(csvlite, kind, "").apply(dict(csvlite.texts))
    caught = Climber(csvlite, ()).climb(csvlite.after, texts)
    assert caught.rung == SOURCES
    assert SHOWN[kind] in caught.problem


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


def test_what_is_known_of_survivors_must_be_true(csvlite: Subject, tmp_path: Path) -> None:
    one = mutations(csvlite.extension)[0]
    file = tmp_path / "reasons.toml"
    file.write_text(
        f"[[survivor]]\nmodule = 'csvlite'\nkind = '{one.kind}'\nwhat = '{one.what}'\n"
        "reason = 'why'\nequal = true\n"
    )
    known = reasons.load(file)
    survivor, caught = Outcome("csvlite", one), Outcome("csvlite", one, Caught("protocol", "line"))
    assert [it.equivalent for it in reasons.explained([survivor], known)] == ["why"]
    assert list(reasons.stale([survivor], known)) == []
    assert len(list(reasons.stale([caught], known))) == 1
    assert reasons.load() is not None


def test_text_that_was_left_alone_gets_no_mistake(csvlite: Subject) -> None:
    found = mutations(csvlite.extension)
    assert touched(csvlite.original, csvlite.extension, found)
    assert touched(None, csvlite.extension, found) == found
    assert touched(csvlite.extension, csvlite.extension, found) == []


def test_results_are_remembered_for_one_ladder(csvlite: Subject, tmp_path: Path) -> None:
    file, mutant = tmp_path / "records", records.key(csvlite, {})
    kept = records.Records(file, (), trusting=False)
    kept.keep(mutant, Caught("protocol", "line"), "")
    found = records.Records(file, (), trusting=False).known(mutant)
    assert found is not None and found.rung == "protocol"
    assert records.Records(file, ("cycles",), trusting=False).known(mutant) is None
    assert records.Records(file, ("cycles",), trusting=True).known(mutant) is not None
    assert records.key(csvlite, {"csvlite.c": b"int x;"}) != mutant
