"""Edit helpers named by intent: where a statement's lines begin, what goes with it."""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Declaration, Definition
from isolate_ext.syntax import Condition, Node

NOT_USED = re.compile(r"_*(unused|ignored?|dummy|notused|not_used)\d*_*", re.IGNORECASE)
"""Names that tell a reader that nobody uses a parameter."""
_TRAILING = re.compile(rb"[ \t]*(/\*[^\n]*?\*/|//[^\n]*)[ \t]*(?=\r?\n|$)")


def whole_lines(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The span widened to its lines where nothing else stands on them.

    The last line of a macro stays, since the one before it is continued.
    """
    line_start = data.rfind(b"\n", 0, start) + 1
    line_end = data.find(b"\n", end)
    line_end = len(data) if line_end < 0 else line_end + 1
    rest = data[end:line_end].strip()
    continued = data[:line_start].rstrip(b"\r\n").endswith(b"\\")
    if data[line_start:start].strip() or rest not in (b"", b"\\") or (continued and not rest):
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
    """Take one declarator away, and the whole declaration where all of it goes.

    A struct that is defined in the declaration stays.
    """
    path = declaration.path
    row = _siblings(pass_, declaration)
    index = next(i for i, (start, _, _) in enumerate(row) if start == declaration.name_start)
    if all(goes for _, _, goes in row):
        if index == 0:
            _remove_whole(pass_, declaration, group, since, comment=comment)
        return
    begins = [span[0] for _, span, _ in row]
    ends = [span[1] for _, span, _ in row]
    rest = next((i for i in range(index, len(row)) if not row[i][2]), None)
    if rest is not None:
        pass_.replace(path, begins[index], begins[index + 1], b"", group, since)
    elif row[index - 1][2] is False:
        pass_.replace(path, ends[index - 1], ends[-1], b"", group, since)


def _siblings(pass_: Pass, declaration: Declaration) -> list[tuple[int, tuple[int, int], bool]]:
    """Per declarator of a declaration: where its name is, its span, and whether it goes."""
    going = {declaration.name_start}
    going |= {other.name_start for other in moving_siblings(pass_, declaration)}
    return [
        (each.name.start, (each.node.start, each.node.end), each.name.start in going)
        for each in declarators(declaration.node)
    ]


def moving_siblings(pass_: Pass, declaration: Declaration) -> list[Declaration]:
    """What else one declaration declares that becomes a member of the state."""
    keys = pass_.decisions.fields if declaration.siblings > 1 else ()
    variables = [pass_.extension.variables[key] for key in keys]
    return [
        other
        for variable in variables
        for other in variable.definitions + variable.declarations
        if other.path == declaration.path and other.start == declaration.start
    ]


def _remove_whole(
    pass_: Pass, declaration: Declaration, group: str, since: Stage, *, comment: bool
) -> None:
    data = pass_.parsed(declaration.path).source.data
    struct = declaration.node.child("type")
    if declaration.inline_struct and struct is not None:
        pass_.replace(declaration.path, declaration.start, struct.start, b"", group, since)
        pass_.replace(declaration.path, struct.end, declaration.end, b";", group, since)
        return
    end = trailing_comment(data, declaration.end)[1] if comment else declaration.end
    start, end = with_blank_line(data, declaration.start, end)
    pass_.replace(declaration.path, start, end, b"", group, since)


def conditional(conditions: tuple[Condition, ...], text: str) -> str:
    """Text under the `#if` lines of a declaration, so that it exists exactly where that does."""
    kept = [each.text for each in conditions if each.verdict is not True]
    for condition in reversed(kept):
        text = f"#if {condition}\n{text}\n#endif"
    return text


def head_start(data: bytes, function: Definition) -> int:
    """Where a function begins, macros for its attributes on the same line included."""
    line = data.rfind(b"\n", 0, function.start) + 1
    attributes = re.fullmatch(rb"([A-Z][A-Z0-9_]*\s+)*", data[line : function.start])
    return line if attributes is not None else function.start


def body_start(data: bytes, body: tuple[int, int]) -> int:
    """The offset behind the opening brace of a function body."""
    assert data[body[0] : body[0] + 1] == b"{", data[body[0] : body[0] + 20]
    return body[0] + 1


def indent_at(data: bytes, offset: int) -> str:
    """The white space before the first character of the line."""
    line_start = data.rfind(b"\n", 0, offset) + 1
    match = re.match(rb"[ \t]*", data[line_start:offset])
    return match[0].decode() if match else ""


def fresh_name(name: str, text: bytes) -> str:
    """The name, or the next one that no word of a text is."""
    words = set(re.findall(rb"\w+", text))
    while name.encode() in words:
        name += "_"
    return name
