"""Fields of the module definition that init sets.

What: a docstring that the init function puts into the module definition, before it makes the module
from that, is set on the module by the exec function instead.

Why: with multi-phase initialisation the interpreter has made the module when the exec function
runs, and what the definition says from then on shows nowhere.

Declines when: another field is set so, or the assignment is no statement of its own, or is one of
an `if` with an `else` and without braces.

Handbook pattern 1.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Use
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext_rules.c_text import indent_at
from isolate_ext_rules.examples import EXCEPTION
from isolate_ext_rules.module_names import module_name

OTHER_DOC = EXCEPTION.replace(
    "    PyObject *m =",
    '    if (Py_OptimizeFlag)\n        spam_module.m_doc = "Fast.";\n    PyObject *m =',
)
EXAMPLES = (
    Rewrite(
        OTHER_DOC,
        (
            'if (PyModule_SetDocString(m, "Fast.") < 0) {\n            return -1;\n        }',
            "return PyModuleDef_Init(&spam_module);",
        ),
        ("spam_module.m_doc",),
    ),
    Refused(OTHER_DOC.replace('m_doc = "Fast."', "m_methods = NULL"), Reason.INIT_SHAPE),
    Refused(
        OTHER_DOC.replace('"Fast.";', '"Fast.";\n    else\n        Py_OptimizeFlag = 0;'),
        Reason.INIT_SHAPE,
    ),
)


def run(pass_: Pass) -> None:
    init = pass_.decisions.init
    if init.create_call is None or init.module_def is None:
        return
    for use in pass_.extension.uses_inside(init.creator):
        if use.symbol == init.module_def.key and use.start < init.create_call.start:
            _field(pass_, use)


def _field(pass_: Pass, use: Use) -> None:
    member = use.node.parent if use.node is not None else None
    assignment = member.parent if member is not None else None
    if member is None or member.kind != "field_expression" or assignment is None:
        return
    if assignment.kind != "assignment_expression" or assignment.child("left") is not member:
        return
    value, statement = assignment.child("right"), assignment.parent
    field = member.child("field")
    if value is None or not _is_alone(statement) or field is None or field.str != "m_doc":
        text = f"{member.str} is set before the module is made, which exec is too late for"
        pass_.refuse_node(Reason.INIT_SHAPE, use.path, assignment, text)
        return
    assert statement is not None
    margin = indent_at(pass_.parsed(use.path).source.data, statement.start)
    newline = pass_.style(use.path).newline.decode()
    before = f"if (PyModule_SetDocString({module_name(pass_)}, "
    after = f") < 0) {{{newline}{margin}    return -1;{newline}{margin}}}"
    parts = (before.encode(), Hole(Span(value.start, value.end)), after.encode())
    pass_.replace(use.path, statement.start, statement.end, parts, "init", Stage.ISOLATED)


def _is_alone(statement: Node | None) -> bool:
    """A statement that an `if` may take the place of without getting the `else` of another."""
    if statement is None or statement.kind != "expression_statement":
        return False
    around = statement.parent
    return around is not None and (
        around.kind == "compound_statement"
        or (around.kind == "if_statement" and around.child("alternative") is None)
    )


RULE = Rule(
    "definition-field", __doc__, (1,), Stage.ISOLATED, Safety.SAFE, run, EXAMPLES, guarded=True
)
