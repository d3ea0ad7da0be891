"""What became of mutants in earlier runs, by their text and that of what judges them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import isolate_ext.verify
from mutants import climbing
from mutants.climbing import Caught
from mutants.subjects import Subject

JUDGES = (Path(isolate_ext.verify.__file__).parent, Path(climbing.__file__))
SUFFIXES = (".py", ".c")


@dataclass(frozen=True)
class Record:
    """``judges`` is the fingerprint of the ladder that said so; ``broken`` the compiler's words."""

    mutant: str
    judges: str
    rung: str
    problem: str
    broken: str


class Records:
    """A file of results; without one nothing is remembered.

    With ``trusting`` what an earlier ladder caught counts as caught.
    """

    def __init__(self, file: Path | None, without: Collection[str], trusting: bool) -> None:
        self.file = file
        self.trusting = trusting
        self.judges = _fingerprint(without)
        self._writing = threading.Lock()
        lines = file.read_text().splitlines() if file is not None and file.exists() else []
        self._known: dict[str, list[Record]] = {}
        for line in lines:
            record = Record(**json.loads(line))
            self._known.setdefault(record.mutant, []).append(record)

    def known(self, mutant: str) -> Record | None:
        """The last result that still counts."""
        for each in reversed(self._known.get(mutant, [])):
            if each.judges == self.judges or (self.trusting and (each.rung or each.broken)):
                return each
        return None

    def keep(self, mutant: str, caught: Caught, broken: str) -> None:
        record = Record(mutant, self.judges, caught.rung, caught.problem, broken)
        if self.file is not None:
            with self._writing, self.file.open("a") as file:
                file.write(json.dumps(asdict(record)) + "\n")


def key(subject: Subject, texts: Mapping[str, bytes]) -> str:
    """The mutant by all that it is made of."""
    made = hashlib.sha256(f"{subject.module} {subject.version}".encode())
    for path, text in sorted({**subject.texts, **texts}.items()):
        made.update(path.encode() + b"\0" + text)
    if subject.workload is not None:
        made.update(subject.workload.read_bytes())
    return made.hexdigest()[:32]


def _fingerprint(without: Collection[str]) -> str:
    made = hashlib.sha256(repr(sorted(without)).encode())
    for place in JUDGES:
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in files:
            if file.suffix in SUFFIXES:
                made.update(file.name.encode() + file.read_bytes())
    return made.hexdigest()[:16]
