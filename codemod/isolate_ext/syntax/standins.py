"""Stand-ins: neutral C of equal length for the macro invocations that disturb the grammar.

Every stand-in fits in the room of the invocation and of the blanks after it, so offsets in the
view are offsets in the source. The identifiers in the arguments stay where they are whenever the
arguments can be read as expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from isolate_ext.capi.macros import Shape
from isolate_ext.syntax.arguments import make_expressions
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.invocations import CONTINUES, Invocation, invocation
from isolate_ext.syntax.sheet import Sheet
from isolate_ext.syntax.structure import Braces, arguments, word_after

Span = tuple[int, int]
_NAME = re.compile(rb"[A-Za-z_]\w*")
_TAGS = (b"struct", b"union", b"enum")
_CONDITIONAL = (b"if", b"while", b"switch")
_NO_CALLEE = frozenset(b"return case else sizeof do goto".split())
_ALTERNATIVE = {"not": b"!", "and": b"&&", "or": b"||"}


@dataclass(frozen=True)
class StandIn:
    """A macro invocation that the view shows as something else. Spans are source offsets."""

    span: Span
    name: str
    category: Shape
    arguments: tuple[Span, ...]


class Neutraliser:
    """Puts stand-ins into one view."""

    def __init__(self, sheet: Sheet, macros: MacroEnvironment) -> None:
        self.sheet = sheet
        self.macros = macros
        self.stand_ins: list[StandIn] = []
        self.fences: list[Fence] = []

    def run(self, offsets: Iterable[tuple[int, bytes]]) -> None:
        """Treat the names at the given ascending offsets; what is blank by now is skipped."""
        skeleton = self.sheet.skeleton
        for offset, name in offsets:
            if skeleton.startswith(name, offset):
                self.treat(invocation(self.sheet, self.macros, offset, name.decode()))

    def drop(self, start: int, end: int, shape: Shape) -> None:
        """Blank a name that was guessed to be a macro, with its arguments."""
        name = bytes(self.sheet.skeleton[start:end]).partition(b"(")[0].strip().decode()
        self.stand_ins.append(StandIn((start, end), name, shape, ()))
        self.sheet.blank(start, end)

    def end(self, call: Invocation) -> None:
        """End a statement that was guessed to be one."""
        self._terminate(call, Shape.STATEMENT, b";")

    def treat(self, call: Invocation) -> None:
        """Put a stand-in for one invocation where it needs one."""
        shape = self.macros.shape(call.name) or Shape.EXPRESSION
        plain = shape not in (Shape.ENTRY, Shape.WRAPPED_TYPE)
        if plain and (self._beside_string(call, shape) or self._special(call)):
            return
        if call.before in _TAGS and call.opening >= 0:
            self._blank_arguments(call, shape)
        elif call.before in _CONDITIONAL and call.opening >= 0:
            self._parenthesise(call, shape)
        elif shape is Shape.SUFFIX:
            if call.before.isdigit() or call.before in (b")", b"]"):
                self._blank_out(call, shape)
        elif shape is Shape.PARAMETER and call.opening >= 0:
            self._unwrap(call, shape, b"")
        elif shape is Shape.WRAPPED_TYPE or shape is Shape.STATIC_TYPE:
            self._wrapped(call, shape)
        elif shape is Shape.SPECIFIER and not self._alone(call) and not self._declared(call):
            self._blank_out(call, shape)
        elif shape in (Shape.BLOCK_OPEN, Shape.BLOCK_CLOSE, Shape.BLOCK_TURN):
            self._block(call, shape)
        elif shape is Shape.HEAD:
            self._head(call, shape)
        elif shape is Shape.LABEL:
            self._label(call, shape)
        elif shape is Shape.OPERATOR:
            self._operator(call, shape)
        else:
            self._by_context(call, shape)

    def _beside_string(self, call: Invocation, shape: Shape) -> bool:
        """``"a" M(x) "b"`` shows as a sum: the grammar knows no call among strings."""
        touches = call.after == b'"' or call.before == b'"'
        if not touches or call.opening < 0 or call.name.encode() in _NO_CALLEE:
            return False
        skeleton = self.sheet.skeleton
        self._record(call, shape)
        if call.before == b'"':
            quote = skeleton.rfind(b'"', 0, call.start)
            if not self.sheet.put_between(quote + 1, call.start, b"+"):
                self.sheet.put(quote - 1, b'"+')
        if call.after == b'"' and not self.sheet.put_between(call.end, call.next, b"+"):
            self.sheet.put(call.next, b'+"')
        make_expressions(self.sheet, call.opening, call.end - 1)
        return True

    def _special(self, call: Invocation) -> bool:
        """Words that the C library or ``iso646.h`` makes special."""
        if self.macros.definitions(call.name):
            return False
        if call.name == "complex":
            around = (call.before, call.after)
            if b"double" in around or b"float" in around:
                self._blank_out(call, Shape.SPECIFIER)
            return True
        if call.name.endswith("asm") and call.after == b"{":
            self._assembly(call)
            return True
        if call.name == "offsetof" and call.opening >= 0:
            spans = arguments(self.sheet.skeleton, call.opening, call.end - 1)
            member = self.sheet.skeleton[slice(*spans[-1])] if spans else b""
            if not _NAME.fullmatch(member):
                self.sheet.put(call.start, b"Offsetof")
                make_expressions(self.sheet, call.opening, call.end - 1)
            return True
        operator = _ALTERNATIVE.get(call.name)
        if operator is None:
            return False
        following, _ = word_after(self.sheet.skeleton, call.start + len(call.name))
        operand_before = call.before[-1:].isalnum() or call.before in (b")", b"]", b"_", b'"', b"'")
        if operand_before is (operator != b"!") and following not in (b"=", b";", b")", b","):
            self.sheet.put(call.start, operator.ljust(len(call.name)))
        return True

    def _assembly(self, call: Invocation) -> None:
        """A block in the assembler's own language is fenced."""
        skeleton = self.sheet.skeleton
        close = skeleton.find(b"}", call.next) + 1
        if close:
            self.fences.append(Fence(call.start, close, "assembly"))
            self.sheet.blank(call.start, close)
            self.sheet.put(call.start, b";")

    def _alone(self, call: Invocation) -> bool:
        """Whether an empty macro with arguments stands as a statement or declaration."""
        return (
            call.opening >= 0
            and call.starts
            and (call.after == b";" or call.braces is Braces.BLOCK)
        )

    def _declared(self, call: Invocation) -> bool:
        """Whether this is the declaration of a function that elsewhere is an empty macro."""
        if call.opening < 0 or call.braces is not Braces.FILE:
            return False
        if not _NAME.fullmatch(call.before) and call.before != b"*":
            return False
        inside = self.sheet.skeleton[call.opening + 1 : call.end - 1].strip()
        return call.after == b"{" or (
            call.after == b";" and (inside == b"void" or len(inside.split()) > 1)
        )

    def _by_context(self, call: Invocation, shape: Shape) -> None:
        if call.braces is Braces.FILE and not call.starts:
            if call.before == b")" and shape is Shape.STATEMENT:
                self._function_body(call)
                return
            if _NAME.fullmatch(call.before) or call.before == b"*":
                self._declarator(call, shape)
                return
        at_file_level = call.braces is Braces.FILE and call.starts
        if call.opening >= 0 and not at_file_level:
            make_expressions(self.sheet, call.opening, call.end - 1)
        if shape is Shape.CHOICE and call.after == b":":
            self._record(call, shape)
            self.sheet.put(call.next, b",")
        elif call.braces is Braces.INITIALISER:
            if call.before in (b"{", b",", b"}", b"("):
                self._entry(call, shape)
        elif not call.starts:
            return
        elif call.braces is Braces.AGGREGATE:
            self._field(call, shape)
        elif call.braces is Braces.BLOCK:
            self._statement(call, shape)
        elif call.braces is Braces.FILE:
            self._declaration(call, shape)

    def _declarator(self, call: Invocation, shape: Shape) -> None:
        """``static int NAME(x)(void)``: a name made by a macro shows as its argument."""
        if call.after not in (b"(", b"[", b"=") or call.opening < 0:
            return
        if not self.macros.is_macro(call.name):
            return
        inside = bytes(self.sheet.skeleton[call.opening + 1 : call.end - 1]).strip()
        if _NAME.fullmatch(inside):
            self._unwrap(call, shape, b"")
        else:
            self._blank_arguments(call, shape)

    def _parenthesise(self, call: Invocation, shape: Shape) -> None:
        """``if M(x) y``: the parentheses are the macro's; show them around the call."""
        word_end = len(bytes(self.sheet.skeleton[: call.start]).rstrip())
        make_expressions(self.sheet, call.opening, call.end - 1)
        if word_end < call.start and call.next > call.end:
            self._record(call, shape)
            self.sheet.put(call.start - 1, b"(")
            self.sheet.put(call.end, b")")

    def _entry(self, call: Invocation, shape: Shape) -> None:
        if call.after in (b",", b"}", b")", b""):
            return
        if shape is not Shape.ENTRY:
            if call.after in CONTINUES and call.after != b".":
                return
            if call.after in (b"*", b'"', b"(", b":"):
                return
            if call.after == b"." and call.opening < 0:
                return
        self._terminate(call, shape, b",")

    def _field(self, call: Invocation, shape: Shape) -> None:
        if call.opening < 0:
            if shape is Shape.TYPE or call.after in (b";", b"*", b":", b"["):
                return
            if shape is Shape.FIELD or not call.before_word or self._line_ends(call):
                self._terminate(call, shape, b";")
            return
        if call.after == b"*" or (call.before_word and shape is Shape.TYPE):
            self._blank_arguments(call, shape)
            return
        self._record(call, shape)
        self.sheet.put(call.start, b"int".ljust(call.end - call.start))
        if call.after != b";":
            self.sheet.put_between(call.end, call.next, b";")

    def _line_ends(self, call: Invocation) -> bool:
        return b"\n" in self.sheet.code[call.end : call.next]

    def _statement(self, call: Invocation, shape: Shape) -> None:
        after = call.after
        sure = shape in (Shape.STATEMENT, Shape.DECLARATION)
        if after in (b";", b"=", b",", b":", b")", b"[", b".", b"?"):
            return
        if after == b"{":
            if call.opening >= 0:
                self._head(call, Shape.HEAD)
            return
        if after == b"else" and self._first_body(call.name).startswith(b"if"):
            self._head(call, Shape.STATEMENT)
            self.sheet.put_between(call.end, call.next, b";")
            return
        if shape is Shape.TYPE:
            if call.opening >= 0 and (call.before_word or after == b"*"):
                self._blank_arguments(call, shape)
            return
        if not sure:
            if after in CONTINUES or after in (b"*", b"("):
                return
            if call.opening < 0 and call.before_word and not self._line_ends(call):
                return
        self._terminate(call, shape, b";")

    def _declaration(self, call: Invocation, shape: Shape) -> None:
        after = call.after
        if after in (b";", b"=", b",", b")", b"["):
            if call.opening >= 0:
                make_expressions(self.sheet, call.opening, call.end - 1)
            return
        if call.opening < 0:
            if shape not in (Shape.TYPE, Shape.EXPRESSION):
                self._terminate(call, shape, b";")
            return
        if after == b"{":
            self._function_head(call)
        elif shape is Shape.TYPE:
            self._blank_arguments(call, shape)
        elif shape is Shape.EXPRESSION and self._types_what_follows(call):
            if len(arguments(self.sheet.skeleton, call.opening, call.end - 1)) == 1:
                self._unwrap(call, Shape.WRAPPED_TYPE, b"")
            else:
                self._blank_arguments(call, Shape.TYPE)
        else:
            make_expressions(self.sheet, call.opening, call.end - 1)
            self._terminate(call, shape, b";")

    def _types_what_follows(self, call: Invocation) -> bool:
        """Whether ``M(T) name...`` is a declaration rather than a macro and then a declaration."""
        if call.after == b"*":
            return True
        if not call.before_word or call.after in (b"static", b"extern", b"typedef", *_TAGS):
            return False
        if not self._line_ends(call):
            return True
        following, _ = word_after(self.sheet.skeleton, call.next + len(call.after))
        return following == b"(" and not self.macros.is_macro(call.after.decode())

    def _function_head(self, call: Invocation) -> None:
        """``MOD_INIT(name) {`` shows as ``int f(name) {``, or without its arguments."""
        self._record(call, Shape.FUNCTION_HEAD)
        room = call.opening - call.start
        spans = arguments(self.sheet.skeleton, call.opening, call.end - 1)
        plain = all(_NAME.fullmatch(self.sheet.skeleton[start:end]) for start, end in spans)
        self.sheet.put(call.start, (b"int f" if room >= 5 else b"T f"[:room]).ljust(room))
        if not plain:
            self.sheet.blank(call.opening + 1, call.end - 1)

    def _function_body(self, call: Invocation) -> None:
        """A macro that is the body of a function shows as a block."""
        self._record(call, Shape.STATEMENT)
        if call.opening < 0:
            self.sheet.put(call.start, b"{}".ljust(call.end - call.start))
            return
        make_expressions(self.sheet, call.opening, call.end - 1)
        self.sheet.put(call.start, b"{".ljust(call.opening + 1 - call.start))
        if self.sheet.put_between(call.end, call.next, b"}"):
            self.sheet.put(call.end - 1, b";")
        else:
            self.sheet.put(call.start, b"{}".ljust(call.end - call.start))

    def _wrapped(self, call: Invocation, shape: Shape) -> None:
        if call.opening < 0:
            if not self.macros.definitions(call.name):
                self._blank_out(call, shape)
            return
        self._unwrap(call, shape, b"static" if shape is Shape.STATIC_TYPE else b"")

    def _unwrap(self, call: Invocation, shape: Shape, storage: bytes) -> None:
        """Show only the argument, with a storage class where it fits."""
        self._record(call, shape)
        room = call.opening + 1 - call.start
        self.sheet.put(call.start, (storage if room > len(storage) else b"").ljust(room))
        self.sheet.put(call.end - 1, b" ")

    def _blank_out(self, call: Invocation, shape: Shape) -> None:
        self._record(call, shape)
        room = call.end - call.start
        bodies = [define.code.split() for define in self.macros.definitions(call.name)]
        static = room >= 6 and any(b"static" in words for words in bodies)
        self.sheet.put(call.start, (b"static" if static else b"").ljust(room))

    def _blank_arguments(self, call: Invocation, shape: Shape) -> None:
        self._record(call, shape)
        self.sheet.blank(call.opening, call.end)

    def _operator(self, call: Invocation, shape: Shape) -> None:
        body = self._first_body(call.name).strip()
        if len(body) <= len(call.name):
            self._record(call, shape)
            self.sheet.put(call.start, body.ljust(len(call.name)))

    def _block(self, call: Invocation, shape: Shape) -> None:
        """Show the braces that the macro closes and opens; its arguments where there is room."""
        self._record(call, shape)
        closes, opens = self.macros.balance(call.name)
        between = b"else" if b"else" in self._first_body(call.name) and closes and opens else b""
        text = b"}" * closes + between + b"{" * opens
        room = call.end - call.start
        if len(text) > room:
            text = b"}" * closes + b"{" * opens
        sheet = self.sheet
        inside = call.opening >= 0 and sheet.skeleton[call.opening + 1 : call.end - 1].strip()
        head = call.opening + 1 - call.start
        if inside and not closes and len(text) <= head:
            make_expressions(sheet, call.opening, call.end - 1)
            sheet.put(call.start, text.ljust(head))
            sheet.put(call.end - 1, b";")
        else:
            sheet.put(call.start, text.ljust(room))
        if call.after == b";" and closes and not opens:
            sheet.put(call.next, b" ")

    def _head(self, call: Invocation, shape: Shape) -> None:
        body = self._first_body(call.name)
        self._record(call, shape)
        if call.opening < 0:
            room = call.end - call.start
            word = b"else" if body.startswith(b"else") else b"while(1)" if room >= 8 else b"if(1)"
            self.sheet.put(call.start, (word if len(word) <= room else b"").ljust(room))
            return
        make_expressions(self.sheet, call.opening, call.end - 1)
        room = call.opening - call.start
        word = b"if"
        for start, shown in ((b"for", b"while"), (b"while", b"while"), (b"switch", b"switch"),
                             (b"else", b"else if")):  # fmt: skip
            if body.startswith(start) and room >= len(shown):
                word = shown
        if not self.sheet.skeleton[call.opening + 1 : call.end - 1].strip():
            self.sheet.blank(call.start, call.end)
        elif room < len(word):
            self._terminate(call, shape, b";")
        else:
            self.sheet.put(call.start, word.ljust(room))

    def _first_body(self, name: str) -> bytes:
        return next(
            (define.code.lstrip() for define in self.macros.definitions(name) if define.code), b""
        )

    def _label(self, call: Invocation, shape: Shape) -> None:
        head = call.opening + 1 - call.start
        if call.opening < 0 or head < 5:
            return
        self._record(call, shape)
        self.sheet.put(call.start, b"case ".ljust(head))
        self.sheet.put(call.end - 1, b" " if call.after == b":" else b":")

    def _record(self, call: Invocation, shape: Shape) -> None:
        spans: list[Span] = []
        if call.opening >= 0:
            spans = arguments(self.sheet.skeleton, call.opening, call.end - 1)
        self.stand_ins.append(StandIn((call.start, call.end), call.name, shape, tuple(spans)))

    def _terminate(self, call: Invocation, shape: Shape, mark: bytes) -> None:
        """End the invocation with a semicolon or a comma, in the room that there is."""
        self._record(call, shape)
        if self.sheet.put_between(call.end, call.next, mark):
            return
        if call.opening >= 0:
            self.sheet.blank(call.start, call.opening + 1)
            self.sheet.put(call.end - 1, mark)
        else:
            self.sheet.put(call.start, mark.rjust(call.end - call.start))
