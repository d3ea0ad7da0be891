"""compile_commands.json: extensions of a configured build, and the exact flags of known ones."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from isolate_ext.project.flags import Flags, split_flags
from isolate_ext.project.inits import find_inits
from isolate_ext.project.records import Draft, Findings, Origin

PLACES = ("compile_commands.json", "build/compile_commands.json", "builddir/compile_commands.json")
TARGET = re.compile(r"(?:^|/)(?:CMakeFiles/([^/]+)\.dir|([^/]+)\.p)/")


class Entry(msgspec.Struct, frozen=True):
    source: str
    target: str
    flags: Flags


def read_compile_commands(root: Path, findings: Findings) -> Findings:
    """`findings` with flags from a compilation database, and its extensions where no other is
    known."""
    place = next((p for p in PLACES if (root / p).is_file()), None)
    if place is None:
        return findings
    try:
        data = json.loads((root / place).read_text(encoding="utf-8"))
        entries = [e for item in data if (e := entry(root, item)) is not None]
    except (ValueError, TypeError, OSError):
        findings.notes.append(f"{place}: not read: it is not a compilation database")
        return findings
    by_source = {e.source: e for e in entries}
    findings.drafts = [with_entry(d, by_source, place) for d in findings.drafts]
    if not findings.drafts:
        findings.drafts = drafts(root, entries, place)
    return findings


def entry(root: Path, item: dict[str, Any]) -> Entry | None:
    folder = Path(str(item.get("directory", root)))
    words = item.get("arguments") or shlex.split(str(item.get("command", "")))
    source = inside(root, folder / str(item.get("file", "")))
    if source is None or not words:
        return None
    parsed = split_flags([w for w in words[1:] if not w.endswith(source.rpartition("/")[2])])
    dirs = tuple(
        inside(root, folder / d) or os.path.normpath(folder / d) for d in parsed.include_dirs
    )
    output = str(item.get("output", ""))
    if not output and "-o" in words[:-1]:
        output = words[words.index("-o") + 1]
    match = TARGET.search(output.replace(os.sep, "/"))
    return Entry(
        source, (match[1] or match[2]) if match else "", replace(parsed, include_dirs=dirs)
    )


def inside(root: Path, path: Path) -> str | None:
    found = os.path.relpath(os.path.normpath(path), root)
    return None if found.startswith("..") else found.replace(os.sep, "/")


def with_entry(draft: Draft, entries: dict[str, Entry], place: str) -> Draft:
    found = next((entries[s] for s in draft.sources if s in entries), None)
    if found is None:
        return draft
    return replace(
        draft,
        include_dirs=found.flags.include_dirs,
        macros=found.flags.macros,
        undef=found.flags.undef,
        flags=found.flags.flags,
        maybe_macros=(),
        maybe_flags=(),
        unvalued=(),
        undecided=tuple(u for u in draft.undecided if u.startswith("source")),
    )


def drafts(root: Path, entries: list[Entry], place: str) -> list[Draft]:
    """One draft for every target with a PyInit_; without targets, for every file with one."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for found in entries:
        groups[found.target or found.source].append(found)
    made = []
    for group in groups.values():
        for member in group:
            try:
                inits = find_inits((root / member.source).read_bytes(), dict(member.flags.macros))
            except OSError:
                continue
            made += [
                Draft(
                    i.name,
                    Origin(place, 1, member.source),
                    tuple(e.source for e in group),
                    member.flags.include_dirs,
                    member.flags.macros,
                    member.flags.undef,
                    member.flags.flags,
                )
                for i in inits
            ]
    return made
