"""One step of macro expansion, as text: what a person would write instead of an invocation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from isolate_ext.syntax.directives import Define

_TOKEN = re.compile(
    rb'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|/\*.*?\*/|//[^\n]*|\s*\#\#\s*|\#|\w+|\s+|.',
    re.DOTALL,
)
_OPENING = re.compile(rb"(?:\s|\\\r?\n)*\(")
_MARK = re.compile(
    rb'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|/\*.*?\*/|//[^\n]*|[()\[\]{},]', re.DOTALL
)
"""A bracket or a comma; strings and comments, in which these mean nothing, are matched whole."""
_CONTINUED = re.compile(rb"[ \t]*\\\r?\n")
_PIECE = re.compile(
    rb'(?P<string>"(?:[^"\\\n]|\\\r?\n|\\.)*")|(?P<other>/\*.*?\*/|\'(?:[^\'\\\n]|\\.){1,4}\'|[^"/\']+|.)',
    re.DOTALL,
)


def invocation(data: bytes, end_of_name: int) -> tuple[int, list[bytes]] | None:
    """The end of a function-like invocation and the texts of its arguments.

    None where no parenthesis follows the name, or none closes it.
    """
    opening = _OPENING.match(data, end_of_name)
    if opening is None:
        return None
    depth, start = 1, opening.end()
    arguments: list[bytes] = []
    for match in _MARK.finditer(data, start):
        mark = match[0]
        if mark in b"([{":
            depth += 1
        elif mark in b")]}":
            depth -= 1
            if depth == 0:
                last = data[start : match.start()].strip()
                return match.end(), [*arguments, last] if last or arguments else []
        elif mark == b"," and depth == 1:
            arguments.append(data[start : match.start()].strip())
            start = match.end()
    return None


def expand(define: Define, data: bytes, arguments: Sequence[bytes]) -> bytes | None:
    """The body of a macro with its arguments put in; ``data`` is the text that holds the macro.

    Continuations become plain line ends, but for those inside of strings.  None where the number of
    arguments is wrong.
    """
    body = b"".join(
        piece["string"] or _CONTINUED.sub(b"\n", piece["other"])
        for piece in _PIECE.finditer(data, *define.body_span)
    )
    names = [each.encode() for each in define.params or ()]
    if len(names) != len(arguments) and not (len(names) == 1 and not arguments):
        return None
    values = dict(zip(names, arguments or [b""] * len(names), strict=True))
    out: list[bytes] = []
    stringify = False
    for match in _TOKEN.finditer(body):
        token = match[0]
        if token == b"#" and define.params is not None:
            stringify = True
            continue
        if token.strip() == b"##" or (stringify and not token.strip()):
            continue
        if token in values:
            value = values[token]
            if stringify:
                value = b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
            out.append(value)
        else:
            out.append(token)
        if token.strip():
            stringify = False
    return b"".join(out)
