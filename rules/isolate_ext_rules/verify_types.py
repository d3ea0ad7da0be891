"""Post-conditions of migrated types (handbook section 6, items 1, 3, 4 and 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine import Output, Violation
from isolate_ext.model.entities import Definition, Routine, Variable, strip_casts
from isolate_ext.model.initialisers import fields_of
from isolate_ext.model.types import StaticType, spec_slots, string_literal
from isolate_ext_rules.type_names import spec_name
from isolate_ext_rules.verify_module import body_of

_VISIT = re.compile(
    r"Py_VISIT\s*\(\s*(\([^)]*\)\s*)?Py_TYPE\s*\(|\(PyObject \*\)Py_TYPE\(\w+\), \w+\)"
)
_CAPTURE = re.compile(r"PyTypeObject\s*\*\s*(\w+)\s*=\s*(\([^)]*\)\s*)?Py_TYPE\s*\(")


def verify_references(output: Output) -> Iterator[Violation]:
    """No static type that moved is named any more."""
    for key, type_ in output.before.types.items():
        name = type_.variable.name
        for path, parsed in output.extension.files.items():
            if path in output.extension.generated or name not in parsed.names():
                continue
            for offset in parsed.occurrences(name):
                node = parsed.node_at(offset)
                live = all(each.verdict is not False for each in parsed.conditions(offset))
                if live and node is not None and node.kind == "identifier":
                    if output.extension.variable_named(name, path) is None:
                        yield Violation(
                            "type-reference", path, offset, f"{name} is still named", key
                        )


def verify_specs(output: Output) -> Iterator[Violation]:
    """Dotted literal names; no slot twice; no empty slot."""
    for key, _, spec in migrated(output):
        entries = {
            each.field: each
            for each in fields_of(output.extension.files[spec.home.path], spec.home)
        }
        name = entries.get("name")
        text = string_literal(name.value) if name is not None else None
        at = (spec.home.path, spec.home.start)
        if text is not None and "." not in text:
            yield Violation("static-type", *at, f"{spec.name} has a name without a dot", key)
        seen: set[str] = set()
        for slot, value, path in spec_slots(output.extension, spec):
            conditions = output.extension.files[path].conditions(value.start)
            if strip_casts(value).str.strip("() ") in ("NULL", "0"):
                yield Violation("static-type", path, value.start, f"Py_{slot} is empty", key)
            if slot in seen and not conditions:
                yield Violation("static-type", path, value.start, f"Py_{slot} is given twice", key)
            if not conditions:
                seen.add(slot)


def verify_traverse(output: Output) -> Iterator[Violation]:
    """Each traverse function visits the type once, itself or through the one it delegates to."""
    functions = {
        key: _slot_function(output, spec, "tp_traverse") for key, _, spec in migrated(output)
    }
    names = {each.name for each in functions.values() if each is not None}
    for key, routine in functions.items():
        for definition in routine.definitions if routine is not None else ():
            count = _visits(output, definition, names, 0)
            if count != 1:
                message = f"{definition.name} visits the type {count} times"
                yield Violation("type-traverse", definition.path, definition.start, message, key)


def _visits(output: Output, definition: Definition, names: set[str], depth: int) -> int:
    text = body_of(output, definition).decode("latin-1")
    count = len(_VISIT.findall(text))
    for use in output.extension.uses_inside(definition) if depth < 8 else ():
        routine = output.extension.routines.get(use.symbol)
        if routine is None or not use.called or routine.key == definition.routine:
            continue
        if routine.name in names or routine.is_macro:
            count += max(
                (_visits(output, d, names, depth + 1) for d in routine.definitions), default=0
            )
    return count


def verify_dealloc(output: Output) -> Iterator[Violation]:
    """Untracked first, freed through the type that was captured, which is released last."""
    functions = {
        key: _slot_function(output, spec, "tp_dealloc") for key, _, spec in migrated(output)
    }
    names = {each.name for each in functions.values() if each is not None}
    for key, routine in functions.items():
        for definition in routine.definitions if routine is not None else ():
            problem = _dealloc(output, definition, names)
            if problem:
                message = f"{definition.name} {problem}"
                yield Violation("type-dealloc", definition.path, definition.start, message, key)


def _dealloc(output: Output, definition: Definition, names: set[str]) -> str:
    text = body_of(output, definition).decode("latin-1")
    parsed, base = output.extension.files[definition.path], definition.body[0]
    frees = [
        match.start()
        for match in re.finditer(r"(->|\.)\s*(tp_free|tp_dealloc)\s*\)?\s*\(", text)
        if all(each.verdict is not False for each in parsed.conditions(base + match.start()))
    ]
    if not frees:
        delegates = any(
            use.called and routine.name in names and routine.key != definition.routine
            for use in output.extension.uses_inside(definition)
            if (routine := output.extension.routines.get(use.symbol)) is not None
        )
        return "" if delegates else "does not free through the type"
    captured = _CAPTURE.search(text)
    if captured is None or captured.start() > frees[0]:
        return "does not keep the type before it frees the instance"
    untrack = re.search(r"PyObject_GC_Un[Tt]rack|PyObject_GC_UNTRACK|TRASHCAN", text)
    if untrack is None or untrack.start() > frees[0]:
        return "does not leave the GC first"
    release = re.compile(rf"Py_DECREF\s*\(\s*(\([^)]*\)\s*)?{captured[1]}\s*\)")
    for start, end in zip(frees, [*frees[1:], len(text)], strict=True):
        if not release.search(text, start, end):
            return "does not release the type after it frees the instance"
    return ""


def migrated(output: Output) -> Iterator[tuple[str, StaticType, Variable]]:
    """The types that moved, with the specs that they became."""
    specs = {
        variable.name: variable
        for variable in output.extension.variables.values()
        if variable.ctype.base == "PyType_Spec" and any(d.initialiser for d in variable.definitions)
    }
    for key, type_ in output.before.types.items():
        name = spec_name(output.before, type_)
        if name in specs:
            yield key, type_, specs[name]


def _slot_function(output: Output, spec: Variable, slot: str) -> Routine | None:
    for name, value, path in spec_slots(output.extension, spec):
        if name == slot:
            return output.extension.routine_named(strip_casts(value).str, path)
    return None
