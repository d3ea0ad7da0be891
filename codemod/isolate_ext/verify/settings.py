"""What is judged, and how: the user's choices and the source trees."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isolate_ext.report.ladder import RungResult
from isolate_ext.verify.binary.placement_list import PlacementList
from isolate_ext.verify.building import Recipe

Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What the user chose.

    ``modules`` restricts the judgement to those, ``rungs`` to those of the probe; ``skip`` names
    calls that are not made; ``timeout`` is for one rung, in seconds, ``jobs`` are rungs at a time;
    ``tests_inside`` are patterns of test files.
    """

    cache: Path
    recipe: Recipe
    modules: tuple[str, ...] = ()
    workload: Path | None = None
    tests: str = ""
    skip: tuple[str, ...] = ()
    rungs: tuple[str, ...] | None = None
    cycles: int = 200
    timeout: float = 120.0
    jobs: int = 2
    tests_inside: tuple[str, ...] = ()

    def wants(self, rung: str) -> bool:
        return self.rungs is None or rung in self.rungs


@dataclass(frozen=True)
class SourceFacts:
    """What the sources of one module say; paths are relative to the trees.

    ``own`` are the files that touch Python, ``untouched`` the functions of each translation unit
    whose text is that of before.  ``changed`` says that some file is another one than before, or
    that there is no before; ``left_out`` why the project's build need not make the module;
    ``sources`` what they show of references, where they could be read; ``listed`` what may stay
    static in them as they are; ``accesses`` the calls that the plan gives a path to the state, by
    the path; ``once`` what a module hooks into the process that opts out for it.
    """

    own: Collection[str] = ()
    untouched: Mapping[str, Collection[str]] = field(default_factory=dict)
    changed: bool = True
    left_out: str = ""
    sources: RungResult | None = None
    listed: PlacementList | None = None
    accesses: Mapping[str, Collection[str]] = field(default_factory=dict)
    once: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trees:
    """The source trees to build; ``before`` is None where there is nothing to compare with.

    ``facts`` are by the name of the module, or by its last part.
    """

    before: Path | None
    after: Path
    facts: Mapping[str, SourceFacts] = field(default_factory=dict)

    def facts_of(self, module: str) -> SourceFacts:
        return self.facts.get(module) or self.facts.get(module.rpartition(".")[2]) or SourceFacts()


def without(facts: Iterable[str], modules: Collection[str]) -> list[str]:
    """The names that stand for none of the modules; build files may leave a package out."""
    known = {name.rpartition(".")[2] for name in modules}
    return [name for name in facts if name.rpartition(".")[2] not in known]
