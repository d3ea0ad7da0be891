"""Builds one extension of the standard library's source tree, for its own Python or a newer one."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from harness.manifest import Manifest, StdlibModule, facts
from isolate_ext.verify import builds, diagnostics, environments, process, pythons
from isolate_ext.verify.builds import Build, Library

COMMON = (
    "-shared",
    "-fPIC",
    "-O1",
    "-g",
    "-fwrapv",
    "-DNDEBUG",
    "-Wall",
    "-Werror=implicit-function-declaration",
    "-Werror=int-conversion",
    "-Werror=incompatible-pointer-types",
)
"""The three errors stay: without them calls of undeclared private functions compile, and crash."""

PRIVATE = ("-DPy_BUILD_CORE_MODULE", "-I{inc}/internal")
FORCED = ("-I{shim}", "-include", "{shim}/shim39.h")


class Stdlib:
    """The source tree, the folder of stand-in headers for newer versions, and the cache."""

    def __init__(self, manifest: Manifest, tree: Path, shim: Path | None, cache: Path) -> None:
        self.manifest = manifest
        self.tree = tree
        self.shim = shim
        self.cache = cache

    def offered(self, module: StdlibModule, version: str) -> str:
        """Why the module cannot be built for that version; empty if it can."""
        if version == self.manifest.source.python:
            return ""
        if version not in module.newer:
            return f"the original does not build on {version}"
        if module.newer[version]["headers"] == "shim" and self.shim is None:
            return f"headers for {version} are not here: give --shim DIR"
        return ""

    def flags(self, module: StdlibModule, version: str) -> list[str]:
        """Compiler flags for one version, with {inc}, {src} and {shim} left in."""
        if version == self.manifest.source.python:
            return ["-I{inc}", "-I{src}/Modules", *module.flags]
        newer = module.newer[version]
        kept = [flag for flag in module.flags if flag not in PRIVATE]
        extra = (*PRIVATE, *FORCED) if newer["headers"] == "shim" else ()
        return ["-I{inc}", "-I{src}/Modules", *kept, *extra, *newer.get("flags", ())]

    def fill(self, text: str, source: Path, python: Path) -> str:
        """Put real folders into a flag."""
        return (
            text.replace("{inc}", pythons.include(python))
            .replace("{src}", str(source))
            .replace("{shim}", str(self.shim or ""))
        )

    def working_copy(self, target: Path) -> Path:
        """A tree with its own Modules folder; all else is the original's by links."""
        target.mkdir(parents=True)
        for entry in self.tree.iterdir():
            if entry.name == "Modules":
                shutil.copytree(entry, target / entry.name, symlinks=True)
            else:
                (target / entry.name).symlink_to(entry)
        return target

    def build(self, module: StdlibModule, source: Path, python: Path, version: str) -> Build:
        """Compile the module from ``source``; from the cache where the same was built before."""
        key = builds.key_of(
            builds.fingerprint(source, "Modules"),
            pythons.identity(python),
            facts(module),
            repr(self.shim and builds.fingerprint(self.shim)),
        )
        folder = self.cache / "builds" / key
        with environments.locked(self.cache / "builds" / f"{key}.lock"):
            found = builds.stored(folder)
            if found is not None:
                return found
            builds.fresh(folder)
            return builds.store(folder, self._build(module, source, python, version, folder))

    def _build(
        self, module: StdlibModule, source: Path, python: Path, version: str, folder: Path
    ) -> Build:
        place = folder / "lib"
        place.mkdir()
        shutil.copyfile(builds.RECORDER, place / builds.RECORDER.name)
        (place / "sitecustomize.py").write_text(f"import {builds.RECORDER.stem}\n")
        done = self._compile(module, source, python, version, place, folder / "build.log")
        if not done.ok:
            return builds.failed(folder.name, str(python), done.tail(), done.seconds, str(source))
        companions = []
        for name in module.companions:
            other = self.manifest.companion(name)
            made = self._compile(other, self.tree, python, version, place, folder / "others.log")
            if not made.ok:
                return builds.failed(folder.name, str(python), made.tail(), made.seconds)
            companions.append((name, str(place / f"{name}.so")))
        text = done.log.read_text(errors="replace")
        return Build(
            key=folder.name,
            ok=True,
            failure="",
            warnings=tuple(diagnostics.warnings(text)),
            libraries=(Library(module.name, str(place / f"{module.name}.so"), by_path=True),),
            python=str(python),
            venv="",
            source=str(source),
            sys_path=(),
            prefixes=(module.name,),
            companions=tuple(companions),
            seconds=done.seconds,
        )

    def _compile(
        self, module: StdlibModule, source: Path, python: Path, version: str, place: Path, log: Path
    ) -> process.Finished:
        flags = [self.fill(flag, source, python) for flag in self.flags(module, version)]
        files = [str(source / name) for name in module.sources]
        target = ["-o", str(place / f"{module.name}.so")]
        wrapped = builds.compiler_wrappers(self.cache, sys.executable)["CC"]
        command = [*shlex.split(wrapped), *COMMON, *flags, *files, *target, *module.libraries]
        environment = {
            **os.environ,
            "ISOLATE_EXT_SOURCE": str(source),
            "ISOLATE_EXT_CC_LOG": str(place.parent / builds.COMPILER_CALLS),
        }
        return process.run(command, log=log, environment=environment)
