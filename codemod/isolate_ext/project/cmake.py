"""Extensions of CMakeLists.txt: Python_add_library and add_library(x MODULE ...), read without
CMake."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from isolate_ext.project.flags import split_flags
from isolate_ext.project.patterns import matching
from isolate_ext.project.records import Draft, Findings, Origin

COMMAND = re.compile(r"(?P<comment>#\[\[.*?\]\]|#[^\n]*)|(?P<name>[A-Za-z_]\w*)\s*\(", re.S)
ARGUMENT = re.compile(
    r'\s+|(?P<comment>#[^\n]*)|"(?P<quoted>(?:\\.|[^"\\])*)"|\[\[(?P<raw>.*?)\]\]'
    r"|(?P<open>\()|(?P<close>\))|(?P<bare>(?:\\.|[^\s()\"#\\])+)",
    re.S,
)
REFERENCE = re.compile(r"\$\{([\w.]+)\}")
PYTHON_COMMANDS = frozenset(
    {
        "python_add_library",
        "python2_add_library",
        "python3_add_library",
        "python_add_module",
        "python_extension_module",
        "nanobind_add_module",
    }
)
KEYWORDS = frozenset({"MODULE", "SHARED", "STATIC", "WITH_SOABI", "EXCLUDE_FROM_ALL", "USE_SABI"})
SCOPES = frozenset({"PUBLIC", "PRIVATE", "INTERFACE", "BEFORE", "AFTER", "SYSTEM"})


class Target(msgspec.Struct):
    name: str
    origin: Origin
    python: bool
    sources: list[str] = msgspec.field(default_factory=list)
    include_dirs: list[str] = msgspec.field(default_factory=list)
    flags: list[str] = msgspec.field(default_factory=list)
    output: str = ""
    undecided: list[str] = msgspec.field(default_factory=list)


def read_cmake(root: Path) -> Findings:
    """The module libraries of CMakeLists.txt and its subdirectories. All arms of if() are kept."""
    reader = Reader(root)
    if (root / "CMakeLists.txt").is_file():
        reader.read("", {})
    findings = Findings(notes=reader.notes)
    for target in reader.targets.values():
        if not target.python:
            continue
        parsed = split_flags([*reader.flags, *target.flags])
        findings.drafts.append(
            Draft(
                target.output or target.name,
                target.origin,
                tuple(dict.fromkeys(target.sources)),
                tuple(
                    dict.fromkeys(
                        [*target.include_dirs, *reader.include_dirs, *parsed.include_dirs]
                    )
                ),
                parsed.macros,
                parsed.undef,
                parsed.flags,
                undecided=tuple(dict.fromkeys(target.undecided)),
            )
        )
    return findings


class Reader(msgspec.Struct):
    root: Path
    targets: dict[str, Target] = msgspec.field(default_factory=dict)
    notes: list[str] = msgspec.field(default_factory=list)
    include_dirs: list[str] = msgspec.field(default_factory=list)
    flags: list[str] = msgspec.field(default_factory=list)

    def read(self, folder: str, inherited: dict[str, str]) -> None:
        path = self.root / folder / "CMakeLists.txt"
        if not path.is_file():
            return
        base = str(self.root / folder) if folder else str(self.root)
        variables = {
            **inherited,
            "CMAKE_CURRENT_SOURCE_DIR": base,
            "CMAKE_CURRENT_LIST_DIR": base,
            "CMAKE_SOURCE_DIR": str(self.root),
            "PROJECT_SOURCE_DIR": str(self.root),
        }
        text = path.read_text(encoding="utf-8", errors="replace")
        for name, args, line in commands(text):
            Command(self, folder, variables, line, expand_all(args, variables)).run(name)

    def relative(self, folder: str, path: str) -> str:
        absolute = os.path.normpath(self.root / folder / path)
        inside = os.path.relpath(absolute, self.root)
        return absolute if inside.startswith("..") else inside.replace(os.sep, "/")


class Command(msgspec.Struct):
    """One command in one folder, its arguments expanded; an unknown variable is left as ${NAME}."""

    reader: Reader
    folder: str
    variables: dict[str, str]
    line: int
    args: list[str]

    def run(self, name: str) -> None:
        lower = name.lower()
        if lower in PYTHON_COMMANDS:
            self.library(python=True)
        elif lower == "add_library":
            self.library(python="MODULE" in self.args[1:3])
        else:
            handler = getattr(self, f"do_{lower}", None)
            if handler is not None and self.args:
                handler()

    def library(self, *, python: bool) -> None:
        if not self.args or "ALIAS" in self.args or "IMPORTED" in self.args:
            return
        where = Origin(
            self.reader.relative(self.folder, "CMakeLists.txt"),
            self.line,
            f"library {self.args[0]}",
        )
        target = Target(self.args[0], where, python)
        self.reader.targets[target.name] = target
        self.add_sources(target, [a for a in self.args[1:] if a not in KEYWORDS])

    def add_sources(self, target: Target, names: list[str]) -> None:
        for name in names:
            if "$" in name:
                target.undecided.append(f"sources not decided: {name}")
            elif not name.endswith((".h", ".hpp", ".def", ".rc")):
                target.sources.append(self.reader.relative(self.folder, name))

    def target(self) -> Target | None:
        return self.reader.targets.get(self.args[0])

    def do_set(self) -> None:
        values = list(self.args[1:])
        for word in ("CACHE", "PARENT_SCOPE"):
            values = values[: values.index(word)] if word in values else values
        self.variables[self.args[0]] = ";".join(values)

    def do_list(self) -> None:
        if self.args[0] in ("APPEND", "PREPEND") and len(self.args) > 1:
            old = self.variables.get(self.args[1], "")
            self.variables[self.args[1]] = ";".join(filter(None, [old, *self.args[2:]]))

    def do_file(self) -> None:
        if self.args[0] not in ("GLOB", "GLOB_RECURSE") or len(self.args) < 3:
            return
        patterns = [a for a in self.args[2:] if a not in ("CONFIGURE_DEPENDS", "RELATIVE")]
        found: list[str] = []
        for pattern in patterns:
            if self.args[0] == "GLOB_RECURSE":
                head, _, tail = pattern.rpartition("/")
                pattern = f"{head}/**/{tail}" if head else f"**/{tail}"
            base = self.reader.root / self.folder
            found += [str(base / p) for p in matching(base, pattern)]
        self.variables[self.args[1]] = ";".join(found)

    def do_add_subdirectory(self) -> None:
        folder = self.reader.relative(self.folder, self.args[0])
        if not folder.startswith("/"):
            self.reader.read(folder, self.variables)

    def do_include_directories(self) -> None:
        self.reader.include_dirs += [
            self.reader.relative(self.folder, a)
            for a in self.args
            if a not in SCOPES and "$" not in a
        ]

    def do_add_definitions(self) -> None:
        self.reader.flags += [a for a in self.args if a.startswith("-") and "$" not in a]

    do_add_compile_options = do_add_definitions

    def do_add_compile_definitions(self) -> None:
        self.reader.flags += [f"-D{a.removeprefix('-D')}" for a in self.args if "$" not in a]

    def do_target_sources(self) -> None:
        if target := self.target():
            self.add_sources(target, [a for a in self.args[1:] if a not in SCOPES])

    def do_target_include_directories(self) -> None:
        if target := self.target():
            for name in self.args[1:]:
                if "$" in name:
                    target.undecided.append(f"include folder not decided: {name}")
                elif name not in SCOPES:
                    target.include_dirs.append(self.reader.relative(self.folder, name))

    def do_target_compile_definitions(self) -> None:
        if target := self.target():
            target.flags += [
                f"-D{a.removeprefix('-D')}"
                for a in self.args[1:]
                if a not in SCOPES and "$" not in a
            ]

    def do_target_compile_options(self) -> None:
        if target := self.target():
            target.flags += [a for a in self.args[1:] if a not in SCOPES and "$" not in a]

    def do_target_link_libraries(self) -> None:
        """A module made by hand is a Python one when it is linked so."""
        if target := self.target():
            target.python = target.python or any(
                re.match(r"Python3?::Module", a) for a in self.args[1:]
            )

    def do_set_target_properties(self) -> None:
        if (target := self.target()) and "OUTPUT_NAME" in self.args[:-1]:
            target.output = self.args[self.args.index("OUTPUT_NAME") + 1]


def commands(text: str) -> list[tuple[str, list[str], int]]:
    """(name, raw arguments, 1-based line) of every command."""
    found = []
    at = 0
    while match := COMMAND.search(text, at):
        at = match.end()
        if match["comment"]:
            continue
        args, at = arguments(text, at)
        found.append((match["name"], args, text.count("\n", 0, match.start()) + 1))
    return found


def arguments(text: str, at: int) -> tuple[list[str], int]:
    found: list[str] = []
    depth = 1
    while depth and (match := ARGUMENT.match(text, at)):
        at = match.end()
        depth += bool(match["open"]) - bool(match["close"])
        if match["quoted"] is not None:
            found.append(match["quoted"].replace('\\"', '"'))
        elif match["raw"] is not None or match["bare"]:
            found.append(match["raw"] or match["bare"])
    return found, max(at, 1)


def expand_all(args: list[str], variables: dict[str, str]) -> list[str]:
    found: list[str] = []
    for arg in args:
        for _ in range(4):
            arg = REFERENCE.sub(lambda m: variables.get(m[1], m[0]), arg)
        found += [part for part in arg.split(";") if part]
    return found
