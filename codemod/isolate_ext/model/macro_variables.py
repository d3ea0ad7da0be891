"""Variables that only macros declare: docs, identifiers, and statics behind macros of the project.

They are no variables of the model, since nothing is known of how the macro uses them: they are told
of, and nothing is done with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from isolate_ext.model.entities import (
    CType,
    Declaration,
    Definition,
    Kind,
    Routine,
    Use,
    Variable,
)
from isolate_ext.model.extension import Extension
from isolate_ext.model.hidden_statics import HiddenStatic, declared_texts, hidden_statics
from isolate_ext.model.kinds import kind_of
from isolate_ext.syntax.expansion import invocation

_IDENTIFIER = "_Py_IDENTIFIER"
_IN_MACROS = re.compile(
    rb"\b(_Py_IDENTIFIER|_Py_static_string|PyDoc_STRVAR|PyDoc_VAR)\s*\(\s*([\w#\s]+?)\s*[,)]"
)
_OF_IDENTIFIERS = CType("_Py_Identifier")
_DOCS = ("PyDoc_STRVAR", "PyDoc_VAR")
_OF_DOCS = CType("char", 0, ("",), const=True, qualifiers=("const",), steps="[c")
_NAME = re.compile(r"(.*?)(\**)\s*\b(\w+)\s*", re.DOTALL)


def macro_variables(extension: Extension) -> Iterator[Variable]:
    """One for each place where such a macro is used, outside of other macros."""
    yield from _docs(extension)
    yield from _identifiers(extension)
    for each in hidden_statics(extension.files):
        yield from _hidden(extension, each)


def _docs(extension: Extension) -> Iterator[Variable]:
    for path, parsed in extension.files.items():
        for macro in _DOCS:
            for at in parsed.occurrences(macro) if macro in parsed.names() else ():
                name = _argument(extension, path, at + len(macro))
                if name and parsed.define_at(at) is None:
                    yield _variable(extension, path, at, name, _OF_DOCS, Kind.CONSTANT)


def _identifiers(extension: Extension) -> Iterator[Variable]:
    for routine in extension.routines.values():
        if not routine.is_macro:
            continue
        if routine.name == _IDENTIFIER:
            yield from _by_name(extension, routine)
        for definition in routine.definitions:
            for use in extension.uses_of(routine.key):
                if use.inside is None or not use.inside.is_macro:
                    yield from _inside(extension, definition, use)


def _inside(extension: Extension, macro: Definition, use: Use) -> Iterator[Variable]:
    """What the C API's macros in the body of another declare where that is used."""
    data = extension.files[macro.path].source.data
    given = _given(extension, macro, use)
    for match in _IN_MACROS.finditer(data, *macro.body):
        word = _filled(match[2].decode("latin-1"), given)
        name = f"PyId_{word}" if match[1].decode() == _IDENTIFIER else word
        docs = match[1].startswith(b"PyDoc")
        ctype, kind = (_OF_DOCS, Kind.CONSTANT) if docs else (_OF_IDENTIFIERS, Kind.IDENTIFIER)
        if name.isidentifier():
            yield _variable(extension, use.path, use.start, name, ctype, kind)


def _filled(text: str, given: Mapping[str, str]) -> str:
    """A name with the arguments in the places of the parameters, and pasted."""
    words = [given.get(word, word) for word in re.split(r"(\W+)", text)]
    return re.sub(r"\s*##\s*", "", "".join(words)).strip()


def _by_name(extension: Extension, macro: Routine) -> Iterator[Variable]:
    """The project has a macro of that name for interpreters without."""
    for use in extension.uses_of(macro.key):
        word = _argument(extension, use.path, use.end)
        if word and not (use.inside is not None and use.inside.is_macro):
            name = f"PyId_{word}"
            yield _variable(extension, use.path, use.start, name, _OF_IDENTIFIERS, Kind.IDENTIFIER)


def _hidden(extension: Extension, hidden: HiddenStatic) -> Iterator[Variable]:
    parsed = extension.files[hidden.path]
    for text in declared_texts(parsed, hidden):
        match = _NAME.fullmatch(text)
        if match is None:
            continue
        base = " ".join(match[1].split())
        alias = next(iter(parsed.macros.definitions(base)), None)
        ctype = CType(alias.code.decode("latin-1").strip() if alias else base, len(match[2]))
        kind = kind_of(ctype, extension.structs)
        yield _variable(extension, hidden.path, hidden.start, match[3], ctype, kind)


def _argument(extension: Extension, path: str, end_of_name: int) -> str:
    call = invocation(extension.files[path].source.data, end_of_name)
    first = call[1][0].decode("utf-8", "surrogateescape").strip() if call and call[1] else ""
    return first if first.isidentifier() else ""


def _given(extension: Extension, macro: Definition, use: Use) -> dict[str, str]:
    """The arguments of an invocation, by parameter."""
    call = invocation(extension.files[use.path].source.data, use.end)
    texts = [each.decode("utf-8", "surrogateescape") for each in call[1]] if call else []
    return {
        parameter.name or "": text for parameter, text in zip(macro.parameters, texts, strict=False)
    }


def _variable(
    extension: Extension, path: str, start: int, name: str, ctype: CType, kind: Kind
) -> Variable:
    parsed = extension.files[path]
    function = extension.function_at(path, start)
    node = function.node if function is not None and function.node is not None else None
    node = node or parsed.items()[0]
    declaration = Declaration(
        name, path, start, start + len(name), start, ctype, node, node, None, True, False, 1,
        parsed.conditions(start),
    )  # fmt: skip
    scope = f"{function.name}:" if function is not None else ""
    key = f"{path}:{scope}{name}@{start}"
    return Variable(key, name, kind, ctype, [declaration], [], function, True)
