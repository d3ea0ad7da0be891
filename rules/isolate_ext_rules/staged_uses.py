"""How the code that an earlier stage wrote names the state, taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from isolate_ext.model.entities import Definition, Parameter, Prototype, Routine
from isolate_ext.model.extension import Extension
from isolate_ext.model.staged import Staged
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import whole_lines

_SPACE = rb"(?:\s|\\\r?\n)*"
_ARROW = re.compile(_SPACE + rb"->" + _SPACE)
_CALLED = re.compile(r"(\w+)\s*\(")
_HARMLESS = frozenset({"Py_TYPE", "PyModule_Check"})


class Edits(msgspec.Struct):
    """Text to put in the place of spans, by file; ``members`` are those that are variables now."""

    members: set[str] = msgspec.field(default_factory=set)
    spans: dict[str, list[tuple[int, int, bytes]]] = msgspec.field(default_factory=dict)

    def put(self, path: str, start: int, end: int, text: bytes = b"") -> None:
        self.spans.setdefault(path, []).append((start, end, text))

    def covers(self, path: str, offset: int) -> bool:
        return any(start <= offset < end for start, end, _ in self.spans.get(path, ()))

    def follows(self, path: str, offset: int) -> bool:
        """Whether what leads to the name at an offset goes."""
        return any(end == offset for _, end, _ in self.spans.get(path, ()))


class StateNames(msgspec.Struct, frozen=True):
    """What the state is called in the body of one function or macro."""

    inside: Definition
    names: frozenset[str]


def places_of(routine: Routine) -> list[Definition | Prototype]:
    return [*routine.definitions, *routine.prototypes]


def takers(extension: Extension, staged: Staged) -> dict[str, Routine]:
    """Functions and macros, by name, that get the state as their first parameter."""
    if staged.own:
        return {}
    variables = {
        each.name
        for routine in extension.routines.values()
        for definition in routine.definitions
        for each in _given(staged, definition)
    }
    variables |= {
        name
        for path in extension.files
        for function in extension.functions(path)
        for node in local_states(staged, function)
        for name in _declared(node)
    }
    found = {}
    for routine in extension.routines.values():
        first = [each.parameters[:1] for each in places_of(routine)]
        if routine.is_macro:
            is_taker = any(it and it[0].name in variables for it in first)
        else:
            is_taker = any(it and staged.points_to_state(it[0].ctype) for it in first)
        if is_taker and routine not in staged.accessors:
            found[routine.name] = routine
    return found


def _given(staged: Staged, definition: Definition) -> tuple[Parameter, ...]:
    if staged.own:
        return ()
    first = definition.parameters[:1]
    return tuple(it for it in first if it.name is not None and staged.points_to_state(it.ctype))


def local_states(staged: Staged, function: Definition) -> list[Node]:
    """The declarations of a function that get the state from an accessor."""
    if staged.own:
        return []
    accessors = {each.name for each in staged.accessors} | _HARMLESS
    found = []
    for node in function.node.of_kind("declaration") if function.node is not None else ():
        kind = node.child("type")
        if kind is None or " ".join(kind.str.split()) not in staged.struct.names:
            continue
        called = set(_CALLED.findall(node.str))
        if called and called <= accessors and _declared(node):
            found.append(node)
    return found


def _declared(node: Node) -> list[str]:
    """The names of the pointers that a declaration initialises."""
    found = []
    for each in node.of_kind("init_declarator"):
        pointer = each.child("declarator")
        if pointer is not None and pointer.kind == "pointer_declarator":
            found.append(pointer.str.lstrip("* \t"))
    return found


def take_back_uses(extension: Extension, staged: Staged, edits: Edits) -> bool:
    """Whether all that leads to the state is of the form that the tool writes."""
    _drop_macros(extension, staged, edits)
    known = takers(extension, staged)
    for routine in known.values():
        for each in places_of(routine):
            data = extension.files[each.path].source.data
            if each.parameters_span is None or not each.parameters:
                return False
            _drop_first(data, each.path, each.parameters_span, routine.is_macro, edits)
    scopes = list(_scopes(extension, staged, known, edits))
    return all(_take_back(extension, staged, each, known, edits) for each in scopes)


def _drop_macros(extension: Extension, staged: Staged, edits: Edits) -> None:
    """The macros that led generated code to members, around its `#include`."""
    finding = "|".join(each.name for each in staged.accessors)
    state = rf"(?:{finding})\([^\n;]*\)"
    wanted = re.compile(
        rf"#define (\w+) \(\*?{state}->\1\)  /\* for generated code \*/\r?\n".encode()
    )
    for path, parsed in extension.files.items():
        data = parsed.source.data
        for match in wanted.finditer(data):
            end = re.compile(rb"^#undef " + match[1] + rb"\r?\n", re.MULTILINE).search(
                data, match.end()
            )
            if end is not None:
                edits.members.add(match[1].decode("latin-1"))
                edits.put(path, *match.span())
                edits.put(path, *end.span())


def _drop_first(
    data: bytes, path: str, span: tuple[int, int], is_macro: bool, edits: Edits
) -> None:
    """Take the first parameter or argument of a list away; ``span`` includes the parentheses."""
    start, end = span[0] + 1, span[1] - 1
    comma = data.find(b",", start, end)
    if comma < 0:
        edits.put(path, start, end, b"" if is_macro else b"void")
        return
    after = comma + 1
    edits.put(path, start, after + 1 if data[after : after + 1] == b" " else after)


def _scopes(
    extension: Extension, staged: Staged, known: dict[str, Routine], edits: Edits
) -> Iterator[StateNames]:
    """Every function and macro with its names of the state, whose declarations go."""
    for routine in extension.routines.values():
        for definition in routine.definitions:
            if routine in staged.accessors:
                continue
            names = {each.name for each in _given(staged, definition) if each.name is not None}
            if routine.is_macro and routine.name in known and definition.parameters:
                names |= {definition.parameters[0].name or ""}
            for node in local_states(staged, definition) if not routine.is_macro else ():
                names |= set(_declared(node))
                _drop_declaration(node, definition.path, names, edits)
            yield StateNames(definition, frozenset(names))


def _drop_declaration(node: Node, path: str, names: set[str], edits: Edits) -> None:
    """The declaration, and the test behind it for a state that was not found: it always is."""
    edits.put(path, *whole_lines(node.data, node.start, node.end))
    siblings = node.parent.named if node.parent is not None else []
    following = next((each for each in siblings if each.start >= node.end), None)
    if following is None or following.kind != "if_statement":
        return
    condition = following.child("condition")
    wanted = {f"({name} == NULL)" for name in names}
    if condition is not None and condition.str in wanted and following.child("alternative") is None:
        edits.put(path, *whole_lines(node.data, following.start, following.end))


def _take_back(
    extension: Extension, staged: Staged, scope: StateNames, known: dict[str, Routine], edits: Edits
) -> bool:
    """Members lose what leads to them, and calls the state that they hand on."""
    path, (start, end) = scope.inside.path, scope.inside.body
    parsed = extension.files[path]
    for name in sorted({*scope.names, staged.getter.name}):
        for at in parsed.occurrences(name) if name in parsed.names() else ():
            if start <= at < end and not edits.covers(path, at):
                if not _is_member(parsed.source.data, at) and not _take_back_at(
                    extension, scope.inside, at, name, staged, known, edits
                ):
                    return False
    return True


def _is_hidden(extension: Extension, inside: Definition, name: str) -> bool:
    """Whether a function or macro knows something of its own by the name of a member."""
    parsed, (start, end) = extension.files[inside.path], inside.body
    own = {each.name for each in inside.parameters}
    return name in own or any(
        start <= at < end and not _is_member(parsed.source.data, at)
        for at in (parsed.occurrences(name) if name in parsed.names() else ())
    )


def _is_member(data: bytes, at: int) -> bool:
    return data[:at].rstrip().endswith((b"->", b"."))


def _take_back_at(
    extension: Extension, inside: Definition, at: int, name: str, staged: Staged,
    known: dict[str, Routine], edits: Edits,
) -> bool:  # fmt: skip
    path, data = inside.path, extension.files[inside.path].source.data
    end = at + len(name)
    if name == staged.getter.name:
        call = re.compile(_SPACE + rb"\(" + _SPACE + rb"\)").match(data, end)
        if call is None:
            return False
        end = call.end()
    closing = re.compile(rb"\)" + _SPACE + rb"->").match(data, end)
    if closing is not None and data[at - 1 : at] == b"(":
        at, end = at - 1, end + 1
    arrow = _ARROW.match(data, end)
    if arrow is not None:
        member = re.compile(rb"\w*").match(data, arrow.end())
        if member is None or _is_hidden(extension, inside, member[0].decode("latin-1")):
            return False
        edits.members.add(member[0].decode("latin-1"))
        edits.put(path, at, arrow.end())
        return True
    callee = re.compile(rb"(\w+)" + _SPACE + rb"\(" + _SPACE + rb"$").search(
        data[max(0, at - 200) : at]
    )
    if callee is None or callee[1].decode("latin-1") not in known:
        return False
    comma = re.compile(rb",[ ]?").match(data, end)
    if comma is None and data[end : end + 1] != b")":
        return False
    edits.put(path, at, comma.end() if comma is not None else end)
    return True
