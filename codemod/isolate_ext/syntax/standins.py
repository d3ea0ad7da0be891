"""Stand-ins: neutral C of equal length for the macro invocations that disturb the grammar.

Every stand-in fits in the room of the invocation and of the blanks after it, so offsets in the
view are offsets in the source. The identifiers in the arguments stay where they are whenever the
arguments can be read as expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from isolate_ext.capi.macros import TYPE_ARGUMENTS, Shape
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.structure import (
    Braces,
    Structure,
    arguments,
    closing,
    word_after,
    word_before,
)

Span = tuple[int, int]


@dataclass(frozen=True)
class StandIn:
    """A macro invocation that the view shows as something else. Spans are source offsets."""

    span: Span
    name: str
    category: Shape
    arguments: tuple[Span, ...]


@dataclass(slots=True)
class Invocation:
    """A macro name in a view with what surrounds it; ``opening`` is -1 without arguments."""

    name: str
    start: int
    opening: int
    end: int
    before: bytes
    after: bytes
    next: int
    braces: Braces


_STARTS = frozenset((b";", b"{", b"}", b"", b"else", b"do"))
_TYPE_START = re.compile(
    rb"(?:(?:const|volatile|struct|union|enum|unsigned|signed|int|char|long|short|float|double|"
    rb"void|register|static)\b[\s*]*)+"
)
_TYPE_LIKE = re.compile(
    rb"(?:const\s+|volatile\s+)*(?:(?:struct|union|enum)\s+\w+|(?:(?:unsigned|signed|int|char|long|"
    rb"short|float|double|void)\b\s*)+|\w+)\s*(?:const\b\s*)?[\s*]*(?:const\b\s*)?"
    rb"(?:\(\s*\*\s*\)\s*\([^()]*\))?"
)
_KEYWORD_TYPE = re.compile(
    rb"(?:const|volatile|struct|union|enum|unsigned|signed|int|char|long|short|float|double|void)\b"
)
_OPERATOR = re.compile(rb"[-+*/%&|^<>=!~]+|->|\.")
_STATEMENT_WORDS = frozenset(
    b"return goto break continue if for while do switch case static const struct union".split()
)
_WORD = re.compile(rb"[A-Za-z_]\w*")
_LONE = re.compile(rb"(?m)^[ \t]*([A-Z_][A-Z0-9_]{2,})[ \t]*(?=\r?$|\()")
_CONTINUES = frozenset(
    (b"=", b"-", b".", b"[", b"?", b"+", b"<", b">", b"|", b"&", b"/", b"%", b"^", b"!")
)


class Neutraliser:
    """Puts stand-ins into one view, ``code`` and ``skeleton`` alike."""

    def __init__(
        self, code: bytearray, skeleton: bytearray, structure: Structure, macros: MacroEnvironment
    ) -> None:
        self.code = code
        self.skeleton = skeleton
        self.structure = structure
        self.macros = macros
        self.stand_ins: list[StandIn] = []

    def run(self, offsets: Iterable[tuple[int, bytes]]) -> None:
        """Treat the names at the given ascending offsets; what is blank by now is skipped."""
        for offset, name in offsets:
            if self.skeleton.startswith(name, offset):
                self._treat(self._invocation(offset, name.decode()))

    def _invocation(self, start: int, name: str) -> Invocation:
        end = start + len(name)
        after, at = word_after(self.skeleton, end)
        opening = -1
        if after == b"(":
            close = closing(self.skeleton, at)
            if close > 0 and self._takes_arguments(name):
                opening = at
                end = close + 1
                after, at = word_after(self.skeleton, end)
        before = word_before(self.skeleton, start)
        return Invocation(name, start, opening, end, before, after, at, self.structure.at(start))

    def _takes_arguments(self, name: str) -> bool:
        definitions = self.macros.definitions(name)
        if not definitions:
            return True
        return any(d.params is not None for d in definitions) or not all(
            d.code for d in definitions
        )

    # one method per shape

    def _treat(self, call: Invocation) -> None:
        shape = self.macros.shape(call.name) or Shape.EXPRESSION
        if shape is Shape.PARAMETER and call.opening >= 0:
            self._unwrap(call, shape)
        elif shape is Shape.WRAPPED_TYPE or shape is Shape.STATIC_TYPE:
            self._wrapped(call, shape)
        elif shape is Shape.SPECIFIER and not self._alone(call):
            self._blank_out(call, shape)
        elif shape is Shape.BLOCK_OPEN:
            self._block(call, shape, b"{")
        elif shape is Shape.BLOCK_CLOSE:
            self._block(call, shape, b"}")
        elif shape is Shape.BLOCK_TURN:
            self._turn(call, shape)
        elif shape is Shape.HEAD:
            self._head(call, shape)
        elif shape is Shape.LABEL:
            self._label(call, shape)
        else:
            self._by_context(call, shape)

    def _alone(self, call: Invocation) -> bool:
        """Whether an empty macro stands as a statement or a declaration of its own."""
        return (
            call.opening >= 0
            and call.before in _STARTS
            and (call.after == b";" or call.braces is Braces.BLOCK)
        )

    def _by_context(self, call: Invocation, shape: Shape) -> None:
        starts = call.before in _STARTS or (
            call.before in (b")", b":") and call.braces is Braces.BLOCK
        )
        if call.opening >= 0:
            self._fix_arguments(call, shape)
        if call.braces is Braces.INITIALISER:
            if call.before in (b"{", b",", b"}"):
                self._entry(call, shape)
        elif call.braces is Braces.AGGREGATE:
            if starts:
                self._field(call, shape)
        elif call.braces is Braces.BLOCK:
            if starts:
                self._statement(call, shape)
        elif call.braces is Braces.FILE and starts:
            self._declaration(call, shape)

    def _entry(self, call: Invocation, shape: Shape) -> None:
        if call.after in (b",", b"}", b""):
            return
        if shape is not Shape.ENTRY and (call.after in _CONTINUES and call.after != b"."):
            return
        if shape is not Shape.ENTRY and call.after in (b"*", b'"', b"(", b":"):
            return
        self._terminate(call, shape, b",")

    def _field(self, call: Invocation, shape: Shape) -> None:
        if call.opening < 0:
            if shape is Shape.FIELD or shape is not Shape.TYPE:
                if call.after != b";" and (shape is Shape.FIELD or not self._declares(call)):
                    self._terminate(call, shape, b";")
            return
        if call.after in (b"*",) or _WORD.match(call.after) and shape is Shape.TYPE:
            self._blank_arguments(call, shape)
            return
        self._record(call, shape)
        self._put(call.start, b"int".ljust(call.end - call.start))
        if call.after != b";":
            self._put_after(call.end, call.next, b";")

    def _declares(self, call: Invocation) -> bool:
        """Whether a name in front of another looks like the type of a declaration."""
        between = self.code[call.end : call.next]
        return call.after == b"*" or (b"\n" not in between and bool(_WORD.match(call.after)))

    def _statement(self, call: Invocation, shape: Shape) -> None:
        after = call.after
        if after == b";" or after in (b"=", b"-", b".", b"[", b"?", b",", b"(", b":", b"+", b")"):
            return
        if after == b"{":
            if call.opening >= 0:
                self._head(call, Shape.HEAD)
            return
        if shape is Shape.TYPE or (
            shape in (Shape.EXPRESSION, Shape.SPECIFIER)
            and self._declares(call)
            and call.opening < 0
        ):
            return
        if after in _CONTINUES or after == b"*" and shape is Shape.EXPRESSION:
            return
        self._terminate(call, shape, b";")

    def _declaration(self, call: Invocation, shape: Shape) -> None:
        after = call.after
        if after == b";" or after == b"=":
            return
        if after == b"{" and call.opening >= 0:
            self._function_head(call)
            return
        if call.opening < 0:
            if shape in (Shape.TYPE, Shape.EXPRESSION):
                return
            self._terminate(call, shape, b";")
            return
        if shape is Shape.TYPE:
            self._blank_arguments(call, shape)
        elif shape is Shape.EXPRESSION and (after == b"*" or self._declares(call)):
            self._wrapped(call, Shape.WRAPPED_TYPE)
        else:
            self._terminate(call, shape, b";")

    def _function_head(self, call: Invocation) -> None:
        """``MOD_INIT(name) {`` shows as ``int x(name) {``, or without its arguments."""
        self._record(call, Shape.FUNCTION_HEAD)
        room = call.opening - call.start
        if room < 5:
            self._put(call.start, b"f(){}"[:0].ljust(room))
            return
        self._put(call.start, b"int f".ljust(room))
        spans = arguments(self.skeleton, call.opening, call.end - 1)
        for start, end in spans:
            if not re.fullmatch(rb"[A-Za-z_]\w*", bytes(self.skeleton[start:end])):
                self._put(call.opening + 1, b" " * (call.end - call.opening - 2))
                return

    def _wrapped(self, call: Invocation, shape: Shape) -> None:
        if call.opening < 0:
            if self.macros.definitions(call.name):
                return
            self._blank_out(call, shape)
            return
        self._record(call, shape)
        room = call.opening + 1 - call.start
        storage = b""
        if shape is Shape.STATIC_TYPE and room > 6:
            storage = b"static"
        self._put(call.start, storage.ljust(room))
        self._put(call.end - 1, b" ")

    def _unwrap(self, call: Invocation, shape: Shape) -> None:
        self._record(call, shape)
        self._put(call.start, b" " * (call.opening + 1 - call.start))
        self._put(call.end - 1, b" ")

    def _blank_out(self, call: Invocation, shape: Shape) -> None:
        self._record(call, shape)
        storage = b""
        for define in self.macros.definitions(call.name):
            if b"static" in define.code.split() and call.end - call.start >= 6:
                storage = b"static"
        self._put(call.start, storage.ljust(call.end - call.start))

    def _blank_arguments(self, call: Invocation, shape: Shape) -> None:
        self._record(call, shape)
        self._put(call.opening, b" " * (call.end - call.opening))

    def _block(self, call: Invocation, shape: Shape, brace: bytes) -> None:
        self._record(call, shape)
        if call.opening >= 0:
            self._fix_arguments(call, shape)
        inside = b""
        if call.opening >= 0:
            inside = bytes(self.skeleton[call.opening + 1 : call.end - 1]).strip()
        if not inside:
            self._put(call.start, brace.ljust(call.end - call.start))
        elif brace == b"{":
            self._put(call.start, b"{".ljust(call.opening + 1 - call.start))
            self._put(call.end - 1, b";")
        else:
            self._put(call.start, b" " * (call.opening + 1 - call.start))
            self._put(call.end - 1, b";")
            if not self._put_after(call.end, call.next, b"}"):
                self._put(call.start, b"}".ljust(call.end - call.start))
        if call.after == b";" and brace == b"}":
            self._put(call.next, b" ")

    def _turn(self, call: Invocation, shape: Shape) -> None:
        self._record(call, shape)
        room = call.end - call.start
        text = b"}else{" if room >= 6 else b"}{"
        self._put(call.start, text.ljust(room))

    def _head(self, call: Invocation, shape: Shape) -> None:
        self._record(call, shape)
        if call.opening < 0:
            room = call.end - call.start
            body = self._first_body(call.name)
            if body.startswith(b"else"):
                self._put(call.start, b"else".ljust(room))
            else:
                self._put(
                    call.start,
                    (b"while(1)" if room >= 8 else b"if(1)" if room >= 5 else b"").ljust(room),
                )
            return
        self._fix_arguments(call, shape)
        room = call.opening - call.start
        body = self._first_body(call.name)
        word = b"if"
        if body.startswith((b"for", b"while")) and room >= 5:
            word = b"while"
        elif body.startswith(b"switch") and room >= 6:
            word = b"switch"
        elif body.startswith(b"else") and room >= 7:
            word = b"else if"
        if room < len(word):
            self._terminate(call, shape, b";")
            return
        self._put(call.start, word.ljust(room))
        if not bytes(self.skeleton[call.opening + 1 : call.end - 1]).strip():
            self._put(call.start, b" " * (call.end - call.start))

    def _first_body(self, name: str) -> bytes:
        definitions = self.macros.definitions(name)
        return definitions[0].code.lstrip() if definitions else b""

    def _label(self, call: Invocation, shape: Shape) -> None:
        if call.opening < 0 or call.opening - call.start < 3:
            return
        self._record(call, shape)
        self._put(
            call.start,
            b"case ".ljust(call.opening - call.start + 1)[: call.opening - call.start + 1],
        )
        colon = b" " if call.after == b":" else b":"
        self._put(call.end - 1, colon)

    # arguments

    def _fix_arguments(self, call: Invocation, shape: Shape) -> None:
        """Make every argument an expression: types, operators and statements are not."""
        spans = arguments(self.skeleton, call.opening, call.end - 1)
        for start, end in spans:
            text = bytes(self.skeleton[start:end])
            if not text or (text.isdigit()) or (_WORD.fullmatch(text) and len(text) > 8):
                continue
            self._fix_argument(start, end, text)

    def _fix_argument(self, start: int, end: int, text: bytes) -> None:
        room = end - start
        if _OPERATOR.fullmatch(text):
            self._put(start, b"0".ljust(room))
        elif text.endswith(b"*") or _KEYWORD_TYPE.match(text):
            if _TYPE_LIKE.fullmatch(text):
                self._type_argument(start, text)
            elif _KEYWORD_TYPE.match(text) or b";" in text:
                self._put(start, b"0".ljust(room))
        elif text[:1] == b"{" or b";" in text:
            if text[:1] != b"{":
                self._put(start, b"0".ljust(room))
        else:
            word = _WORD.match(text)
            if word and word.group() in _STATEMENT_WORDS:
                rest = text[word.end() :].strip()
                length = word.end()
                self._put(start, (b"" if rest else b"0").ljust(length))

    def _type_argument(self, start: int, text: bytes) -> None:
        """``struct foo *`` shows as ``foo``, ``unsigned char *`` as ``0``."""
        words = [m for m in _WORD.finditer(text)]
        names = [m for m in words if not _KEYWORD_TYPE.fullmatch(m.group())]
        shown = bytearray(b" " * len(text))
        if names:
            kept = names[0]
            shown[kept.start() : kept.end()] = kept.group()
        else:
            shown[0:1] = b"0"
        self._put(start, bytes(shown))

    # writing

    def _record(self, call: Invocation, shape: Shape) -> None:
        spans: list[Span] = []
        if call.opening >= 0:
            spans = arguments(self.skeleton, call.opening, call.end - 1)
        self.stand_ins.append(StandIn((call.start, call.end), call.name, shape, tuple(spans)))

    def _put(self, start: int, text: bytes) -> None:
        self.code[start : start + len(text)] = text
        self.skeleton[start : start + len(text)] = text

    def _put_after(self, end: int, following: int, text: bytes) -> bool:
        """Write into the blanks after an invocation; False when there are none."""
        if following <= end:
            return False
        self._put(end, text)
        return True

    def _terminate(self, call: Invocation, shape: Shape, mark: bytes) -> None:
        """End the invocation with a semicolon or a comma, in the room that there is."""
        self._record(call, shape)
        if self._put_after(call.end, call.next, mark):
            return
        if call.opening >= 0:
            self._put(call.start, b" " * (call.opening + 1 - call.start))
            self._put(call.end - 1, mark)
        else:
            self._put(call.start, mark.rjust(call.end - call.start))


def candidates(
    identifiers: dict[bytes, list[int]], skeleton: bytes, macros: MacroEnvironment
) -> list[tuple[int, bytes]]:
    """The names of a file that may need a stand-in, with their offsets, ascending."""
    found: set[tuple[int, bytes]] = set()
    for name, offsets in identifiers.items():
        text = name.decode()
        shape = macros.shape(text)
        if shape is None:
            if text not in TYPE_ARGUMENTS:
                continue
        elif shape is Shape.EXPRESSION:
            if not any(d.params is not None for d in macros.definitions(text)):
                continue
        found.update((offset, name) for offset in offsets)
    for match in _LONE.finditer(skeleton):
        found.add((match.start(1), match.group(1)))
    return sorted(found)
