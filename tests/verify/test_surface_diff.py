"""Differences of what Python sees: expected of a migration, or a regression."""

from isolate_ext.verify.surface_diff import differences


def test_surface_differences_are_expected_or_regressions():
    before = {"calls": {}, "type T": {"layout": {"heap": False}, "members": {}, "doc": "old"}}
    after = {
        "calls": {},
        "type T": {"layout": {"heap": True}, "members": {"__module__": {}}, "doc": None},
    }
    found = {item.fact: bool(item.expected) for item in differences(before, after, (3, 13))}
    assert found == {
        "type T / doc": False,
        "type T / layout / heap": True,
        "type T / members / __module__": True,
    }


def _surface(module="m", kind="classmethod_descriptor", pickled=True, base="builtins.list"):
    """What two builds show of a type ``Note`` with a static method ``make``."""
    shown = "Note" if module == "builtins" else f"{module}.Note"
    return {
        "calls": {"note()": f"-> {module}.Note"},
        "type Note": {
            "pickle-class": [f"! E: <class '{shown}'>: attribute lookup Note on {module} failed"],
            "module": module,
            "qualname": "Note",
            "mro": [f"{module}.Note", base, "builtins.object"],
            "members": {"make": {"kind": kind}},
        },
        "instance Note#0": {
            "pickle": [pickled or "! builtins.TypeError: cannot pickle", True, True],
            "unpickle": ["Note" if pickled else "not pickled", "Note", "Note"],
        },
    }


def _regressions(before, after):
    return {each.fact for each in differences(before, after, (3, 13)) if not each.expected}


def test_changes_that_follow_from_a_heap_type_are_expected():
    before = _surface(module="builtins", kind="staticmethod", pickled=False)
    assert not _regressions(before, _surface())


def test_the_import_names_the_module_and_a_class_that_has_one_is_found():
    before, after = (_surface(module=each) for each in ("builtins", "m"))
    after["type Note"]["pickle-class"] = [True]
    before["module"], after["module"] = {"name": "M"}, {"name": "m"}
    assert not _regressions(before | {"calls": {}}, after | {"calls": {}})
    found = _surface()
    found["type Note"]["pickle-class"] = [True]
    assert _regressions(_surface(), found) == {"type Note / pickle-class / 0"}


def test_changes_that_follow_from_nothing_are_regressions():
    assert _regressions(_surface(module="a"), _surface(module="b")) == {
        "calls / note()",
        "type Note / module",
        "type Note / mro / 0",
        "type Note / pickle-class / 0",
    }
    methods = _regressions(_surface(kind="method_descriptor"), _surface())
    assert methods == {"type Note / members / make / kind"}
    own = {"base": "m.Base"}
    assert _regressions(_surface(pickled=False, **own), _surface(**own)) == {
        "instance Note#0 / pickle / 0",
        "instance Note#0 / unpickle / 0",
    }
