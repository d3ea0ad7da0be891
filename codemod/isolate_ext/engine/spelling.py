"""One invocation of a macro, written out where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isolate_ext.syntax import Define, Parsed
from isolate_ext.syntax.expansion import expand, invocation
from isolate_ext.text import compose
from isolate_ext.text.replacement import Replacement, Span


def applied(parsed: Parsed, items: list[Replacement]) -> bytes:
    """The text of the file with every replacement made."""
    path = parsed.source.path
    return compose({path: parsed.source.data}, items).files[path]


def edit(parsed: Parsed, start: int, end: int, text: bytes) -> Replacement:
    """A span that is written anew before the plan is made; one semicolon is enough behind it."""
    if text.rstrip().endswith(b";") and parsed.source.data[end:].lstrip().startswith(b";"):
        text = text.rstrip()[:-1]
    return Replacement(parsed.source.path, Span(start, end), (text,), f"prepare:{start}")


def sole_definition(files: Mapping[str, Parsed], name: str) -> tuple[Define, bytes] | None:
    """The one definition of a macro that is live on Python 3, with the text it stands in."""
    found = [
        (define, parsed.source.data)
        for parsed in files.values()
        for define in parsed.scan.defines_of(name)
        if all(c.verdict is not False for c in parsed.conditions(define.span[0]))
    ]
    return found[0] if len(found) == 1 else None


def nearest(
    files: Mapping[str, Parsed], parsed: Parsed, name: str, offset: int
) -> tuple[Define, bytes] | None:
    """The definition in force at an offset: the last before it in its file, or the only one."""
    own = [
        define
        for define in parsed.scan.defines_of(name)
        if define.span[1] <= offset
        and all(c.verdict is not False for c in parsed.conditions(define.span[0]))
    ]
    if own and len({define.branch for define in own}) == 1:
        return own[-1], parsed.source.data
    return sole_definition(files, name)


def expansion_at(
    files: Mapping[str, Parsed], parsed: Parsed, offset: int, name: str
) -> Iterator[Replacement]:
    """The invocation at an offset; nothing where it cannot be told which definition is in force."""
    found = nearest(files, parsed, name, offset)
    if found is None or parsed.define_at(offset) is not None:
        return
    define, home = found
    end, arguments = offset + len(name), list[bytes]()
    if define.params is not None:
        call = invocation(parsed.source.data, end)
        if call is None:
            return
        end, arguments = call
    text = expand(define, home, arguments)
    if text is not None:
        yield edit(parsed, offset, end, text)
