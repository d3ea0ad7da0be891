"""The shape of a macro, inferred from its definition by trying its body."""

from __future__ import annotations

import re
from collections.abc import Callable

from isolate_ext.capi.macros import Shape
from isolate_ext.syntax.directives import Define
from isolate_ext.syntax.grammar import parse_snippet, parses

_PASTE = re.compile(rb"\s*##\s*")
_STRINGISE = re.compile(rb"#\s*([A-Za-z_]\w*)")
_SIMPLE = re.compile(rb"[-+~!]?\s*[\w.]+|\"[^\"\\]*\"|'[^'\\]*'")
_LITERAL = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)
_BRACKET = re.compile(rb"[][(){};\"'#]")
_OPERATOR = re.compile(rb"[-+*/%&|^<>=!~]{1,3}")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_SPECIFIER_WORDS = frozenset(
    b"static extern inline __inline __inline__ const volatile register restrict __restrict "
    b"__restrict__ __extension__ _Noreturn __stdcall __cdecl __fastcall WINAPI __forceinline "
    b"__thread _Thread_local thread_local __volatile__ __const auto".split()
)
_ATTRIBUTE = re.compile(
    rb"__attribute__\s*\(\(.*\)\)|__declspec\s*\([^()]*(?:\([^()]*\))?[^()]*\)|_Alignas\s*\(.*\)"
    rb"|_Pragma\s*\(.*\)|__pragma\s*\(.*\)"
)
_TYPE_WORDS = frozenset(
    b"void char short int long float double signed unsigned struct union enum _Bool bool "
    b"size_t __int64".split()
)
_HEADS = frozenset(b"if for while switch else".split())
_JUMPS = frozenset(b"return goto break continue do".split())
_POINTER = re.compile(rb"[A-Za-z_][\w\s]*(?:\*\s*(?:const\b\s*)?)+")
_LABEL = re.compile(rb"(?:case\b[^;{}]*|default\s*):?\s*")

ShapeOf = Callable[[str], Shape | None]


def normalised(define: Define) -> bytes:
    """The body with pasted tokens joined and stringised parameters as strings."""
    body = define.code
    if b"#" in body:
        body = _STRINGISE.sub(b'""', _PASTE.sub(b"", body))
    return body.replace(b"__VA_ARGS__", b"va_args").strip()


def is_simple(body: bytes) -> bool:
    """Whether a body is empty or a single token, which always parses."""
    text = body.strip()
    return not text or _SIMPLE.fullmatch(text) is not None


def is_sequence(body: bytes) -> bool:
    """Whether a semicolon stands outside of all brackets: then no parentheses can be around it."""
    depth = 0
    for match in _BRACKET.finditer(_LITERAL.sub(b"", body) if b";" in body else b""):
        mark = match.group()
        if mark in b"([{":
            depth += 1
        elif mark in b")]}":
            depth -= 1
        elif depth == 0 and mark == b";":
            return True
        if depth < 0 or mark in b"\"'#":
            return False
    return False


def infer(define: Define, shape_of: ShapeOf) -> Shape:
    """What an invocation of the macro is to the grammar; its braces are known to match."""
    body = normalised(define)
    if not body:
        return Shape.SPECIFIER
    word = _WORD.match(body)
    first = word.group() if word else b""
    if _SIMPLE.fullmatch(body):
        return _of_one_token(first, define, shape_of)
    if define.params is None and _OPERATOR.fullmatch(body):
        return Shape.OPERATOR
    if define.params is None and body.startswith((b"*(", b"* (")):
        return Shape.SUFFIX
    if define.params is None and _POINTER.fullmatch(body):
        return Shape.TYPE
    if _is_specifiers(body, shape_of):
        return Shape.SPECIFIER
    wrapped = _wrapped(body, define, shape_of)
    if wrapped is not None:
        return wrapped
    if first in _HEADS:
        return Shape.STATEMENT if _is_whole(body) else Shape.HEAD
    if first in _JUMPS or (body.startswith(b"{") and b";" in body):
        return Shape.STATEMENT
    if first in (b"case", b"default"):
        return Shape.LABEL if _LABEL.fullmatch(body) else Shape.STATEMENT
    return _tried(body, first)


def _of_one_token(first: bytes, define: Define, shape_of: ShapeOf) -> Shape:
    if define.params == (first.decode(),):
        return Shape.WRAPPED_TYPE
    if first in _SPECIFIER_WORDS:
        return Shape.SPECIFIER
    if first in _TYPE_WORDS:
        return Shape.TYPE
    if first in _JUMPS:
        return Shape.STATEMENT
    if first and define.params is None:
        return shape_of(first.decode()) or Shape.EXPRESSION
    return Shape.EXPRESSION


def _is_specifiers(body: bytes, shape_of: ShapeOf) -> bool:
    rest = _ATTRIBUTE.sub(b" ", body)
    return all(
        word in _SPECIFIER_WORDS
        or (bool(_WORD.fullmatch(word)) and shape_of(word.decode()) is Shape.SPECIFIER)
        for word in rest.split()
    )


def _wrapped(body: bytes, define: Define, shape_of: ShapeOf) -> Shape | None:
    """A type around the macro's only argument: ``extern __declspec(dllexport) RTYPE``."""
    if define.params is None or len(define.params) != 1:
        return None
    param = define.params[0].encode()
    words = _ATTRIBUTE.sub(b" ", body).split()
    rest = [word for word in words if word != param]
    if param not in words or not rest:
        return None
    for word in rest:
        if word in _SPECIFIER_WORDS:
            continue
        if not _WORD.fullmatch(word):
            return None
        shape = shape_of(word.decode())
        if shape is not Shape.SPECIFIER and not (shape is None and word.isupper()):
            return None
    return Shape.STATIC_TYPE if b"static" in rest else Shape.WRAPPED_TYPE


def _is_whole(body: bytes) -> bool:
    """Whether a body that begins like ``if`` needs at most a semicolon, no statement, to end."""
    if body.endswith((b";", b"}")) or parses(b"void f(){" + body + b"}"):
        return True
    prefix = b"void f(){"
    root = parse_snippet(prefix + body + b"\n;}").root_node
    mark = len(prefix) + len(body) + 1
    last = root.named_descendant_for_byte_range(mark, mark + 1)
    return not root.has_error and last is not None and last.start_byte < mark


def _tried(body: bytes, first: bytes) -> Shape:
    sequence = is_sequence(body)
    if not sequence and not body.endswith(b",") and parses(b"int x=(" + body + b");"):
        return Shape.EXPRESSION
    if body.endswith(b",") or body.startswith((b"{", b".", b"[")):
        if parses(b"int x[]={" + body.rstrip(b", ") + b"};"):
            return Shape.ENTRY
    if not sequence:
        if parses(b"int x=(" + body + b" y);") or parses(b"int x=(1 " + body + b");"):
            return Shape.SPECIFIER
        if parses(b"int x=(" + body + b":0);"):
            return Shape.CHOICE
    if not body.endswith((b";", b"}")) and parses(body + b" x;"):
        kinds = [child.type for child in parse_snippet(body + b" x;").root_node.children]
        if kinds == ["declaration"]:
            return Shape.TYPE
    root = parse_snippet(body + b"\n;").root_node
    if not root.has_error and any(c.type == "function_definition" for c in root.children):
        return Shape.FUNCTION
    if parses(b"void f(){" + body + b";}"):
        return Shape.STATEMENT
    root = parse_snippet(body + b"{}").root_node
    if not root.has_error and [c.type for c in root.children] == ["function_definition"]:
        return Shape.FUNCTION_HEAD
    return _by_look(body, first)


def _by_look(body: bytes, first: bytes) -> Shape:
    if body.endswith(b","):
        return Shape.ENTRY
    if body.endswith((b";", b"}")):
        return Shape.FUNCTION if first == b"static" else Shape.STATEMENT
    if first in _TYPE_WORDS or first in _SPECIFIER_WORDS:
        return Shape.TYPE
    return Shape.EXPRESSION
