"""New headers in everything that must name them, or a released source archive would not build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isolate_ext.app.planning import Planned
from isolate_ext.project import Discovery, add_to_manifest

FILES = ("MANIFEST.in", "setup.py", "pyproject.toml", "meson.build")


def ship_headers(
    discovery: Discovery, planned: Sequence[Planned], changed: Mapping[str, tuple[bytes, bytes]]
) -> dict[str, tuple[bytes, bytes]]:
    """Build files before and after: those changed already, and those that name the new headers."""
    found = dict(changed)
    before = {
        name: (discovery.root / name).read_bytes()
        for name in FILES
        if (discovery.root / name).is_file()
    }
    now = {name: found[name][1] if name in found else data for name, data in before.items()}
    for each in planned:
        for path in each.texts():
            if path not in each.owned:
                headers = tuple(h for h in each.found.headers if h.endswith(".h"))
                for name, text in add_to_manifest(now, path, headers).items():
                    now[name] = text
                    found[name] = (before[name], text)
    return found
