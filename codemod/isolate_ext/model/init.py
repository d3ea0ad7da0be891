"""The init function: which module it makes, from which definition, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum

import msgspec

from isolate_ext.model.declarators import declarators
from isolate_ext.model.entities import Declaration, Definition, Kind, Use, Variable, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.initialisers import fields_of, rows_of
from isolate_ext.model.remembered import remembered
from isolate_ext.syntax import Node, Parsed

CREATE = frozenset({"PyModule_Create", "PyModule_Create2"})
_SIZEOF = re.compile(r"sizeof\s*\(\s*((?:struct\s+)?\w+)\s*\)")
_JOINED = re.compile(rb"\bPyInit_\s*,")
_SLOTS = re.compile(r"(?:struct )?PyModuleDef_Slot")
_NULL = {"NULL", "0", "((void *)0)"}


class ExitKind(Enum):
    """What a `return` of the init function hands back."""

    MODULE = "the module"
    FAILURE = "NULL"
    CREATED = "PyModule_Create(...)"
    OTHER = "an expression"


class Exit(msgspec.Struct, frozen=True, eq=False):
    """One `return` statement; ``value`` is its expression, None for a bare one."""

    node: Node
    value: Node | None
    kind: ExitKind


class ModuleInit(msgspec.Struct, eq=False):
    """How a module comes to be.

    ``entry`` is `PyInit_name`; ``creator`` the function that calls `PyModule_Create`, mostly the
    same; ``chain`` the functions from entry to creator.  ``module_variable`` is the name the new
    module is kept under in ``creator``.
    """

    name: str
    entry: Definition
    creator: Definition
    chain: tuple[Definition, ...]
    create_call: Node | None
    module_def: Variable | None
    def_declaration: Declaration | None
    module_variable: str | None
    reassigned: bool
    exits: list[Exit] = msgspec.field(default_factory=list)
    slots: Declaration | None = None

    @property
    def multi_phase(self) -> bool:
        return self.create_call is None


@remembered
def module_inits(extension: Extension) -> list[ModuleInit]:
    """Every PyInit function with a body, in source order."""
    found = []
    joining = joining_macros(extension.files)
    for routine in extension.routines.values():
        for definition in routine.definitions if not routine.is_macro else ():
            if routine.name.startswith("PyInit_"):
                name = routine.name.removeprefix("PyInit_")
            elif routine.name in joining:
                name = extension.name.rpartition(".")[2]
            else:
                continue
            init = _read(extension, name, definition)
            if init is not None:
                found.append(init)
    return found


def joining_macros(files: Mapping[str, Parsed]) -> frozenset[str]:
    """The macros that join `PyInit_` with what the build calls the module."""
    return frozenset(
        define.name
        for parsed in files.values()
        if b"PyInit_" in parsed.source.data
        for define in parsed.scan.defines
        if define.params is None and _JOINED.search(parsed.source.data, *define.body_span)
    )


def state_struct(extension: Extension, init: ModuleInit) -> str | None:
    """The struct that `m_size` is the size of, as it is written there."""
    declaration = init.def_declaration
    if declaration is None:
        return None
    for entry in fields_of(extension.files[declaration.path], declaration):
        if entry.field == "m_size":
            match = _SIZEOF.search(entry.text)
            return " ".join(match[1].split()) if match else None
    return None


def _read(extension: Extension, name: str, entry: Definition) -> ModuleInit | None:
    chain, call = _find_create(extension, entry, (entry,))
    creator = chain[-1]
    if call is None:
        defined = _calls(entry, {"PyModuleDef_Init"})
        call_init = next(defined, None)
        if call_init is None:
            return None
        variable, declaration = _definition_of(extension, call_init, entry)
        return _half_migrated(extension, name, entry, variable, declaration)
    variable, declaration = _definition_of(extension, call, creator)
    kept, reassigned = _kept(creator, call)
    init = ModuleInit(name, entry, creator, chain, call, variable, declaration, kept, reassigned)
    init.exits = list(_exits(extension, creator, call, kept))
    return init


def _half_migrated(
    extension: Extension,
    name: str,
    entry: Definition,
    variable: Variable | None,
    declaration: Declaration | None,
) -> ModuleInit:
    """A module with slots already: its exec function takes the part of the creator."""
    init = ModuleInit(name, entry, entry, (entry,), None, variable, declaration, None, False)
    if declaration is None:
        return init
    for entry_ in fields_of(extension.files[declaration.path], declaration):
        table = strip_casts(entry_.value).str if entry_.field == "m_slots" else ""
        slots = extension.variable_named(table, declaration.path) if table else None
        filled = slots.definitions if slots is not None else ()
        home = next((each for each in filled if _SLOTS.fullmatch(each.ctype.base)), None)
        if home is None:
            continue
        init.slots = home
        for _, row in rows_of(extension.files[home.path], home):
            if len(row) == 2 and row[0].text.strip() == "Py_mod_exec":
                routine = extension.routine_named(strip_casts(row[1].value).str, home.path)
                if routine is not None and routine.definitions and init.creator is entry:
                    init.creator = routine.definitions[0]
                    parameters = init.creator.parameters
                    init.module_variable = parameters[0].name if parameters else None
                    init.chain = (init.creator,)
    return init


def _find_create(
    extension: Extension, definition: Definition, chain: tuple[Definition, ...]
) -> tuple[tuple[Definition, ...], Node | None]:
    for call in _calls(definition, CREATE):
        return chain, call
    if len(chain) > 4:
        return chain, None
    for use in extension.uses_inside(definition):
        routine = extension.routines.get(use.symbol)
        if routine is None or not use.called or routine.is_macro:
            continue
        for inner in routine.definitions:
            if inner in chain:
                continue
            found, inner_call = _find_create(extension, inner, (*chain, inner))
            if inner_call is not None:
                return found, inner_call
    return chain, None


def _calls(definition: Definition, names: frozenset[str] | set[str]) -> Iterator[Node]:
    if definition.node is None:
        return
    body = definition.node.child("body")
    if body is None or not any(name.encode() in body.text for name in names):
        return
    for node in body.of_kind("call_expression"):
        callee = node.child("function")
        if callee is not None and callee.str in names:
            yield node


def _definition_of(
    extension: Extension, call: Node, creator: Definition
) -> tuple[Variable | None, Declaration | None]:
    arguments = call.child("arguments")
    if arguments is None or not arguments.named:
        return None, None
    name = strip_casts(arguments.named[0]).str.lstrip("& \t")
    local = extension.variables.get(f"{creator.path}:{creator.name}:{name}")
    variable = local or extension.variable_named(name, creator.path)
    if variable is None or variable.kind is not Kind.MODULE_DEF:
        return None, None
    return variable, variable.home


def _kept(creator: Definition, call: Node) -> tuple[str | None, bool]:
    """The variable that takes the created module, and whether it is assigned anything else."""
    node = call
    while node.parent is not None and node.parent.kind in (
        "parenthesized_expression",
        "cast_expression",
    ):
        node = node.parent
    parent = node.parent
    name = None
    if parent is not None and parent.kind == "assignment_expression":
        left = parent.child("left")
        name = left.str if left is not None and left.kind == "identifier" else None
    elif parent is not None and parent.kind == "init_declarator":
        declarator = parent.child("declarator")
        match = re.search(r"(\w+)$", declarator.str) if declarator is not None else None
        name = match[1] if match else None
    if name is None or creator.node is None:
        return None, False
    others = [
        each
        for each in creator.node.descendants()
        if each.kind == "assignment_expression"
        and (left := each.child("left")) is not None
        and left.str == name
        and not (each.start <= call.start < each.end)
        and (right := each.child("right")) is not None
        and "PyState_FindModule" not in right.str
    ]
    lost = any(forgets(each, name) for each in creator.node.of_kind("expression_statement"))
    return name, bool(others) or lost


def forgets(statement: Node, name: str) -> bool:
    """``Py_CLEAR(m);`` whose NULL is read later: no ``return NULL;`` follows at once."""
    if not re.fullmatch(rf"Py_CLEAR\s*\(\s*{re.escape(name)}\s*\)\s*;", statement.str):
        return False
    siblings = statement.parent.named if statement.parent is not None else []
    after = next((s for s in siblings if s.start >= statement.end and s.kind != "comment"), None)
    if after is None or after.kind != "return_statement" or not after.named:
        return True
    return strip_casts(after.named[0]).str not in _NULL


def _exits(
    extension: Extension, creator: Definition, call: Node, kept: str | None
) -> Iterator[Exit]:
    for node in creator_nodes(extension, creator):
        if node.kind != "return_statement":
            continue
        value = node.named[0] if node.named else None
        if value is None:
            yield Exit(node, None, ExitKind.OTHER)
            continue
        bare = strip_casts(value)
        if bare.str in _NULL:
            kind = ExitKind.FAILURE
        elif kept is not None and bare.str == kept:
            kind = ExitKind.MODULE
        elif bare.start == call.start and bare.end == call.end:
            kind = ExitKind.CREATED
        else:
            kind = ExitKind.OTHER
        yield Exit(node, value, kind)


@remembered
def creator_nodes(extension: Extension, creator: Definition) -> tuple[Node, ...]:
    """Every node of the function, those of all branches of `#if` included; one for each span."""
    assert creator.node is not None
    variants = extension.files[creator.path].variants(creator.node) or [creator.node]
    found: dict[tuple[str, int, int], Node] = {}
    for variant in variants:
        for node in variant.descendants():
            found.setdefault((node.kind, node.start, node.end), node)
    return tuple(found.values())


@remembered
def creator_statements(extension: Extension, creator: Definition) -> tuple[Node, ...]:
    """Those of the nodes that are statements of one expression; none of a macro."""
    nodes = creator_nodes(extension, creator) if creator.node is not None else ()
    return tuple(node for node in nodes if node.kind == "expression_statement")


@remembered
def init_closure(extension: Extension, init: ModuleInit) -> frozenset[str]:
    """Keys of routines that only run during init: called from it and from nowhere else."""
    closure = frozenset(each.routine for each in init.chain)
    while True:
        added = set()
        for routine in extension.routines.values():
            if routine.key in closure or routine.is_macro:
                continue
            uses = extension.uses_of(routine.key)
            if uses and all(_within(use, closure) for use in uses):
                added.add(routine.key)
        if not added:
            return closure
        closure |= added


def _within(use: Use, closure: frozenset[str]) -> bool:
    return use.called and use.inside is not None and use.inside.routine in closure


def is_module_declaration(node: Node, name: str) -> bool:
    """A local declaration that declares the module variable."""
    return node.kind == "declaration" and any(d.name.str == name for d in declarators(node))
