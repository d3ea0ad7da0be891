"""Unified diffs that ``git apply`` accepts, over bytes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator


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
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(context):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n".encode()
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (_line(b" ", line) for line in old[i1:i2])
                continue
            yield from (_line(b"-", line) for line in old[i1:i2])
            yield from (_line(b"+", line) for line in new[j1:j2])


def _range(start: int, stop: int) -> str:
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _line(mark: bytes, line: bytes) -> bytes:
    if line.endswith(b"\n"):
        return mark + line
    return mark + line + b"\n\\ No newline at end of file\n"
