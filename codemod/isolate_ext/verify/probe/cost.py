"""What single calls cost: the plan's calls that work, each repeated for a few milliseconds."""

import gc
import time

from probe.exercise import Exercise

CALLS = 40
REPEATS = 5
SPAN = 1_500_000
"""Nanoseconds for one repeat of one call."""


def run(setting):
    """Nanoseconds a call, the least of the repeats, by the key of the call."""
    module = setting.subject.load()
    setting.workload.work(module)
    made = setting.workload.specimens(module)
    timing = _Timing(module, setting.ownership, only=setting.only, skip=setting.skip)
    gc.disable()
    timing.run(made)
    return {"calls": timing.costs}


class _Timing(Exercise):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.costs = {}

    def _try(self, key, function, args):
        result = super()._try(key, function, args)
        worked = self.outcomes.get(key, "").startswith("->")
        if worked and function is not getattr and key not in self.costs:
            if len(self.costs) < CALLS:
                self.costs[key] = _least(function, args)
        return result


def _least(function, args):
    number, took = 1, _span(function, args, 1)
    while took < SPAN // 4 and number < 100_000:
        number *= 4
        took = _span(function, args, number)
    return min(_span(function, args, number) / number for _ in range(REPEATS))


def _span(function, args, number):
    clock = time.perf_counter_ns
    try:
        start = clock()
        for _ in range(number):
            function(*args)
        return clock() - start
    except Exception:
        return SPAN
