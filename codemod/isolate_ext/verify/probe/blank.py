"""Instances that no constructor filled in, and instances of empty subclasses.

Numbers in brackets are rows of the handbook's table of field bugs.
"""

import re

from probe.exercise import OPERATIONS, outcome_of

LOST = re.compile(r"^! builtins.SystemError|has no associated module|No superclass of")
"""How it shows that a function does not find its module."""


def run(setting):
    """Blank instances must not crash [11]; subclasses must reach the module's state [20]."""
    done = setting.exercise(setting.subject.load())
    for kind in done.types.values():
        for make in (
            kind,
            lambda kind=kind: kind.__new__(kind),
            lambda kind=kind: object.__new__(kind),
        ):
            try:
                instance = make()
            except Exception:
                continue
            for _, operation in OPERATIONS:
                try:
                    operation(instance)
                except Exception:
                    continue
    problems = []
    for label, kind in done.types.items():
        for function, args in done.producers.get(label, {}).values():
            if function is kind:
                problems += _subclass(label, kind, args, done)
    return {"ok": not problems, "problems": problems}


def _subclass(label, kind, args, done):
    """What a method does on an instance it does on one of an empty subclass as well."""
    try:
        derived = type("Empty", (kind,), {})
        plain, instance = kind(*args), derived(*args)
    except Exception:
        return []
    problems = []
    for name in dir(kind):
        if name.startswith("__") or f"{label}.{name}" in done.skip:
            continue
        call = any(f"{label}#{number}.{name}()" in (done.only or ()) for number in range(2))
        one, other = (_outcome(each, name, call) for each in (plain, instance))
        if LOST.search(other) and not LOST.search(one):
            problems.append(f"{label}.{name} on a subclass: {other[2:]} [20]")
    return problems


def _outcome(instance, name, call):
    try:
        value = getattr(instance, name)
        if callable(value) and call:
            value()
    except Exception as error:
        return outcome_of(error)
    return "->"
