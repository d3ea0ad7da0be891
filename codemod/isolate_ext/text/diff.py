"""Unified diffs that ``git apply`` accepts, over bytes."""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.text.matching import Change, changes


def unified_diff(path: str, before: bytes | None, after: bytes | None, context: int = 3) -> bytes:
    """The change of one file; ``None`` before makes a new file, ``None`` after a removed one.

    Lines end at ``\\n`` only, so a carriage return stays part of its line.
    """
    if before == after:
        return b""
    old, new = _lines(before or b""), _lines(after or b"")
    head = [f"diff --git a/{path} b/{path}\n".encode()]
    if before is None:
        head.append(b"new file mode 100644\n")
    if after is None:
        head.append(b"deleted file mode 100644\n")
    head.append(b"--- /dev/null\n" if before is None else f"--- a/{path}\n".encode())
    head.append(b"+++ /dev/null\n" if after is None else f"+++ b/{path}\n".encode())
    return b"".join(head) + b"".join(_hunks(old, new, context))


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    last = lines.pop()
    result = [line + b"\n" for line in lines]
    if last:
        result.append(last)
    return result


def _hunks(old: list[bytes], new: list[bytes], context: int) -> Iterator[bytes]:
    for group in _grouped(changes(old, new), 2 * context):
        before = min(context, group[0][0])
        after = min(context, len(old) - group[-1][1])
        at, stop = group[0][0] - before, group[-1][1] + after
        made = _range(group[0][2] - before, group[-1][3] + after)
        yield f"@@ -{_range(at, stop)} +{made} @@\n".encode()
        for a, b, c, d in group:
            yield from (_line(b" ", line) for line in old[at:a])
            yield from (_line(b"-", line) for line in old[a:b])
            yield from (_line(b"+", line) for line in new[c:d])
            at = b
        yield from (_line(b" ", line) for line in old[at:stop])


def _grouped(found: list[Change], most: int) -> Iterator[list[Change]]:
    """Changes with at most so many equal lines between them stand together."""
    group: list[Change] = []
    for change in found:
        if group and change[0] - group[-1][1] > most:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _range(start: int, stop: int) -> str:
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _line(mark: bytes, line: bytes) -> bytes:
    if line.endswith(b"\n"):
        return mark + line
    return mark + line + b"\n\\ No newline at end of file\n"
