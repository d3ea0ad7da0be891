"""Objects of one copy of the module in the hands of another: refused or served, never a crash.

Numbers in brackets are rows of the handbook's table of field bugs.
"""

import gc
import operator

from probe.exercise import outcome_of

SIGNS = tuple(
    (name, getattr(operator, name))
    for name in ("add", "sub", "mul", "and_", "eq", "lt", "contains")
)


def run(setting):
    """Give instances of the old copy to everything that the new copy can call [22]."""
    subject = setting.subject
    old = subject.load()
    first = setting.exercise(old)
    subject.forget()
    gc.collect()
    new = subject.load()
    second = setting.exercise(new)
    strangers = [item for items in first.specimens.values() for item in items[:1]]
    problems = []
    for name, function in _functions(second, new):
        for stranger in strangers:
            for args in ((stranger,), (stranger, stranger)):
                problems += _given(name, second, function, args)
    for label, specimens in second.specimens.items():
        for stranger in first.specimens.get(label, []):
            problems += _operators(label, specimens[0], stranger)
    return {"ok": not problems, "problems": sorted(set(problems))}


def _functions(done, module):
    """Functions, constructors and methods that the plan of calls has not left out."""
    for name, item in sorted(vars(module).items()):
        if name not in done.skip and done.callable(name, item):
            yield name, item
    for label, specimens in done.specimens.items():
        for name in sorted(dir(type(specimens[0]))):
            key = f"{label}#0.{name}"
            if name.startswith("__") or key in done.skip or done.harmful(name):
                continue
            try:
                method = getattr(specimens[0], name)
            except Exception:
                continue
            if callable(method) and not isinstance(method, type):
                yield key, method


def _given(name, done, function, args):
    try:
        done.bounded(function, args)
    except SystemError as error:
        return [f"{name} given an instance of another copy: {outcome_of(error)[2:]} [22]"]
    except BaseException:
        return []
    return []


def _operators(label, own, stranger):
    problems = []
    for sign, operation in SIGNS:
        for args in ((own, stranger), (stranger, own)):
            try:
                operation(*args)
            except SystemError as error:
                problems.append(f"{label} {sign} another copy's: {outcome_of(error)[2:]} [22]")
            except Exception:
                continue
    return problems
