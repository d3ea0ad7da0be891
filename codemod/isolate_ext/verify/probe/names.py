"""The name of a type in the interpreter's own messages: it dangles where its text was freed.

Numbers in brackets are rows of the handbook's table of field bugs.
"""

import re

SHOWN = re.compile(r"for '(.*?)' objects", re.DOTALL)
CUT = 100


def run(setting):
    """Provoke a message with the C name of each type, and compare it with the name in Python."""
    done = setting.exercise(setting.subject.load())
    problems = []
    for label, kind in done.types.items():
        for shown in _shown(kind):
            if len(shown) < CUT and shown.rpartition(".")[2] != kind.__name__:
                problems.append(f"type {label}: messages call it {shown!r} [18]")
                break
    return {"ok": not problems, "problems": problems}


def _shown(kind):
    """What messages of the type's descriptors call it."""
    for value in list(vars(kind).values()):
        if getattr(value, "__objclass__", None) is not kind:
            continue
        try:
            value.__get__(object(), object)
        except UnicodeDecodeError as error:
            yield str(error)
        except TypeError as error:
            found = SHOWN.search(str(error))
            if found:
                yield found[1]
