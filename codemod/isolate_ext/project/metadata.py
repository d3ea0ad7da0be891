"""Extensions and requires-python of pyproject.toml and setup.cfg."""

from __future__ import annotations

import re
import tomllib
from configparser import ConfigParser, Error
from pathlib import Path
from typing import Any

from isolate_ext.project.flags import split_flags
from isolate_ext.project.records import Draft, Findings, Origin


def read_pyproject(root: Path) -> Findings:
    """[tool.setuptools.ext-modules] and project.requires-python."""
    findings = Findings()
    path = root / "pyproject.toml"
    if not path.is_file():
        return findings
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        findings.notes.append(f"pyproject.toml: not read: {error}")
        return findings
    requires = table(data, "project").get("requires-python")
    if isinstance(requires, str):
        findings.requires_python = (
            requires,
            Origin("pyproject.toml", line_of(text, "requires-python"), "requires-python"),
        )
    requires = table(table(table(data, "tool"), "poetry"), "dependencies").get("python")
    if isinstance(requires, str) and findings.requires_python is None:
        findings.requires_python = (
            requires,
            Origin("pyproject.toml", line_of(text, "python"), "poetry"),
        )
    modules = table(table(data, "tool"), "setuptools").get("ext-modules", [])
    for entry in modules if isinstance(modules, list) else []:
        if isinstance(entry, dict):
            findings.drafts.append(toml_draft(entry, text))
    return findings


def toml_draft(entry: dict[str, Any], text: str) -> Draft:
    name = str(entry.get("name", ""))
    parsed = split_flags(strings(entry.get("extra-compile-args")))
    macros = [
        (str(m[0]), str(m[1]) if len(m) > 1 and m[1] is not None else None)
        for m in entry.get("define-macros", [])
        if isinstance(m, list) and m
    ]
    return Draft(
        name,
        Origin("pyproject.toml", line_of(text, f'"{name}"'), "tool.setuptools.ext-modules"),
        sources=strings(entry.get("sources")),
        include_dirs=(*strings(entry.get("include-dirs")), *parsed.include_dirs),
        macros=(*macros, *parsed.macros),
        undef=(*strings(entry.get("undef-macros")), *parsed.undef),
        flags=parsed.flags,
        depends=strings(entry.get("depends")),
        language=entry.get("language"),
    )


def strings(value: Any) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def table(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def line_of(text: str, needle: str) -> int:
    at = text.find(needle)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def read_setup_cfg(root: Path) -> Findings:
    """options.python_requires of setup.cfg."""
    findings = Findings()
    path = root / "setup.cfg"
    if not path.is_file():
        return findings
    text = path.read_text(encoding="utf-8", errors="replace")
    parser = config(text)
    if parser is None:
        findings.notes.append("setup.cfg: not read: it is not a valid configuration file")
        return findings
    for key in ("python_requires", "python-requires"):
        if parser.has_option("options", key):
            findings.requires_python = (
                parser.get("options", key),
                Origin("setup.cfg", line_of(text, key), "python_requires"),
            )
    if parser.has_option("options", "ext_modules"):
        findings.notes.append("setup.cfg: options.ext_modules is not read")
    return findings


def config(text: str) -> ConfigParser | None:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except Error:
        return None
    return parser


def build_ext_options(root: Path) -> Draft | None:
    """The [build_ext] section of setup.cfg as an unnamed draft to add to every extension of
    setup.py."""
    path = root / "setup.cfg"
    parser = config(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else None
    if parser is None or not parser.has_section("build_ext"):
        return None
    section = parser["build_ext"]

    def words(key: str) -> tuple[str, ...]:
        return tuple(
            w
            for w in re.split(r"[,:;\s]+", section.get(key, section.get(key.replace("_", "-"), "")))
            if w
        )

    macros = tuple((w.partition("=")[0], w.partition("=")[2] or "1") for w in words("define"))
    return Draft(
        "",
        Origin("setup.cfg", 1, "[build_ext]"),
        include_dirs=words("include_dirs"),
        macros=macros,
        undef=words("undef"),
    )
