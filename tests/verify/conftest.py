"""Small extensions compiled for every interpreter here, and the ladder climbed with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from isolate_ext.verify import pythons

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """``compiled(version, "legacy"|"isolated", *macros)``: the path of a built library."""
    made = {}

    def build(version, name, *macros):
        key = (version, name, macros)
        if key not in made:
            target = tmp_path_factory.mktemp("ticket") / "ticket.so"
            subprocess.run(
                [
                    "gcc",
                    "-shared",
                    "-fPIC",
                    "-O1",
                    "-Wall",
                    "-Werror",
                    "-I" + pythons.include(pythons.find(version)),
                    *(f"-D{item}" for item in macros),
                    str(HERE / f"ticket_{name}.c"),
                    "-o",
                    str(target),
                ],
                check=True,
            )
            made[key] = target
        return made[key]

    return build


@pytest.fixture
def ladder(compiled):
    """``ladder(version, name, *macros, rungs=...)``: the probe's rungs of that library."""
    from isolate_ext.verify.drive import probe

    def climb(version, name, *macros, rungs):
        library = compiled(version, name, *macros)
        return probe(library, pythons.find(version), rungs=rungs, cycles=40)["rungs"]

    return climb


@pytest.fixture(scope="session")
def newest():
    """The newest interpreter here that has interpreters with their own GIL."""
    assert pythons.find("3.13"), "no Python 3.13 here: the own-GIL rungs cannot be tried"
    return "3.13"
