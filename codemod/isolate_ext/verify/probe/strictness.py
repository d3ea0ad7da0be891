"""What the interpreter warns of when it makes the module's types.

Numbers in brackets are rows of the handbook's table of field bugs.
"""

import warnings


def run(setting):
    """Import once for all that the module imports itself, and once more to hear its warnings."""
    subject = setting.subject
    subject.alone()
    subject.load()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        subject.load()
    problems = sorted({f"{each.category.__name__}: {each.message} [17, 30]" for each in heard})
    return {"ok": not problems, "problems": problems}
