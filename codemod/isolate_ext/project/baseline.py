"""The compile command under which the unchanged sources of an extension compile, if there is one."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from isolate_ext.project.diagnostics import Command, Messages, messages
from isolate_ext.project.flags import split_flags
from isolate_ext.project.interpreters import Interpreter
from isolate_ext.project.records import CPP_SUFFIXES, DiscoveredExtension, Macro

DROPPED = ("-Werror", "-flto", "-march=", "-mtune=", "-arch")
ROUNDS = 8


@dataclass
class Baseline:
    """`command` compiles the unit of the init function; None where nothing does, and `why`."""

    command: Command | None
    why: str | None = None
    cache: dict[str, Messages] = field(default_factory=dict)

    def messages(self, root: Path, unit: str) -> Messages:
        """The messages of the unchanged unit, compiled once."""
        if unit not in self.cache:
            assert self.command is not None
            self.cache[unit] = messages(self.command, root, unit)
        return self.cache[unit]


def establish(root: Path, extension: DiscoveredExtension, interpreter: Interpreter, compiler: tuple[str, ...],
              timeout: int) -> Baseline:
    """Try the flags that were read; then what is undecided of them; then folders that hold a missing header."""
    unit = main_unit(extension)
    why = None
    for command in candidates(extension, interpreter, compiler, timeout):
        for _ in range(ROUNDS):
            result = messages(command, root, unit)
            if result.failed is None:
                return Baseline(command, cache={unit: result})
            why = why or result.failed
            wider = with_missing_header(command, result)
            if wider is None:
                break
            command = wider
    return Baseline(None, f"the unchanged source does not compile: {why}")


def main_unit(extension: DiscoveredExtension) -> str:
    """The source that is compiled to hold the init function."""
    own = [s for s in extension.sources if s in extension.init_files]
    python = [s for s in extension.sources if s in extension.python_sources]
    return (own or python or list(extension.sources))[0]


def candidates(extension: DiscoveredExtension, interpreter: Interpreter, compiler: tuple[str, ...],
               timeout: int) -> Iterator[Command]:
    """Commands from the most to the least decided."""
    base = command_of(extension, interpreter, compiler, timeout, extension.macros, extension.flags)
    yield base
    texts = tuple((n, '"undecided"' if n in extension.unvalued else v) for n, v in extension.macros)
    if extension.unvalued:
        yield command_of(extension, interpreter, compiler, timeout, texts, extension.flags)
    if extension.maybe_macros or extension.maybe_flags:
        yield command_of(extension, interpreter, compiler, timeout, (*texts, *extension.maybe_macros),
                         (*extension.flags, *extension.maybe_flags))


def command_of(extension: DiscoveredExtension, interpreter: Interpreter, compiler: tuple[str, ...], timeout: int,
               macros: Sequence[Macro], flags: Sequence[str]) -> Command:
    packaged = split_flags(package_flags(extension.packages))
    kept = [f for f in flags if not f.startswith(DROPPED)]
    defines = [f"-D{n}" if v is None else f"-D{n}={v}" for n, v in (*macros, *packaged.macros)]
    cpp = all(Path(s).suffix in CPP_SUFFIXES for s in extension.init_files or extension.sources)
    standard = [] if cpp or any(f.startswith("-std=") for f in kept) else ["-std=gnu11"]
    arguments = ("-fPIC", "-DNDEBUG", *standard, *kept, *packaged.flags, *defines, *(f"-U{n}" for n in extension.undef))
    return Command(compiler, arguments, (*extension.include_dirs, *packaged.include_dirs),
                   (str(interpreter.include),), timeout)


@lru_cache(maxsize=256)
def package_flags(packages: tuple[str, ...]) -> tuple[str, ...]:
    """What pkg-config says of the packages; nothing when it is not there or does not know one."""
    tool = shutil.which("pkg-config") or shutil.which("pkgconf")
    found: list[str] = []
    for package in packages if tool else ():
        try:
            done = subprocess.run([str(tool), "--cflags", package], capture_output=True, text=True, timeout=20,
                                  check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            found += shlex.split(done.stdout)
    return tuple(found)


def with_missing_header(command: Command, result: Messages) -> Command | None:
    """The command with the folder of the header that was missing, found one level below the system's own."""
    missing = next((d for d in result.found if d.message.endswith("No such file or directory")), None)
    if missing is None:
        return None
    name = missing.message.partition(":")[0].strip()
    for folder in system_folders(command.compiler):
        for parent in (folder, *sub_folders(folder)):
            if (Path(parent) / name).is_file() and parent not in command.system_dirs:
                return replace(command, system_dirs=(*command.system_dirs, parent))
    return None


@lru_cache(maxsize=16)
def system_folders(compiler: tuple[str, ...]) -> tuple[str, ...]:
    """The compiler's own include folders, as it prints them."""
    try:
        done = subprocess.run([*compiler, "-E", "-v", "-x", "c", "/dev/null"], capture_output=True, text=True,
                              timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    _, _, listed = done.stderr.partition("#include <...> search starts here:")
    return tuple(line.strip() for line in listed.partition("End of search list.")[0].splitlines() if line.strip())


@lru_cache(maxsize=64)
def sub_folders(folder: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(str(p) for p in Path(folder).iterdir() if p.is_dir()))
    except OSError:
        return ()
