"""Compiler warnings, comparable between builds: by file name and text, not by line."""

from __future__ import annotations

import json
import re
from pathlib import Path

WARNING = re.compile(r"^(?P<file>[^:\n]+):\d+:(?:\d+:)? warning: (?P<text>.*)$", re.MULTILINE)


def warnings(text: str) -> list[str]:
    """``file.c: text`` for every warning in a compiler's output, each once, sorted."""
    found = {f"{Path(hit['file']).name}: {hit['text'].strip()}" for hit in WARNING.finditer(text)}
    return sorted(found)


def logged_warnings(log: Path) -> list[str]:
    """The warnings of all compiler calls that a build made."""
    if not log.exists():
        return []
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    return sorted({line for call in calls for line in warnings(call["text"])})
