"""A new header in everything that must name it, or the released source archive would not build."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from isolate_ext.project.floor import newline_of

HEADER_SUFFIXES = (".h", ".hpp", ".inc")


def add_to_manifest(
    root_files: Mapping[str, bytes], header: str, siblings: tuple[str, ...]
) -> dict[str, bytes]:
    """The files among `root_files` (MANIFEST.in, setup.py, pyproject.toml, meson.build, by path)
    that change so that `header` is built with and shipped.

    `siblings` are headers of the same extension, nearest first: where a list names one of them, the
    new header is added beside it. MANIFEST.in gets a line when it names headers and no pattern
    covers the new one.
    """
    changed: dict[str, bytes] = {}
    for path, data in root_files.items():
        name = PurePosixPath(path).name
        if name == "MANIFEST.in":
            new = in_manifest(data, header)
        elif name == "setup.py":
            new = in_script(data, header, siblings)
        elif name in ("pyproject.toml", "meson.build"):
            new = in_text(data, header, siblings)
        else:
            continue
        if new != data:
            changed[path] = new
    return changed


def in_manifest(data: bytes, header: str) -> bytes:
    """MANIFEST.in with an include line, unless a pattern there covers the header."""
    text = data.decode("utf-8", "surrogateescape")
    if covered(text, header):
        return data
    end = newline_of(data)
    joint = "" if not text or text.endswith("\n") else end
    return (text + joint + f"include {header}{end}").encode("utf-8", "surrogateescape")


def covered(text: str, header: str) -> bool:
    """Whether the commands of a MANIFEST.in include the header, as setuptools reads them."""
    path = PurePosixPath(header)
    result = False
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        words = line.partition("#")[0].split()
        if len(words) < 2:
            continue
        command, args = words[0], words[1:]
        if command in ("include", "exclude"):
            hit = any(matches(header, p) for p in args)
        elif command in ("recursive-include", "recursive-exclude"):
            folder = args[0].rstrip("/")
            below = folder in (".", "") or header.startswith(folder + "/")
            hit = below and any(fnmatch.fnmatchcase(path.name, p) for p in args[1:])
        elif command in ("global-include", "global-exclude"):
            hit = any(fnmatch.fnmatchcase(path.name, p) for p in args)
        elif command in ("graft", "prune"):
            hit = header.startswith(args[0].rstrip("/") + "/")
        else:
            continue
        if hit:
            result = command in ("include", "recursive-include", "global-include", "graft")
    return result


def matches(path: str, pattern: str) -> bool:
    """fnmatch in which * does not cross a '/'."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def in_script(data: bytes, header: str, siblings: tuple[str, ...]) -> bytes:
    from isolate_ext.project.python_edit import add_depends  # brings in libcst

    for sibling in siblings:
        if sibling.endswith(HEADER_SUFFIXES) and sibling.encode() in data:
            return add_depends(data, sibling, header)
    return data


def in_text(data: bytes, header: str, siblings: tuple[str, ...]) -> bytes:
    """A list of strings in TOML or meson: the header as one more item after a sibling's."""
    for sibling in siblings:
        for shown, new in (
            (sibling, header),
            (PurePosixPath(sibling).name, PurePosixPath(header).name),
        ):
            item = re.compile(
                rb"(?m)^([ \t]*)([\"'])" + re.escape(shown.encode()) + rb"\2(,?)([ \t]*\r?)$"
            )
            match = item.search(data)
            if match:
                quote = match[2]
                line = match[1] + quote + new.encode() + quote + b"," + match[4] + b"\n"
                return data[: match.start()] + line + data[match.start() :]
    return data
