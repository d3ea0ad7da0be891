"""Single-phase initialisation.

What: the body of the init function becomes an exec function; `PyInit_name` only returns
`PyModuleDef_Init`; the module definition gets slots, the size of the state, and its hooks. Its name
stays as it was written, though the import decides what the module is called from here on (18).
Where calls that may fail are not asked, exec asks for their error at its end.

Why: multi-phase initialisation makes a fresh module for every import and every interpreter.

Declines when: the init function is more than one function deep, does other work beside calling
the one that creates the module, or returns something that is neither the module nor NULL.

Handbook patterns 1, 2, 7, 8, 11, 12, 13 and 18, section 0.1.
"""

from __future__ import annotations

import re

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.declarators import declarators
from isolate_ext.model.init import ExitKind
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import (
    body_start,
    head_start,
    remove_declaration,
    remove_statement,
    statement_of,
    whole_lines,
)
from isolate_ext_rules.examples import EXCEPTION, module
from isolate_ext_rules.exec_prologue import add_prologue
from isolate_ext_rules.home import definition_name
from isolate_ext_rules.init_exits import leave, releases
from isolate_ext_rules.init_macros import macro_exits
from isolate_ext_rules.module_definition import complete_definition, write_definition
from isolate_ext_rules.module_names import module_name
from isolate_ext_rules.verify_module import verify_init

EXAMPLES = (
    Rewrite(
        EXCEPTION,
        (
            "spam_exec(PyObject *m)",
            "return PyModuleDef_Init(&spam_module);",
            "{Py_mod_exec, spam_exec},",
            ".m_size = sizeof(spam_state)",
            "Py_MOD_PER_INTERPRETER_GIL_SUPPORTED",
        ),
        ("PyModule_Create",),
    ),
    Rewrite(
        module("").replace(
            "    return m;", '    PyModule_AddIntConstant(m, "x", 1);\n    return m;'
        ),
        ('PyModule_AddIntConstant(m, "x", 1);\n    return PyErr_Occurred() ? -1 : 0;',),
    ),
    Refused(
        module("static PyObject *make(PyObject *m) { return m; }").replace(
            "return m;\n}\n", "return make(m);\n}\n"
        ),
        Reason.INIT_SHAPE,
    ),
)
GROUP = "init"


def run(pass_: Pass) -> None:
    init = pass_.decisions.init
    add_prologue(pass_)
    if init.multi_phase:
        complete_definition(pass_)
        return
    if len(init.chain) > 2 or (len(init.chain) == 2 and not _only_calls(init.entry.node)):
        entry = init.entry
        pass_.refuse(
            Reason.INIT_SHAPE,
            entry.path,
            entry.name_start,
            entry.name_start + len(entry.name),
            f"{entry.name} does more than call the function that creates the module",
        )
        return
    removed = _creation(pass_) + _found_again(pass_)
    for exit_ in init.exits:
        if not any(start <= exit_.node.start < end for start, end in removed):
            leave(pass_, exit_)
    macro_exits(pass_)
    releases(pass_, removed)
    _header(pass_)
    write_definition(pass_)


def _only_calls(node: Node | None) -> bool:
    body = node.child("body") if node is not None else None
    if body is None:
        return False
    statements = [s for s in body.named if s.kind != "comment"]
    return len(statements) == 1 and statements[0].kind == "return_statement"


def _creation(pass_: Pass) -> list[tuple[int, int]]:
    """Take the creation, its check and the variable's declaration away; the spans removed."""
    init = pass_.decisions.init
    path, call = init.creator.path, init.create_call
    assert call is not None
    kept = init.module_variable
    removed: list[tuple[int, int]] = []
    if pass_.decisions.module_global is not None:
        variable = pass_.extension.variables[pass_.decisions.module_global]
        for declaration in variable.definitions + variable.declarations:
            remove_declaration(pass_, declaration, GROUP, Stage.ISOLATED, comment=True)
    if kept is None:
        created = [e for e in init.exits if e.kind is ExitKind.CREATED]
        if not created:
            pass_.replace(path, call.start, call.end, b"module", GROUP, Stage.ISOLATED)
        return removed
    statement = statement_of(call)
    if statement.kind == "declaration":
        _remove_declarator(pass_, path, statement, kept)
        removed.append((statement.start, statement.end))
    elif statement.kind == "expression_statement":
        remove_statement(pass_, path, statement, GROUP, Stage.ISOLATED)
        removed.append((statement.start, statement.end))
        _remove_declaration_of(pass_, kept)
    elif statement.kind == "if_statement" and _null_check(statement, kept):
        remove_statement(pass_, path, statement, GROUP, Stage.ISOLATED)
        removed.append((statement.start, statement.end))
        _remove_declaration_of(pass_, kept)
        return removed
    else:
        pass_.replace(path, call.start, call.end, kept.encode(), GROUP, Stage.ISOLATED)
        _remove_declaration_of(pass_, kept)
        return removed
    following = _next_statement(statement)
    if following is not None and following.kind == "if_statement" and _null_check(following, kept):
        remove_statement(pass_, path, following, GROUP, Stage.ISOLATED)
        removed.append((following.start, following.end))
    return removed


def _found_again(pass_: Pass) -> list[tuple[int, int]]:
    """``m = PyState_FindModule(...); if (m != NULL) return m;``: a module made before."""
    init = pass_.decisions.init
    body = init.creator.node.child("body") if init.creator.node is not None else None
    kept = init.module_variable
    removed: list[tuple[int, int]] = []
    for statement in body.named if body is not None and kept is not None else ():
        text = re.sub(r"\s+", "", statement.str)
        if re.match(rf"if\(\({kept}=PyState_FindModule\(&?\w+\)\)(!=(NULL|0))?\)", text):
            if statement.child("alternative") is None:
                remove_statement(pass_, init.creator.path, statement, GROUP, Stage.ISOLATED)
                removed.append((statement.start, statement.end))
            continue
        if statement.kind == "expression_statement" and text.startswith(
            f"{kept}=PyState_FindModule("
        ):
            following = _next_statement(statement)
            for each in (statement, following):
                test = (
                    each.child("condition") if each is not None and each is not statement else None
                )
                if each is statement or (
                    test is not None
                    and re.fullmatch(rf"\({kept}(!=(NULL|0))?\)", re.sub(r"\s+", "", test.str))
                ):
                    assert each is not None
                    remove_statement(pass_, init.creator.path, each, GROUP, Stage.ISOLATED)
                    removed.append((each.start, each.end))
    return removed


def _next_statement(statement: Node) -> Node | None:
    siblings = statement.parent.named if statement.parent is not None else []
    after = [s for s in siblings if s.start >= statement.end and s.kind != "comment"]
    return after[0] if after else None


def _null_check(statement: Node, kept: str) -> bool:
    """``if (m == NULL) return NULL;`` in its spellings, the creation itself inside or before it."""
    test, then = statement.child("condition"), statement.child("consequence")
    if test is None or then is None or statement.child("alternative") is not None:
        return False
    text = re.sub(r"\s+", "", test.str)
    name = re.escape(kept)
    value = rf"(\(?{name}=PyModule_Create2?\(.*\)\)?|{name})"
    if not re.fullmatch(rf"\((!{value}|{value}==(NULL|0)|(NULL|0)=={value})\)", text):
        return False
    statements = then.named if then.kind == "compound_statement" else [then]
    return (
        len([s for s in statements if s.kind != "comment"]) == 1
        and re.fullmatch(r"(return\b[^;]*|goto\s+\w+|[A-Z_]+)\s*;", statements[-1].str) is not None
    )


def _remove_declaration_of(pass_: Pass, name: str) -> None:
    creator = pass_.decisions.init.creator
    for node in creator.node.descendants() if creator.node is not None else ():
        if node.kind == "declaration" and any(d.name.str == name for d in declarators(node)):
            _remove_declarator(pass_, creator.path, node, name)
            return


def _remove_declarator(pass_: Pass, path: str, declaration: Node, name: str) -> None:
    found = list(declarators(declaration))
    data = pass_.parsed(path).source.data
    if len(found) == 1:
        start, end = whole_lines(data, declaration.start, declaration.end)
        pass_.replace(path, start, end, b"", GROUP, Stage.ISOLATED)
        return
    index = next(i for i, d in enumerate(found) if d.name.str == name)
    if index + 1 < len(found):
        start, end = found[index].node.start, found[index + 1].node.start
    else:
        start, end = found[index - 1].node.end, found[index].node.end
    pass_.replace(path, start, end, b"", GROUP, Stage.ISOLATED)


def _header(pass_: Pass) -> None:
    init, names = pass_.decisions.init, pass_.decisions.names
    creator = init.creator
    unused = _module_unused(pass_)
    parameter = f"Py_UNUSED({module_name(pass_)})" if unused else module_name(pass_)
    text = f"static int\n{names.exec_function}(PyObject *{parameter})\n"
    data = pass_.parsed(creator.path).source.data
    start = head_start(data, creator)
    pass_.replace(creator.path, start, creator.body[0], text, GROUP, Stage.ISOLATED)
    returned = f"return PyModuleDef_Init(&{definition_name(pass_)});"
    if creator is init.entry:
        before = data[start : creator.start].decode("latin-1")
        new = f"\n\n{before}PyMODINIT_FUNC\n{init.entry.name}(void)\n{{\n    {returned}\n}}"
        pass_.replace(creator.path, creator.end, creator.end, new, GROUP, Stage.ISOLATED)
    else:
        at = body_start(pass_.parsed(init.entry.path).source.data, init.entry.body)
        pass_.replace(
            init.entry.path,
            at,
            init.entry.body[1] - 1,
            f"\n    {returned}\n",
            GROUP,
            Stage.ISOLATED,
        )


def _module_unused(pass_: Pass) -> bool:
    init = pass_.decisions.init
    if init.module_variable is not None or init.creator.node is None:
        return False
    return not pass_.decisions.fields and not pass_.decisions.threaded


RULE = Rule(
    "single-phase-init",
    __doc__,
    (1, 2, 7, 8, 11, 12, 13, 18),
    Stage.ISOLATED,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_init,
    guarded=True,
)
