"""What is judged, and how: the user's choices and the source trees."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isolate_ext.verify.building import Recipe

Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What the user chose.

    ``modules`` restricts the judgement to those, ``rungs`` to those of the probe; ``skip`` names
    calls that are not made; ``timeout`` is for one rung, in seconds, ``jobs`` are rungs at a time.
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

    def wants(self, rung: str) -> bool:
        return self.rungs is None or rung in self.rungs


@dataclass(frozen=True)
class Trees:
    """The source trees to build; ``before`` is None where there is nothing to compare with.

    ``own`` are the files of each module that touch Python, as paths in the trees.
    """

    before: Path | None
    after: Path
    own: Mapping[str, Collection[str]] = field(default_factory=dict)

    def own_files(self, module: str) -> Collection[str]:
        """By the whole name, or by its last part where that is known alone."""
        return self.own.get(module) or self.own.get(module.rpartition(".")[2]) or ()
