"""What comes from the distribution: the standard library's source package, -dev packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterable
from pathlib import Path

from harness.manifest import Source
from isolate_ext.verify import process
from isolate_ext.verify.process import VerifyError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT = Path("/etc/apt")
_installing = threading.Lock()


def source_tree(source: Source, cache: Path, given: Path | None = None) -> Path:
    """The unpacked source tree: the one given, the cached one, or fetched by apt."""
    for tree in (given, cache / source.folder):
        if tree is not None and (tree / "Modules").is_dir():
            return tree.resolve()
    if given is not None:
        raise VerifyError(f"{given}: no source tree of CPython (it has no Modules folder)")
    if shutil.which("apt-get") is None:
        raise VerifyError("no apt-get here: give --stdlib-source DIR, an unpacked CPython source")
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / source.archive
    if not archive.exists():
        _apt_source(source, cache)
    with tarfile.open(archive) as tar:
        tar.extractall(cache, filter="data")
    return (cache / source.folder).resolve()


def install(packages: Iterable[str], log: Path) -> list[str]:
    """Install what is missing, where we may; the names that are still missing."""
    with _installing:
        missing = [name for name in packages if not _installed(name)]
        if missing and os.geteuid() == 0 and shutil.which("apt-get"):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
            process.run(command, log=log, environment=environment)
            missing = [name for name in missing if not _installed(name)]
        return missing


def _installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return True
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.endswith("ok installed")


def _apt_source(source: Source, cache: Path) -> None:
    """Download the source package with a sources list of our own, from the machine's mirror."""
    lists = cache / "apt-lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    entry = cache / "source.list"
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    entry.write_text(f"deb-src {signed}{_mirror()} {source.suite} main\n")
    options = [
        "-o",
        f"Dir::Etc::sourcelist={entry}",
        "-o",
        "Dir::Etc::sourceparts=-",
        "-o",
        f"Dir::State::lists={lists}",
    ]
    log = cache / "apt.log"
    process.run(["apt-get", *options, "update"], log=log)
    wanted = f"{source.package}={source.version}"
    done = process.run(
        ["apt-get", *options, "source", "--download-only", wanted], log=log, cwd=cache
    )
    if not done.ok or not (cache / source.archive).exists():
        raise VerifyError(f"apt-get source {wanted} failed: see {log}, or give --stdlib-source")


def _mirror() -> str:
    for path in sorted((APT / "sources.list.d").glob("*.sources")):
        if found := re.search(r"^URIs:\s*(\S+)", path.read_text(), re.MULTILINE):
            return found.group(1)
    for path in (APT / "sources.list", *sorted((APT / "sources.list.d").glob("*.list"))):
        if path.exists() and (
            found := re.search(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)", path.read_text(), re.MULTILINE)
        ):
            return found.group(1)
    raise VerifyError("no package mirror is configured here: give --stdlib-source DIR")
