"""Reading and raising the oldest supported Python."""

# ruff: noqa: E501  (the lines are data)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tree import c_module

from isolate_ext.project import discover, python_floor, raise_floor
from isolate_ext.project.floor import lowest, raised

Make = Callable[[dict[str, str | bytes]], Path]


@pytest.mark.parametrize(
    ("spec", "floor"),
    [
        (">=3.7", (3, 7)),
        (">= 3.6.1, <4", (3, 6)),
        (">=2.7, !=3.0.*, !=3.1.*", (2, 7)),
        ("^3.8", (3, 8)),
        ("~=3.9", (3, 9)),
        (">3.8", (3, 8)),
        (">=3, !=3.0.*, !=3.1.*, !=3.2.*", (3, 3)),
        ("nonsense", None),
        (">=3.10", (3, 10)),
    ],
)
def test_lowest(spec: str, floor: tuple[int, int] | None) -> None:
    assert lowest(spec) == floor


@pytest.mark.parametrize(
    ("spec", "new"),
    [
        (">=3.7", ">=3.9"),
        (">= 3.7", ">= 3.9"),
        (">=3.6,<4", ">=3.9,<4"),
        (">=2.7, !=3.0.*, !=3.1.*, !=3.9.1", ">=3.9, !=3.9.1"),
        ("^3.7", "^3.9"),
    ],
)
def test_raised(spec: str, new: str) -> None:
    assert raised(spec, (3, 9)) == new


def test_floor_by_classifiers(tree: Make) -> None:
    root = tree(
        {
            "a.c": c_module("a"),
            "setup.py": "from setuptools import *\nsetup(classifiers=["
            "'Programming Language :: Python :: 3.7', 'Programming Language :: Python :: 3.11'],"
            "ext_modules=[Extension('a', ['a.c'])])",
        }
    )
    floor = python_floor(discover(root))
    assert floor.version == (3, 7) and floor.specifier is None
    assert floor.origin is not None and floor.origin.how == "classifiers"


FILES = {
    "pyproject": (
        "pyproject.toml",
        b'[project]\nname = "x"\nrequires-python = ">=3.7"  # old\n',
        b'[project]\nname = "x"\nrequires-python = ">=3.9"  # old\n',
    ),
    "pyproject crlf": (
        "pyproject.toml",
        b"[project]\r\nname = 'x'\r\nrequires-python='>= 3.6'\r\n",
        b"[project]\r\nname = 'x'\r\nrequires-python='>= 3.9'\r\n",
    ),
    "pyproject without": (
        "pyproject.toml",
        b'[project]\nname = "x"\nversion = "1"\ndependencies = []\n',
        b'[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = []\n',
    ),
    "setup.cfg": (
        "setup.cfg",
        b"[options]\npackages = x\npython_requires = >=3.6\n",
        b"[options]\npackages = x\npython_requires = >=3.9\n",
    ),
    "setup.cfg without": (
        "setup.cfg",
        b"[metadata]\nname = x\n\n[options]\npackages = x\n",
        b"[metadata]\nname = x\n\n[options]\npython_requires = >=3.9\npackages = x\n",
    ),
    "setup.py": (
        "setup.py",
        b"from setuptools import setup\nsetup(name='x',\n      python_requires='>=3.5, <4',  # c\n)\n",
        b"from setuptools import setup\nsetup(name='x',\n      python_requires='>=3.9, <4',  # c\n)\n",
    ),
    "setup.py name": (
        "setup.py",
        b'R = (">=3, "\n     "!=3.0.*")\nsetup(name="x", python_requires=R)\n',
        None,
    ),
    "setup.py dict": (
        "setup.py",
        b"kw = {'python_requires': '>=3.4'}\nsetup(**kw)\n",
        b"kw = {'python_requires': '>=3.9'}\nsetup(**kw)\n",
    ),
    "setup.py update": (
        "setup.py",
        b"kw = {}\nkw.update(python_requires='>=3.6')\nsetup(**kw)\n",
        b"kw = {}\nkw.update(python_requires='>=3.9')\nsetup(**kw)\n",
    ),
    "setup.py item": (
        "setup.py",
        b"kw = {}\nkw['python_requires'] = '>=3.6'\nsetup(**kw)\n",
        b"kw = {}\nkw['python_requires'] = '>=3.9'\nsetup(**kw)\n",
    ),
    "setup.py without": (
        "setup.py",
        b"setup(\n    name='x',\n    version='1',\n)\n",
        b"setup(\n    python_requires='>=3.9',\n    name='x',\n    version='1',\n)\n",
    ),
    "setup.py one line": (
        "setup.py",
        b"setup(name='x')\n",
        b"setup(python_requires='>=3.9', name='x')\n",
    ),
    "setup.py bom": (
        "setup.py",
        b"\xef\xbb\xbfsetup(name='\xc3\xa9', python_requires='>=3.4')\r\n",
        b"\xef\xbb\xbfsetup(name='\xc3\xa9', python_requires='>=3.9')\r\n",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_raise_floor(case: str) -> None:
    name, before, after = FILES[case]
    changed = raise_floor({name: before}, (3, 9))
    if after is None:
        assert b"'>=3.9'" in changed[name] or b'">=3.9"' in changed[name]
    else:
        assert changed == {name: after}
    assert raise_floor({name: changed[name]}, (3, 9)) == {}


def test_floor_that_is_high_enough() -> None:
    assert (
        raise_floor(
            {
                "pyproject.toml": b'[project]\nrequires-python = ">=3.10"\n',
                "setup.py": b"setup(name='x')\n",
            },
            (3, 9),
        )
        == {}
    )


def test_every_place_is_raised() -> None:
    changed = raise_floor(
        {
            "setup.cfg": b"[options]\npython_requires = >=3.7\n",
            "setup.py": b"setup(python_requires='>=3.8')\n",
        },
        (3, 9),
    )
    assert set(changed) == {"setup.cfg", "setup.py"}
