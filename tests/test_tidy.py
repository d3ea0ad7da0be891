"""The code's own rules: documented modules, small files and functions, arrows that point down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT / "codemod" / "isolate_ext", ROOT / "rules" / "isolate_ext_rules")
FILES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LONGEST_FILE = 350
LONGEST_FUNCTION = 60
LARGE_FILES: dict[str, str] = {}
"""Files above the cap, by path, each with the reason."""

LARGE_FUNCTIONS = {
    "rules/isolate_ext_rules/type_reference.py:_reference": "one case after the other",
}
"""Functions above the cap, as ``path:name``, each with the reason."""

LAYERS = (
    {"capi"},
    {"text"},
    {"syntax"},
    {"model"},
    {"placement"},
    {"engine"},
    {"project", "report"},
    {"verify"},
    {"app"},
    {"cli", "testing"},
)
"""From the bottom; a package imports only from layers below its own, and `capi` is for all."""

PRINTING = ("cli", "report")
ALONE = {
    "tree_sitter": "syntax",
    "tree_sitter_c": "syntax",
    "libcst": "project",
    "elftools": "verify",
    "typer": "cli",
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def package_of(path: Path) -> str:
    """``syntax`` for a file of `isolate_ext.syntax`; empty for one at the top."""
    parts = path.relative_to(PACKAGES[0]).parts
    return parts[0] if len(parts) > 1 else ""


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def level(package: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if package in layer)


@pytest.mark.parametrize("path", [*FILES, *TESTS], ids=relative)
def test_a_module_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "no docstring"


def test_files_are_small() -> None:
    large = {
        relative(path): count
        for path in FILES
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert {name: count for name, count in large.items() if name not in LARGE_FILES} == {}
    assert set(LARGE_FILES) <= set(large), "no longer above the cap"


def test_functions_are_short() -> None:
    large = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = (node.end_lineno or node.lineno) - node.lineno + 1
                if count > LONGEST_FUNCTION:
                    large[f"{relative(path)}:{node.name}"] = count
    assert {name: count for name, count in large.items() if name not in LARGE_FUNCTIONS} == {}
    assert set(LARGE_FUNCTIONS) <= set(large), "no longer above the cap"


def test_only_the_rim_prints() -> None:
    found = []
    for path in FILES:
        if PACKAGES[0] in path.parents and package_of(path) in PRINTING:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "print":
                    found.append(f"{relative(path)}:{node.lineno}")
    assert found == []


def test_arrows_point_down() -> None:
    wrong = []
    for path in FILES:
        if PACKAGES[0] not in path.parents or not (mine := package_of(path)):
            continue
        for name in imports(path):
            parts = name.split(".")
            if parts[0] != "isolate_ext" or len(parts) < 2 or parts[1] in (mine, "capi"):
                continue
            if not any(parts[1] in layer for layer in LAYERS):
                continue
            if level(parts[1]) >= level(mine):
                wrong.append(f"{relative(path)} imports {name}")
    assert wrong == []


def test_rules_import_nothing_above_the_engine() -> None:
    allowed = {"capi", "text", "syntax", "model", "placement", "engine"}
    wrong = [
        f"{relative(path)} imports {name}"
        for path in FILES
        if PACKAGES[1] in path.parents
        for name in imports(path)
        if name.startswith("isolate_ext.") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


def test_parsers_have_one_home() -> None:
    wrong = []
    for path in FILES:
        home = package_of(path) if PACKAGES[0] in path.parents else "rules"
        for name in imports(path):
            owner = ALONE.get(name.split(".")[0])
            if owner is not None and owner != home:
                wrong.append(f"{relative(path)} imports {name}")
    assert wrong == []


def test_the_core_does_no_io() -> None:
    core = ("text", "capi", "syntax", "model", "placement", "engine")
    forbidden = {"os", "pathlib", "subprocess", "shutil", "tempfile", "socket"}
    wrong = [
        f"{relative(path)} imports {name}"
        for path in FILES
        if PACKAGES[1] in path.parents or package_of(path) in core
        for name in imports(path)
        if name.split(".")[0] in forbidden
    ]
    assert wrong == []


def test_a_test_that_is_left_out_says_why() -> None:
    silent = re.compile(
        r"pytest\.(skip|xfail)\(\s*\)|mark\.(skip|xfail)(\(\s*\))?\s*$", re.MULTILINE
    )
    wrong = [relative(path) for path in TESTS if silent.search(path.read_text(encoding="utf-8"))]
    assert wrong == []


def test_no_machine_path_is_written_down() -> None:
    """The project speaks of itself alone."""
    paths = re.compile(r"(?<![\w.])/(work|root|home)/\w")
    wrong = [
        f"{relative(path)}:{number}"
        for path in [*FILES, *TESTS]
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if paths.search(line)
    ]
    assert wrong == []
