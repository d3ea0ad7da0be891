"""What is a difference in run time, and what two runs of one build give as well."""

import itertools

import pytest

from isolate_ext.report.ladder import Verdict
from isolate_ext.verify import cost, pythons
from isolate_ext.verify.access_paths import label
from isolate_ext.verify.drive import probe


def series(*factors, noise=(1.0, 1.01, 0.99)):
    """A build whose calls cost 100 ns times their factors, and a little noise."""
    turns = itertools.cycle(noise)

    def take():
        turn = next(turns)
        calls = {f"f{number}()": 100.0 * each * turn for number, each in enumerate(factors)}
        methods = {f"T#0.m{number}()": took for number, took in enumerate(calls.values())}
        return cost.Series(calls, methods)

    return take


def nothing():
    return cost.Series({})


def test_same_build_costs_the_same():
    found = cost.measure(series(1, 2), series(1, 2, noise=(1.02, 1.0)))
    assert 0.97 < found.ratio < 1.04
    assert cost.judged(found, 1.0).verdict is Verdict.HOLDS
    assert found.calls == ()


def test_slower_build_fails_and_names_the_call():
    rung = cost.judged(cost.measure(series(1, 1), series(1, 3)), 1.0)
    assert rung.verdict is Verdict.FAILS
    assert "f1(): 100 ns, now 300 ns" in rung.problems
    assert not any("f0()" in line for line in rung.problems)


def test_noise_of_the_machine_is_no_difference():
    wild = (1.0, 2.0, 0.7, 1.4, 0.6)
    found = cost.measure(series(1, noise=wild), series(1.3, noise=(1.0,)))
    assert found.band[1] > 1.5
    assert cost.judged(found, 1.0).verdict is Verdict.HOLDS


def test_methods_are_told_by_the_path_of_their_access():
    paths = {"by definition": {"T.m0", "T.m1"}, "threaded": {"T.m1"}, "cached": {"T.other"}}
    found = cost.measure(series(1, 1, 1), series(1, 1.2, 9), paths)
    shown = {each.path: (each.count, round(each.ratio, 1), each.worst.key) for each in found.paths}
    assert shown == {"by definition": (2, 1.1, "T#0.m1()"), "threaded": (1, 1.2, "T#0.m1()")}
    assert all(0.9 < each.band[0] <= each.band[1] < 1.1 for each in found.paths)
    rung = cost.judged(found, 1.0)
    assert rung.notes[-1].startswith("threaded: 1 timed, ratio 1.2")
    assert rung.notes[-1].endswith("; most T#0.m1(): 100 ns, now 120 ns")


def test_nothing_to_repeat_is_not_judged():
    assert cost.judged(cost.measure(nothing, nothing), 1.0).verdict is Verdict.NOT_JUDGED


@pytest.mark.parametrize("name", ["isolated"])
def test_calls_of_a_library_are_timed(compiled, newest, name):
    library, python = compiled(newest, name), pythons.find(newest)
    plan = probe(library, python, rungs=())["only"]
    data = probe(library, python, rungs=("cost",), only=plan)["rungs"]["cost"]["data"]
    assert data["calls"]
    assert all(0 < each < 1e8 for each in data["calls"].values())
    assert data["methods"] == {}
    timed = ["Ticket.punch", "issue"]
    found = probe(library, python, rungs=("cost",), only=plan, timed=timed)["rungs"]["cost"]
    assert sorted(label(key) for key in found["data"]["methods"]) == timed
