"""Objects, caches and settings in C globals.

What: a file-scope or function-local variable that holds an object, an array or struct of objects,
or plain data that is written, becomes a member of the module state.

Why: every copy of the module and every interpreter shares a C static; an exception kept there is
overwritten by the next import, and a cached object outlives the interpreter that made it.

Declines when: the variable is used at file scope, its name is made by ##, its type has no name,
code that was not parsed uses it, it begins with what only another file names, or each thread has an
object of its own in it.  Plain data of which each thread has its own stays as it is.

Handbook patterns 53, 68, 69, 70, 72, 74, 76, 77, 81.
"""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.declarators import future_tag
from isolate_ext.model.entities import Declaration, Kind, Use
from isolate_ext.placement.decisions import StateField
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import moving_siblings, remove_declaration
from isolate_ext_rules.examples import EXCEPTION, TABLE_OF_ADDRESSES

EXAMPLES = (
    Rewrite(EXCEPTION, ("PyObject *Error;", "state->Error"), ("static PyObject *Error",)),
    Refused(TABLE_OF_ADDRESSES, Reason.FILE_SCOPE_USE),
)


def run(pass_: Pass) -> None:
    for field in pass_.decisions.fields.values():
        if field.kind not in (Kind.TYPE, Kind.IDENTIFIER):
            _move(pass_, field)


def _move(pass_: Pass, field: StateField) -> None:
    variable = pass_.extension.variables[field.symbol]
    hidden = next(_out_of_sight(pass_, variable.home), None)
    if hidden is not None:
        text = f"{variable.name} begins with {hidden.str}, which the init function cannot name"
        pass_.refuse_node(Reason.FILE_SCOPE_USE, variable.home.path, hidden, text, field.symbol)
        return
    for use in pass_.extension.uses_of(field.symbol):
        if use.holder in pass_.decisions.fixed_tables:
            return
        if use.inside is None and not pass_.decisions.claims(use):
            pass_.refuse(
                Reason.FILE_SCOPE_USE,
                use.path,
                use.start,
                use.end,
                f"{variable.name} is used outside of a function",
                field.symbol,
            )
            return
    group = f"global:{field.symbol}"
    kept = field.symbol == pass_.decisions.module_global
    for use in editable_uses(pass_, field.symbol):
        if not kept:
            replace_use(pass_, use, field, group)
        elif use.inside is not pass_.decisions.init.creator:
            pass_.state_edit(
                use.path,
                use.start,
                use.end,
                use.inside,
                group,
                lambda state: [f"{state}->{field.name}".encode()],
                Stage.ISOLATED,
            )
    if not kept:
        for declaration in variable.definitions + variable.declarations:
            _name_type(pass_, declaration, group)
            remove_declaration(pass_, declaration, group, Stage.STATE, comment=True)


def _out_of_sight(pass_: Pass, home: Declaration) -> Iterator[Node]:
    """What an initial value names that the translation unit of the init function does not."""
    extension, creator = pass_.extension, pass_.decisions.init.creator
    seen = {path for unit in extension.units_of([creator.path]) for path in extension.units[unit]}
    value = home.initialiser
    for node in (value, *value.of_kind("identifier")) if value is not None else ():
        variable = extension.variable_named(node.str, home.path)
        found = [each.path for each in variable.definitions] if variable is not None else []
        found += [each.path for each in variable.declarations] if variable is not None else []
        for name in (f"#{node.str}", node.str):
            routine = extension.routine_named(name, home.path)
            if routine is not None:
                found += [each.path for each in routine.definitions]
                found += [each.path for each in routine.prototypes]
        if found and not seen & set(found):
            yield node


def _name_type(pass_: Pass, declaration: Declaration, group: str) -> None:
    """A struct without a name gets one, for the member that it is the type of."""
    tag, struct = future_tag(declaration.node), declaration.node.child("type")
    moving = moving_siblings(pass_, declaration)
    first = min((each.name_start for each in moving), default=declaration.name_start)
    if tag is not None and struct is not None and declaration.name_start == first:
        at = struct.children[0].end
        pass_.replace(declaration.path, at, at, f" {tag}".encode(), group, Stage.STATE)


def editable_uses(pass_: Pass, symbol: str) -> list[Use]:
    """Uses outside of generated code, and of tables that another rule takes care of."""
    return [
        use
        for use in pass_.extension.uses_of(symbol)
        if use.path not in pass_.extension.generated and not pass_.decisions.claims(use)
    ]


def replace_use(pass_: Pass, use: Use, field: StateField, group: str) -> None:
    """Spell a use of a moved variable as a member of the state."""
    macro = use.inside is not None and use.inside.is_macro

    def text(state: str) -> list[bytes]:
        return [f"({state})->{field.name}".encode() if macro else f"{state}->{field.name}".encode()]

    pass_.state_edit(use.path, use.start, use.end, use.inside, group, text)


RULE = Rule(
    "global-variable",
    __doc__,
    (53, 68, 69, 70, 72, 74, 76, 77, 81),
    Stage.STATE,
    Safety.SAFE,
    run,
    EXAMPLES,
)
