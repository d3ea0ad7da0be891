"""The audit as SARIF 2.1.0, for code scanning.

A variable that has to move is a note, one whose level is a guess or on which interpreters race is a
warning, and what has to be decided is an error.  Constants are no results.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from isolate_ext import __version__
from isolate_ext.report.audit import (
    AuditedExtension,
    AuditResult,
    DecisionView,
    GlobalView,
    readiness,
)
from isolate_ext.report.exits import Verdict

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://peps.python.org/pep-0630/"


def sarif(result: AuditResult, given: Verdict, rules: Mapping[str, str]) -> str:
    """One run.  ``rules`` says of each rule's id when it holds."""
    results = [it for each in result.extensions for it in _results(each)]
    listed = dict(rules)
    for it in results:
        listed.setdefault(it["ruleId"], it["ruleId"])
    index = {name: at for at, name in enumerate(listed)}
    for it in results:
        it["ruleIndex"] = index[it["ruleId"]]
    driver = {
        "name": "isolate-ext",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": _HOME,
        "rules": [
            {"id": name, "shortDescription": {"text": text}} for name, text in listed.items()
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not result.errors,
                "exitCode": int(given.code),
                "exitCodeDescription": given.reason,
            }
        ],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _results(each: AuditedExtension) -> Iterator[dict[str, Any]]:
    for it in each.globals:
        if not it.constant:
            yield _variable(each, it)
    for level, decisions in (("error", each.decisions), ("warning", each.resources)):
        for decision in decisions:
            yield _decision(each, decision, level)


def _variable(each: AuditedExtension, it: GlobalView) -> dict[str, Any]:
    warned = it.shared or it.confidence == "guess" or it.becomes == "undecided"
    text = f"{it.name} ({it.purpose}) belongs to the {it.level}; it becomes {it.becomes}: {it.why}"
    decided = {"suppressions": [_decided(it)]} if it.confidence == "decided" else {}
    return {
        "ruleId": it.rule,
        "level": "warning" if warned else "note",
        "message": {"text": text},
        "locations": [_location(it.path, it.line, it.column, it.name, it.start, it.end)],
        "partialFingerprints": {"symbol/v1": f"{each.name}:{it.symbol}"},
        "properties": {
            "extension": each.name,
            "readiness": readiness(each),
            "placement": it.level,
            "confidence": it.confidence,
        },
        **decided,
    }


def _decided(it: GlobalView) -> dict[str, Any]:
    """The user's decision, which stands in the configuration or in a comment of the source."""
    outside = ".toml:" in it.why.partition(" ")[0]
    return {"kind": "external" if outside else "inSource", "justification": it.why}


def _decision(each: AuditedExtension, it: DecisionView, level: str) -> dict[str, Any]:
    return {
        "ruleId": it.rule,
        "level": level,
        "message": {"text": f"{it.message}. To lift it: {it.help}"},
        "locations": [_location(it.path, it.line, it.column, it.symbol)],
        "partialFingerprints": {"symbol/v1": f"{each.name}:{it.symbol}:{it.reason}"},
        "properties": {"extension": each.name, "reason": it.reason},
    }


def _location(
    path: str, line: int, column: int, name: str = "", start: int = -1, end: int = -1
) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": line, "startColumn": column}
    if start >= 0:
        region |= {"byteOffset": start, "byteLength": end - start}
    found: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(path)}, "region": region}
    }
    if name:
        found["logicalLocations"] = [{"fullyQualifiedName": name}]
    return found


def _uri(path: str) -> str:
    return quote(path)
