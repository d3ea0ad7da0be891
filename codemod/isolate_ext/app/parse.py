"""Parse: what the parser understands of every file that touches Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from isolate_ext.app.modelling import Library, modelled, parse_all
from isolate_ext.project import ProjectError
from isolate_ext.project import discover as discover_project
from isolate_ext.project.fallback import c_files
from isolate_ext.project.includes import IncludeGraph
from isolate_ext.report.views import FileView, ParseResult, Region
from isolate_ext.syntax import Parsed, Scan


def parse(paths: Sequence[Path]) -> ParseResult:
    """Every file once; errors and unreadable files are lines of the result."""
    result = ParseResult()
    for path in paths:
        if path.is_dir():
            _tree(path, result)
        elif path.is_file():
            root = path.resolve().parent
            _group(Library(root), [path.name], str(path.parent), result)
        else:
            result.errors.append(f"{path}: no such file or directory")
    return result


def _tree(path: Path, result: ParseResult) -> None:
    library = Library(path.resolve())
    done: set[str] = set()
    for group, beside in _groups(path.resolve()):
        fresh = [each for each in group if each not in done]
        _group(library, fresh, str(path), result, [*done.intersection(group), *beside])
        done.update(group)
    if not done:
        result.errors.append(f"{path}: no C file that reaches Python.h in this directory")


def _groups(root: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Files to be parsed together: by extension, then what belongs to none, file by file.

    Each with the headers beside them that they read.
    """
    try:
        for found in discover_project(root).extensions:
            touching = list(modelled(found))
            yield touching, [each for each in found.headers if each not in touching]
    except ProjectError:
        pass
    graph = IncludeGraph(root)
    for path in c_files(root):
        touching = graph.python_files([path], ())
        if touching:
            reached = graph.reached([path], ())
            yield touching, [each for each in reached if each not in touching]


def _group(
    library: Library, paths: Sequence[str], shown: str, result: ParseResult,
    beside: Sequence[str] = (),
) -> None:  # fmt: skip
    scans = {}
    for path in paths:
        try:
            scans[path] = library.scan(path)
        except ProjectError as error:
            result.skipped.append((str(Path(shown) / path), error.message))
    for path, parsed in parse_all(scans, {}, list(_readable(library, beside))).items():
        result.files.append(_file(str(Path(shown) / path), parsed))


def _readable(library: Library, paths: Sequence[str]) -> Iterator[Scan]:
    for path in paths:
        try:
            yield library.scan(path)
        except ProjectError:
            continue


def _file(shown: str, parsed: Parsed) -> FileView:
    lines = parsed.scan.lines
    fences = parsed.fences
    code = _code_lines(parsed)
    regions = [_region(parsed, each.start, each.end, each.cause) for each in fences]
    fenced = {line for each in regions for line in range(each.line, each.last + 1)}
    return FileView(
        shown,
        len(lines.starts),
        len(code),
        len(code & fenced),
        tuple(regions),
        tuple(_errors(parsed)),
    )


def _code_lines(parsed: Parsed) -> set[int]:
    """The 1-based lines with a token outside directives and comments, or in a macro's body."""
    texts = (parsed.scan.code, parsed.scan.bodies)
    return {
        number
        for text in texts
        for number, line in enumerate(text.split(b"\n"), 1)
        if line.strip(b" \t\r\f\v\\")
    }


def _errors(parsed: Parsed) -> Iterator[Region]:
    for item in parsed.items():
        for node in item.descendants():
            broken = node.kind == "ERROR" or (node.start == node.end and node.is_named)
            if broken and parsed.fenced(node.start, max(node.end, node.start + 1)) is None:
                yield _region(parsed, node.start, node.end, f"not understood: {node.kind}")


def _region(parsed: Parsed, start: int, end: int, cause: str) -> Region:
    lines = parsed.scan.lines
    return Region(lines.number(start), lines.number(max(start, end - 1)), cause)
