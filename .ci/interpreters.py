"""Say which Pythons the tests have to do without, and what is left out for it.

    python .ci/interpreters.py [--require 3.13]

With ``--require`` it exits with 1 unless a Python of that version or a later one is here with its
headers.
"""

from __future__ import annotations

import argparse
import sys

from isolate_ext.project import find_interpreters

WANTED = {
    (3, 9): "building and running extensions on the oldest supported Python",
    (3, 10): "building and running extensions on Python 3.10",
    (3, 11): "building and running extensions on Python 3.11",
    (3, 12): "building and running extensions on Python 3.12",
    (3, 13): "interpreters with their own GIL",
}


def main() -> int:
    """Print one line a version; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--require", metavar="X.Y")
    required = parser.parse_args().require
    found: dict[tuple[int, int], list[str]] = {}
    for each in find_interpreters():
        if each.include is not None:
            found.setdefault(each.version[:2], []).append(f"{each.label} ({each.path})")
    for version, use in WANTED.items():
        name = f"Python {version[0]}.{version[1]}"
        if version in found:
            print(f"{name}: {found[version][0]}")
        else:
            print(f"{name}: not found with headers; left out: {use}")
    if required is None:
        return 0
    major, _, minor = required.partition(".")
    if any(version >= (int(major), int(minor)) for version in found):
        return 0
    print(f"error: no Python {required} or later was found with headers", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
