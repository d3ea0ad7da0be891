"""Finding the extensions of a project, from its build files or, failing them, from its C files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from isolate_ext.project.assemble import Assembler
from isolate_ext.project.cmake import read_cmake
from isolate_ext.project.compile_commands import read_compile_commands
from isolate_ext.project.errors import ProjectError
from isolate_ext.project.fallback import c_files, guess_extensions, unclaimed
from isolate_ext.project.flags import split_flags
from isolate_ext.project.includes import IncludeGraph
from isolate_ext.project.inits import inits_of
from isolate_ext.project.meson import read_meson
from isolate_ext.project.metadata import build_ext_options, read_pyproject, read_setup_cfg
from isolate_ext.project.reading import read_file
from isolate_ext.project.records import CPP_SUFFIXES, Discovery, Draft, Findings, Origin


def discover(path: Path, *, cflags: Sequence[str] = ()) -> Discovery:
    """The extensions of a project directory, or of one C file.

    Nothing of the project is run. `cflags` are added to every extension. Raises ProjectError when
    there is no such path, no C file in it, or no extension.
    """
    try:
        exists = path.exists()
    except OSError as error:
        raise ProjectError(error.strerror or "cannot be read", str(path)) from error
    if not exists:
        raise ProjectError("no such file or directory", str(path))
    if path.is_file():
        return lone_file(path, cflags)
    return project(path, cflags)


def project(path: Path, cflags: Sequence[str]) -> Discovery:
    root = path.resolve()
    files = c_files(root)
    graph = IncludeGraph(root)
    findings = read_build_files(root)
    if not files and not findings.drafts:
        raise ProjectError("no C file in this directory", str(path))
    assembler = Assembler(graph, findings.notes)
    extensions = assembler.assemble([with_flags(d, cflags) for d in findings.drafts])
    if not any(e.sources for e in extensions):
        guessed = guess_extensions(graph, files, assembler.notes)
        extensions += assembler.assemble([with_flags(d, cflags) for d in guessed])
    else:
        assembler.notes += unclaimed(graph, files, extensions)
    if not extensions:
        reason = next((f" ({note})" for note in assembler.notes), "")
        raise ProjectError(f"no extension found{reason}", str(path))
    requires = findings.requires_python or (None, None)
    return Discovery(root, tuple(extensions), tuple(dict.fromkeys(assembler.notes)), *requires)


def read_build_files(root: Path) -> Findings:
    """Everything that build files say, setup.py first."""
    from isolate_ext.project.setup_py import read_setup_py  # brings in libcst

    findings = Findings()
    script = read_setup_py(root)
    common = build_ext_options(root)
    if common is not None:
        script.drafts = [joined(draft, common) for draft in script.drafts]
    metadata = Findings()
    for part in (read_pyproject(root), read_setup_cfg(root)):
        metadata.extend(part)
    findings.extend(metadata)
    findings.extend(script)
    findings.extend(read_meson(root))
    findings.extend(read_cmake(root))
    return read_compile_commands(root, findings)


def joined(draft: Draft, common: Draft) -> Draft:
    return replace(
        draft,
        include_dirs=(*draft.include_dirs, *common.include_dirs),
        macros=(*draft.macros, *(m for m in common.macros if m not in draft.macros)),
        undef=(*draft.undef, *common.undef),
    )


def with_flags(draft: Draft, cflags: Sequence[str]) -> Draft:
    if not cflags:
        return draft
    parsed = split_flags(cflags)
    return replace(
        draft,
        include_dirs=(*parsed.include_dirs, *draft.include_dirs),
        macros=(*draft.macros, *parsed.macros),
        undef=(*draft.undef, *parsed.undef),
        flags=(*draft.flags, *parsed.flags),
    )


def lone_file(path: Path, cflags: Sequence[str]) -> Discovery:
    """One C file: an extension for every PyInit_ in it."""
    if path.suffix not in {".c", *CPP_SUFFIXES}:
        raise ProjectError("not a C file", str(path))
    root = path.resolve().parent
    read_file(root, path.name, display=str(path))
    graph = IncludeGraph(root)
    parsed = split_flags(absolute(cflags))
    inits = inits_of(graph, path.name, parsed.include_dirs, dict(parsed.macros))
    if not inits:
        raise ProjectError("no extension found: the file defines no PyInit_ function", str(path))
    assembler = Assembler(graph, [])
    drafts = [
        Draft(init.name, Origin(path.name, init.line, f"PyInit_{init.name}"), (path.name,))
        for init in inits
    ]
    found = assembler.assemble([with_flags(d, absolute(cflags)) for d in drafts])
    if not found:
        raise ProjectError(
            assembler.notes[0] if assembler.notes else "no extension found", str(path)
        )
    return Discovery(root, tuple(found), tuple(assembler.notes))


def absolute(cflags: Sequence[str]) -> list[str]:
    """Flags whose -I folders, given relative to the current directory, are made absolute."""
    parsed = split_flags(cflags)
    return [
        *(f"-I{Path(d).resolve()}" for d in parsed.include_dirs),
        *(f"-D{n}" if v is None else f"-D{n}={v}" for n, v in parsed.macros),
        *(f"-U{n}" for n in parsed.undef),
        *parsed.flags,
    ]
