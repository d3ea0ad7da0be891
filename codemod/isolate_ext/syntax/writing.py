"""How a stand-in is written: each kind of macro shown as neutral C in the room that it occupies.

Every stand-in fits in the room of the invocation and of the blanks after it, so offsets in the
view are offsets in the source. The identifiers in the arguments stay where they are whenever the
arguments can be read as expressions.
"""

from __future__ import annotations

import re

import msgspec

from isolate_ext.capi.macros import Shape
from isolate_ext.syntax.arguments import make_expressions
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.invocations import Invocation
from isolate_ext.syntax.sheet import Sheet
from isolate_ext.syntax.structure import arguments

Span = tuple[int, int]
_NAME = re.compile(rb"[A-Za-z_]\w*")
_NO_CALLEE = frozenset(b"return case else sizeof do goto".split())


class StandIn(msgspec.Struct, frozen=True):
    """A macro invocation that the view shows as something else. Spans are source offsets."""

    span: Span
    name: str
    category: Shape
    arguments: tuple[Span, ...]


class StandInWriter:
    """Writes stand-ins into one view and remembers them."""

    def __init__(self, sheet: Sheet, macros: MacroEnvironment) -> None:
        self.sheet = sheet
        self.macros = macros
        self.stand_ins: list[StandIn] = []
        self.fences: list[Fence] = []

    def drop(self, start: int, end: int, shape: Shape) -> None:
        """Blank a name that was guessed to be a macro, with its arguments."""
        name = bytes(self.sheet.skeleton[start:end]).partition(b"(")[0].strip().decode()
        self.stand_ins.append(StandIn((start, end), name, shape, ()))
        self.sheet.blank(start, end)

    def end(self, call: Invocation) -> None:
        """End a statement that was guessed to be one."""
        self.terminate(call, Shape.STATEMENT, b";")

    def beside_string(self, call: Invocation, shape: Shape) -> bool:
        """``"a" M(x) "b"`` shows as a sum: the grammar knows no call among strings."""
        touches = call.after == b'"' or call.before == b'"'
        if not touches or call.opening < 0 or call.name.encode() in _NO_CALLEE:
            return False
        skeleton = self.sheet.skeleton
        self.record(call, shape)
        if call.before == b'"':
            quote = skeleton.rfind(b'"', 0, call.start)
            if not self.sheet.put_between(quote + 1, call.start, b"+"):
                self.sheet.put(quote - 1, b'"+')
        if call.after == b'"' and not self.sheet.put_between(call.end, call.next, b"+"):
            self.sheet.put(call.next, b'+"')
        make_expressions(self.sheet, call.opening, call.end - 1)
        return True

    def assembly(self, call: Invocation) -> None:
        """A block in the assembler's own language is fenced."""
        skeleton = self.sheet.skeleton
        close = skeleton.find(b"}", call.next) + 1
        if close:
            self.fences.append(Fence(call.start, close, "assembly", whole=False))
            self.sheet.blank(call.start, close)
            self.sheet.put(call.start, b";")

    def function_head(self, call: Invocation) -> None:
        """``MOD_INIT(name) {`` shows as ``int f(name) {``, or without its arguments."""
        self.record(call, Shape.FUNCTION_HEAD)
        room = call.opening - call.start
        spans = arguments(self.sheet.skeleton, call.opening, call.end - 1)
        plain = all(_NAME.fullmatch(self.sheet.skeleton[start:end]) for start, end in spans)
        self.sheet.put(call.start, (b"int f" if room >= 5 else b"T f"[:room]).ljust(room))
        if not plain:
            self.sheet.blank(call.opening + 1, call.end - 1)

    def function_body(self, call: Invocation) -> None:
        """A macro that is the body of a function shows as a block."""
        self.record(call, Shape.STATEMENT)
        if call.opening < 0:
            self.sheet.put(call.start, b"{}".ljust(call.end - call.start))
            return
        make_expressions(self.sheet, call.opening, call.end - 1)
        self.sheet.put(call.start, b"{".ljust(call.opening + 1 - call.start))
        if self.sheet.put_between(call.end, call.next, b"}"):
            self.sheet.put(call.end - 1, b";")
        else:
            self.sheet.put(call.start, b"{}".ljust(call.end - call.start))

    def unwrap(self, call: Invocation, shape: Shape, storage: bytes) -> None:
        """Show only the argument, with a storage class where it fits."""
        self.record(call, shape)
        self.sheet.put(call.opening, b" ")
        self._storage(call.start, call.opening + 1, storage)
        self.sheet.put(call.end - 1, b" ")

    def blank_out(self, call: Invocation, shape: Shape) -> None:
        """Show nothing, or ``static`` where that is in the definition and there is room."""
        self.record(call, shape)
        bodies = [define.code.split() for define in self.macros.definitions(call.name)]
        static = any(b"static" in words for words in bodies)
        self._storage(call.start, call.end + 1, b"static" if static else b"")

    def _storage(self, start: int, end: int, storage: bytes) -> None:
        """Show a storage class and a blank instead of a span; it may begin on the line end before.

        ``nodes.top_node`` lets the item begin where its text does all the same.
        """
        room = end - start - 1
        if storage and len(storage) == room + 1 and self.sheet.code[start - 1 : start] == b"\n":
            self.sheet.put(start - 1, storage)
        else:
            self.sheet.put(start, (storage if len(storage) <= room else b"").ljust(room))

    def blank_arguments(self, call: Invocation, shape: Shape) -> None:
        """Show the name alone, as a type or a declared name."""
        self.record(call, shape)
        self.sheet.blank(call.opening, call.end)

    def parenthesise(self, call: Invocation, shape: Shape) -> None:
        """``if M(x) y``: the parentheses are the macro's; show them around the call."""
        word_end = len(bytes(self.sheet.skeleton[: call.start]).rstrip())
        make_expressions(self.sheet, call.opening, call.end - 1)
        if word_end < call.start and call.next > call.end:
            self.record(call, shape)
            self.sheet.put(call.start - 1, b"(")
            self.sheet.put(call.end, b")")

    def operator(self, call: Invocation, shape: Shape) -> None:
        """Show the operator that the macro stands for."""
        body = self.first_body(call.name).strip()
        if len(body) <= len(call.name):
            self.record(call, shape)
            self.sheet.put(call.start, body.ljust(len(call.name)))

    def block(self, call: Invocation, shape: Shape) -> None:
        """Show the braces that the macro closes and opens; its arguments where there is room."""
        self.record(call, shape)
        closes, opens = self.macros.balance(call.name)
        between = b"else" if b"else" in self.first_body(call.name) and closes and opens else b""
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

    def head(self, call: Invocation, shape: Shape) -> None:
        """Show the beginning of a statement: ``if (...)``, ``while (...)``, ``else``."""
        body = self.first_body(call.name)
        self.record(call, shape)
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
            self.terminate(call, shape, b";")
        else:
            self.sheet.put(call.start, word.ljust(room))

    def first_body(self, name: str) -> bytes:
        """The body of the first definition that has one."""
        return next(
            (define.code.lstrip() for define in self.macros.definitions(name) if define.code), b""
        )

    def label(self, call: Invocation, shape: Shape) -> None:
        """Show ``case x:``."""
        head = call.opening + 1 - call.start
        if call.opening < 0 or head < 5:
            return
        self.record(call, shape)
        self.sheet.put(call.start, b"case ".ljust(head))
        self.sheet.put(call.end - 1, b" " if call.after == b":" else b":")

    def record(self, call: Invocation, shape: Shape) -> None:
        """Remember what was replaced."""
        spans: list[Span] = []
        if call.opening >= 0:
            spans = arguments(self.sheet.skeleton, call.opening, call.end - 1)
        self.stand_ins.append(StandIn((call.start, call.end), call.name, shape, tuple(spans)))

    def terminate(self, call: Invocation, shape: Shape, mark: bytes) -> None:
        """End the invocation with a semicolon or a comma, in the room that there is."""
        self.record(call, shape)
        if self.sheet.put_between(call.end, call.next, mark):
            return
        if call.opening >= 0:
            self.sheet.blank(call.start, call.opening + 1)
            self.sheet.put(call.end - 1, mark)
        else:
            self.sheet.put(call.start, mark.rjust(call.end - call.start))
