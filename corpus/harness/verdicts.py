"""From all that was measured of one extension to one word, with the reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness import migrating
from isolate_ext.verify.judging import ISOLATION


def verdict(row: dict[str, Any]) -> tuple[str, list[str]]:
    """``verified``, ``refused``, ``failed`` or ``inconclusive``, with all reasons.

    An extension whose migration was refused need not pass the rungs of isolation.
    """
    reasons = list(row["problems"])
    if reasons or "migrate" not in row:
        return "inconclusive", reasons
    migration = row["migrate"]
    refused = migration["status"] == migrating.REFUSED
    if not refused and migration["status"] != 0:
        return "failed", [f"migrate exits {migration['status']}: {_last_line(migration['log'])}"]
    for version, result in row["pythons"].items():
        if "absent" in result:
            if result.get("recorded"):
                return "inconclusive", [f"{version}: {result['absent']}"]
            continue
        missing = [
            each["absent"] for each in result.get("libraries", {}).values() if each.get("absent")
        ]
        if result.get("recorded") and missing:
            return "inconclusive", [f"{version}: {missing[0]}"]
        reasons += [f"{version}: {line}" for line in _complaints(result, refused)]
    if reasons:
        return "failed", reasons
    tried = [result for result in row["pythons"].values() if "absent" not in result]
    if not tried:
        return "inconclusive", ["no Python to try it on"]
    return ("refused", list(migration["refusals"])) if refused else ("verified", [])


def _complaints(result: dict[str, Any], refused: bool) -> list[str]:
    """What is wrong on one interpreter. A refused extension need only be what it was before."""
    if not result["built"]:
        return ["the migrated source does not build: " + result["failure"].strip()[-300:]]
    found = [f"new warning: {line}" for line in result["new_warnings"]]
    tests = result.get("tests", {})
    if tests.get("problem") and not tests.get("problem_before"):
        found.append(f"tests: {tests['problem']}")
    found += [f"tests: {line}" for line in tests.get("changed", [])[:10]]
    for module, probed in result["libraries"].items():
        for line in probed["reasons"]:
            isolation = line.partition(":")[0] in (*ISOLATION, "binary")
            if not (refused and isolation):
                found.append(f"{module}: {line}")
    return found


def _last_line(log: str) -> str:
    path = Path(log)
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
