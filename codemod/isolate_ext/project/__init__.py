"""Finding extensions in a tree, reading and writing files, and asking the compiler."""

from __future__ import annotations

from isolate_ext.project.cache import cache_folder, debug_pythons
from isolate_ext.project.choosing import choose_interpreters, find_debug_build
from isolate_ext.project.compiler import CompileCheck, CompileResult, default_interpreters
from isolate_ext.project.diagnostics import Diagnostic
from isolate_ext.project.discover import discover
from isolate_ext.project.errors import ProjectError
from isolate_ext.project.floor import build_files, python_floor, raise_floor
from isolate_ext.project.interpreters import (
    Interpreter,
    find_builds,
    find_compiler,
    find_interpreters,
    python_include,
)
from isolate_ext.project.journal import Journal, recover, undo_last
from isolate_ext.project.manifest import add_to_manifest
from isolate_ext.project.reading import SourceFile, read_sources
from isolate_ext.project.records import DiscoveredExtension, Discovery, Floor, Macro, Origin
from isolate_ext.project.vcs import dirty_files
from isolate_ext.project.writing import write_files

__all__ = [
    "CompileCheck",
    "CompileResult",
    "Diagnostic",
    "DiscoveredExtension",
    "Discovery",
    "Floor",
    "Interpreter",
    "Journal",
    "Macro",
    "Origin",
    "ProjectError",
    "SourceFile",
    "add_to_manifest",
    "build_files",
    "cache_folder",
    "choose_interpreters",
    "debug_pythons",
    "default_interpreters",
    "dirty_files",
    "discover",
    "find_builds",
    "find_compiler",
    "find_debug_build",
    "find_interpreters",
    "python_floor",
    "python_include",
    "raise_floor",
    "read_sources",
    "recover",
    "undo_last",
    "write_files",
]
