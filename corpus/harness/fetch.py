"""Source distributions: fetched by name and version from pip's own index, checked by hash.

An own small client of the simple repository API (PEP 503), because pip's download command runs
the build of what it downloads.
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from html import unescape
from pathlib import Path

from harness.manifest import Package
from isolate_ext.verify.process import VerifyError

TIMEOUT = 120
PAGE = ""
"""A file name below a project's address, for an index that is a plain folder."""

DEFAULT_INDEX = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


def sdist(package: Package, folder: Path) -> Path:
    """The archive of the package in ``folder``, downloaded if it is not there yet."""
    target = folder / package.sdist
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        data = _download(package)
        _check(package, data)
        part = target.with_name(target.name + ".part")
        part.write_bytes(data)
        part.replace(target)
    else:
        _check(package, target.read_bytes())
    return target


def _check(package: Package, data: bytes) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != package.sha256:
        wanted = package.sha256
        raise VerifyError(f"{package.sdist}: sha256 is {found}, the manifest says {wanted}")


def _download(package: Package) -> bytes:
    project = re.sub(r"[-_.]+", "-", package.name).lower()
    context = ssl.create_default_context(cafile=_pip_setting("cert") or None)
    for index in _indexes():
        page = f"{index.rstrip('/')}/{project}/{PAGE}"
        try:
            with urllib.request.urlopen(page, timeout=TIMEOUT, context=context) as answer:
                text = answer.read().decode("utf-8", "replace")
        except (urllib.error.URLError, OSError):
            continue
        for reference in re.findall(r'href="([^"]+)"', text):
            address = urllib.parse.urljoin(page, unescape(reference))
            name = urllib.parse.unquote(urllib.parse.urlsplit(address).path.rpartition("/")[2])
            if name.lower() == package.sdist.lower():
                with urllib.request.urlopen(address, timeout=TIMEOUT, context=context) as answer:
                    return bytes(answer.read())
    raise VerifyError(f"{package.sdist}: not found on the index that pip is configured for")


def _indexes() -> list[str]:
    main = _pip_setting("index-url") or _pip([sys.executable, "-c", DEFAULT_INDEX])
    return [main, *_pip_setting("extra-index-url").split()]


def _pip_setting(name: str) -> str:
    """A setting of pip, from its environment variable or its configuration."""
    variable = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    return variable or _pip([sys.executable, "-m", "pip", "config", "get", f"global.{name}"])


def _pip(command: list[str]) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else ""
