"""What instances are made from: counted, released with them, and collected in a cycle with them.

An argument that nobody is seen to hold any more, and whose count is another one, was kept or given
away by mistake. One that leads back to its instance goes with it, if traverse shows it.
"""

import gc
import sys
import weakref
from types import FrameType, FunctionType

from probe.values import Bag, identity

SPARE = 16
TRIES = 8


class Text(str):
    """A string that can be part of a cycle."""


class Data(bytes):
    """Bytes that can be part of a cycle."""


class Items(list):
    """A list with attributes."""


class Table(dict):
    """A dictionary with attributes."""


class Token:
    """Says whether what it was given to is gone."""


LINKING = {str: Text, bytes: Data, list: Items, dict: Table}


def run(setting):
    """Make instances with each call that makes some, from fresh arguments."""
    subject = setting.subject
    subject.alone()
    module = subject.load()
    setting.workload.work(module)
    done = setting.exercise(module, recorded=True)
    kinds = set(done.types.values())
    problems, tried = set(), 0
    for key, (function, args) in done.calls.items():
        for position in range(len(args)):
            told = _told(function, args, position, kinds)
            tried += told is not None
            if told:
                problems.add(f"{key.partition('(')[0]} {told} argument {position + 1}")
    return {"ok": not problems, "problems": sorted(problems), "tried": tried}


def _told(function, args, position, kinds):
    """What it does to one argument; None where that cannot be tried."""
    fresh = _fresh(args, position)
    if fresh is None or not _makes(function, fresh, kinds):
        return None
    drift = _drift(function, fresh, position, kinds)
    if drift < 0:
        return "gives away a reference to"
    if drift > 0:
        return None if _is_held(fresh[position], fresh) else "never releases"
    return "is not collected in a cycle with" if _stays(function, args, position) else ""


def _fresh(args, position):
    """The arguments with another one at the position, which takes attributes; None without any."""
    kind = type(args[position])
    if kind is Bag:
        made = Bag()
    elif kind is FunctionType:
        made = identity()
    elif kind in LINKING:
        made = LINKING[kind](args[position])
    else:
        return None
    return [*args[:position], made, *args[position + 1 :]]


def _makes(function, args, kinds):
    """Whether the call gives an instance of the extension that the collector knows."""
    try:
        made = function(*args)
        return type(made) in kinds and gc.is_tracked(made)
    except Exception:
        return False


def _drift(function, args, position, kinds):
    """References more to the argument for each instance that came and went; 0 unless regular.

    It is given some to spare, so that it is not destroyed on the way.
    """
    KEPT.append([args[position]] * SPARE)
    gc.collect()
    before = sys.getrefcount(args[position])
    for _ in range(TRIES):
        _makes(function, args, kinds)
    gc.collect()
    drift = sys.getrefcount(args[position]) - before
    return drift // TRIES if drift % TRIES == 0 else 0


KEPT = []


def _is_held(argument, *known):
    """Whether the collector is shown who else keeps it."""
    own = {*map(id, known), *map(id, KEPT)}
    holders = gc.get_referrers(argument)
    return any(id(each) not in own and not isinstance(each, FrameType) for each in holders)


def _stays(function, args, position):
    """Whether an argument that leads to the instance, which alone holds it, outlives both."""
    fresh = _fresh(args, position)
    argument, token = fresh[position], Token()
    watched = weakref.ref(token)
    try:
        made = function(*fresh)
        if _is_held(argument, fresh, made):
            return False
        argument.probe_token, argument.probe_leads_to = token, made
    except Exception:
        return False
    del fresh, argument, token, made
    for _ in range(3):
        gc.collect()
    return watched() is not None
