"""The state struct of the module, and the functions that the module definition names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.model.entities import CType, Definition, Entry, Kind, Struct
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import fields_of


def module_fields(extension: Extension) -> Iterator[tuple[str, Entry]]:
    """(path, field) of every module definition."""
    for module in extension.of_kind(Kind.MODULE_DEF):
        home = module.home
        for entry in fields_of(extension.files[home.path], home):
            yield home.path, entry


def states(extension: Extension) -> Iterator[Struct]:
    """The structs whose size a module definition takes."""
    for _, entry in module_fields(extension):
        size = re.fullmatch(r"sizeof\s*\(\s*((?:struct\s+)?\w+)\s*\)", entry.text)
        if entry.field == "m_size" and size is not None:
            struct = extension.structs.struct(CType(size[1]))
            if struct is not None:
                yield struct


def hook(extension: Extension, name: str) -> Iterator[Definition]:
    """The functions that a module definition has as, say, ``m_clear``."""
    for path, entry in module_fields(extension):
        if entry.field == name:
            yield from named(extension, entry.text, path)


def named(extension: Extension, name: str, path: str) -> Iterator[Definition]:
    """The bodies of the function that a name means in a file, casts apart."""
    routine = extension.routine_named(name.rpartition(")")[2].strip(), path)
    yield from routine.definitions if routine is not None else ()
