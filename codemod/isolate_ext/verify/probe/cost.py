"""What single calls cost: the plan's calls that work, each repeated for a few milliseconds."""

import gc
import re
import time

from probe.exercise import Exercise

CALLS = 40
METHODS = 40
INSTANCE = re.compile(r"#\d+")
REPEATS = 5
SPAN = 1_500_000
"""Nanoseconds for one repeat of one call."""


def run(setting):
    """Nanoseconds a call, the least of the repeats, by the key of the call.

    ``methods`` are one call each of those that are ``timed`` by their names.
    """
    module = setting.subject.load()
    setting.workload.work(module)
    made = setting.workload.specimens(module)
    timed = frozenset(setting.spec.get("timed") or ())
    timing = _Timing(timed, module, setting.ownership, only=setting.only, skip=setting.skip)
    gc.disable()
    timing.run(made)
    return {"calls": timing.costs, "methods": timing.methods}


class _Timing(Exercise):
    def __init__(self, timed, *args, **more):
        super().__init__(*args, **more)
        self.left_to_time = set(timed)
        self.costs = {}
        self.methods = {}

    def _try(self, key, function, args):
        result = super()._try(key, function, args)
        worked = self.outcomes.get(key, "").startswith("->")
        if not worked or key in self.costs or key in self.methods:
            return result
        name = INSTANCE.sub("", key.partition("(")[0])
        reading = function is getattr
        counted = not reading and len(self.costs) < CALLS
        reads_method = reading and callable(result)
        room = len(self.methods) < METHODS and not reads_method
        wanted = room and name in self.left_to_time
        took = _least(function, args) if counted or wanted else 0.0
        if counted:
            self.costs[key] = took
        if wanted:
            self.methods[key] = took
            self.left_to_time.remove(name)
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
