"""The host program, built for an interpreter: a process that starts and ends its runtime."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from isolate_ext.project import cache_folder, find_compiler
from isolate_ext.verify import process
from isolate_ext.verify.environments import locked
from isolate_ext.verify.process import VerifyError

SOURCE = Path(__file__).with_name("host.c")
KEYS = (
    "Py_ENABLE_SHARED LDLIBRARY LIBRARY LDVERSION LIBDIR LIBPL LIBS SYSLIBS LINKFORSHARED".split()
)
ASK = f"""
import json, sys, sysconfig
print(json.dumps({{
    "identity": [sys.version, sys.base_prefix, getattr(sys, "abiflags", "")],
    "prefix": sys.base_prefix,
    "include": [sysconfig.get_path("include"), sysconfig.get_path("platinclude")],
    **{{key: str(sysconfig.get_config_var(key) or "") for key in {KEYS!r}}},
}}))
"""


def build_host(python: Path) -> Path:
    """The host program for an interpreter; built once and kept in the cache folder.

    It is linked as ``python-config --embed`` says, to the shared library where there is one. Raises
    a VerifyError of one line: no library to link to, no compiler, or what the compiler says.
    """
    compiler = find_compiler()
    if compiler is None:
        raise VerifyError("no C compiler was found (set CC)")
    facts = ask(python)
    command = [*compiler, "-O1", "-g", *includes(facts), str(SOURCE), *linked(python, facts)]
    identity = json.dumps([facts["identity"], command])
    key = hashlib.sha256(identity.encode() + SOURCE.read_bytes()).hexdigest()[:16]
    folder = cache_folder() / "hosts"
    program = folder / key
    with locked(folder / f"{key}.lock"):
        if not program.exists():
            log = folder / f"{key}.log"
            log.unlink(missing_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                made = Path(scratch, "host")
                done = process.run([*command, "-o", str(made)], log=log, timeout=120.0)
                if not done.ok:
                    why = next((x for x in done.tail().splitlines() if "error" in x), "no words")
                    raise VerifyError(f"the host program cannot be built: {why}; the log is {log}")
                made.replace(program)
    return program


@cache
def ask(python: Path) -> dict[str, str]:
    """How programs are linked that embed it (values of sysconfig), by one process."""
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", ASK], capture_output=True, text=True, check=True, timeout=30
        )
        facts: dict[str, str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise VerifyError(f"{python} does not say how it was built: {error}") from error
    return facts


def includes(facts: dict[str, str]) -> list[str]:
    return [f"-I{path}" for path in dict.fromkeys(facts["include"]) if path]


def linked(python: Path, facts: dict[str, str]) -> list[str]:
    """Arguments for the linker. Installations may have been moved, hence the second place."""
    folders = [Path(facts["LIBDIR"]), Path(facts["prefix"], "lib")]
    shared = next((d for d in folders if (d / facts["LDLIBRARY"]).is_file()), None)
    if facts["Py_ENABLE_SHARED"] == "1" and shared is not None:
        found = [f"-L{shared}", f"-Wl,-rpath,{shared}", f"-lpython{facts['LDVERSION']}"]
    else:
        static = [Path(facts["LIBPL"]), *folders]
        found = [str(d / facts["LIBRARY"]) for d in static if (d / facts["LIBRARY"]).is_file()][:1]
    if not found:
        raise VerifyError(f"{python} comes without {facts['LDLIBRARY'] or 'libpython'}")
    more = f"{facts['LINKFORSHARED']} {facts['LIBS']} {facts['SYSLIBS']}".split()
    return [*found, *more]


def clean_environment(home: Path) -> dict[str, str]:
    """Nothing of the user's Python reaches the host."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {**kept, "HOME": str(home), "TERM": "dumb"}
