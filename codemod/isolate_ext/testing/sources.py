"""From texts in memory to the model of an extension."""

from __future__ import annotations

import re
from collections.abc import Mapping

from isolate_ext.model.build import build
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import MacroEnvironment, Source, parse, scan
from isolate_ext.testing.archive import files_of

_INIT = re.compile(rb"\bPyInit_(\w+)")


def extension_of(source: str | Mapping[str, bytes]) -> Extension:
    """The model of the extension that all files of an archive make; each `.c` file is a unit."""
    files = files_of(source) if isinstance(source, str) else source
    scans = {path: scan(Source(path, data)) for path, data in files.items()}
    environment = MacroEnvironment.of(scans.values())
    parsed = {path: parse(each, environment) for path, each in scans.items()}
    return build(name_of(files), [path for path in files if path.endswith(".c")], parsed)


def name_of(files: Mapping[str, bytes]) -> str:
    """The module's name, from its init function."""
    found = (match for data in files.values() if (match := _INIT.search(data)))
    match = next(found, None)
    return match[1].decode() if match is not None else "module"
