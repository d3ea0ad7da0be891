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
from isolate_ext.verify.binary.placement_list import PlacementList, Stay, placement_list
from isolate_ext.verify.binary.records import Inventory
from isolate_ext.verify.binary.standing import Standing, judge
from isolate_ext.verify.binary.unmodelled import unmodelled
from isolate_ext.verify.compiler_shim import SOURCE_ROOT
from isolate_ext.verify.static_storage import storage

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


MODULE = """\
static struct PyModuleDef spam = {PyModuleDef_HEAD_INIT, "spam", NULL, -1, methods};
static struct _PyArg_Parser parser;
PyMODINIT_FUNC PyInit_spam(void) { enable((PyObject *)&parser); return PyModule_Create(&spam); }
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
    migrated = corpus_builds(name, True)
    lists = [placement_list(plain_model(built.root, built.extension)) for built in migrated]
    after = [
        judge(inventory(built.library, built.tree), listed)
        for built, listed in zip(migrated, lists, strict=True)
    ]
    assert all(each.listed for each in after)
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
    stays = {
        ("spam.c", "", "debug"): Stay("process", "a flag that is read once"),
        ("spam.c", "", "calls"): Stay("process", "another one, at file scope"),
        ("spam.c", "", "error"): Stay("process", "no object is excused"),
        ("spam.c", "*", "entry"): Stay("process", "a table that a macro declares"),
    }
    rung = judge(found, PlacementList(stays, frozenset(stays)))
    assert {each.what.name: each.standing for each in rung.failures} == {
        "error": Standing.SHARED_OBJECT,
        "calls": Standing.UNLISTED,
    }
    expected = {each.what.name: each.stay.reason for each in rung.judged if each.stay}
    assert expected.keys() == {"debug", "entry", "error"}


def test_an_object_that_the_model_lacks_is_told(compile_library: Compile, tmp_path: Path) -> None:
    found = read(compile_library, tmp_path, SHARED)
    (failure, *_) = judge(found, PlacementList({}, frozenset())).failures
    assert (failure.what.name, failure.standing) == ("error", Standing.UNMODELLED)


def test_the_rung_says_what_the_placement_says(compile_library: Compile, tmp_path: Path) -> None:
    text = SHARED + MODULE
    (tmp_path / "spam.c").write_text(text)
    mapped = f"-fdebug-prefix-map={tmp_path}={SOURCE_ROOT}"
    library = compile_library("-g", mapped, "spam.c", cwd=tmp_path)
    listed = placement_list(extension_of({"spam.c": text.encode()}))
    rung = storage(None, library, {"spam.c"}, listed)
    assert [line.partition(" ")[2] for line in rung.problems] == [
        "PyObject * error: pointers to objects",
        "int debug: no objects; not on the placement list",
        "int calls in get(): no objects; not on the placement list",
    ]
    (parser, rest) = rung.notes
    assert "parser: stays, runtime: argument parsers are shared safely" in parser
    assert rest == "also writable: 3 that nothing writes to"
    blind = storage(None, library, {"spam.c"}, PlacementList({}, frozenset()))
    assert blind.problems[0].endswith("pointers to objects; the model does not know it")
    assert storage(None, library, {"spam.c"}, None).after == rung.after == "1 object"


def test_without_an_inventory_the_rung_is_skipped(tmp_path: Path) -> None:
    rung = judge(Inventory(tmp_path, "a Windows library"))
    assert (rung.reason, rung.passed, rung.failures) == ("a Windows library", False, ())
