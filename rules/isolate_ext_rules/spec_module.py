"""The module for types that are made of specs: where it was NULL, it is said."""

from __future__ import annotations

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Definition
from isolate_ext.model.type_makers import moduleless
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.module_names import module_name


def bind_to_module(pass_: Pass) -> None:
    """Each NULL that stands for the module becomes it."""
    for each in moduleless(pass_.extension):
        argument = each.argument
        text = module_for_type(pass_, each.path, argument, each.inside)
        if text is not None:
            pass_.replace(
                each.path, argument.start, argument.end, text.encode(), "init", Stage.ISOLATED
            )


def module_for_type(pass_: Pass, path: str, at: Node, function: Definition | None) -> str | None:
    """How the module is called where a type is made; a refusal where it is not at hand."""
    if function is pass_.decisions.init.creator:
        return module_name(pass_)
    text = pass_.decisions.modules.get(function) if function is not None else None
    if text is None:
        pass_.refuse_node(
            Reason.INIT_SHAPE, path, at, "a type is made where the module is not at hand"
        )
    return text
