"""Extensions that are not looked at, and why."""

from __future__ import annotations

from isolate_ext.app.targets import Target
from isolate_ext.project import DiscoveredExtension

CPP = "C++: only C is migrated"


def why_skipped(found: DiscoveredExtension, target: Target) -> str | None:
    """One phrase, or None for an extension to migrate."""
    return CPP if found.language == "c++" else None
