"""Numbers and texts that belong to one copy of the module: what one sets, another must not see."""

import time

TICK = 1.1


def run(setting):
    """Compare what fresh copies answer, before and after one of them was used.

    An answer that changes by itself, or from one fresh copy to the next, says nothing.
    """
    one, _ = _fresh(setting)
    other, used = _fresh(setting)
    known = {key for key, value in one.items() if other.get(key) == value}
    setting.exercise(used)
    after, _ = _fresh(setting)
    suspects = {key for key in known if key in after and after[key] != one[key]}
    if suspects:
        time.sleep(TICK)
        again, _ = _fresh(setting)
        suspects = {key for key in suspects if again.get(key) == after[key]}
    problems = [
        f"{key} gives {after[key]!r} in a fresh copy, once another was used; {one[key]!r} before"
        for key in sorted(suspects)
    ]
    return {"ok": not problems, "problems": problems}


def _fresh(setting):
    """A fresh copy with the answers of its functions that take no arguments."""
    module = setting.subject.load()
    answers = {}
    for key in setting.only or ():
        name, _, arguments = key.partition("(")
        function = vars(module).get(name)
        if arguments != ")" or key in setting.skip or isinstance(function, type):
            continue
        try:
            value = function()
        except Exception:
            continue
        if type(value) in (int, bool, str, float):
            answers[key] = value
    return answers, module
