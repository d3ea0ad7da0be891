"""A new header in the files that name the others."""

# ruff: noqa: E501  (the lines are data)

from __future__ import annotations

import pytest

from isolate_ext.project import add_to_manifest


@pytest.mark.parametrize(
    ("manifest", "line"),
    [
        ("include README\nrecursive-include src *.h\n", False),
        ("graft src\n", False),
        ("global-include *.h\n", False),
        ("include src/*.h\n", False),
        ("include src/a.h\n", True),
        ("include *.h\n", True),
        ("graft src\nglobal-exclude *.h\n", True),
        ("recursive-include \\\n  src *.h", False),
        ("include README", True),
    ],
)
def test_manifest(manifest: str, line: bool) -> None:
    changed = add_to_manifest({"MANIFEST.in": manifest.encode()}, "src/new.h", ())
    assert bool(changed) is line
    if line:
        assert changed["MANIFEST.in"].endswith(b"\ninclude src/new.h\n")
        assert add_to_manifest(changed, "src/new.h", ()) == {}


def test_depends() -> None:
    script = b"e = Extension('a', ['src/a.c'],\n    depends=[\n        'src/a.h',  # x\n        'src/b.h',\n    ])\n"
    changed = add_to_manifest({"setup.py": script}, "src/new.h", ("src/a.h",))
    assert changed["setup.py"] == script.replace(
        b"'src/a.h',  # x", b"'src/a.h',\n        'src/new.h',  # x"
    )


def test_depends_on_one_line() -> None:
    script = b"Extension('a', ['a.c'], depends=['a.h'])\n"
    assert add_to_manifest({"setup.py": script}, "new.h", ("a.h",)) == {
        "setup.py": b"Extension('a', ['a.c'], depends=['a.h', 'new.h'])\n"
    }


def test_other_lists_are_left() -> None:
    assert add_to_manifest({"setup.py": b"Extension('a', ['a.c'])\n"}, "new.h", ("a.h",)) == {}


def test_meson() -> None:
    before = b"src = [\n  'a.c',\n  'a.h',\n]\n"
    assert add_to_manifest({"src/meson.build": before}, "src/new.h", ("src/a.h",)) == {
        "src/meson.build": b"src = [\n  'a.c',\n  'new.h',\n  'a.h',\n]\n"
    }
