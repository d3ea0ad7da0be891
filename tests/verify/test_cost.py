"""What is a difference in run time, and what two runs of one build give as well."""

import itertools

import pytest

from isolate_ext.report.ladder import Verdict
from isolate_ext.verify import cost, pythons
from isolate_ext.verify.drive import probe


def series(*factors, noise=(1.0, 1.01, 0.99)):
    """A build whose calls cost 100 ns times their factors, and a little noise."""
    turns = itertools.cycle(noise)

    def take():
        turn = next(turns)
        return {f"f{number}()": 100.0 * each * turn for number, each in enumerate(factors)}

    return take


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


def test_nothing_to_repeat_is_not_judged():
    assert cost.judged(cost.measure(dict, dict), 1.0).verdict is Verdict.NOT_JUDGED


@pytest.mark.parametrize("name", ["isolated"])
def test_calls_of_a_library_are_timed(compiled, newest, name):
    library, python = compiled(newest, name), pythons.find(newest)
    plan = probe(library, python, rungs=())["only"]
    data = probe(library, python, rungs=("cost",), only=plan)["rungs"]["cost"]["data"]
    assert data["calls"]
    assert all(0 < each < 1e8 for each in data["calls"].values())
