"""Flags that keep the init function from doing something twice.

What: a flag that nothing but the init function asks and sets goes, and what it guarded is done.

Why: a module is executed once, and what the flag guards, such as the types of struct sequences, is
made anew for each module.

Declines when: it stays a member where it is asked after it was set, in a loop, or elsewhere.

Handbook pattern 52.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext_rules.c_text import indent_at, remove_statement, whole_lines
from isolate_ext_rules.examples import module

GUARDED = module(
    """
static PyStructSequence_Field point_fields[] = {{"x", NULL}, {"y", NULL}, {NULL, NULL}};
static PyStructSequence_Desc point_desc = {"spam.point", NULL, point_fields, 2};
static PyTypeObject PointType;
static int initialized;
""",
    "",
    """if (!initialized) {
        if (PyStructSequence_InitType2(&PointType, &point_desc) < 0)
            return NULL;
    }
    Py_INCREF(&PointType);
    PyModule_AddObject(m, "point", (PyObject *)&PointType);
    initialized = 1;""",
)
EXAMPLES = (
    Rewrite(
        GUARDED,
        (
            "\n    state->PointType = PyStructSequence_NewType(&point_desc);\n"
            "    if (state->PointType == NULL)\n        return -1;\n",
        ),
        ("initialized",),
    ),
    Rewrite(
        GUARDED.replace("    return m;", "    if (!initialized) {\n        m = NULL;\n    }"),
        ("int initialized;", "if (!state->initialized) {"),
    ),
)


def run(pass_: Pass) -> None:
    for key, guard in pass_.decisions.guards.items():
        path = pass_.decisions.init.creator.path
        for each in guard.asked:
            condition = each.child("condition")
            assert condition is not None
            pass_.plan.end_before(Stage.ISOLATED, path, *condition.span)
            _without_test(pass_, path, each, f"global:{key}")
        for each in guard.set:
            pass_.plan.end_before(Stage.ISOLATED, path, *each.span)
            remove_statement(pass_, path, each, f"global:{key}", Stage.ISOLATED)


def _without_test(pass_: Pass, path: str, statement: Node, group: str) -> None:
    """The lines between the braces, as far to the left as the `if` stood."""
    then = statement.child("consequence")
    assert then is not None
    data = pass_.parsed(path).source.data
    start, end = whole_lines(data, statement.start, then.end)
    inner = data.find(b"\n", then.start) + 1, data.rfind(b"\n", 0, then.end) + 1
    margins = (indent_at(data, then.named[0].start), indent_at(data, statement.start))
    hole = Hole(Span(*inner), margins=(margins[0].encode(), margins[1].encode()))
    pass_.replace(path, start, end, [hole], group, Stage.ISOLATED)


RULE = Rule("init-guard", __doc__, (52,), Stage.ISOLATED, Safety.SAFE, run, EXAMPLES)
