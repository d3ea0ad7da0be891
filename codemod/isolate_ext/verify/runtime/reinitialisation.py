"""The rung of re-initialisation: three runtimes in one process, one after the other.

Each imports the extension and exercises it. Handbook, section 4: T0, and row 28.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isolate_ext.verify import process
from isolate_ext.verify.drive import PROBE, Rung, Subject
from isolate_ext.verify.process import VerifyError
from isolate_ext.verify.runtime.host import ask, build_host, clean_environment
from isolate_ext.verify.runtime.symbols import name_at

RUNTIMES = 3
SHOWN = 8
DOING = {
    "start": "starting it",
    "run": "before the import",
    "import": "the import",
    "work": "the workload",
    "exercise": "the exercise",
    "again": "the second exercise",
    "look": "looking at what can be reached",
    "end": "ending it",
    "unclean": "ending it",
}
FRAME = re.compile(r"(?P<library>/.*)\((?P<name>\w*)(?:\+0x(?P<offset>[0-9a-f]+))?\)\[0x")
FATAL = re.compile(r"Fatal Python error: (?!Segmentation fault|Bus error|Aborted)")
OUT_OF_MEMORY = "! builtins.MemoryError"
TAKES = (3, 12)
"""From here on the interpreter itself uses nothing of a runtime that has ended."""


def reinitialise(
    subject: Subject,
    python: Path,
    scratch: Path,
    *,
    only: Sequence[str] | None = None,
    skip: Sequence[str] = (),
    timeout: float = 120.0,
) -> Rung:
    """Start the runtime three times with the extension in it; `only` and `skip` are calls.

    First with what earlier runtimes left behind kept, so that what still points there can be
    named; if nothing is wrong and the interpreter allows it, once more with that taken away, so
    that whoever uses it dies. A failure counts only where the same without the extension is clean.
    The status is ``absent`` where it cannot be judged; ``data["why"]`` says why.
    """
    started = time.monotonic()
    try:
        program = build_host(python)
    except VerifyError as error:
        return Rung("absent", data={"why": str(error)})
    spec = {**asdict(subject), "only": None if only is None else list(only), "skip": list(skip)}
    host = Host(program, python, scratch, spec, timeout)
    rung = judged(host)
    return Rung(rung.status, rung.problems, rung.data, round(time.monotonic() - started, 2))


@dataclass(frozen=True)
class Life:
    """One process. ``status`` as of `Rung`; ``journal`` its lines, the runtime's number first;
    ``results`` of the runtimes that came so far."""

    status: str
    ending: str
    journal: tuple[tuple[int, str], ...]
    results: tuple[Mapping[str, Any], ...]
    frames: tuple[str, ...] = ()
    call: str = ""

    @property
    def ok(self) -> bool:
        return self.status == "ok" and all(each.get("ok") for each in self.results)

    def noted(self, word: str) -> Any:
        """What the last note of that name holds."""
        lines = [line for _, line in self.journal if line.startswith(word + " ")]
        return json.loads(lines[-1][len(word) + 1 :]) if lines else []


@dataclass(frozen=True)
class Host:
    """The host program with one subject; `scratch` is a folder for its files."""

    program: Path
    python: Path
    scratch: Path
    spec: Mapping[str, Any]
    timeout: float
    sequence: list[str] = field(default_factory=list)

    def live(self, *, take: bool, **more: Any) -> Life:
        """Run it once, in an empty folder; a result for each runtime that came to one."""
        self.sequence.append("")
        folder = self.scratch / f"hosted-{len(self.sequence)}"
        (folder / "work").mkdir(parents=True)
        specs = [self.specify(folder, number, more) for number in range(1, RUNTIMES + 1)]
        command = [self.program, self.python, folder / "notes", "take" if take else "keep"]
        command += [PROBE / "__main__.py", *specs]
        done = process.run(
            [str(part) for part in command],
            log=folder / "log",
            cwd=folder / "work",
            environment=clean_environment(folder / "work"),
            timeout=self.timeout,
        )
        return read(folder, done)

    def specify(self, folder: Path, number: int, more: Mapping[str, Any]) -> Path:
        path = folder / f"{number}.spec.json"
        own = {
            "rung": "hosted",
            "result": str(folder / f"{number}.json"),
            "journal": str(folder / "calls"),
            "scratch": str(folder),
        }
        path.write_text(json.dumps({**self.spec, **own, **more}))
        return path


def judged(host: Host) -> Rung:
    life = host.live(take=False)
    found = lasting(host, life, take=False)
    data: dict[str, Any] = {"runtimes": len(life.results), **facts(life)}
    if found:
        return blamed(host, life, found, data, take=False)
    if version(host.python) < TAKES:
        return Rung("ok", data=data)
    strict = host.live(take=True)
    found = lasting(host, strict, take=True)
    if found:
        rung = blamed(host, strict, found, data, take=True)
        if rung.status != "absent":
            return rung
    data["taken away"] = not found
    return Rung("ok", data=data)


def blamed(host: Host, life: Life, found: list[str], data: dict[str, Any], *, take: bool) -> Rung:
    """The failure, unless the same without the extension fails too."""
    control = host.live(take=take, control=True, others=life.noted("others"))
    if control.ok:
        status = life.status if life.status != "ok" else "failed"
        return Rung(status, tuple(found[:SHOWN]), {**data, "more": max(0, len(found) - SHOWN)})
    why = f"the interpreter itself does not survive re-initialisation: {control.ending}"
    bare = host.live(take=take, control=True)
    if bare.ok:
        why = f"modules that it imports do not survive re-initialisation: {control.ending}"
    return Rung("absent", data={**data, "why": why})


def lasting(host: Host, life: Life, *, take: bool) -> list[str]:
    """What is wrong; calls that end otherwise have to in another process as well.

    What hangs on chance, the time, or where the system puts memory is no matter of the runtime.
    """
    found = problems(life)
    if not found or found != changed(life.results):
        return found
    again = host.live(take=take)
    chance = set(changed(again.results)) - set(found)
    return [each for each in problems(again) if each not in chance]


def problems(life: Life) -> list[str]:
    """What is wrong, worst first; a line each."""
    found = [] if life.status == "ok" else [life.ending]
    for number, result in enumerate(life.results, 1):
        found += [f"runtime {number}: {line}" for line in result.get("problems", ())]
    stale = life.noted("stale")
    found += list(dict.fromkeys(named(each) for each in stale if each[3]))
    for result in life.results:
        kept = result.get("kept", ())
        found += [f"what it offers leads to an object of an earlier runtime: {x}" for x in kept]
    found += changed(life.results)
    return list(dict.fromkeys(found))


def named(stale: Sequence[Any]) -> str:
    """A word of static storage that points into an earlier runtime."""
    library, offset, runtime, _ = stale
    return f"static {name_at(library, offset)} still points to an object of runtime {runtime}"


def facts(life: Life) -> dict[str, Any]:
    """``memory``: static storage that still points to memory, no object, of an earlier runtime."""
    memory = {name_at(each[0], each[1]) for each in life.noted("stale") if not each[3]}
    calls = len(life.results[0].get("outcomes", ())) if life.results else 0
    return {"memory": sorted(memory), "calls": calls}


def changed(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Calls that end otherwise than in the first runtime, where they end the same twice."""
    if not results or "outcomes" not in results[0]:
        return []
    first, unsteady = results[0]["outcomes"], set(results[0]["unsteady"])
    found: dict[str, str] = {}
    for number, result in enumerate(results[1:], 2):
        for call, outcome in first.items():
            now = result.get("outcomes", first).get(call, "is not there")
            if OUT_OF_MEMORY in (now.partition(":")[0], outcome.partition(":")[0]):
                continue
            if call not in unsteady and now != outcome:
                found.setdefault(call, f"runtime {number}: {call} {now}, first {outcome}")
    return list(found.values())


def read(folder: Path, done: process.Finished) -> Life:
    """Put together what the process left behind."""
    journal, frames = [], []
    notes = folder / "notes"
    lines = notes.read_text(errors="replace").splitlines() if notes.exists() else []
    for line in lines:
        first, _, rest = line.partition(" ")
        if first.isdigit():
            journal.append((int(first), rest))
        elif match := FRAME.match(line):
            offset = int(match["offset"] or "0", 16)
            where = match["name"] or name_at(match["library"], offset)
            frames.append(f"{where} of {Path(match['library']).name}")
    results = []
    for number in range(1, RUNTIMES + 1):
        result = folder / f"{number}.json"
        if result.exists():
            results.append(json.loads(result.read_text()))
    calls = folder / "calls"
    entries = calls.read_text(errors="replace").splitlines() if calls.exists() else []
    call = entries[-1].partition("\t")[0] if entries else ""
    life = Life("ok", "", tuple(journal), tuple(results), tuple(frames), call)
    if done.ok and len(results) == RUNTIMES:
        return life
    status = "hung" if done.status is None else "crashed"
    return Life(status, ending(life, done), life.journal, life.results, life.frames, call)


def ending(life: Life, done: process.Finished) -> str:
    """How and where the process ended, in one line."""
    number, _ = life.journal[-1] if life.journal else (1, "")
    stages = [line for _, line in life.journal if line in DOING]
    stage = stages[-1] if stages else "start"
    doing = DOING[stage] + (f" ({life.call})" if stage == "exercise" and life.call else "")
    if done.status is None:
        return f"runtime {number} hangs in {doing}"
    text = done.log.read_text(errors="replace").splitlines()
    fatal = next((line for line in text if FATAL.match(line)), "")
    assertion = next((line for line in text if "Assertion" in line), "")
    how = signal.Signals(-done.status).name if done.status < 0 else f"exit status {done.status}"
    said = [how, *(line for line in (fatal, assertion) if line and how not in line)]
    owner = next((line for _, line in life.journal if line.startswith("fault ")), "fault 0")[6:]
    if owner != "0":
        said.append(f"touches an object of runtime {owner}")
    own = frame_of(life)
    return f"runtime {number} dies in {doing}: {', '.join(said)}" + (f", in {own}" if own else "")


def frame_of(life: Life) -> str:
    """The innermost function of a judged library on the stack."""
    libraries = {Path(each[0]).name for each in life.noted("stale")}
    libraries |= {Path(x).name for result in life.results for x in result.get("libraries", ())}
    return next((f for f in life.frames if f.rpartition(" of ")[2] in libraries), "")


def version(python: Path) -> tuple[int, int]:
    major, minor = str(ask(python)["identity"][0]).split()[0].split(".")[:2]
    return int(major), int(minor)
