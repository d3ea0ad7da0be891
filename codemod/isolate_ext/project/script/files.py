"""What a build script may read: files of the project, the existence of others, an empty
environment."""

from __future__ import annotations

import fnmatch
import os
from configparser import ConfigParser, Error
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from isolate_ext.project.patterns import matching
from isolate_ext.project.script.frame import Run
from isolate_ext.project.script.values import PyDict, StaticRaise, Unknown, Value, is_known, why_of

MAX_BYTES = 2_000_000
MAX_ENTRIES = 20_000


class Environment:
    """os.environ: taken as empty; the values of names that are always set are unknown."""

    ALWAYS = frozenset({"PATH", "HOME", "USER", "PWD", "LANG", "TMPDIR", "CC", "CFLAGS", "LDFLAGS"})

    def item(self, key: Value) -> Value:
        if key in ("PATH", "HOME", "USER", "PWD"):
            return Unknown(f"the environment variable {key}")
        raise StaticRaise("KeyError", str(key))

    def method(self, name: str, run: Run, args: list[Value]) -> Value:
        if name in ("get", "pop", "setdefault"):
            if args and args[0] in ("PATH", "HOME", "USER", "PWD"):
                return Unknown(f"the environment variable {args[0]}")
            return args[1] if len(args) > 1 else None
        if name == "copy":
            return run.new_dict()
        if name in ("keys", "values", "items"):
            return run.new_list()
        return None

    def __contains__(self, key: object) -> bool:
        return key in ("PATH", "HOME", "USER", "PWD")


def host_path(run: Run, path: Value) -> Path:
    """The path as the script means it: relative to the root, where a build runs."""
    if not isinstance(path, (str, PurePosixPath)):
        raise StaticRaise("TypeError", "not a path")
    return Path(os.path.normpath(run.root / str(path)))


def inside(run: Run, path: Path) -> bool:
    return path.is_relative_to(run.root)


def read_text(run: Run, args: list[Value], keywords: PyDict) -> Value:
    """open(...) of a file of the project, for reading: a StringIO."""
    mode = args[1] if len(args) > 1 else keywords.get("mode", "r")
    if not args or not is_known(args[0]):
        return why_of(args)
    path = host_path(run, args[0])
    if not inside(run, path) or not isinstance(mode, str) or set(mode) & set("wax+b"):
        return Unknown(f"open({str(args[0])!r}) is not read")
    try:
        if path.stat().st_size > MAX_BYTES:
            return Unknown(f"{run.relative(path)} is too long to read")
        return StringIO(path.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError as error:
        raise StaticRaise("FileNotFoundError", run.relative(path)) from error
    except OSError as error:
        raise StaticRaise("OSError", run.relative(path)) from error


def read_config(parser: ConfigParser, run: Run, args: list[Value]) -> Value:
    """ConfigParser.read of files of the project."""
    names = args[0] if args and isinstance(args[0], list) else args[:1]
    read = run.new_list()
    for name in names:
        text = name
        if isinstance(name, (str, PurePosixPath)):
            try:
                text = read_text(run, [name], PyDict())
            except StaticRaise:
                continue
        if isinstance(text, StringIO):
            try:
                parser.read_string(text.getvalue())
                read.append(str(name))
            except Error as error:
                raise StaticRaise("Error", str(error)) from error
    return read


def expand(run: Run, pattern: Value, recursive: bool = False) -> Value:
    """glob.glob: relative patterns give relative names, sorted."""
    if not isinstance(pattern, (str, PurePosixPath)):
        return why_of(pattern)
    text = str(pattern)
    if "**" in text and not inside(run, host_path(run, text.partition("*")[0])):
        return Unknown(f"glob({text!r}) goes outside the project")
    found = matching(run.root, text, recursive=recursive)
    return run.new_list(found[:MAX_ENTRIES])


def walk(run: Run, top: Value) -> Value:
    """os.walk inside the project: (dirpath, dirnames, filenames) with names sorted."""
    if not isinstance(top, (str, PurePosixPath)) or not inside(run, host_path(run, top)):
        return why_of(top)
    found = run.new_list()
    for count, (folder, folders, names) in enumerate(os.walk(host_path(run, top))):
        if count > MAX_ENTRIES:
            break
        folders.sort()
        shown = f"{top}/{os.path.relpath(folder, host_path(run, top))}"
        found.append((os.path.normpath(shown), run.new_list(folders), run.new_list(sorted(names))))
    return found


def listing(run: Run, args: list[Value], keywords: PyDict) -> Value:
    folder = args[0] if args else "."
    try:
        return run.new_list(sorted(p.name for p in host_path(run, folder).iterdir()))
    except OSError as error:
        raise StaticRaise(type(error).__name__, str(folder)) from error


PATH_METHODS = frozenset(
    {
        "glob",
        "rglob",
        "exists",
        "is_file",
        "is_dir",
        "read_text",
        "absolute",
        "resolve",
        "iterdir",
        "open",
        "expanduser",
        "walk",
    }
)


def path_method(path: PurePosixPath, name: str, run: Run, args: list[Value]) -> Value:
    """A method of pathlib.Path that looks at the file system."""
    host = host_path(run, path)
    if name in ("exists", "is_file", "is_dir"):
        return bool(getattr(host, name)())
    if name in ("absolute", "resolve", "expanduser"):
        return PurePosixPath(host)
    if name in ("read_text", "open"):
        found = read_text(run, [path], PyDict())
        return found.getvalue() if name == "read_text" and isinstance(found, StringIO) else found
    if not inside(run, host) or (args and not isinstance(args[0], str)):
        return Unknown(f"{name}() of {path} is not read")
    return run.new_list(path / found for found in below(host, name, args))


def below(folder: Path, name: str, args: list[Value]) -> list[str]:
    if name == "iterdir":
        return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
    found: list[Any] = sorted(getattr(folder, name)(args[0] if args else "*"))[:MAX_ENTRIES]
    return [p.relative_to(folder).as_posix() for p in found]


def filtered_names(names: list[str], pattern: str) -> list[str]:
    return fnmatch.filter(names, pattern)
