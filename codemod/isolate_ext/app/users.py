"""What the migration of an extension changes for the people who use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from isolate_ext.model.types import StaticType


def for_users(
    types: Iterable[StaticType], texts: Mapping[str, bytes], floor: tuple[int, int]
) -> list[str]:
    """One line for each visible change of the types that are no longer static."""
    moved = list(types)
    if not moved:
        return []
    names = _names(moved)
    lines = [f"flags: no longer static, but made by each import: {names}"]
    if floor < (3, 10):
        lines.append("flags: on Python 3.9, attributes of these types can be set")
    without = [each for each in moved if not each.has_flag("HAVE_GC")]
    if without:
        lines.append(f"sizes: instances of {_names(without)} grow by the header of the collector")
    if not any(b"__reduce" in text for text in texts.values()):
        silent = [each for each in moved if each.slot("tp_new") is None]
        if silent:
            lines.append(
                f"pickling: protocols 0 and 1 may accept {_names(silent)}, without C fields"
            )
    return lines


def _names(types: Iterable[StaticType]) -> str:
    names = [each.name or each.variable.name for each in types]
    return (
        ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"
    )
