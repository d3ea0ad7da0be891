"""The results as a table, in text and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

COLUMNS = (
    "extension",
    "Python",
    "migrate",
    "warnings",
    "tests",
    "re-import",
    "own GIL",
    "cycles",
    "teardown",
    "re-init",
    "binary",
    "untouched code",
    "cost",
    "surface",
    "result",
)
COMPACT = (
    "extension",
    "Python",
    "tests",
    "re-import",
    "own GIL",
    "cycles",
    "re-init",
    "binary",
    "cost",
    "surface",
    "result",
)
VERDICTS = ("fails", "failed before", "not judged", "holds")
WORST = ("crashed", "hung", "failed", "absent", "ok")


def lines(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """One line of cells a row of results."""
    return [_cells(row) for row in rows]


def text(rows: Sequence[dict[str, Any]]) -> str:
    """Columns aligned with blanks."""
    grid = [list(COLUMNS), *lines(rows)]
    widths = [max(len(line[column]) for line in grid) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in grid
    )


def markdown(rows: Sequence[dict[str, Any]], title: str) -> str:
    """A Markdown table, and below it what is not verified, with its reasons."""
    head = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    body = [f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines(rows)]
    notes = [f"- {row['name']}: {line}" for row in rows for line in _remarks(row)]
    return "\n".join([title, "", *head, *body, "", *notes]) + "\n"


def _remarks(row: dict[str, Any]) -> list[str]:
    """Why a row is not verified; else what its probes could not compare."""
    if row["verdict"] != "verified":
        return [" ".join(str(line).split()) for line in row["reasons"][:6]]
    found = [
        f"{version}: {result['absent']}"
        for version, result in row["pythons"].items()
        if "absent" in result
    ]
    for version, result in row["pythons"].items():
        for module, probed in result.get("libraries", {}).items():
            found += [f"{version}: {module}: {note}" for note in probed.get("notes", ())]
    return found


def compact(rows: Sequence[dict[str, Any]], title: str) -> str:
    """A Markdown table with a line an extension: what was migrated, and whether all holds."""
    columns = [COLUMNS.index(name) for name in COMPACT]
    grid = [list(COMPACT), ["---"] * len(COMPACT)]
    grid += [[line[column] for column in columns] for line in lines(rows)]
    return "\n".join([title, "", *(f"| {' | '.join(line)} |" for line in grid)]) + "\n"


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """How many of each verdict."""
    counts = [
        (name, sum(row["verdict"] == name for row in rows))
        for name in ("verified", "refused", "failed", "inconclusive")
    ]
    return f"{len(rows)} extensions: " + ", ".join(f"{count} {name}" for name, count in counts)


def _cells(row: dict[str, Any]) -> list[str]:
    tried = {
        version: result for version, result in row["pythons"].items() if "absent" not in result
    }
    migration = row.get("migrate")
    return [
        f"{row['name']} {row['version']}" if row["kind"] == "package" else row["name"],
        " ".join(tried) or "-",
        "-" if migration is None else f"exit {migration['status']}",
        _warnings(tried),
        _tests(tried),
        _rung(tried, "reimport"),
        _rung(tried, "own-gil"),
        _rung(tried, "cycles"),
        _verdict(tried, "teardown", "protocol"),
        _rung(tried, "runtime"),
        _verdict(tried, "binary"),
        _verdict(tried, "machine-code"),
        _verdict(tried, "cost"),
        _surface(tried),
        ", without ".join([row["verdict"], *_left_out(tried)]),
    ]


def _left_out(tried: dict[str, Any]) -> list[str]:
    """Modules that were migrated and that the project's build made nowhere."""
    unbuilt = [set(result.get("left_out", ())) for result in tried.values()]
    return sorted(set.intersection(*unbuilt)) if unbuilt else []


def _warnings(tried: dict[str, Any]) -> str:
    if not tried or not all(result["built"] for result in tried.values()):
        return "not built" if tried else "-"
    count = sum(len(result["new_warnings"]) for result in tried.values())
    return "none new" if count == 0 else f"{count} new"


def _tests(tried: dict[str, Any]) -> str:
    tests = next((result["tests"] for result in tried.values() if "tests" in result), None)
    if tests is None:
        return "-"
    if "none" in tests:
        return "no tests"
    if tests["problem"]:
        return ("as before: " if tests["problem_before"] else "") + str(tests["problem"])
    sides = " -> ".join(
        f"{tests[side].get('passed', 0)}/{sum(tests[side].values())}"
        for side in ("before", "after")
    )
    same = "same" if not tests["changed"] else f"{len(tests['changed'])} differ"
    return f"{sides}, {same}"


def _rungs(tried: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rungs of all libraries and versions."""
    for result in tried.values():
        for climbed in result.get("libraries", {}).values():
            yield from climbed.get("rungs", ())


def _rung(tried: dict[str, Any], name: str) -> str:
    """Worst word of a rung over all libraries and versions, before -> after."""
    found = [rung for rung in _rungs(tried) if rung["name"] == name]
    sides = []
    for side in ("before", "after"):
        seen = [rung[side] for rung in found if rung[side] in WORST]
        sides.append(min(seen, key=WORST.index) if seen else "-")
    return " -> ".join(sides) if set(sides) != {"-"} else "-"


def _verdict(tried: dict[str, Any], *names: str) -> str:
    """Worst verdict of some rungs over all libraries and versions."""
    seen = [
        rung["verdict"]
        for rung in _rungs(tried)
        if any(rung["name"] == name or rung["name"].startswith(f"{name}-") for name in names)
    ]
    return min(seen, key=VERDICTS.index) if seen else "-"


def _surface(tried: dict[str, Any]) -> str:
    libraries = [each for result in tried.values() for each in result.get("libraries", {}).values()]
    regressions = [
        reason
        for climbed in libraries
        for reason in climbed["reasons"]
        if reason.startswith("surface:")
    ]
    if regressions:
        return f"{len(regressions)} regressions"
    if not any(climbed.get("rungs") for climbed in libraries):
        return "-"
    changes = [line for climbed in libraries for line in climbed.get("surface", [])]
    return "same" if not changes else f"{len(changes)} expected"
