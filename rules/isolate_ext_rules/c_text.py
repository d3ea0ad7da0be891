"""Edit helpers named by intent: where a statement's lines begin, what goes with it."""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Declaration
from isolate_ext.syntax import Condition, Node

_TRAILING = re.compile(rb"[ \t]*(/\*[^\n]*?\*/|//[^\n]*)[ \t]*(?=\r?\n|$)")


def whole_lines(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The span widened to its lines where nothing else stands on them."""
    line_start = data.rfind(b"\n", 0, start) + 1
    line_end = data.find(b"\n", end)
    line_end = len(data) if line_end < 0 else line_end + 1
    if data[line_start:start].strip() or data[end:line_end].strip():
        return start, end
    return line_start, line_end


def with_blank_line(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Whole lines, and one of two blank lines that would meet."""
    start, end = whole_lines(data, start, end)
    before = data[:start].endswith((b"\n\n", b"\r\n\r\n")) or start == 0
    following = re.match(rb"\r?\n", data[end:])
    if before and following:
        end += following.end()
    return start, end


def trailing_comment(data: bytes, end: int) -> tuple[str, int]:
    """The comment behind a declaration on its line, and where it ends."""
    match = _TRAILING.match(data, end)
    return (match[1].decode("latin-1"), match.end()) if match else ("", end)


def statement_of(node: Node) -> Node:
    """The statement that an expression stands in."""
    while (
        node.parent is not None
        and not node.kind.endswith("_statement")
        and (node.kind not in ("declaration", "function_definition"))
    ):
        node = node.parent
    return node


def remove_statement(
    pass_: Pass,
    path: str,
    statement: Node,
    group: str,
    since: Stage,
    until: Stage = Stage.ISOLATED,
) -> None:
    """Take a statement away; an empty one stays where the grammar needs one."""
    data = pass_.parsed(path).source.data
    parent = statement.parent
    if parent is None or parent.kind in (
        "compound_statement",
        "translation_unit",
        "case_statement",
    ):
        start, end = whole_lines(data, statement.start, statement.end)
        pass_.replace(path, start, end, b"", group, since, until)
    else:
        pass_.replace(path, statement.start, statement.end, b";", group, since, until)


def remove_declaration(
    pass_: Pass, declaration: Declaration, group: str, since: Stage, *, comment: bool = False
) -> None:
    """Take one declarator away, and the whole declaration where it is the only one."""
    data = pass_.parsed(declaration.path).source.data
    if declaration.siblings == 1:
        end = trailing_comment(data, declaration.end)[1] if comment else declaration.end
        start, end = with_blank_line(data, declaration.start, end)
        pass_.replace(declaration.path, start, end, b"", group, since)
        return
    start, end = declaration.declarator.start, declaration.declarator.end
    after = re.match(rb"\s*,\s*", data[end:])
    if after:
        end += after.end()
    else:
        before = re.search(rb"\s*,\s*$", data[:start])
        start = before.start() if before else start
    pass_.replace(declaration.path, start, end, b"", group, since)


def conditional(conditions: tuple[Condition, ...], text: str) -> str:
    """Text under the `#if` lines of a declaration, so that it exists exactly where that does."""
    kept = [each.text for each in conditions if each.verdict is not True]
    for condition in reversed(kept):
        text = f"#if {condition}\n{text}\n#endif"
    return text


def body_start(data: bytes, body: tuple[int, int]) -> int:
    """The offset behind the opening brace of a function body."""
    assert data[body[0] : body[0] + 1] == b"{", data[body[0] : body[0] + 20]
    return body[0] + 1


def indent_at(data: bytes, offset: int) -> str:
    """The white space before the first character of the line."""
    line_start = data.rfind(b"\n", 0, offset) + 1
    match = re.match(rb"[ \t]*", data[line_start:offset])
    return match[0].decode() if match else ""
