"""A module that refuses a second copy refuses it every time, as long as the first one lives.

Numbers in brackets are rows of the handbook's table of field bugs.
"""

import gc

TIMES = 4


def run(setting):
    """Keep one copy and try for more; then let all go and try once more [28]."""
    subject = setting.subject
    kept = subject.load()
    words = []
    for _ in range(TIMES):
        subject.forget()
        words.append(_attempt(subject))
        gc.collect()
    changes = [word for index, word in enumerate(words) if index == 0 or words[index - 1] != word]
    problems = [f"{', then '.join(changes)} [28]"] if len(changes) > 1 else []
    del kept
    subject.forget()
    gc.collect()
    return {"ok": not problems, "problems": problems, "words": words, "last": _attempt(subject)}


def _attempt(subject):
    try:
        subject.load()
    except ImportError:
        return "refused"
    return "loaded"
