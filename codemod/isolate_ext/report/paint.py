"""Colour as a function, so that text is made the same way with and without it."""

from __future__ import annotations

from collections.abc import Callable

Paint = Callable[[str, str], str]
"""paint(style, text) -> text, perhaps between escape sequences."""


def plain(style: str, text: str) -> str:
    """No colour."""
    return text


def terminal() -> Paint:
    """Colours of a terminal, by rich's style names."""
    from rich.color import ColorSystem
    from rich.style import Style

    def paint(style: str, text: str) -> str:
        return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)

    return paint


def paint_patch(patch: str, paint: Paint) -> str:
    """A unified diff with its lines coloured."""
    styles = {"+": "green", "-": "red", "@": "cyan"}
    lines = []
    for line in patch.splitlines(keepends=True):
        body = line.rstrip("\n")
        heading = line.startswith(("diff --git", "--- ", "+++ ", "new file", "deleted file"))
        style = "bold" if heading else styles.get(line[:1], "")
        lines.append((paint(style, body) if style else body) + line[len(body) :])
    return "".join(lines)
