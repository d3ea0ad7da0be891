"""Several files in one text, each behind a line ``-- name --``."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MARKER = re.compile(r"^-- (\S+) --[ \t]*\n", re.MULTILINE)
ALONE = "spam.c"


def files_of(text: str) -> dict[str, bytes]:
    """The files of an archive; a text without a marker is one C file.

    Raises ValueError for text before the first marker and for a name that occurs twice.
    """
    markers = list(_MARKER.finditer(text))
    if not markers:
        return {ALONE: text.encode()}
    if text[: markers[0].start()].strip():
        raise ValueError("text before the first '-- name --'")
    ends = [each.start() for each in markers[1:]] + [len(text)]
    files = {
        marker[1]: text[marker.end() : end].encode()
        for marker, end in zip(markers, ends, strict=True)
    }
    if len(files) != len(markers):
        raise ValueError("a name occurs twice")
    return files


def text_of(files: Mapping[str, bytes]) -> str:
    """The archive of some files, sorted by name; each ends with a newline there."""
    parts = []
    for name in sorted(files):
        body = files[name].decode("utf-8", "surrogateescape")
        parts.append(f"-- {name} --\n{body}" + ("" if body.endswith("\n") or not body else "\n"))
    return "".join(parts)
