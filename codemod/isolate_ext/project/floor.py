"""The oldest Python that a project supports, and raising it in the files that say so."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from isolate_ext.project.metadata import config, line_of
from isolate_ext.project.records import Discovery, Floor, Origin

CANDIDATES = [(2, 7), *((3, minor) for minor in range(31))]
CLASSIFIER = re.compile(r"Programming Language :: Python :: (\d+)\.(\d+)")
FILES = ("pyproject.toml", "setup.cfg", "setup.py")


def python_floor(discovery: Discovery) -> Floor:
    """The floor by requires-python; failing that, as a hint, by the oldest classifier."""
    spec = discovery.requires_python
    if spec is not None:
        return Floor(lowest(spec), spec, discovery.requires_python_origin)
    for name in FILES:
        path = discovery.root / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        versions = [(int(m[1]), int(m[2])) for m in CLASSIFIER.finditer(text)]
        if versions:
            return Floor(
                min(versions),
                None,
                Origin(name, line_of(text, "Programming Language :: Python ::"), "classifiers"),
            )
    return Floor(None)


def lowest(specifier: str) -> tuple[int, int] | None:
    """The first of 2.7, 3.0, 3.1, ... that the specifier allows; None for one that is not valid."""
    try:
        allowed = SpecifierSet(normal(specifier))
    except InvalidSpecifier:
        return None
    for major, minor in CANDIDATES:
        if any(Version(f"{major}.{minor}.{micro}") in allowed for micro in (0, 1, 2, 3, 10, 99)):
            return major, minor
    return None


def normal(specifier: str) -> str:
    """Poetry's caret and a bare version as ordinary specifiers."""
    text = re.sub(r"\^\s*(\d+(?:\.\d+)*)", r">=\1", specifier)
    return f">={text}" if re.fullmatch(r"\s*\d+(\.\d+)*\s*", text) else text


def raised(specifier: str, floor: tuple[int, int]) -> str:
    """The specifier with its lower bound at the floor, other clauses that still mean something
    kept."""
    wanted = f"{floor[0]}.{floor[1]}"
    kept = []
    space = " " if re.match(r"\s*>=\s", specifier) else ""
    caret = "^" if specifier.strip().startswith("^") else ">="
    for clause in (part.strip() for part in specifier.split(",")):
        if (
            not clause
            or re.match(r"(>=|>(?!=)|~=|\^)", clause)
            or re.fullmatch(r"\d+(\.\d+)*", clause)
        ):
            continue
        excluded = re.match(r"!=\s*(\d+)\.(\d+)", clause)
        if excluded and (int(excluded[1]), int(excluded[2])) < floor:
            continue
        kept.append(clause)
    joint = ", " if ", " in specifier else ","
    return joint.join([f"{caret}{space}{wanted}", *kept])


def raise_floor(root_files: Mapping[str, bytes], floor: tuple[int, int]) -> dict[str, bytes]:
    """The build files among `root_files` (by name) that must change for `floor`, with their new
    text.

    Every place that names a lower floor is raised. Where none names one, it is added to the first
    of [project] of pyproject.toml, [options] of setup.cfg, and the setup() call of setup.py.
    Formatting, comments and line endings stay. A value that cannot be edited in place is left as it
    is.
    """
    changed: dict[str, bytes] = {}
    named = False
    for name, edit in (
        ("pyproject.toml", in_pyproject),
        ("setup.cfg", in_setup_cfg),
        ("setup.py", in_setup_py),
    ):
        if name in root_files:
            says, data = edit(root_files[name], floor, add=False)
            named = named or says
            if data != root_files[name]:
                changed[name] = data
    if named:
        return changed
    for name, edit in (
        ("pyproject.toml", in_pyproject),
        ("setup.cfg", in_setup_cfg),
        ("setup.py", in_setup_py),
    ):
        if name in root_files:
            data = edit(root_files[name], floor, add=True)[1]
            if data != root_files[name]:
                return {name: data}
    return changed


def newline_of(data: bytes) -> str:
    return "\r\n" if b"\r\n" in data else "\n"


def in_pyproject(data: bytes, floor: tuple[int, int], *, add: bool) -> tuple[bool, bytes]:
    """Whether [project] has requires-python, and the text with it raised (or added)."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        project = tomllib.loads(text.replace("\r\n", "\n")).get("project")
    except tomllib.TOMLDecodeError:
        return False, data
    if not isinstance(project, dict):
        return False, data
    spec = project.get("requires-python")
    if isinstance(spec, str):
        if below(spec, floor):
            line = re.compile(
                r"^([ \t]*requires-python[ \t]*=[ \t]*)([\"'])" + re.escape(spec) + r"\2", re.M
            )
            text = line.sub(lambda m: f"{m[1]}{m[2]}{raised(spec, floor)}{m[2]}", text, count=1)
        return True, text.encode("utf-8", "surrogateescape")
    if not add or "requires-python" in (project.get("dynamic") or ()):
        return False, data
    end = newline_of(data)
    header = re.compile(
        r"^\[project\][ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:name|version)[ \t]*=[^\n]*\n)*", re.M
    )
    text = header.sub(
        lambda m: f'{m[0]}requires-python = ">={floor[0]}.{floor[1]}"{end}', text, count=1
    )
    return False, text.encode("utf-8", "surrogateescape")


def in_setup_cfg(data: bytes, floor: tuple[int, int], *, add: bool) -> tuple[bool, bytes]:
    """Whether [options] has python_requires, and the text with it raised (or added)."""
    text = data.decode("utf-8", "surrogateescape")
    parser = config(text.replace("\r\n", "\n"))
    if parser is None or not parser.has_section("options"):
        return False, data
    for key in ("python_requires", "python-requires"):
        if parser.has_option("options", key):
            spec = parser.get("options", key)
            if below(spec, floor):
                line = re.compile(rf"^({re.escape(key)}[ \t]*[=:][ \t]*)" + re.escape(spec), re.M)
                new = raised(spec, floor)
                text = line.sub(rf"\g<1>{new}", text, count=1)
            return True, text.encode("utf-8", "surrogateescape")
    if add:
        header = re.compile(r"^\[options\][ \t]*\r?\n", re.M)
        line_text = f"python_requires = >={floor[0]}.{floor[1]}{newline_of(data)}"
        text = header.sub(lambda m: m[0] + line_text, text, count=1)
    return False, text.encode("utf-8", "surrogateescape")


def in_setup_py(data: bytes, floor: tuple[int, int], *, add: bool) -> tuple[bool, bytes]:
    from isolate_ext.project.python_edit import edit_python_requires  # brings in libcst

    return edit_python_requires(data, floor, add=add)


def below(spec: str, floor: tuple[int, int]) -> bool:
    found = lowest(spec)
    return found is not None and found < floor


def build_files(root: Path) -> dict[str, bytes]:
    """Those files of the root that may name the floor."""
    return {name: (root / name).read_bytes() for name in FILES if (root / name).is_file()}
