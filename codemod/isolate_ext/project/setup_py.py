"""Extensions of setup.py: the records that its static evaluation leaves, as drafts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from isolate_ext.project.flags import split_flags
from isolate_ext.project.records import Draft, Findings, Macro, Origin
from isolate_ext.project.script.commands import run_build_ext
from isolate_ext.project.script.extension import gather
from isolate_ext.project.script.frame import Run
from isolate_ext.project.script.script import evaluate_script
from isolate_ext.project.script.values import (
    Choice,
    Instance,
    Maybe,
    Unknown,
    Value,
    is_known,
)


def read_setup_py(root: Path) -> Findings:
    """What setup.py in `root` says: its extensions in order, python_requires, what stayed open."""
    findings = Findings()
    script = root / "setup.py"
    if not script.is_file():
        return findings
    run = evaluate_script(root, script)
    passed: list[Instance] = []
    package: Value = None
    for call in run.setup_calls:
        where = Origin(call.path, call.line, "setup(...)")
        value = call.keywords.get("ext_modules")
        package = call.keywords.get("ext_package") or package
        found, missing = gather(value)
        passed += [f for f in found if f not in passed]
        run_build_ext(run, call, found)
        findings.notes += [
            f"{where.path}:{where.line}: an extension was not decided: {m.why}" for m in missing
        ]
        if call.keywords.open and value is None:
            findings.notes.append(
                f"{where}: some arguments were not decided: {call.keywords.open.why}"
            )
        requires = bare(call.keywords.get("python_requires"))
        if isinstance(requires, str):
            findings.requires_python = (requires, Origin(call.path, call.line, "python_requires"))
        elif requires is not None:
            findings.notes.append(f"{where}: python_requires was not decided")
    for record in [*passed, *(m for m in run.made if m not in passed)]:
        findings.drafts.append(Reader(run, record, record in passed, bare(package)).draft())
    findings.notes += run.notes
    return findings


def bare(value: Value) -> Value:
    while isinstance(value, (Maybe, Choice)):
        value = value.value if isinstance(value, Maybe) else value.options[0]
    return value


class Reader(msgspec.Struct):
    """Turns one Extension record into a draft, and collects what of it is undecided."""

    run: Run
    record: Instance
    built: bool
    package: Value
    undecided: list[str] = msgspec.field(default_factory=list)
    packages: list[str] = msgspec.field(default_factory=list)

    def draft(self) -> Draft:
        attrs = self.record.attrs
        macros, maybe_macros, unvalued = self.macros(attrs.get("define_macros"))
        flags, maybe_flags = self.split(attrs.get("extra_compile_args"), "extra_compile_args")
        parsed = split_flags(flags)
        if self.record.conditions:
            self.undecided.append(f"made only if {self.record.conditions[-1]}")
        if isinstance(attrs.get("open"), Unknown):
            self.miss("some arguments", attrs["open"])
        if not self.built:
            self.undecided.append("made, but not passed to setup()")
        language = bare(attrs.get("language"))
        return Draft(
            name=self.name(attrs.get("name")),
            origin=Origin(self.record.path, self.record.line, f"{self.record.cls.name}(...)"),
            sources=tuple(self.paths(attrs.get("sources"), "sources")),
            include_dirs=tuple(
                dict.fromkeys(
                    [*self.paths(attrs.get("include_dirs"), "include_dirs"), *parsed.include_dirs]
                )
            ),
            macros=(*macros, *parsed.macros),
            undef=(*self.strings(attrs.get("undef_macros"), "undef_macros"), *parsed.undef),
            flags=parsed.flags,
            depends=tuple(self.paths(attrs.get("depends"), "depends")),
            maybe_macros=tuple(maybe_macros),
            maybe_flags=tuple(maybe_flags),
            unvalued=tuple(unvalued),
            packages=tuple(self.packages),
            built=self.built,
            language=language if isinstance(language, str) else None,
            undecided=tuple(dict.fromkeys(self.undecided)),
        )

    def name(self, value: Value) -> str:
        name = bare(value)
        if not isinstance(name, str):
            self.miss("the name", name)
            return ""
        if isinstance(value, Choice):
            self.undecided.append("the name is one of several")
        return f"{self.package}.{name}" if isinstance(self.package, str) and self.package else name

    def miss(self, what: str, value: Value) -> None:
        why = (
            value.why if isinstance(value, Unknown) else "a value that cannot be decided by reading"
        )
        self.undecided.append(f"{what} not decided: {why}")
        if isinstance(value, Unknown):
            self.packages += [p for p in value.packages if p not in self.packages]

    def items(
        self, value: Value, what: str, condition: str | None = None
    ) -> Iterator[tuple[Value, str | None]]:
        """Every item with its condition; unknown ones are noted instead."""
        if isinstance(value, Maybe):
            yield from self.items(value.value, what, value.condition)
        elif isinstance(value, Choice):
            for option in value.options:
                yield from self.items(option, what, condition or "one of several values")
        elif isinstance(value, Unknown):
            self.miss(what, value)
        elif isinstance(value, list) or (isinstance(value, tuple) and what != "define_macros"):
            for item in value:
                yield from self.items(item, what, condition)
        elif value is not None:
            yield value, condition

    def strings(self, value: Value, what: str) -> list[str]:
        found = []
        for item, condition in self.items(value, what):
            if isinstance(item, (str, PurePosixPath)):
                found.append(str(item))
                if condition:
                    self.undecided.append(f"{what}: {item} only if {condition}")
            else:
                self.miss(what, item)
        return list(dict.fromkeys(found))

    def split(self, value: Value, what: str) -> tuple[list[str], list[str]]:
        """Texts that are certain, and those under a condition."""
        certain: list[str] = []
        maybe: list[str] = []
        for item, condition in self.items(value, what):
            if not isinstance(item, str):
                self.miss(what, item)
                continue
            (maybe if condition else certain).append(item)
            if condition:
                self.undecided.append(f"{what}: {item} only if {condition}")
        return certain, maybe

    def macros(self, value: Value) -> tuple[list[Macro], list[Macro], list[str]]:
        certain: list[Macro] = []
        maybe: list[Macro] = []
        unvalued: list[str] = []
        for item, condition in self.items(value, "define_macros"):
            if not (isinstance(item, tuple) and item and isinstance(item[0], str)):
                self.miss("define_macros", item)
                continue
            given = bare(item[1]) if len(item) > 1 else None
            if not is_known(given):
                self.miss(f"the value of {item[0]}", given)
                unvalued.append(item[0])
                given = None
            macro = (item[0], None if given is None else str(given))
            (maybe if condition else certain).append(macro)
            if condition:
                self.undecided.append(f"define_macros: {item[0]} only if {condition}")
        return certain, maybe, unvalued

    def paths(self, value: Value, what: str) -> list[str]:
        return [relative(text, self.run.root) for text in self.strings(value, what)]


def relative(text: str, root: Path) -> str:
    """The path relative to the root with '/', or absolute when it lies outside."""
    absolute = os.path.normpath(root / text.replace("\\", "/"))
    inside = os.path.relpath(absolute, root)
    if inside.startswith(".."):
        return absolute if text.startswith("/") else PurePosixPath(inside).as_posix()
    return PurePosixPath(inside).as_posix()
