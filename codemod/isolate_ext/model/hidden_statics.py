"""Static variables that a macro declares where it is used: ``#define SLOT(x) static PyObject *x``.

At file scope the word is not needed: all that is declared there has static storage.

No declaration of them is seen, so they are unknown to the model until the macro is written out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

import msgspec

from isolate_ext.syntax import Parsed
from isolate_ext.syntax.expansion import invocation

_DECLARED = re.compile(rb"\bstatic\b([^;(){}=,\[]*[\w#*\s])([;=,\[]|\Z)")
_OUTSIDE = re.compile(rb"(?:\A|[;}])\s*+([A-Za-z_][\w#\s*]*+)([;=\[]|\Z)")
_NO_VARIABLE = re.compile(rb"\s*(?:static|extern|typedef|return|goto|else|struct|union|enum)\b")
_BRACE = re.compile(rb"[{}]")
_TWO_WORDS = re.compile(rb"[\w#]+[\s*]+[\w#]+\s*\Z")
_HARMLESS = re.compile(
    rb"[^*]*\b(?:const|char|inline|__inline\w*|_Py_Identifier|PyModuleDef|PyMethodDef|PyGetSetDef|"
    rb"PyMemberDef|PyModuleDef_Slot|PyType_Slot|PyType_Spec|PyStructSequence_\w+)\b"
)
_WORD = re.compile(rb"\b[A-Za-z_]\w*")
_PASTE = re.compile(rb"\s*##\s*")
_GOES_ON = (b";", b"=", b",", b"[")


class HiddenStatic(msgspec.Struct, frozen=True):
    """An invocation of the macro ``name`` that declares a static variable.

    ``braces`` says that the macro gives it the values of its members: it may be anything, a type
    under another name included.
    """

    path: str
    start: int
    end: int
    name: str
    braces: bool


def hidden_statics(files: Mapping[str, Parsed]) -> Iterator[HiddenStatic]:
    """Invocations outside of macros, in source order, that are compiled on Python 3.

    Constants, strings and definition tables do not count.
    """
    names = _declaring(files)
    for path, parsed in files.items() if names else ():
        data, last = parsed.source.data, 0
        places = [(at, name) for name in names for at in parsed.occurrences(name)]
        for start, name in sorted(places):
            end = _end(data, start + len(name))
            unseen = start < last or parsed.define_at(start) is not None
            if unseen or any(c.verdict is False for c in parsed.conditions(start)):
                continue
            following = data[end : end + 80].lstrip()
            outside = _is_outside(parsed, start)
            declared = list(_declared(parsed, name, following, outside, frozenset()))
            if declared:
                last = end
                yield HiddenStatic(path, start, end, name, any(declared))


def declared_texts(parsed: Parsed, hidden: HiddenStatic) -> Iterator[str]:
    """Type and name of each variable that the macro itself declares: ``PyTypeObject Egg_Type``."""
    call = invocation(parsed.source.data, hidden.start + len(hidden.name))
    for define in parsed.macros.definitions(hidden.name):
        given = dict(zip(define.params or (), call[1] if call is not None else (), strict=False))
        for match in _variables(define.skeleton, _is_outside(parsed, hidden.start)):
            words = re.split(rb"(\W+)", match[1])
            text = b"".join(given.get(word.decode("latin-1"), word) for word in words)
            yield _PASTE.sub(b"", text).decode("latin-1").strip()


def _declaring(files: Mapping[str, Parsed]) -> set[str]:
    """Macros that may declare a variable, themselves or by others."""
    defines = [define for parsed in files.values() for define in parsed.scan.live_defines]
    found = {define.name for define in defines if _variables(define.skeleton, True)}
    growing = bool(found)
    while growing:
        more = {
            define.name
            for define in defines
            if define.name not in found and not found.isdisjoint(_words(define.skeleton))
        }
        found |= more
        growing = bool(more)
    return found


@lru_cache(maxsize=8192)
def _variables(code: bytes, outside: bool) -> tuple[re.Match[bytes], ...]:
    """What a macro declares with the word `static`, and ``outside`` of functions without it."""
    found = list(_DECLARED.finditer(code))
    if outside:
        joined = _PASTE.sub(lambda it: b"#" * len(it[0]), code)
        flat = _OUTSIDE.finditer(_without_blocks(joined))
        found += [match for match in flat if not _NO_VARIABLE.match(match[1])]
    return tuple(
        match for match in found if _TWO_WORDS.search(match[1]) and not _HARMLESS.match(match[1])
    )


@lru_cache(maxsize=8192)
def _words(code: bytes) -> frozenset[str]:
    return frozenset(word.decode() for word in _WORD.findall(code))


def _without_blocks(code: bytes) -> bytes:
    """The code with what stands in braces blanked."""
    flat, depth, start = bytearray(code), 0, 0
    for match in _BRACE.finditer(code):
        if match[0] == b"{":
            depth += 1
            start = match.end() if depth == 1 else start
        elif depth:
            depth -= 1
            if not depth:
                flat[start : match.start()] = b" " * (match.start() - start)
    return bytes(flat)


def _is_outside(parsed: Parsed, start: int) -> bool:
    """Whether a declaration at file scope may begin there."""
    before = parsed.scan.skeleton[:start].rstrip()[-1:]
    return before in (b"", b";", b"}", b")") and not any(
        item.kind == "function_definition" and item.start < start < item.end
        for item in parsed.items()
    )


def _declared(
    parsed: Parsed, name: str, following: bytes, outside: bool, seen: frozenset[str]
) -> Iterator[bool]:
    """One value for each variable that a macro declares: whether it has an initialiser in braces.

    ``following`` is the text behind the invocation, ``outside`` says that it stands at file scope.
    """
    for define in parsed.macros.definitions(name):
        code = define.skeleton.strip()
        for match in _variables(code, outside):
            if match[2] or following.startswith(_GOES_ON):
                yield match[2] == b"=" and code[match.end() :].lstrip().startswith(b"{")
        for word in _WORD.finditer(code):
            inner = word[0].decode()
            if inner not in seen and inner != name and parsed.macros.definitions(inner):
                rest = code[_end(code, word.end()) :].lstrip() or following
                there = outside and _at_top(code, word.start())
                yield from _declared(parsed, inner, rest, there, seen | {name})


def _at_top(code: bytes, at: int) -> bool:
    """Whether a declaration may begin there, in none of the code's braces."""
    before = code[:at]
    return before.count(b"{") == before.count(b"}") and before.rstrip()[-1:] in b";})"


def _end(data: bytes, end_of_name: int) -> int:
    call = invocation(data, end_of_name)
    return call[0] if call is not None else end_of_name
