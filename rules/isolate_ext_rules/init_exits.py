"""How the init function ends: its returns, and the module that it lets go of."""

from __future__ import annotations

from isolate_ext.capi.ownership import INCREF, RELEASE
from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.init import Exit, ExitKind, creator_statements, forgets
from isolate_ext.placement.modules import module_parameters
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.adjacent import sole_argument
from isolate_ext_rules.c_text import remove_statement
from isolate_ext_rules.module_names import module_name
from isolate_ext_rules.unasked_calls import success

GROUP = "init"


def leave(pass_: Pass, exit_: Exit) -> None:
    """One `return` of the init function, as exec says it: 0 or -1."""
    init = pass_.decisions.init
    path = init.creator.path
    if exit_.value is None:
        pass_.refuse_node(
            Reason.INIT_SHAPE, path, exit_.node, "the init function returns nothing here"
        )
        return
    text = _result(pass_, exit_.value, exit_.kind)
    if text is not None:
        pass_.replace(
            path, exit_.value.start, exit_.value.end, text.encode(), GROUP, Stage.ISOLATED
        )
        return
    bare = strip_casts(exit_.value)
    if bare.kind == "conditional_expression":
        arms = [bare.child("consequence"), bare.child("alternative")]
        texts = [_arm(pass_, arm) if arm is not None else None for arm in arms]
        if all(text is not None for text in texts):
            for arm, arm_text in zip(arms, texts, strict=True):
                assert arm is not None and arm_text is not None
                pass_.replace(path, arm.start, arm.end, arm_text.encode(), GROUP, Stage.ISOLATED)
            return
    callee = bare.child("function") if bare.kind == "call_expression" else None
    if callee is not None and callee.str.startswith("PyErr_"):
        text = f"{{ {bare.str}; return -1; }}"
        pass_.replace(path, exit_.node.start, exit_.node.end, text.encode(), GROUP, Stage.ISOLATED)
        return
    pass_.refuse_node(
        Reason.INIT_SHAPE,
        path,
        exit_.node,
        "the init function returns something that is neither the module nor NULL",
    )


def _result(pass_: Pass, value: Node, kind: ExitKind) -> str | None:
    init = pass_.decisions.init
    if kind is ExitKind.FAILURE:
        return "-1"
    if kind is ExitKind.CREATED:
        return success(pass_)
    if kind is ExitKind.MODULE:
        return f"{module_name(pass_)} == NULL ? -1 : 0" if init.reassigned else success(pass_)
    return _arm(pass_, value)


def _arm(pass_: Pass, value: Node) -> str | None:
    """-1 or 0 for a value that means NULL or the module, through macros."""
    init = pass_.decisions.init
    bare = strip_casts(value)
    if bare.str in ("NULL", "0"):
        return "-1"
    if init.module_variable is not None and bare.str == init.module_variable:
        return "0"
    name = bare.child("function") if bare.kind == "call_expression" else bare
    if name is None or name.kind != "identifier":
        return None
    routine = pass_.extension.routine_named(f"#{name.str}", init.creator.path)
    if routine is None or not routine.is_macro:
        return None
    bodies = {
        pass_.parsed(d.path).source.data[slice(*d.body)].strip(b"() \t")
        for d in routine.definitions
        if all(c.verdict is not False for c in d.conditions)
    }
    if bodies <= {b"NULL", b"0"}:
        return "-1"
    parameters = {(p.name or "").encode() for d in routine.definitions for p in d.parameters}
    return "0" if bodies <= parameters and bodies else None


def releases(pass_: Pass, removed: list[tuple[int, int]]) -> None:
    """exec does not own the module, so neither it nor what it calls releases it."""
    extension, init = pass_.extension, pass_.decisions.init
    if init.module_variable is not None and init.creator.node is not None:
        _let_be(pass_, init.creator, init.module_variable, removed)
    for definition, name in module_parameters(extension, init).items():
        taken = [
            each
            for each in creator_statements(extension, definition)
            if (value := sole_argument(each, INCREF)) is not None and value.str == name
        ]
        if not taken:
            _let_be(pass_, definition, name, [])


def _let_be(pass_: Pass, definition: Definition, name: str, removed: list[tuple[int, int]]) -> None:
    """Take the releases of the module in one function away."""
    for node in creator_statements(pass_.extension, definition):
        value = sole_argument(node, RELEASE | {"Py_CLEAR"})
        if value is None or value.str != name:
            continue
        if any(start <= node.start < end for start, end in removed):
            continue
        if forgets(node, name):
            text = f"{name} = NULL;".encode()
            pass_.replace(definition.path, node.start, node.end, text, GROUP, Stage.ISOLATED)
        else:
            remove_statement(pass_, definition.path, node, GROUP, Stage.ISOLATED)
