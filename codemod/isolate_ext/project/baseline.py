"""The compile command under which the unchanged sources of an extension compile, if any does."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from isolate_ext.project.diagnostics import Command, Messages, messages
from isolate_ext.project.flags import split_flags
from isolate_ext.project.interpreters import Interpreter
from isolate_ext.project.records import CPP_SUFFIXES, DiscoveredExtension, Macro

DROPPED = ("-Werror", "-flto", "-march=", "-mtune=", "-arch")
ROUNDS = 12
UNDECLARED = re.compile(r"'([A-Z_][A-Z0-9_]*)' undeclared")


class Setting(msgspec.Struct, frozen=True):
    """What is compiled with, and for which Python."""

    interpreter: Interpreter
    compiler: tuple[str, ...]
    timeout: int
    mode: tuple[str, ...]


class Baseline(msgspec.Struct):
    """`command` compiles the unit of the init function; None where nothing does, and `why`."""

    command: Command | None
    why: str | None = None
    cache: dict[str, Messages] = msgspec.field(default_factory=dict)

    def messages(self, root: Path, unit: str) -> Messages:
        """The messages of the unchanged unit, compiled once."""
        if unit not in self.cache:
            assert self.command is not None
            self.cache[unit] = messages(self.command, root, unit)
        return self.cache[unit]


def establish(root: Path, extension: DiscoveredExtension, setting: Setting) -> Baseline:
    """Try the flags that were read, then what is undecided of them; each completed as far as it can
    be."""
    unit = main_unit(extension)
    why = None
    for command in candidates(extension, setting):
        for _ in range(ROUNDS):
            result = messages(command, root, unit)
            if result.failed is None:
                return Baseline(command, cache={unit: result})
            completed = repaired(command, result, root)
            if completed is None:
                break
            command = completed
        why = why or result.failed
    return Baseline(None, f"the unchanged source does not compile: {why}")


def main_unit(extension: DiscoveredExtension) -> str:
    """The source that is compiled to hold the init function."""
    own = [s for s in extension.sources if s in extension.init_files]
    python = [s for s in extension.sources if s in extension.python_sources]
    return (own or python or list(extension.sources))[0]


def candidates(extension: DiscoveredExtension, setting: Setting) -> Iterator[Command]:
    """Commands from the most to the least decided."""
    yield command_of(extension, setting, extension.macros, extension.flags)
    texts = tuple((n, '"undecided"' if n in extension.unvalued else v) for n, v in extension.macros)
    if extension.unvalued:
        yield command_of(extension, setting, texts, extension.flags)
    if extension.maybe_macros or extension.maybe_flags:
        yield command_of(
            extension,
            setting,
            (*texts, *extension.maybe_macros),
            (*extension.flags, *extension.maybe_flags),
        )


def command_of(
    extension: DiscoveredExtension, setting: Setting, macros: Sequence[Macro], flags: Sequence[str]
) -> Command:
    packaged = split_flags(package_flags(extension.packages))
    kept = [f for f in flags if not f.startswith(DROPPED)]
    defines = [f"-D{n}" if v is None else f"-D{n}={v}" for n, v in (*macros, *packaged.macros)]
    cpp = all(Path(s).suffix in CPP_SUFFIXES for s in extension.init_files or extension.sources)
    standard = [] if cpp or any(f.startswith("-std=") for f in kept) else ["-std=gnu11"]
    arguments = (
        "-fPIC",
        "-DNDEBUG",
        *standard,
        *kept,
        *packaged.flags,
        *defines,
        *(f"-U{n}" for n in extension.undef),
    )
    return Command(
        setting.compiler,
        arguments,
        (*extension.include_dirs, *packaged.include_dirs),
        (str(setting.interpreter.include),),
        setting.timeout,
        setting.mode,
    )


@lru_cache(maxsize=256)
def package_flags(packages: tuple[str, ...]) -> tuple[str, ...]:
    """What pkg-config says of the packages; nothing when it is not there or does not know one."""
    tool = shutil.which("pkg-config") or shutil.which("pkgconf")
    found: list[str] = []
    for package in packages if tool else ():
        try:
            done = subprocess.run(
                [str(tool), "--cflags", package],
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            found += shlex.split(done.stdout)
    return tuple(found)


def repaired(command: Command, result: Messages, root: Path) -> Command | None:
    """The command completed by what the compiler misses; None when that is not to be had.

    A missing header is looked for in the system's folders, one level down, and in the project. One
    that the build makes gets an empty stand-in, and the constants then missing are defined as 1.
    """
    errors = [d for d in result.found if d.kind != "warning"]
    missing = next((d for d in errors if d.message.endswith("No such file or directory")), None)
    if missing is not None:
        name = missing.message.partition(":")[0].strip()
        folder = folder_of(command, name, root)
        if folder is None and "/" not in name:
            folder = stand_in(name)
        if folder is None or folder in command.system_dirs:
            return None
        return replace(command, system_dirs=(*command.system_dirs, folder))
    names = [m[1] for d in errors if (m := UNDECLARED.match(d.message))]
    if names and len(names) == len(errors) and stand_in_used(command):
        return replace(
            command, arguments=(*command.arguments, *(f"-D{n}=1" for n in dict.fromkeys(names)))
        )
    return None


def folder_of(command: Command, name: str, root: Path) -> str | None:
    """The folder to search so that #include <name> is found."""
    for folder in system_folders(command.compiler):
        for parent in (folder, *sub_folders(folder)):
            if (Path(parent) / name).is_file():
                return parent
    if (root / name).is_file():
        return "."
    tail = Path(name)
    found = sorted(
        (p for p in root.rglob(tail.name) if p.as_posix().endswith("/" + tail.as_posix())),
        key=lambda p: (len(p.parts), p),
    )
    if not found:
        return None
    return found[0].parents[len(tail.parts) - 1].relative_to(root).as_posix()


@lru_cache(maxsize=1)
def stand_ins() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="isolate-ext-headers-")


def stand_in(name: str) -> str:
    """A folder with an empty header of that name; removed when the process ends."""
    folder = Path(stand_ins().name) / name.replace(".", "_")
    folder.mkdir(exist_ok=True)
    (folder / name).touch()
    return str(folder)


def stand_in_used(command: Command) -> bool:
    return any("isolate-ext-headers-" in folder for folder in command.system_dirs)


@lru_cache(maxsize=16)
def system_folders(compiler: tuple[str, ...]) -> tuple[str, ...]:
    """The compiler's own include folders, as it prints them."""
    try:
        done = subprocess.run(
            [*compiler, "-E", "-v", "-x", "c", "/dev/null"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    _, _, listed = done.stderr.partition("#include <...> search starts here:")
    return tuple(
        line.strip()
        for line in listed.partition("End of search list.")[0].splitlines()
        if line.strip()
    )


@lru_cache(maxsize=64)
def sub_folders(folder: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(str(p) for p in Path(folder).iterdir() if p.is_dir()))
    except OSError:
        return ()
