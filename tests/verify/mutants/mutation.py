"""One mistake: where it stands, what it does to the text, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isolate_ext.model.entities import Definition
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Node
from isolate_ext.text import Replacement, compose, replacement


@dataclass(frozen=True)
class Mutation:
    """``kind`` names the mistake, ``what`` the text it concerns, ``where`` its file and line.

    ``subject`` is the C expression, member or flag that is concerned.
    """

    kind: str
    what: str
    where: str
    subject: str
    edits: tuple[Replacement, ...]

    def apply(self, texts: dict[str, bytes]) -> dict[str, bytes]:
        """The files that change, with the mistake made."""
        composed = compose(texts, self.edits)
        return {path: text for path, text in composed.files.items() if text != texts[path]}


def edited(
    extension: Extension, kind: str, subject: str, path: str, edits: list[tuple[int, int, bytes]]
) -> Mutation:
    """A mistake in one file, whose line is that of the first edit."""
    parsed = extension.files[path]
    line, _ = parsed.line_column(edits[0][0])
    text = parsed.source.data.splitlines()[line - 1].strip().decode(errors="replace")
    made = tuple(replacement(path, start, end, new, kind) for start, end, new in edits)
    return Mutation(kind, text, f"{path}:{line}", subject, made)


def statements(definition: Definition, *callees: str) -> Iterator[tuple[Node, str]]:
    """(statement, argument's text) of each call ``callee(argument);`` in a function."""
    for call, argument in calls(definition, *callees):
        statement = call.parent
        if statement is not None and statement.kind == "expression_statement":
            yield statement, argument.str


def calls(definition: Definition, *callees: str) -> Iterator[tuple[Node, Node]]:
    """(call, first argument) of each call of one of the names in a function."""
    for call in definition.node.of_kind("call_expression") if definition.node else ():
        callee, arguments = call.child("function"), call.child("arguments")
        if callee is not None and callee.str in callees and arguments and arguments.named:
            yield call, arguments.named[0]
