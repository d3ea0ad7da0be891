"""The compile check: what the compiler says of changed files that it did not say before."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from isolate_ext.project.baseline import Baseline, Setting, establish
from isolate_ext.project.diagnostics import FULL, SYNTAX, Diagnostic, messages, new_ones
from isolate_ext.project.includes import IncludeGraph
from isolate_ext.project.interpreters import Interpreter, find_compiler, find_interpreters
from isolate_ext.project.liveness import dead_in_unit
from isolate_ext.project.overlay import overlay_tree
from isolate_ext.project.records import DiscoveredExtension

TIMEOUT = 120


class CompileResult(msgspec.Struct, frozen=True):
    """`errors` and `warnings` are new: the unchanged sources do not give them.

    `checked` names the Pythons it was compiled for. When it is empty nothing was checked, and `why`
    says why.
    """

    errors: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    checked: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    why: str | None = None

    @property
    def ok(self) -> bool:
        return not self.errors


def default_interpreters(floor: tuple[int, int] = (3, 9)) -> tuple[Interpreter, ...]:
    """The newest and the oldest Python with headers that is not below the floor."""
    found = [i for i in find_interpreters() if i.include is not None and i.version[:2] >= floor]
    return tuple(dict.fromkeys([*found[:1], *found[-1:]]))


class CompileCheck(msgspec.Struct):
    """check(extension, {path: new bytes}) -> CompileResult. May be called from several threads.

    `root` is the project; the baseline of each extension is compiled once and kept, so the files of
    `root` must not change while a check is in use. Nothing is written outside the system's
    temporary folder. Warnings are those of reading the code; `full` generates code as well (and
    takes twice the time), which also finds functions that are not used and variables that may not
    be set.
    """

    root: Path
    compiler: Sequence[str] | None = None
    interpreters: Sequence[Interpreter] | None = None
    jobs: int = 2
    timeout: int = TIMEOUT
    full: bool = False
    baselines: dict[tuple[object, ...], Baseline] = msgspec.field(default_factory=dict)
    lock: threading.Lock = msgspec.field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()
        self.compiler = tuple(self.compiler or find_compiler() or ())
        if self.interpreters is None:
            self.interpreters = default_interpreters()

    def __call__(
        self, extension: DiscoveredExtension, overlay: Mapping[str, bytes]
    ) -> CompileResult:
        why = self.unfit(extension)
        units = self.units(extension, overlay)
        if why or not units:
            return CompileResult(why=why or "no source that is compiled reaches a changed file")
        results = [
            self.on(interpreter, extension, units, overlay)
            for interpreter in self.interpreters or ()
        ]
        checked = [r for r in results if r.checked]
        if not checked:
            return results[0]
        return CompileResult(
            tuple(dict.fromkeys(e for r in checked for e in r.errors)),
            tuple(dict.fromkeys(w for r in checked for w in r.warnings)),
            tuple(c for r in checked for c in r.checked),
            tuple(dict.fromkeys(u for r in checked for u in r.units)),
            next((r.why for r in results if r.why), None),
        )

    def unfit(self, extension: DiscoveredExtension) -> str | None:
        if not self.compiler:
            return "no C compiler was found (set CC)"
        if not self.interpreters:
            return "no Python with its headers was found (install python3-dev)"
        return None

    def units(self, extension: DiscoveredExtension, overlay: Mapping[str, bytes]) -> list[str]:
        """The sources of the extension that are, or include, a changed file."""
        graph = IncludeGraph(self.root)
        changed = set(overlay)
        return [
            s
            for s in extension.sources
            if s in changed or changed & set(graph.reached([s], extension.include_dirs))
        ]

    def baseline(self, interpreter: Interpreter, extension: DiscoveredExtension) -> Baseline:
        key = (interpreter, extension.name, extension.sources, extension.macros)
        with self.lock:
            found = self.baselines.get(key)
        if found is None:
            found = establish(
                self.root,
                extension,
                Setting(
                    interpreter,
                    tuple(self.compiler or ()),
                    self.timeout,
                    FULL if self.full else SYNTAX,
                ),
            )
            with self.lock:
                found = self.baselines.setdefault(key, found)
        return found

    def on(
        self,
        interpreter: Interpreter,
        extension: DiscoveredExtension,
        units: Sequence[str],
        overlay: Mapping[str, bytes],
    ) -> CompileResult:
        baseline = self.baseline(interpreter, extension)
        if baseline.command is None:
            return CompileResult(why=f"not checked for Python {interpreter.label}: {baseline.why}")
        command = baseline.command
        with ThreadPoolExecutor(max(1, self.jobs)) as pool:
            before = list(pool.map(lambda u: baseline.messages(self.root, u), units))
            fit = [(u, b) for u, b in zip(units, before, strict=True) if not b.failed]
            if not fit:
                return CompileResult(
                    why=f"not checked for Python {interpreter.label}: {before[0].failed}"
                )
            with self.tree(extension, overlay) as tree:
                after = list(pool.map(lambda unit: messages(command, tree, unit[0]), fit))
        errors: list[Diagnostic] = []
        warnings: list[Diagnostic] = []
        for (_, old), new in zip(fit, after, strict=True):
            for diagnostic in new_ones(old.found, new.found):
                (errors if diagnostic.is_error else warnings).append(diagnostic)
        left = [u for u, b in zip(units, before, strict=True) if b.failed]
        why = f"not checked for Python {interpreter.label}: {', '.join(left)}" if left else None
        return CompileResult(
            tuple(errors), tuple(warnings), (interpreter.label,), tuple(u for u, _ in fit), why
        )

    def tree(
        self, extension: DiscoveredExtension, overlay: Mapping[str, bytes]
    ) -> AbstractContextManager[Path]:
        above = IncludeGraph(self.root).above(extension.files)
        return overlay_tree(self.root, overlay, extension.files, above)

    def dead_lines(
        self,
        extension: DiscoveredExtension,
        path: str,
        lines: Sequence[int],
        overlay: Mapping[str, bytes] | None = None,
    ) -> list[int] | None:
        """Those of the 1-based lines of `path` (in the overlay's text) that no checked
        configuration compiles.

        None when that cannot be said, because nothing is compiled here.
        """
        if self.unfit(extension):
            return None
        commands = [
            (b.command, i)
            for i in self.interpreters or ()
            if (b := self.baseline(i, extension)).command is not None
        ]
        units = self.units(extension, {path: b""})
        if not commands or not units:
            return None
        dead = set(lines)
        with self.tree(extension, overlay or {}) as tree:
            text = (tree / path).read_bytes()
            for command, _ in commands:
                for unit in units:
                    assert command is not None
                    dead &= dead_in_unit(command, tree, unit, path, text, dead)
                    if not dead:
                        return []
        return sorted(dead)
