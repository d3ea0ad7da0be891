"""Small C files through the engine: migrated, compiled at every stage, and run."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from isolate_ext.engine import Outcome, Settings, Stage, migrate
from isolate_ext.model.build import build
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import MacroEnvironment, Source, parse, scan
from isolate_ext_rules import SUITE

WARNINGS = ["-Wall", "-Werror", "-Wno-unused-function", "-Wno-unused-variable"]


def migrated(files: dict[str, str] | str, settings: Settings | None = None) -> Outcome:
    """Every stage of the migration of some files; a text alone is ``spam.c``."""
    texts = {"spam.c": files} if isinstance(files, str) else files
    scans = {path: scan(Source(path, text.encode())) for path, text in texts.items()}
    macros = MacroEnvironment.of(scans.values())
    parsed = {path: parse(each, macros) for path, each in scans.items()}
    sources = [path for path in parsed if path.endswith(".c")]
    return migrate(build("spam", sources, parsed), SUITE, settings or Settings(), every_stage=True)


def text_of(outcome: Outcome, path: str = "spam.c", stage: Stage = Stage.ISOLATED) -> str:
    """The new text of a file at a stage; the old one where nothing changed."""
    found = outcome.texts[stage].get(path)
    return (found if found is not None else outcome.extension.files[path].source.data).decode()


def reasons(outcome: Outcome) -> set[Reason]:
    return {each.reason for each in outcome.refusals}


def compiled(outcome: Outcome, stage: Stage, folder: Path, *options: str) -> Path:
    """The library built from a stage; fails the test with the compiler's words."""
    folder = folder / stage.label
    folder.mkdir()
    originals = {path: parsed.source.data for path, parsed in outcome.extension.files.items()}
    for path, text in {**originals, **outcome.texts[stage]}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text)
    library = folder / "spam.so"
    command = [
        os.environ.get("CC", "cc"), "-shared", "-fPIC", *WARNINGS, f"-I{folder}",
        f"-I{sysconfig.get_paths()['include']}", *options,
        *(str(folder / path) for path in outcome.extension.sources), "-o", str(library),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{stage.label}: {done.stderr}"
    return library


def output(library: Path, code: str) -> str:
    """What Python code that may import ``spam`` prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(library.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def behaves(outcome: Outcome, folder: Path, code: str, expected: str) -> None:
    """Every stage compiles and prints the same; the last one twice, for a second copy."""
    for stage in Stage:
        assert output(compiled(outcome, stage, folder), code) == expected, stage.label
    again = f"{code}\nimport sys\ndel sys.modules['spam']\n{code}"
    library = folder / Stage.ISOLATED.label / "spam.so"
    assert output(library, again) == f"{expected}\n{expected}"
