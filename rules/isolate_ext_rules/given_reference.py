"""References that a member of the state would lose.

What: where an object that the state keeps is handed to something that takes its reference over, or
came without one, the state takes a reference of its own; a release of it on a path that fails
empties the member, and one after the object was stored elsewhere goes.

Why: in a module that was never destroyed a static could live on the reference of a dict or tuple.
The state releases its members, so each has to own what it points to.

Declines when: a path is found on which a member still has no reference of its own, as that of one
that a method fills and returns, or when one that a function lends is given away.

Handbook patterns 14, 16 and 68.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.capi.ownership import STEALS
from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Kind, Use, with_casts
from isolate_ext.model.init import init_closure
from isolate_ext.placement.decisions import StateField
from isolate_ext.placement.followed import argument_of
from isolate_ext.placement.refcounts import NOTHING, Event, Exit, Loss, any_index, place
from isolate_ext.placement.references import References, references_of
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text.replacement import Part
from isolate_ext_rules.add_object import adds
from isolate_ext_rules.c_text import indent_at, remove_statement, statement_of
from isolate_ext_rules.examples import FAIL, module
from isolate_ext_rules.verify_references import verify_references

EXAMPLES = (
    Rewrite(
        module(
            """
static int
add_name(PyObject *m, const char *name, PyObject *value)
{
    return PyModule_AddObject(m, name, value);
}

static PyObject *Error;
"""
            + FAIL,
            '{"fail", spam_fail, METH_NOARGS, NULL},',
            """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL) {
        return NULL;
    }
    if (add_name(m, "Error", Error) < 0) {
        Py_DECREF(Error);
        return NULL;
    }""",
        ),
        (
            "    Py_XINCREF(state->Error);\n"
            '    if (add_name(m, "Error", state->Error) < 0) {\n'
            "        Py_CLEAR(state->Error);\n"
            "        return -1;",
        ),
    ),
    Refused(
        module(
            """
static PyObject *Error;

static PyObject *
get_error(void)
{
    if (Error == NULL) {
        Error = PyErr_NewException("spam.Error", NULL, NULL);
    }
    return Error;
}
"""
            + FAIL,
            '{"fail", spam_fail, METH_NOARGS, NULL},',
            'PyModule_AddObject(m, "Error", get_error());',
        ),
        Reason.BORROWED,
    ),
)


class _Shortage(msgspec.Struct, frozen=True):
    """A place whose reference a path loses, and where it does."""

    name: str
    field: StateField
    event: Event
    end: Exit


def run(pass_: Pass) -> None:
    closure = init_closure(pass_.extension, pass_.decisions.init)
    references = references_of(pass_.extension)
    fields: dict[Definition, list[StateField]] = {}
    concerned: set[Definition] = set()
    for field in pass_.decisions.fields.values():
        if not field.owned or field.kind is Kind.IDENTIFIER:
            continue
        address = field.kind is Kind.TYPE
        for use in pass_.extension.uses_of(field.symbol):
            moves = use.node is None or references.moves(use.path, use.node, address=address)
            for definition in _functions(pass_, use):
                found = fields.setdefault(definition, [])
                if field not in found and not adds(pass_, field, definition):
                    found.append(field)
                if moves and field in found:
                    concerned.add(definition)
        _refuse_lent(pass_, field, references)
    for definition, mine in fields.items():
        if mine and definition in concerned:
            once = definition.routine in closure
            _Function(pass_, definition, mine, once).mend(references)


def _refuse_lent(pass_: Pass, field: StateField, references: References) -> None:
    """What an own function returns without a reference may not be given to what takes one over."""
    extension = pass_.extension
    lenders = {
        use.inside.routine
        for use in extension.uses_of(field.symbol)
        if use.inside is not None and use.node is not None and _returned(use.node)
    }
    for key in lenders:
        for use in extension.uses_of(key):
            found = argument_of(use.call) if use.call is not None else None
            if found is None or not _steals(found[0].str, found[1]) or not references.lends(key):
                continue
            text = f"{found[0].str} takes over a reference to {field.name} that nobody gives it"
            pass_.refuse_node(Reason.BORROWED, use.path, use.call or found[0], text, field.symbol)


def _returned(node: Node) -> bool:
    parent = with_casts(node).parent
    return parent is not None and parent.kind == "return_statement"


def _steals(callee: str, index: int) -> bool:
    return index in STEALS.get(callee, ())


def _functions(pass_: Pass, use: Use) -> set[Definition]:
    """The function of a use; those that use the macro that it is in."""
    if use.inside is None or not use.inside.is_macro:
        return {use.inside} if use.inside is not None else set()
    outer = pass_.extension.uses_of(use.inside.routine)
    return {each.inside for each in outer if each.inside is not None and not each.inside.is_macro}


class _Function:
    """One function that uses members of the state; ``once`` says that it is a part of init."""

    def __init__(
        self, pass_: Pass, definition: Definition, fields: list[StateField], once: bool
    ) -> None:
        self.pass_ = pass_
        self.definition = definition
        self.once = once
        variables = pass_.extension.variables
        self.fields = {variables[field.symbol].name: field for field in fields}

    def mend(self, references: References) -> None:
        exits = references.beside(self._owned, self._holds, self.fields).exits(self.definition)
        chosen = {
            (each.event.outer.start, each.event.node.start, each.event.place): each
            for failing in (True, False)
            for end in exits
            if end.failing is failing
            for each in self._lost(end)
        }
        for each in chosen.values():
            self._keep(each)

    def _owned(self, place: str) -> bool:
        return self._field(place) is not None

    def _holds(self, base: str) -> bool:
        field = self.fields.get(base)
        return field is not None and field.kind in (Kind.OBJECT_ARRAY, Kind.OBJECT_STRUCT)

    def _field(self, place: str) -> StateField | None:
        """The member that a place of the original text becomes, or a part of."""
        match = re.fullmatch(r"(&?)(\w+)((?:\[[^\]]*\])*)(.*)", place)
        field = self.fields.get(match[2]) if match is not None else None
        if match is None or field is None or (match[1] == "&") is not (field.kind is Kind.TYPE):
            return None
        if match[3].count("[") != len(field.arrays):
            return None
        return field if any_index(match[4]) in (field.members or ("",)) else None

    def _lost(self, end: Exit) -> Iterator[_Shortage]:
        """The last losses of every object of which a member has too few references."""
        owners: dict[int, list[str]] = {}
        for name, value in end.path.held.items():
            if self._owned(name) and value != NOTHING:
                owners.setdefault(value, []).append(name)
        for value, names in owners.items():
            short = len(names) - end.path.counts[value]
            events = [event for event in end.path.events if event.value == value]
            field = self._field(names[0])
            if field is not None and 0 < short <= len(events):
                yield from (_Shortage(names[0], field, event, end) for event in events[-short:])

    def _keep(self, short: _Shortage) -> None:
        event, path = short.event, short.end.path
        passing = not self.once and path.overwrites(short.name)
        if event.loss is Loss.RELEASED and event.outer is event.node:
            if passing or short.end.failing or path.origin.get(short.name) == event.value:
                self._empty(short)
            else:
                self._drop(short)
        elif event.loss is Loss.STOLEN and not passing:
            written = event.place if event.outer is not event.node else None
            self._take(short, written, before=True)
        elif event.loss is Loss.LENT:
            self._take(short, short.name, before=False)

    def _empty(self, short: _Shortage) -> None:
        """``Py_DECREF(member)`` leaves nothing behind; that of a local goes."""
        callee = short.event.node.child("function")
        if self._field(short.event.place) is None:
            self._drop(short)
        elif callee is not None:
            group, since = _edit(short.field)
            path = self.definition.path
            self.pass_.replace(path, callee.start, callee.end, b"Py_CLEAR", group, since)

    def _drop(self, short: _Shortage) -> None:
        statement = statement_of(short.event.node)
        if statement.kind == "expression_statement":
            group, since = _edit(short.field)
            path = self.definition.path
            self.pass_.plan.end_before(since, path, statement.start, statement.end)
            remove_statement(self.pass_, path, statement, group, since)

    def _take(self, short: _Shortage, written: str | None, *, before: bool) -> None:
        """A statement of its own that takes a reference, before or behind another."""
        statement = statement_of(short.event.outer)
        parent = statement.parent
        if written is None:
            written = place(short.event.what) if short.event.what is not None else ""
        field = self._field(written)
        plain = re.fullmatch(r"\*?\w+((->|\.)\w+|\[\w+\])*", written) is not None
        if parent is None or parent.kind != "compound_statement" or not (field or plain):
            return
        margin = indent_at(self.pass_.parsed(self.definition.path).source.data, statement.start)
        at = statement.start if before else statement.end

        def text(state: str) -> list[Part]:
            spelled = _member(self.pass_, field, written, state) if field is not None else written
            line = f"Py_XINCREF({spelled});"
            made = f"{line}\n{margin}" if before else f"\n{margin}{line}"
            return [self.pass_.style(self.definition.path).adapt(made.encode())]

        group, since = _edit(short.field)
        self.pass_.state_edit(self.definition.path, at, at, self.definition, group, text, since)


def _edit(field: StateField) -> tuple[str, Stage]:
    """The group of edits, and the stage that they begin with, for one member."""
    if field.kind is Kind.TYPE:
        return f"type:{field.symbol}", Stage.HEAP_TYPES
    return f"global:{field.symbol}", Stage.ISOLATED


def _member(pass_: Pass, field: StateField, written: str, state: str) -> str:
    name = pass_.extension.variables[field.symbol].name
    return f"{state}->{field.name}{written.lstrip('&').removeprefix(name)}"


RULE = Rule(
    "given-reference",
    __doc__,
    (14, 16, 68),
    Stage.ISOLATED,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_references,
)
