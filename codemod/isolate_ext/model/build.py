"""From parsed files to the model of an extension."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from isolate_ext.model.declarators import (
    Declarator,
    declarators,
    declared_in,
    parameters,
    storage,
)
from isolate_ext.model.entities import (
    CType,
    Declaration,
    Definition,
    Kind,
    Parameter,
    Prototype,
    Routine,
    Variable,
)
from isolate_ext.model.extension import Extension, Pasted
from isolate_ext.model.fragments import Fragment, included_in_functions
from isolate_ext.model.identifiers import declare_identifiers
from isolate_ext.model.kinds import kind_of
from isolate_ext.model.local_macros import place_in_functions
from isolate_ext.model.references import References
from isolate_ext.model.structs import Structs
from isolate_ext.syntax import Node, Parsed, resolve_include

_CLINIC = re.compile(rb"\s*/\*\[clinic input\]\s*preserve", re.ASCII)
_STATIC = re.compile(rb"\bstatic\b")
_PASTE = re.compile(rb"(\w+)\s*##\s*(\w+)(?:\s*##\s*(\w+))?")


def build(name: str, sources: Sequence[str], files: Mapping[str, Parsed]) -> Extension:
    """The model of the extension behind ``sources``; ``files`` are all its owned files."""
    structs = Structs()
    extension = Extension(name, tuple(sources), files, units(sources, files), structs)
    extension.generated = frozenset(
        path for path, parsed in files.items() if _CLINIC.match(parsed.source.data)
    )
    items = {path: parsed.items() for path, parsed in files.items()}
    for path, parsed in files.items():
        structs.add_file(parsed, items[path])
    for path, parsed in files.items():
        _Declarations(extension, parsed).read(items[path])
        _add_macros(extension, parsed)
    _unite(extension)
    extension.index_definitions()
    for target, place in included_in_functions(files, _includes(files)).items():
        function = extension.function_at(*place)
        if function is not None and target not in sources:
            leaves = any(item.of_kind("return_statement") for item in items[target])
            extension.fragments[target] = Fragment(function, place[1], leaves)
    declare_identifiers(extension)
    References(extension).collect()
    place_in_functions(extension)
    return extension


def _includes(files: Mapping[str, Parsed]) -> dict[tuple[str, int], str]:
    """The owned file that each `#include` names, by its place."""
    found = {}
    for path, parsed in files.items():
        for include in parsed.scan.includes:
            target = resolve_include(path, include.name, files)
            if target is not None:
                found[path, include.span[0]] = target
    return found


def _unite(extension: Extension) -> None:
    """Join what one file of a translation unit only declares with what another defines."""
    for files in extension.units.values():
        known = set(files)
        _unite_macros(extension.routines, files)
        for table in (extension.routines, extension.variables):
            _unite_static(table, known)


def _unite_macros(routines: dict[str, Routine], files: Sequence[str]) -> None:
    """One macro with definitions in several files, for one platform each, is one routine."""
    first: dict[str, Routine] = {}
    for path in files:
        for key in [key for key in routines if key.startswith(f"{path}:#")]:
            routine = routines[key]
            target = first.setdefault(routine.name, routine)
            if target is not routine:
                target.definitions.extend(
                    replace(each, routine=target.key) for each in routine.definitions
                )
                del routines[key]


def _unite_static(table: dict[str, Any], files: set[str]) -> None:
    by_name: dict[str, list[str]] = {}
    for key, symbol in table.items():
        if key.count(":") == 1 and key.partition(":")[0] in files and "#" not in key:
            by_name.setdefault(symbol.name, []).append(key)
    for keys in by_name.values():
        defining = [key for key in keys if _defines(table[key])]
        if len(keys) > 1 and len(defining) == 1:
            target = table[defining[0]]
            for key in keys:
                if key != defining[0]:
                    _absorb(target, table.pop(key))


def _defines(symbol: Routine | Variable) -> bool:
    if isinstance(symbol, Routine):
        return bool(symbol.definitions)
    return any(each.initialiser is not None for each in symbol.definitions)


def _absorb(target: Any, other: Any) -> None:
    if isinstance(target, Routine):
        target.prototypes.extend(other.prototypes)
    else:
        target.definitions.extend(other.definitions)
        target.declarations.extend(other.declarations)


def units(sources: Sequence[str], files: Mapping[str, Parsed]) -> dict[str, tuple[str, ...]]:
    """Per translation unit the owned files it reads, itself first, in order of inclusion."""
    return {source: tuple(_reached(source, files)) for source in sources if source in files}


def _reached(source: str, files: Mapping[str, Parsed]) -> list[str]:
    order: list[str] = []
    pending = [source]
    while pending:
        path = pending.pop(0)
        if path in order:
            continue
        order.append(path)
        for include in files[path].scan.includes:
            target = resolve_include(path, include.name, files)
            if target is not None:
                pending.append(target)
    return order


class _Declarations:
    """Reads the top level of one file, and the static variables inside its functions."""

    def __init__(self, extension: Extension, parsed: Parsed) -> None:
        self.extension = extension
        self.parsed = parsed
        self.path = parsed.source.path

    def read(self, items: Sequence[Node]) -> None:
        for item in items:
            if item.kind == "function_definition":
                self._function(item)
            elif item.kind == "declaration":
                self._declaration(item, None)
            elif item.kind in ("linkage_specification", "declaration_list"):
                self.read([c for child in item.named for c in _unwrap(child)])

    def _function(self, item: Node) -> None:
        declarator = next(declarators(item), None)
        body = item.child("body")
        if declarator is None or declarator.parameters is None or body is None:
            return
        name = declarator.name.str
        routine = self._routine(name, "static" in storage(item))
        params = declarator.parameters
        definition = Definition(
            routine.key,
            name,
            self.path,
            item.start,
            item.end,
            declarator.name.start,
            parameters(params),
            (params.start, params.end),
            (body.start, body.end),
            item,
            None,
            self.parsed.conditions(item.start),
        )
        routine.definitions.append(definition)
        if _STATIC.search(self.parsed.scan.code, body.start, body.end):
            for node, _ in declared_in(self.parsed, item):
                if node.start > body.start and "static" in storage(node):
                    self._declaration(node, definition)

    def _routine(self, name: str, static: bool) -> Routine:
        for key in (f"{self.path}:{name}", name):
            if key in self.extension.routines and not self.extension.routines[key].is_macro:
                return self.extension.routines[key]
        key = f"{self.path}:{name}" if static else name
        return self.extension.routines.setdefault(key, Routine(key, name, False, static))

    def _declaration(self, item: Node, function: Definition | None) -> None:
        classes = storage(item)
        found = list(declarators(item))
        for declarator in found:
            if declarator.is_function:
                if function is None:
                    self._prototype(item, declarator, "static" in classes)
                continue
            self._variable(item, declarator, classes, len(found), function)

    def _prototype(self, item: Node, declarator: Declarator, static: bool) -> None:
        assert declarator.parameters is not None
        params = declarator.parameters
        routine = self._routine(declarator.name.str, static)
        routine.prototypes.append(
            Prototype(
                self.path, item.start, item.end, parameters(params), (params.start, params.end)
            )
        )

    def _variable(
        self,
        item: Node,
        declarator: Declarator,
        classes: frozenset[str],
        siblings: int,
        function: Definition | None,
    ) -> None:
        name = declarator.name.str
        static, extern = "static" in classes, "extern" in classes
        structs = self.extension.structs
        ctype = declarator.ctype
        kind_node = item.child("type")
        inline = kind_node is not None and kind_node.child("body") is not None
        declaration = Declaration(
            name,
            self.path,
            item.start,
            item.end,
            declarator.name.start,
            ctype,
            item,
            declarator.node,
            declarator.initialiser,
            static,
            extern,
            siblings,
            self.parsed.conditions(item.start),
            inline,
        )
        if function is not None:
            key = f"{self.path}:{function.name}:{name}"
            if key in self.extension.variables:
                key = f"{key}@{declarator.name.start}"
        else:
            key = f"{self.path}:{name}"
            if not static and key not in self.extension.variables:
                key = name
        variable = self.extension.variables.get(key)
        if variable is None:
            kind = _identified(name, ctype, kind_of(ctype, structs))
            variable = Variable(key, name, kind, ctype, function=function)
            self.extension.variables[key] = variable
        (variable.declarations if extern else variable.definitions).append(declaration)


def _identified(name: str, ctype: CType, kind: Kind) -> Kind:
    return (
        Kind.TABLE if kind is Kind.CONSTANT and ctype.base == "char" and name == "kwlist" else kind
    )


def _unwrap(node: Node) -> Iterator[Node]:
    if node.kind == "declaration_list":
        yield from node.named
    elif node.kind in ("function_definition", "declaration", "type_definition"):
        yield node


def _add_macros(extension: Extension, parsed: Parsed) -> None:
    path = parsed.source.path
    for define in parsed.scan.live_defines:
        start, end = define.body_span
        if start >= end and define.params is None:
            continue
        key = f"{path}:#{define.name}"
        routine = extension.routines.setdefault(key, Routine(key, define.name, True, True))
        names = define.params or ()
        params = tuple(Parameter(each, CType("", 0), start, start) for each in names)
        routine.definitions.append(
            Definition(
                key,
                define.name,
                path,
                define.span[0],
                define.span[1],
                define.name_span[0],
                params,
                define.params_span,
                (start, end),
                None,
                define,
                define.conditions,
            )
        )
        if parsed.source.data.find(b"##", start, end) < 0:
            continue
        for match in _PASTE.finditer(parsed.source.data, start, end):
            words = [word.decode() for word in match.groups() if word]
            pattern = "".join(r"\w+" if word in names else re.escape(word) for word in words)
            if not re.fullmatch(r"(\\w\+)+", pattern):
                extension.pasted.append(Pasted(pattern, path, match.start()))
