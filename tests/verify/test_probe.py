"""The probe passes an extension isolated by hand, fails a legacy one and every mistake."""

import subprocess

import pytest

from isolate_ext.verify import pythons
from isolate_ext.verify.drive import PROBE, Driver, Rung, Subject, probe
from isolate_ext.verify.judging import judge

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
PRESENT = tuple(version for version in VERSIONS if pythons.find(version))
ISOLATION = ("reimport", "cycles", "protocol")


@pytest.mark.parametrize("version", PRESENT)
def test_isolated_by_hand_holds(ladder, version):
    rungs = ladder(version, "isolated", rungs=(*ISOLATION, "teardown-self-cycle"))
    assert {name: rung["problems"] for name, rung in rungs.items() if rung["status"] != "ok"} == {}


@pytest.mark.parametrize("version", PRESENT)
def test_legacy_shares_its_types(ladder, version):
    rungs = ladder(version, "legacy", rungs=ISOLATION)
    assert "shared: type ticket.Ticket" in rungs["reimport"]["problems"]
    assert "alive after its copy is gone: type Ticket" in rungs["cycles"]["problems"]
    assert rungs["import"]["status"] == rungs["learn"]["status"] == "ok"


def test_own_gil(ladder, newest):
    good = ladder(newest, "isolated", rungs=("own-gil", "shared-gil"))
    assert (good["own-gil"]["status"], good["shared-gil"]["status"]) == ("ok", "ok")
    bad = ladder(newest, "legacy", rungs=("own-gil",))["own-gil"]
    assert bad["status"] == "failed"
    assert "does not support loading in subinterpreters" in bad["problems"][0]


@pytest.mark.parametrize(
    ("mistake", "rung", "words"),
    [
        ("NO_TYPE_VISIT", "protocol", "traverse does not visit the type"),
        ("NO_TYPE_DECREF", "cycles", "alive after its copy is gone: type Ticket"),
        ("SHARED_ERROR", "reimport", "shared: type ticket.Error"),
    ],
)
def test_single_mistake_is_found(ladder, newest, mistake, rung, words):
    result = ladder(newest, "isolated", mistake, rungs=(rung,))[rung]
    assert result["status"] == "failed"
    assert any(words in problem for problem in result["problems"])


def test_crash_is_a_result(ladder, newest):
    rung = ladder(newest, "isolated", "LOOKUP_IN_DEALLOC", rungs=("teardown-self-cycle",))
    assert rung["teardown-self-cycle"]["status"] == "crashed"
    assert rung["teardown-self-cycle"]["problems"][0].startswith("SIG")


@pytest.mark.parametrize("version", PRESENT)
def test_surface_of_the_migration_is_expected(compiled, version):
    before, after = (
        probe(compiled(version, name), pythons.find(version), rungs=("surface",))
        for name in ("legacy", "isolated")
    )
    verdict = judge(before, after, tuple(map(int, version.split("."))))
    assert [line for line in verdict.reasons if "not judged" not in line] == []
    assert any("layout / heap" in line for line in verdict.surface)


def test_type_that_became_instantiable_is_a_regression(compiled, newest):
    before, after = (
        probe(compiled(newest, *names), pythons.find(newest), rungs=("surface",))
        for names in (("legacy",), ("isolated", "INSTANTIABLE"))
    )
    verdict = judge(before, after, (3, 13))
    regressions = [line for line in verdict.surface if not line.endswith(")")]
    assert any("type Ticket / call" in line for line in regressions)
    assert any("type Ticket / set-attribute" in line for line in regressions)
    assert any(line.startswith("surface: ") for line in verdict.reasons)


def test_the_unmodified_extension_has_something_to_fail(compiled, newest):
    rungs = ("surface", "reimport", "own-gil", "cycles", "protocol")
    result = probe(compiled(newest, "legacy"), pythons.find(newest), rungs=rungs, cycles=40)
    verdict = judge(result, result, (3, 13))
    assert {line.partition(":")[0] for line in verdict.reasons} >= {"reimport", "own-gil", "cycles"}
    assert not any("nothing to fail" in line for line in verdict.notes)


def test_library_is_judged_alone_where_another_project_refuses(tmp_path):
    class Scripted(Driver):
        def rung(self, name, **more):
            if name == "own-gil" and "path" not in more:
                refusal = "module other._fast does not support loading in subinterpreters"
                return Rung("failed", (refusal,))
            data = {"file": "/built/pkg/_mine.so"} if name == "import" else {}
            return Rung("ok", (), {**data, "asked": more.get("path")})

    subject = Subject("pkg._mine", prefixes=("pkg",))
    result = Scripted(subject, "python", tmp_path, 1.0, 1).climb([], ("own-gil",))
    rung = result["rungs"]["own-gil"]
    assert (rung["status"], rung["data"]["asked"]) == ("ok", "/built/pkg/_mine.so")
    assert rung["data"]["alone"] == "other._fast refuses"


def test_library_is_judged_alone_where_what_it_imports_crashes(tmp_path):
    class Scripted(Driver):
        def rung(self, name, **more):
            if name == "own-gil-others":
                return Rung("crashed" if more["modules"] == ["_fragile"] else "ok")
            if name == "own-gil" and "path" not in more:
                return Rung("crashed", ("SIGABRT",))
            others = ["_fragile", "_sound"]
            data = {"file": "/built/pkg/_mine.so", "others": others} if name == "import" else {}
            return Rung("ok", (), data)

    subject = Subject("pkg._mine", prefixes=("pkg",))
    rung = Scripted(subject, "python", tmp_path, 1.0, 1).climb([], ("own-gil",))["rungs"]["own-gil"]
    assert (rung["status"], rung["data"]["alone"]) == ("ok", "_fragile crashes by itself")


def test_extensions_that_an_import_brings_are_tried_by_themselves(tmp_path, newest):
    subject = Subject("ctypes._endian", prefixes=("ctypes._endian",))
    driver = Driver(subject, pythons.find(newest), tmp_path, 60.0, 1)
    assert "_ctypes" in driver.rung("import").data["others"]
    assert driver.rung("own-gil-others", modules=["_bisect"]).status == "ok"


@pytest.mark.parametrize("address", ["7d33c798", "3cb3c798", "0x7d33c798", "12345678", "7c0A0001"])
def test_addresses_in_messages_do_not_count(newest, address):
    code = (
        f"import sys; sys.path.insert(0, {str(PROBE.parent)!r});"
        "from probe.exercise import outcome_of;"
        f"print(outcome_of(TypeError('bad value: {address}.')))"
    )
    done = subprocess.run([pythons.find(newest), "-c", code], capture_output=True, text=True)
    plain = done.stdout.strip().replace("0x", "N")
    assert plain == "! builtins.TypeError: bad value: N."


def test_a_call_that_dies_when_it_is_repeated_is_left_out(compiled, newest):
    library = compiled(newest, "isolated", "FRAGILE")
    result = probe(library, pythons.find(newest), rungs=("teardown-generator",))
    assert result["rungs"]["teardown-generator"]["status"] == "ok"
    assert "Ticket#0.punch()" in result["skip"]
    assert any(line.startswith("Ticket#0.punch(): SIG") for line in result["crashes"])


def test_hanging_and_crashing_calls_are_left_out(tmp_path, newest):
    """A stand-in driver: the journal's last line names the call to leave out."""

    class Scripted(Driver):
        answers = [Rung("crashed", ("SIGSEGV",)), Rung("hung", ("no result",)), Rung("ok")]

        def rung(self, name, **more):
            answer = self.answers.pop(0)
            maker = "Thing()" if len(self.answers) == 2 else ""
            journal = f"first()\t\ncall{len(self.answers)}(str)\t{maker}\n"
            (self.scratch / "journal").write_text(journal)
            return answer

    skip = []
    rung, crashes = Scripted(Subject("ticket"), "python", tmp_path, 1.0, 1).learn(skip)
    assert rung.status == "ok"
    assert crashes == ["Thing(): SIGSEGV", "call1: no result"]
    assert skip == ["Thing()", "call1"]
