"""The inventory against the source model, and the judgement, with the original corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isolate_ext.app.modelling import Library, model_with
from isolate_ext.engine.prepare import spelled_out
from isolate_ext.model.extension import Extension
from isolate_ext.project import DiscoveredExtension
from isolate_ext.testing import extension_of
from isolate_ext.verify.binary.inventory import Tree, inventory
from isolate_ext.verify.binary.records import Inventory
from isolate_ext.verify.binary.standing import Standing, Stay, judge
from isolate_ext.verify.binary.unmodelled import unmodelled

CORPUS = Path(__file__).parents[3] / "corpus"
NAMES = sorted(path.parent.parent.name for path in CORPUS.glob("*/golden/result.txt"))
ISOLATED = ("caches", "csvlite", "dbwrap", "dualpy", "fixednum", "halfway", "shapes", "structs")
Compile = Callable[..., Path]
Builds = Callable[[str, bool], list[Any]]
PASTED = """\
#include <Python.h>
#define SLOT(name) static PyObject *kept_##name
PyObject *
get(int which)
{
    SLOT(one);
    static int count;
    return count++ ? kept_one : NULL;
}
"""
SHARED = """\
#include <Python.h>
static PyObject *error;
static PyMethodDef methods[] = {{NULL, NULL, 0, NULL}};
static int debug = 1;
static const int limit = 3;
static PyObject *get(void)
{
    static int calls;
    return ++calls > limit + debug ? error : (PyObject *)methods;
}
void *entry[] = {get};
void enable(PyObject *value) { debug++; error = value; }
"""


def read(compile_library: Compile, folder: Path, text: str) -> Inventory:
    (folder / "spam.c").write_text(text)
    library = compile_library("-g", "spam.c", cwd=folder)
    return inventory(library, Tree(folder, {"spam.c"}))


def plain_model(root: Path, found: DiscoveredExtension) -> Extension:
    """The model of an extension whose types and init functions no macro hides."""
    model = Library(root).model(found)
    while changed := spelled_out(model.files):
        texts = {path: parsed.source.data for path, parsed in model.files.items()}
        model = model_with(found, texts | changed, model)
    return model


@pytest.mark.parametrize("migrated", (False, True), ids=("before", "after"))
@pytest.mark.parametrize("name", NAMES)
def test_the_model_knows_all_that_the_binary_has(
    corpus_builds: Builds, name: str, migrated: bool
) -> None:
    for built in corpus_builds(name, migrated):
        found = inventory(built.library, built.tree)
        assert any(each.own for each in found.variables)
        assert unmodelled(found, plain_model(built.root, built.extension)) == ()


def test_what_the_model_lacks_is_found(compile_library: Compile, tmp_path: Path) -> None:
    found = read(compile_library, tmp_path, PASTED)
    missing = unmodelled(found, extension_of({"spam.c": PASTED.encode()}))
    assert [(each.name, each.function) for each in missing] == [("kept_one", "get")]
    other = PASTED.replace("static int count", "int count = 0").replace("get(", "put(")
    missing = unmodelled(found, extension_of({"spam.c": other.encode()}))
    assert [(each.name, each.function) for each in missing] == [
        ("kept_one", "get"),
        ("count", "get"),
    ]


@pytest.mark.parametrize("name", ISOLATED)
def test_isolated_extensions_share_no_object(corpus_builds: Builds, name: str) -> None:
    before = [judge(inventory(built.library, built.tree)) for built in corpus_builds(name, False)]
    after = [judge(inventory(built.library, built.tree)) for built in corpus_builds(name, True)]
    assert any(each.failures for each in before)
    assert [each.failures for each in after] == [()] * len(before)


def test_each_writable_variable_has_a_standing(compile_library: Compile, tmp_path: Path) -> None:
    rung = judge(read(compile_library, tmp_path, SHARED))
    assert {each.what.name: each.standing for each in rung.judged} == {
        "error": Standing.SHARED_OBJECT,
        "methods": Standing.DEFINITION,
        "debug": Standing.UNLISTED,
        "calls": Standing.UNLISTED,
        "entry": Standing.UNLISTED,
    }
    assert [each.what.name for each in rung.failures] == ["error"]


def test_a_placement_list_says_what_may_stay(compile_library: Compile, tmp_path: Path) -> None:
    found = read(compile_library, tmp_path, SHARED)
    stays = [
        Stay("debug", "spam.c", None, "process", "a flag that is read once"),
        Stay("entry", "spam.c", None, "process", "a table that is only read"),
        Stay("calls", "spam.c", None, "process", "another one, at file scope"),
        Stay("error", "spam.c", None, "process", "no object is excused"),
    ]
    rung = judge(found, stays)
    assert {each.what.name for each in rung.failures} == {"error", "calls"}
    expected = {each.what.name: each.stay for each in rung.judged if each.stay}
    assert expected == {"debug": stays[0], "entry": stays[1], "error": stays[3]}


def test_without_an_inventory_the_rung_is_skipped(tmp_path: Path) -> None:
    rung = judge(Inventory(tmp_path, "a Windows library"))
    assert (rung.reason, rung.passed, rung.failures) == ("a Windows library", False, ())
