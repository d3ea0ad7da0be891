"""The migration of an original extension, and what was recorded of it.

A golden folder holds every changed or new file at the furthest stage, and `result.txt`: the stage
of each extension and its refusals, one a line.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from isolate_ext.app.modelling import Library
from isolate_ext.app.planning import Planned, merged, plan, settle
from isolate_ext.app.rulebook import all_rules
from isolate_ext.engine import Settings, Stage
from isolate_ext.project import discover
from isolate_ext.report.results import OPTED_OUT

CORPUS = Path(__file__).parents[2] / "corpus"


@dataclass(frozen=True)
class Migration:
    """What the engine makes of one folder of the original corpus."""

    name: str
    planned: tuple[Planned, ...]

    @property
    def folder(self) -> Path:
        return CORPUS / self.name

    @property
    def finished(self) -> tuple[str, ...]:
        """Names of the extensions that reached the last stage."""
        return tuple(each.found.name for each in self.planned if each.stage is Stage.ISOLATED)

    @property
    def isolated(self) -> tuple[str, ...]:
        """Those of them that may be loaded more than once."""
        once = {each.found.name for each in self.planned if each.result().status == OPTED_OUT}
        return tuple(each for each in self.finished if each not in once)

    def stages(self) -> dict[Stage, dict[str, bytes]]:
        """The texts of each stage that differ from those of the stage before."""
        found: dict[Stage, dict[str, bytes]] = {}
        last: dict[str, bytes] = {}
        for stage in Stage:
            texts = merged(self.planned, stage)
            if texts != last:
                found[stage] = last = texts
        return found

    def files(self) -> dict[str, bytes]:
        """The texts at the furthest stage."""
        return merged(self.planned)

    def result(self) -> str:
        """Stage and refusals of each extension, positions as line and column."""
        lines = []
        for each in self.planned:
            stage = each.stage.label if each.stage is not None else "unchanged"
            result = each.result()
            stage = result.status if result.status == OPTED_OUT else stage
            lines.append(f"{each.found.name}: {stage}")
            for finding in result.refusals:
                lines.append(
                    f"  {finding.path}:{finding.line}:{finding.column}: "
                    f"{finding.reason}: {finding.message}"
                )
        return "\n".join(lines) + "\n"

    def write(self, texts: dict[str, bytes], target: Path) -> None:
        """A copy of the folder with some texts in place."""
        shutil.copytree(self.folder, target, ignore=shutil.ignore_patterns("golden"))
        for path, text in texts.items():
            (target / path).write_bytes(text)

    def golden(self) -> dict[str, bytes]:
        """The recorded files; empty where nothing was recorded."""
        root = self.folder / "golden"
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }

    def record(self) -> None:
        """Make what the engine says now the golden."""
        root = self.folder / "golden"
        shutil.rmtree(root, ignore_errors=True)
        for path, text in {**self.files(), "result.txt": self.result().encode()}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text)


@cache
def migration(name: str, guarded: bool = False) -> Migration:
    """Every extension of a folder of the corpus, with the texts of every stage."""
    return migrated_folder(CORPUS / name, guarded)


def migrated_folder(folder: Path, guarded: bool = False, upto: Stage = Stage.ISOLATED) -> Migration:
    """The same for a folder anywhere, up to a stage."""
    discovery = discover(folder)
    library = Library(discovery.root)
    settings = Settings(floor=(3, 9), guarded=guarded)
    planned = [
        plan(library, found, all_rules(), settings, upto, not guarded)
        for found in discovery.extensions
    ]
    settle(planned)
    return Migration(folder.name, tuple(planned))
