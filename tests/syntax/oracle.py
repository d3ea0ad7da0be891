"""Compare uses and definitions with libclang, which sees the source preprocessed.

As a script: ``python tests/syntax/oracle.py DIRECTORY... --include DIR`` prints, for every C file
below, how many spelled uses and definitions of file-scope variables, functions and types libclang
knows, and which of them the view does not find.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from ctypes import byref, c_uint
from dataclasses import dataclass, field
from pathlib import Path

from clang import cindex

from isolate_ext.syntax import MacroEnvironment, Node, Parsed, Scan, Source, parse, scan

_DECLARATIONS = (
    cindex.CursorKind.VAR_DECL,
    cindex.CursorKind.FUNCTION_DECL,
    cindex.CursorKind.TYPEDEF_DECL,
    cindex.CursorKind.STRUCT_DECL,
    cindex.CursorKind.UNION_DECL,
    cindex.CursorKind.ENUM_DECL,
)
_REFERENCES = (cindex.CursorKind.DECL_REF_EXPR, cindex.CursorKind.TYPE_REF)
_NAMES = ("identifier", "type_identifier", "primitive_type")
_TOKEN = re.compile(rb"[A-Za-z_]\w*")


@dataclass
class Comparison:
    """What libclang spells in one file, and what the view made of it."""

    path: str
    errors: int = 0
    uses: int = 0
    definitions: int = 0
    fenced: int = 0
    out_of_macros: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Spelled:
    """A name that libclang resolves to something at file scope, at a byte offset."""

    name: str
    offset: int
    defines: bool


def builtin_include() -> list[str]:
    """The directory of the compiler's own headers."""
    for compiler in ("gcc", "cc", "clang"):
        try:
            found = subprocess.run(
                [compiler, "-print-file-name=include"], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return [f"-I{found.stdout.strip()}"]
    return []


def _file_location(cursor: cindex.Cursor) -> tuple[str, int]:
    """Where a cursor is spelled: for a macro argument, its place among the arguments."""
    handle = cindex.c_object_p()
    line, column, offset = c_uint(), c_uint(), c_uint()
    cindex.conf.lib.clang_getFileLocation(
        cursor.location, byref(handle), byref(line), byref(column), byref(offset)
    )
    if not handle:
        return "", 0
    return str(cindex.File(handle).name), offset.value


def _at_file_scope(cursor: cindex.Cursor | None) -> bool:
    if cursor is None or cursor.kind not in _DECLARATIONS:
        return False
    parent = cursor.semantic_parent
    return parent is not None and parent.kind == cindex.CursorKind.TRANSLATION_UNIT


def spelled_names(path: str, arguments: list[str], text: bytes | None = None) -> tuple[
    list[Spelled], int, int
]:  # fmt: skip
    """Names of file-scope things spelled in a file; how many come out of macros; clang's errors."""
    unsaved = [(path, text.decode())] if text is not None else None
    unit = cindex.Index.create().parse(path, args=["-std=gnu11", *arguments], unsaved_files=unsaved)
    data = text if text is not None else Path(path).read_bytes()
    found: dict[tuple[int, str], Spelled] = {}
    macros = 0
    for cursor in unit.cursor.walk_preorder():
        defines = cursor.kind in _DECLARATIONS and _at_file_scope(cursor)
        if not defines and cursor.kind not in _REFERENCES:
            continue
        target = cursor if defines else cursor.referenced
        if not _at_file_scope(target) or not target.spelling:
            continue
        name, offset = _file_location(cursor)
        if name != path:
            continue
        word = target.spelling.split()[-1]
        token = _TOKEN.match(data, offset)
        if token and token.group().decode() == word:
            found[(offset, word)] = Spelled(word, offset, defines)
        else:
            macros += 1
    errors = sum(d.severity >= cindex.Diagnostic.Error for d in unit.diagnostics)
    return list(found.values()), macros, errors


def is_declared(node: Node) -> bool:
    """Whether the node is the name that a declaration or definition introduces."""
    inner: Node | None = node
    while inner is not None and inner.parent is not None:
        if inner.parent.kind in ("type_definition", "parameter_declaration", "declaration"):
            return inner.field == "declarator"
        if inner.parent.kind == "function_definition":
            return inner.field == "declarator"
        if inner.parent.kind in ("struct_specifier", "union_specifier", "enum_specifier"):
            return inner.field == "name"
        if inner.field != "declarator":
            return False
        inner = inner.parent
    return False


def compare(parsed: Parsed, names: list[Spelled], comparison: Comparison) -> None:
    """Look up every name that libclang spelled."""
    for spelled in names:
        line, column = parsed.line_column(spelled.offset)
        where = f"{parsed.source.path}:{line}:{column}: {spelled.name}"
        comparison.uses += not spelled.defines
        comparison.definitions += spelled.defines
        if spelled.offset not in parsed.occurrences(spelled.name):
            comparison.wrong.append(f"{where}: no occurrence")
        elif parsed.fenced(spelled.offset, spelled.offset + 1):
            comparison.fenced += 1
        else:
            node = parsed.node_at(spelled.offset)
            if node is None:
                comparison.wrong.append(f"{where}: no node")
            elif node.kind not in _NAMES:
                comparison.wrong.append(f"{where}: is {node.kind}")
            elif not spelled.defines and is_declared(node) and not _is_tag(node):
                comparison.wrong.append(f"{where}: a use, but declared here")


def _is_tag(node: Node) -> bool:
    return node.parent is not None and node.parent.kind.endswith("_specifier")


def environment(path: Path, roots: list[Path], cache: dict[Path, Scan]) -> MacroEnvironment:
    """The macros that a file sees through its own includes."""
    seen: dict[Path, Scan] = {}
    todo = [path]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        if current not in cache:
            cache[current] = scan(Source(str(current), current.read_bytes()))
        seen[current] = cache[current]
        for include in cache[current].includes:
            for directory in (current.parent, *roots):
                candidate = (directory / include.name).resolve()
                if candidate.is_file():
                    todo.append(candidate)
                    break
    return MacroEnvironment.of(seen.values())


def main() -> int:
    """Compare every C file below the given directories; 1 when a use was not found."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("paths", nargs="+", type=Path)
    options.add_argument("--include", action="append", default=[], type=Path)
    options.add_argument("--define", action="append", default=[])
    options.add_argument("--max-errors", type=int, default=0)
    chosen = options.parse_args()
    flags = [f"-I{path}" for path in chosen.include] + [f"-D{name}" for name in chosen.define]
    flags += builtin_include()
    cache: dict[Path, Scan] = {}
    total = Comparison("total")
    files = skipped = 0
    for root in chosen.paths:
        for path in sorted(root.rglob("*.c")) if root.is_dir() else [root]:
            path = path.resolve()
            names, macros, errors = spelled_names(str(path), flags)
            if errors > chosen.max_errors:
                skipped += 1
                print(f"{path}: skipped, {errors} errors of the compiler")
                continue
            macro_environment = environment(path, [], cache)
            parsed = parse(cache[path], macro_environment)
            one = Comparison(str(path), errors, out_of_macros=macros)
            compare(parsed, names, one)
            files += 1
            print(f"{path}: {one.uses} uses, {one.definitions} definitions, {macros} out of macros,"
                  f" {one.fenced} fenced, {len(one.wrong)} wrong")  # fmt: skip
            for line in one.wrong:
                print("   ", line)
            total.uses += one.uses
            total.definitions += one.definitions
            total.fenced += one.fenced
            total.out_of_macros += macros
            total.wrong += one.wrong
    print(f"{files} files ({skipped} skipped): {total.uses} uses, {total.definitions} definitions,"
          f" {total.out_of_macros} out of macros, {total.fenced} fenced,"
          f" {len(total.wrong)} wrong")  # fmt: skip
    return 1 if total.wrong or total.fenced else 0


if __name__ == "__main__":
    sys.exit(main())
