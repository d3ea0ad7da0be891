"""C text with named holes, checked when it is made."""

from __future__ import annotations

import re

_NAME = re.compile(r"\$\{([a-z_]+)\}")


class Template:
    """Text with ``${name}`` holes; all of them must be declared, and all declared must occur.

    A hole alone on its line takes a text of several lines, each indented like the hole, and takes
    the line away where the text is empty.  Raises ValueError at once for a bad declaration, and
    at ``fill`` for a missing or unknown value.
    """

    def __init__(self, text: str, holes: str) -> None:
        self._text = text
        self._holes = frozenset(holes.split())
        used = frozenset(_NAME.findall(text))
        if used != self._holes:
            raise ValueError(f"template holes differ: {sorted(used ^ self._holes)}")

    def fill(self, **values: str) -> str:
        if frozenset(values) != self._holes:
            raise ValueError(f"template values differ: {sorted(frozenset(values) ^ self._holes)}")
        lines: list[str] = []
        for line in self._text.split("\n"):
            alone = _NAME.fullmatch(line.strip())
            if alone is None:
                lines.append(_NAME.sub(lambda match: values[match[1]], line))
                continue
            margin = line[: len(line) - len(line.lstrip())]
            value = values[alone[1]]
            lines.extend(margin + each if each else each for each in value.split("\n") if value)
        return "\n".join(lines)
