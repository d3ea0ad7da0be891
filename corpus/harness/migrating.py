"""Runs the migration on a tree, and notes what it says."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isolate_ext.verify import process

DEFAULT = "isolate-ext migrate {paths} --allow-dirty --output-format json"
IDENTITY = "none"
REFUSED = 3


@dataclass(frozen=True)
class Migration:
    """``status``: the command's exit code (0 done, 3 something refused); ``report`` its JSON."""

    status: int | None
    refusals: tuple[str, ...]
    report: Any
    seconds: float
    log: str

    @property
    def usable(self) -> bool:
        """Whether the tree is in a state worth building."""
        return self.status in (0, REFUSED)


def migrate(
    command: str, paths: Sequence[str], cflags: Sequence[str], root: Path, folder: Path
) -> Migration:
    """Run ``command`` with {paths} filled in (and --cflags added) from within ``root``."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "migrate.log"
    log.unlink(missing_ok=True)
    if command == IDENTITY:
        log.write_text("no migration: the identity\n")
        return Migration(0, (), None, 0.0, str(log))
    output = folder / "migrate.json"
    line = command.replace("{paths}", shlex.join(paths))
    if cflags:
        line += f" --cflags {shlex.quote(shlex.join(cflags))}"
    done = process.run(
        f"({line}) > {shlex.quote(str(output))}", log=log, cwd=root, environment=dict(os.environ)
    )
    report = _report(output)
    return Migration(done.status, tuple(_refusals(report)), report, done.seconds, str(log))


def _report(output: Path) -> Any:
    try:
        return json.loads(output.read_text())
    except (OSError, ValueError):
        return None


def _refusals(report: Any) -> list[str]:
    """A line for every entry under ``refusals`` or ``refused``, wherever the report has it."""
    found: list[str] = []
    if isinstance(report, dict):
        for key, value in report.items():
            if key in ("refusals", "refused") and isinstance(value, list):
                found += [_line(entry) for entry in value]
            else:
                found += _refusals(value)
    elif isinstance(report, list):
        for value in report:
            found += _refusals(value)
    return list(dict.fromkeys(found))


def _line(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    place = ":".join(str(entry[key]) for key in ("path", "line") if entry.get(key) is not None)
    words = [
        str(entry[key])
        for key in ("reason", "rule", "symbol", "message", "detail")
        if entry.get(key)
    ]
    lift = f"; to lift it: {entry['help']}" if entry.get("help") else ""
    return " ".join([place, *words]).strip() + lift or json.dumps(entry)
