"""Finding extensions in a tree, reading and writing files, and asking the compiler."""

from __future__ import annotations

from isolate_ext.project.discover import discover
from isolate_ext.project.errors import ProjectError
from isolate_ext.project.reading import SourceFile, read_sources
from isolate_ext.project.records import DiscoveredExtension, Discovery, Floor, Macro, Origin

__all__ = [
    "DiscoveredExtension", "Discovery", "Floor", "Macro", "Origin", "ProjectError", "SourceFile",
    "discover", "read_sources",
]
