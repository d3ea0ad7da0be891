"""Calls everything that an extension offers, with a small set of arguments, and notes what came.

The same plan is run on every copy and in every interpreter; ``only`` restricts it to calls that
are known to be worth repeating. Outcomes are text (``-> int``, ``! TypeError: ...``), so they can
be compared between builds; a journal names the call that is about to be made, so that whoever
finds the process dead knows which one it was.
"""

import gc
import operator
import os
import re
import signal
import time
import weakref
from types import ModuleType

from probe import values
from probe.naming import full_name

PATIENCE = 0.5
"""Seconds after which a call is interrupted, where calls are timed."""

SLOW = 0.1
"""Seconds after which a call is too slow to be repeated."""

BLOCKED = "! blocked"

ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
NUMBER = re.compile(r"\b(?=[a-fA-F]*\d)[0-9a-fA-F]{6,16}\b|\d{4,}")
"""Large numbers, and hexadecimal ones such as addresses that are printed without a prefix."""
LIMIT = 6000
CONTAINERS = (list, dict, set, bytearray)
KEPT = 300
SPECIMENS = 2

OPERATIONS = (
    ("repr", repr),
    ("str", str),
    ("hash", hash),
    ("bool", bool),
    ("len", len),
    ("dir", dir),
    ("iter", lambda x: _drain(x)),
    ("eq", lambda x: x == x),
    ("lt", lambda x: x < x),
    ("eq-int", lambda x: x == 1),
    ("add", lambda x: x + x),
    ("add-int", lambda x: x + 1),
    ("radd", lambda x: 1 + x),
    ("sub", lambda x: x - x),
    ("mul", lambda x: x * 2),
    ("and", lambda x: x & x),
    ("neg", operator.neg),
    ("abs", abs),
    ("int", int),
    ("float", float),
    ("index", operator.index),
    ("get", lambda x: x[0]),
    ("get-str", lambda x: x["a"]),
    ("set", lambda x: operator.setitem(x, 0, "a")),
    ("in", lambda x: "a" in x),
    ("ref", lambda x: weakref.ref(x) and None),
    ("buffer", lambda x: bytes(memoryview(x))),
    ("enter", lambda x: type(x).__enter__(x)),
    ("exit", lambda x: type(x).__exit__(x, None, None, None)),
    ("attr", lambda x: setattr(x, "probe_attribute", 1)),
)


def outcome_of(error):
    """The text for an exception: its class and its message without addresses and large numbers."""
    message = NUMBER.sub("N", ADDRESS.sub("0x", str(error)))[:160]
    return f"! {full_name(type(error))}: {message}"


PLAIN = (bool, int, float, complex, str, bytes)
SHOWN = 80
DAY = 86400


def _shown(result):
    """The value, of results that are plain data or a short tuple or list of it."""
    kind = type(result)
    if kind in (tuple, list) and len(result) <= 8:
        if not all(type(item) in PLAIN for item in result):
            return ""
    elif kind not in PLAIN or _is_now(result):
        return ""
    return ": " + ADDRESS.sub("0x", repr(result))[:SHOWN]


def _is_now(result):
    """A number that is the time of the day: it is another one a second later."""
    return type(result) in (int, float) and abs(result - time.time()) < DAY


class Blocked(BaseException):
    """Raised by the alarm in a call that waits for something."""


class Exercise:
    """One run over one copy of the module.

    ``outcomes`` maps a call to its text, ``errors`` a call to the class of the extension that it
    raised, ``types`` the extension's classes by label, ``specimens`` instances by that label,
    ``makers`` the calls that made them, ``visited`` the classes that traverse showed of them then,
    ``producers`` by label every function that made one, with the arguments, ``containers`` by call
    what came out that Python code can change.
    """

    def __init__(
        self, module, ownership, only=None, skip=(), journal=None, timed=False, recorded=False
    ):
        self.module = module
        self.ownership = ownership
        self.only = None if only is None else frozenset(only)
        self.skip = frozenset(skip)
        self.journal = journal
        self.timed = timed
        self.recorded = recorded
        self.left = LIMIT
        self.outcomes = {}
        self.errors = {}
        self.types = {}
        self.specimens = {}
        self.makers = {}
        self.visited = {}
        self.producers = {}
        self.containers = {}
        self.calls = {}
        self.slow = []
        self._labels = {}

    def run(self, made=()):
        """Functions and constructors first, then every instance: ``made`` and what came out."""
        for specimen in made:
            self._keep(specimen, "")
        public = sorted(vars(self.module).items())
        for _, item in public:
            if isinstance(item, type) and self.ownership.owns_type(item):
                self._label(item)
        for name, item in public:
            if self.callable(name, item):
                self._tries(name, item, values.SETS)
        done = set()
        while len(done) < len(self.specimens):
            for label in [label for label in self.specimens if label not in done]:
                done.add(label)
                for number, specimen in enumerate(self.specimens[label]):
                    self._instance(f"{label}#{number}", specimen)
        return self

    def harmful(self, name):
        """Whether what is called so must not be called."""
        return values.HARMFUL.search(name) is not None

    def callable(self, name, item):
        """Whether that member of the module is a function or a class that may be called."""
        if not callable(item) or self.harmful(name) or values.DESCRIPTORS.search(name):
            return False
        if isinstance(item, type):
            return self.ownership.owns_type(item)
        home = getattr(item, "__self__", None)
        return isinstance(home, ModuleType) and self.ownership.subject.covers(home.__name__)

    def _instance(self, label, specimen):
        if label.partition("#")[0] in self.skip:
            return
        for name, operation in OPERATIONS:
            self._try(f"{label} {name}", operation, (specimen,))
        for name in sorted(dir(type(specimen))):
            if name.startswith("__") or f"{label}.{name}" in self.skip:
                continue
            if self.harmful(name):
                continue
            value = self._try(f"{label}.{name}", getattr, (specimen, name))
            if callable(value) and not isinstance(value, type):
                self._tries(f"{label}.{name}", value, values.SETS[: values.FEW])
            del value

    def _tries(self, label, function, sets):
        for name, make in sets:
            key = f"{label}({name})"
            if label not in self.skip and (self.only is None or key in self.only):
                self._try(key, function, make())

    def _try(self, key, function, args):
        if key in self.skip or self.left <= 0 or (self.only is not None and key not in self.only):
            return None
        self.left -= 1
        self._note(key, self.makers.get(key.partition(" ")[0].partition(".")[0], ""))
        try:
            result = self._timed(key, function, args) if self.timed else function(*args)
        except KeyboardInterrupt:
            raise
        except Blocked:
            self.outcomes[key] = BLOCKED
            return None
        except BaseException as error:
            self.outcomes[key] = outcome_of(error)
            if self.ownership.owns_type(type(error)):
                self.errors[key] = type(error)
                self._label(type(error))
            return None
        if self.recorded:
            self.calls[key] = (function, args)
        kind = type(result)
        self.outcomes[key] = f"-> {full_name(kind)}{_shown(result)}"
        if self.ownership.owns_type(kind):
            label = self._keep(result, key)
            self.producers.setdefault(label, {}).setdefault(key.partition("(")[0], (function, args))
        elif kind in CONTAINERS and len(self.containers) < KEPT:
            self.containers[key] = result
        return result

    def _note(self, key, maker):
        if self.journal is not None:
            os.write(self.journal, f"{key}\t{maker}\n".encode("utf-8", "replace"))

    def forget(self):
        """Let go of all that came out."""
        self.specimens.clear()
        self.producers.clear()
        self.containers.clear()
        self.calls.clear()

    def _keep(self, result, key):
        label = self._label(type(result))
        kept = self.specimens.setdefault(label, [])
        if len(kept) < SPECIMENS and not any(result is other for other in kept):
            self.makers[f"{label}#{len(kept)}"] = key
            self.visited[f"{label}#{len(kept)}"] = _visited(result)
            kept.append(result)
        return label

    def again(self):
        """The outcomes of the calls that went well, once more; they must have been recorded."""
        outcomes = {}
        for key, (function, args) in self.calls.items():
            try:
                function(*args)
            except Exception as error:
                outcomes[key] = outcome_of(error)
            else:
                outcomes[key] = "->"
        return outcomes

    def rehearse(self, keys):
        """Make recorded calls once more, so that one that dies of it is in the journal.

        Where one call ends what another one needs, the module may only be fit for the first order.
        """
        for key in keys:
            if key in self.calls:
                self._note(key, "")
                try:
                    self._timed(key, *self.calls[key])
                except KeyboardInterrupt:
                    raise
                except BaseException:
                    continue

    def bounded(self, function, args):
        """Call, but not for long; raises what the call raises, or `Blocked`."""
        signal.signal(signal.SIGALRM, _stop)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        try:
            return function(*args)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _timed(self, key, function, args):
        started = time.monotonic()
        try:
            return self.bounded(function, args)
        finally:
            if time.monotonic() - started > SLOW:
                self.slow.append(key)

    def _label(self, kind):
        if kind not in self._labels:
            label = kind.__name__
            while label in self.types:
                label += "'"
            self._labels[kind] = label
            self.types[label] = kind
        return self._labels[kind]


def worth_repeating(exercise, calls=1500):
    """The calls for repeated runs: for each function two that worked, then two that did not."""
    good, bad = {}, {}
    for key, outcome in exercise.outcomes.items():
        if key not in exercise.slow:
            label = key.partition("(")[0]
            (good if outcome.startswith("->") else bad).setdefault(label, []).append(key)
    makers = [key for label in good for key in good[label][:2]]
    others = [key for label in bad for key in bad[label][:1]]
    return list(dict.fromkeys(makers + list(exercise.errors)[:20] + others))[:calls]


def _visited(specimen):
    own = type(specimen)
    return {type(item).__qualname__ for item in gc.get_referents(specimen) if item is not own}


def quiet():
    """Nothing that the judged code prints or reads goes to or comes from a person."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    if null > 1:
        os.close(null)


def _stop(number, frame):
    raise Blocked


def _drain(iterable):
    for index, _ in enumerate(iterable):
        if index >= 5:
            break
