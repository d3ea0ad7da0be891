"""The state of one evaluation: the run, and the frames in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import libcst as cst
import msgspec
from libcst.metadata import MetadataWrapper, PositionProvider

from isolate_ext.project.script.values import (
    Instance,
    Maybe,
    Module,
    PyDict,
    PyList,
    Scope,
    TooLong,
    Unknown,
    Value,
)

STEPS = 400_000
DEPTH = 60


class SetupCall(msgspec.Struct):
    keywords: PyDict
    path: str
    line: int
    conditions: tuple[str, ...]


class Run(msgspec.Struct):
    """Everything that outlives a frame. `under` are the undecided conditions being executed."""

    root: Path
    caller: Callable[..., Value]
    load: Callable[[Run, str, Path], Module]
    steps: int = STEPS
    depth: int = 0
    under: list[str] = msgspec.field(default_factory=list)
    setup_calls: list[SetupCall] = msgspec.field(default_factory=list)
    made: list[Instance] = msgspec.field(default_factory=list)
    modules: dict[str, Module] = msgspec.field(default_factory=dict)
    sys_path: PyList = msgspec.field(default_factory=PyList)
    notes: list[str] = msgspec.field(default_factory=list)
    stop: tuple[str, int] | None = None

    def call(
        self,
        target: Value,
        args: list[Value],
        keywords: PyDict | None = None,
        frame: Frame | None = None,
        node: cst.Call | None = None,
    ) -> Value:
        """The value of target(*args, **keywords). Raises StaticRaise."""
        return self.caller(self, target, args, keywords or PyDict(), frame, node)

    def tick(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise TooLong

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def new_list(self, items: Any = ()) -> PyList:
        made = PyList(items)
        made.depth = len(self.under)
        return made

    def new_dict(self, items: Any = ()) -> PyDict:
        made = PyDict(items)
        made.depth = len(self.under)
        return made

    def added(self, owner: PyList | PyDict, value: Value) -> Value:
        """The value as stored in `owner`: a Maybe when the owner is older than the condition."""
        if len(self.under) > owner.depth and not isinstance(value, Maybe):
            return Maybe(value, self.under[-1])
        return value

    def relative(self, path: Path) -> str:
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return str(path)


class Source(msgspec.Struct):
    """One parsed script: its tree, and the position of every node in it."""

    path: Path
    module: cst.Module
    positions: Mapping[cst.CSTNode, Any]

    @staticmethod
    def parse(path: Path, data: bytes) -> Source:
        """Raises libcst.ParserSyntaxError."""
        wrapper = MetadataWrapper(cst.parse_module(data), unsafe_skip_copy=True)
        return Source(path, wrapper.module, wrapper.resolve(PositionProvider))

    def line(self, node: cst.CSTNode) -> int:
        found = self.positions.get(node)
        return int(found.start.line) if found else 0

    def text(self, node: cst.CSTNode) -> str:
        """The node's text on one line, shortened."""
        text = " ".join(self.module.code_for_node(node).split())
        return text if len(text) <= 60 else text[:57] + "..."


class Frame(msgspec.Struct):
    run: Run
    source: Source
    scope: Scope
    maybe_returns: list[Value] = msgspec.field(default_factory=list)
    class_: Any = None
    receiver: Any = None

    def unknown(self, node: cst.CSTNode, packages: tuple[str, ...] = ()) -> Unknown:
        where = self.run.relative(self.source.path)
        return Unknown(f"{where}:{self.source.line(node)}: {self.source.text(node)}", packages)
