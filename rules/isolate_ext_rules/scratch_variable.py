"""Static scratch variables.

What: a variable local to a function that keeps nothing from one call to the next loses its
`static`.

Why: all interpreters share it, and two that run at the same time overwrite each other's values.

Declines when: it becomes a member of the state where a call may read what an earlier one left, or
where something may keep its address.

Handbook pattern 77.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext_rules.examples import module

SEEDED = module(
    """
static PyObject *Error;

typedef struct {
    unsigned long high;
    unsigned long low;
} Random;

static void
seed(Random *random, unsigned long value)
{
    random->high = value;
    random->low = random->high * 69069;
    random->high ^= random->low;
}

static PyObject *
spam_random(PyObject *self, PyObject *arg)
{
    static Random random;

    seed(&random, PyLong_AsUnsignedLong(arg));
    return PyLong_FromUnsignedLong(random.high);
}
""",
    '{"random", spam_random, METH_O, NULL},',
    'Error = PyErr_NewException("spam.Error", NULL, NULL);',
)
EXAMPLES = (
    Rewrite(SEEDED, ("    Random random;\n\n    seed(&random,",), ("static Random",)),
    Rewrite(
        SEEDED.replace("    random->low = random->high", "    random->low += random->high"),
        ("seed(&state->spam_random_random,",),
        ("static Random",),
    ),
)


def run(pass_: Pass) -> None:
    for variable in pass_.decisions.scratch:
        home = variable.home
        data = pass_.parsed(home.path).source.data
        word = re.search(rb"\bstatic\s+", data[home.start : home.end])
        assert word is not None
        start = home.start + word.start()
        pass_.replace(
            home.path, start, home.start + word.end(), b"", f"global:{variable.key}", Stage.STATE
        )


RULE = Rule("scratch-variable", __doc__, (77,), Stage.STATE, Safety.SAFE, run, EXAMPLES)
