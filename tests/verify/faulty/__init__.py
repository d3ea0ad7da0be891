"""Small isolated extensions; each has one mistake if FAULTY is defined, and says what finds it."""

import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from isolate_ext.report.ladder import Verdict
from isolate_ext.verify import cost, pythons
from isolate_ext.verify.drive import Driver, Subject, probe
from isolate_ext.verify.judging import judge

HERE = Path(__file__).parent
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
PRESENT = tuple(version for version in VERSIONS if pythons.find(version))
CYCLES = 40


@dataclass(frozen=True)
class Fault:
    """``rung`` has to find it with problems of which one matches the pattern ``words``.

    ``row`` is the handbook's; ``versions`` those on which it shows; ``companions`` are libraries
    that it needs beside itself.  What shows by chance alone is looked for in several ``attempts``.
    """

    name: str
    row: str
    rung: str
    words: str
    source: str = ""
    versions: tuple[str, ...] = VERSIONS
    companions: tuple[str, ...] = ()
    attempts: int = 1

    @property
    def module(self) -> str:
        return self.source or self.name

    @property
    def present(self) -> list[str]:
        """The versions on which it shows, of those that are here."""
        return [version for version in self.versions if version in PRESENT]

    @property
    def needed(self) -> tuple[str, ...]:
        """What has to be climbed for the rung; a crash shows in every climb."""
        return () if self.rung in ("import", "crash", "cost") else (self.rung,)


def faults() -> list[Fault]:
    """The table ``faults.toml``."""
    table = tomllib.loads((HERE / "faults.toml").read_text(encoding="utf-8"))
    return [
        Fault(
            name,
            **{key: tuple(item) if isinstance(item, list) else item for key, item in row.items()},
        )
        for name, row in table.items()
    ]


def build(name: str, version: str, folder: Path, *macros: str) -> Path:
    """Compile one source for one interpreter."""
    target = folder / "-".join((version, *macros)) / f"{name}.so"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [shutil.which("gcc") or "cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror"]
    command += [f"-I{pythons.include(pythons.find(version))}", *(f"-D{item}" for item in macros)]
    subprocess.run([*command, str(HERE / f"{name}.c"), "-o", str(target)], check=True)
    return target


def climb(fault: Fault, version: str, folder: Path, *macros: str, rungs=None, jobs=1):
    """The probe of one variant: all rungs, or those that are named."""
    companions = [(name, str(build(name, version, folder))) for name in fault.companions]
    library = build(fault.module, version, folder, *macros)
    return probe(
        library,
        pythons.find(version),
        companions=companions,
        rungs=rungs,
        cycles=CYCLES,
        jobs=jobs,
    )


def slower(fault: Fault, version: str, folder: Path) -> list[str]:
    """What the rung "cost" tells of the mistake, compared with the twin."""
    plan = climb(fault, version, folder, rungs=())["only"]

    def series(*macros: str):
        library = build(fault.module, version, folder, *macros)
        python = pythons.find(version)

        def take():
            found = probe(library, python, rungs=("cost",), only=plan)
            return cost.Series(found["rungs"]["cost"]["data"]["calls"])

        return take

    judged = cost.judged(cost.measure(series(), series("FAULTY")), 0.0)
    return [*judged.problems, *judged.notes]


def findings(before, after, version: str) -> dict[str, tuple[str, ...]]:
    """The rungs that fail, with their problems; those that were not climbed do not count."""
    climbed = {*after["rungs"], "crash"}
    judged = judge(before, after, (3, int(version.partition(".")[2]))).rungs
    return {
        each.name: each.problems
        for each in judged
        if each.verdict is Verdict.FAILS and each.name in climbed
    }


def offered(version: str) -> list[str]:
    """All rungs that can be climbed with that Python."""
    python = str(pythons.find(version))
    return Driver(Subject("any"), python, HERE, timeout=60.0, cycles=CYCLES).offered()
