"""Drives the probe: one process a rung, with a time limit; a crash is a result like any other."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from isolate_ext.verify.running import Running

PROBE = Path(__file__).parent / "probe"
REFUSAL = re.compile(r"module (\S+) does not support loading in subinterpreters")
CRASHES_TOLERATED = 60
LEARNING = 40.0
"""Seconds for trying every call once; one that hangs is left out, and it starts again."""

TEARDOWN = ("at-exit", "self-cycle", "copyreg", "subclass", "generator", "provider")
IN_INTERPRETERS = ("own-gil", "shared-gil")
SCENES = tuple(f"teardown-{name}" for name in TEARDOWN)
TYPES = ("protocol", "references", "arguments", "blank", "names")
COPIES = ("reimport", "foreign-copy", "settings", "load-once")
WATCHED = ("protocol", "arguments", "blank", "names", *SCENES, "foreign-copy", "no-memory")
"""Rungs that run with the interpreter's debug allocator: freed memory is overwritten."""

STEADY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4294967296"}
"""With this glibc keeps what it once got, so that getting it anew is not timed with a call."""

BAD_ENDINGS = ("Fatal Python error", "Exception ignored", "Segmentation fault", "double free")

OWN_GIL, JUDGED = 12, 13
"""The minor versions that have interpreters with their own GIL, and where that can be judged."""

UNCLEAN = "this Python's own modules do not work in interpreters with their own GIL"


@dataclass(frozen=True)
class Subject:
    """What is judged: ``path`` None means the module is imported by name from ``sys_path``.

    ``timed`` names functions, methods and operations of which one call each is timed.
    """

    module: str
    path: str | None = None
    sys_path: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    companions: tuple[tuple[str, str], ...] = ()
    workload: str | None = None
    bare_parent: bool = False
    timed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rung:
    """One rung's result. ``status``: ok, failed (with problems), crashed, hung or absent."""

    status: str
    problems: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def probe(
    so_path: str | Path | None,
    interpreter: str | Path,
    *,
    module: str | None = None,
    sys_path: Sequence[str] = (),
    prefixes: Sequence[str] = (),
    companions: Iterable[tuple[str, str]] = (),
    workload: str | Path | None = None,
    timed: Iterable[str] = (),
    skip: Sequence[str] = (),
    only: Sequence[str] | None = None,
    rungs: Sequence[str] | None = None,
    cycles: int = 200,
    timeout: float = 120.0,
    jobs: int = 1,
) -> dict[str, Any]:
    """Climb the ladder for one library under one interpreter; the result is plain JSON data.

    Rungs are processes of their own, ``jobs`` of them at a time.  ``skip`` names calls to leave
    out, as an earlier probe of the unmodified build returned them under ``"skip"``; calls that
    crash or hang here are added to it and listed under ``"crashes"``.  ``only`` is the plan of an
    earlier probe: with it nothing is learnt anew.
    """
    subject = Subject(
        module or Path(str(so_path)).name.partition(".")[0],
        None if so_path is None else str(Path(so_path).resolve()),
        tuple(sys_path),
        tuple(prefixes),
        tuple(companions),
        None if workload is None else str(Path(workload).resolve()),
        timed=tuple(sorted(timed)),
    )
    with tempfile.TemporaryDirectory(prefix="probe-") as scratch:
        driver = Driver(subject, str(interpreter), Path(scratch), timeout, cycles, jobs)
        return driver.climb(list(skip), rungs, only)


class Driver:
    """Runs rungs of one subject under one interpreter in a scratch directory."""

    def __init__(
        self,
        subject: Subject,
        interpreter: str,
        scratch: Path,
        timeout: float,
        cycles: int,
        jobs: int = 1,
    ) -> None:
        self.subject = subject
        self.interpreter = interpreter
        self.scratch = scratch
        self.timeout = timeout
        self.cycles = cycles
        self.jobs = jobs
        self.running = Running()

    def climb(
        self, skip: list[str], rungs: Sequence[str] | None, only: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Import, learn what can be called, then every rung that the interpreter has."""
        results = {"import": self.rung("import")} if only is None else {}
        crashes: list[str] = []
        plan = list(only or ())
        if only is None and results["import"].status == "ok":
            results["learn"], crashes = self.learn(skip)
            plan = results["learn"].data.pop("only", [])
            skip = skip + results["learn"].data.pop("blocked", [])
            crashes += self.rehearse(plan, skip) if results["learn"].status == "ok" else []
        if only is not None or results.get("learn", Rung("absent")).status == "ok":
            names = list(rungs if rungs is not None else self.offered())

            def one(name: str) -> Rung:
                return self._rung_or_alone(name, plan, skip)

            with ThreadPoolExecutor(self.jobs) as pool, self.running.stopped_on_interrupt():
                results.update(zip(names, pool.map(one, names), strict=True))
        return {
            "rungs": {name: asdict(rung) for name, rung in results.items()},
            "skip": skip,
            "only": plan,
            "crashes": crashes,
        }

    def _rung_or_alone(self, name: str, only: list[str], skip: list[str]) -> Rung:
        """One rung; of the library alone where modules of others keep its package out."""
        plan = {"only": only if name != "surface" else None, "skip": skip}
        if name == "own-gil" and OWN_GIL <= self.minor < JUDGED and not self._is_clean(name):
            return Rung("absent", data={"why": UNCLEAN})
        rung = self.rung(name, **plan)
        refusing = self._others_that_refuse(rung)
        crashed = rung.status == "crashed" and name in IN_INTERPRETERS
        if self.subject.path is not None or not (refusing or crashed):
            return rung
        imported = self.rung("import").data
        crashing = self._others_that_crash(name, imported["others"]) if crashed else []
        if not refusing and not crashing:
            return rung
        alone = self.rung(name, **plan, path=imported["file"], bare_parent=True)
        blockers = [
            *(f"{other} refuses" for other in refusing),
            *(f"{other} crashes by itself" for other in crashing),
        ]
        return replace(alone, data={**alone.data, "alone": ", ".join(blockers)})

    def _is_clean(self, name: str) -> bool:
        """Whether the interpreter climbs a rung without the extension, with what it imports."""
        others = self.rung("import").data["others"]
        return self.rung(f"{name}-others", modules=["json", *others]).status == "ok"

    def _others_that_crash(self, name: str, others: Sequence[str]) -> list[str]:
        """Extensions of others that the package imports, and that crash without it as well."""
        tried = ((other, self.rung(f"{name}-others", modules=[other])) for other in others)
        return [other for other, rung in tried if rung.status == "crashed"]

    def _others_that_refuse(self, rung: Rung) -> list[str]:
        """Modules of other projects that the package imports and that refuse the interpreter."""
        own = (self.subject.module, self.subject.module.rpartition(".")[2], *self.subject.prefixes)
        names = REFUSAL.findall(" ".join(rung.problems))
        return [
            name
            for name in dict.fromkeys(names)
            if not any(name == it or name.startswith(it + ".") for it in own)
        ]

    @cached_property
    def minor(self) -> int:
        """The 13 of Python 3.13."""
        asked = [self.interpreter, "-c", "import sys; print(sys.version_info[1])"]
        return int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)

    def offered(self) -> list[str]:
        """The rungs that this interpreter can climb."""
        own = ["own-gil"] if self.minor >= OWN_GIL else []
        imports = ("surface", "warnings", "no-memory")
        return [*imports, *COPIES, "shared-gil", *own, "cycles", *TYPES, *SCENES]

    def learn(self, skip: list[str]) -> tuple[Rung, list[str]]:
        """Try every call; one that kills the process is noted, left out, and it starts again."""
        return self._journaled("learn", skip)

    def rehearse(self, plan: list[str], skip: list[str]) -> list[str]:
        """Leave out what dies when it is repeated, as later rungs do; told as for ``learn``."""
        return self._journaled("rehearse", skip, only=plan)[1]

    def _journaled(self, name: str, skip: list[str], **more: Any) -> tuple[Rung, list[str]]:
        """The rung without the calls that kill it, which are added to those to ``skip``."""
        crashes: list[str] = []
        while True:
            journal = self.scratch / "journal"
            rung = self.rung(name, skip=skip, journal=str(journal), **more)
            if rung.status not in ("crashed", "hung") or len(crashes) >= CRASHES_TOLERATED:
                return rung, crashes
            lines = journal.read_text(errors="replace").splitlines() if journal.exists() else []
            if not lines or lines[-1] in ("workload", "end"):
                return rung, crashes
            culprit = _culprit(lines[-1], skip, hung=rung.status == "hung")
            crashes.append(f"{culprit}: {rung.problems[0]}")
            skip.append(culprit)

    def rung(self, name: str, **more: Any) -> Rung:
        """One rung in a fresh process, in an empty working directory."""
        result = self.scratch / f"{name}.json"
        result.unlink(missing_ok=True)
        work, parts = self.scratch / f"{name}.work", self.scratch / f"{name}.parts"
        for folder in (work, parts):
            folder.mkdir(exist_ok=True)
        spec = {
            **asdict(self.subject),
            "rung": name,
            "result": str(result),
            "scratch": str(parts),
            "cycles": self.cycles,
            **more,
        }
        description = self.scratch / f"{name}.spec.json"
        description.write_text(json.dumps(spec))
        started = time.monotonic()
        limit = min(self.timeout, LEARNING) if name in ("learn", "rehearse") else self.timeout
        watched = {"PYTHONMALLOC": "debug"} if name in WATCHED else {}
        allocator = STEADY if name == "cost" else watched
        status, stderr = self._process(description, work, limit, allocator)
        seconds = round(time.monotonic() - started, 2)
        data = json.loads(result.read_text()) if result.exists() else {}
        problems = tuple(data.pop("problems", ()))
        if status != 0 or not result.exists():
            how = "hung" if status is None else "crashed"
            return Rung(how, (_ending(status, stderr), *problems), data, seconds)
        good = data.pop("ok", False)
        noise = [line for line in stderr.splitlines() if line.startswith(BAD_ENDINGS)]
        if noise and name in SCENES:
            return Rung("failed", (*problems, *noise[:5]), data, seconds)
        return Rung("ok" if good else "failed", problems, data, seconds)

    def _process(
        self, description: Path, work: Path, limit: float, more: dict[str, str]
    ) -> tuple[int | None, str]:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
            "HOME": str(work),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": "dumb",
            **more,
        }
        return self.running.ask(
            [self.interpreter, str(PROBE), str(description)],
            cwd=work,
            environment=environment,
            timeout=limit,
        )


def _culprit(line: str, skip: list[str], *, hung: bool) -> str:
    """What to leave out after a crash: the maker of the instance that crashed, else the call.

    The third call of one function that crashes takes the function with it, as the first that hangs.
    """
    key, _, maker = line.partition("\t")
    if hung and "(" in key:
        return key.partition("(")[0]
    if maker and maker not in skip:
        return maker
    function = key.partition("(")[0]
    crashed = sum(entry.startswith(function + "(") for entry in skip)
    return function if crashed >= 2 and function != key else key


def _ending(status: int | None, stderr: str) -> str:
    """Say how a process ended: the signal's name, or the last line it wrote."""
    if status is None:
        return "no result within the time limit"
    if status == 0:
        return "the process ended with status 0 before the rung was done"
    last = next((line for line in reversed(stderr.splitlines()) if line.strip()), "")
    if status < 0:
        fatal = next((line for line in stderr.splitlines() if "Fatal" in line), "")
        return f"{signal.Signals(-status).name} {fatal}".strip()
    return f"exit status {status}: {last}"
