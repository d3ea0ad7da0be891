"""Headers that new code needs."""

from __future__ import annotations

from isolate_ext.engine import Pass, Stage


def include_once(
    pass_: Pass, path: str, name: str, before: int, since: Stage, also: tuple[str, ...] = ()
) -> None:
    """Include a header in front of an offset, unless it is, or one that includes it."""
    reached = next(files for files in pass_.extension.units.values() if path in files)
    for each in reached:
        parsed = pass_.parsed(each)
        for include in parsed.scan.includes:
            conditions = parsed.conditions(include.span[0])
            if include.name.endswith((name, *also)) and all(c.verdict for c in conditions):
                return
    parsed = pass_.parsed(path)
    for include in reversed(parsed.scan.includes):
        conditions = parsed.conditions(include.span[0])
        if include.span[0] < before and all(c.verdict for c in conditions):
            at = parsed.source.data.find(b"\n", include.span[0]) + 1
            text = f"#include <{name}>\n"
            pass_.replace(path, at, at, text, f"include:{path}", since, order=-20)
            return
