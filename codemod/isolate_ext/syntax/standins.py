"""Which macro invocations of a view get a stand-in, by their shape and by what is around them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from isolate_ext.capi.macros import Shape
from isolate_ext.syntax.arguments import EASY_ARGUMENTS, make_expressions
from isolate_ext.syntax.invocations import CONTINUES, Invocation, invocation, is_call
from isolate_ext.syntax.structure import Braces, arguments, word_after, word_before
from isolate_ext.syntax.writing import StandInWriter

_NAME = re.compile(rb"[A-Za-z_]\w*")
_TAGS = (b"struct", b"union", b"enum")
_CONDITIONAL = (b"if", b"while", b"switch")
_TAKING = frozenset((*_TAGS, *_CONDITIONAL, b'"'))
"""What stands before a call that needs a stand-in wherever it is."""
_EASY = re.compile(rb"\s*+(?:%s\s*+)?[;,)\[]" % EASY_ARGUMENTS)
_ALTERNATIVE = {"not": b"!", "and": b"&&", "or": b"||"}


class Neutraliser(StandInWriter):
    """Puts stand-ins into one view."""

    def run(self, offsets: Iterable[tuple[int, bytes]]) -> None:
        """Treat the names at the given ascending offsets; what is blank by now is skipped."""
        skeleton = self.sheet.skeleton
        for offset, name in offsets:
            if skeleton.startswith(name, offset) and not self._is_easy(offset, name):
                self.treat(invocation(self.sheet, self.macros, offset, name.decode()))

    def _is_easy(self, offset: int, name: bytes) -> bool:
        """Whether this is a macro in a block that ``treat`` would leave alone."""
        return (
            _EASY.match(self.sheet.skeleton, offset + len(name)) is not None
            and self.sheet.structure.at(offset) is Braces.BLOCK
            and is_call(self.macros, name)
            and word_before(self.sheet.skeleton, offset) not in _TAKING
        )

    def treat(self, call: Invocation) -> None:
        """Put a stand-in for one invocation where it needs one."""
        shape = self.macros.shape(call.name) or Shape.EXPRESSION
        plain = shape not in (Shape.ENTRY, Shape.WRAPPED_TYPE)
        if plain and (self.beside_string(call, shape) or self._special(call)):
            return
        if call.before in _TAGS and call.opening >= 0:
            self.blank_arguments(call, shape)
        elif call.before in _CONDITIONAL and call.opening >= 0:
            self.parenthesise(call, shape)
        elif shape is Shape.SUFFIX:
            if call.before.isdigit() or call.before in (b")", b"]"):
                self.blank_out(call, shape)
        elif shape is Shape.PARAMETER and call.opening >= 0:
            self.unwrap(call, shape, b"")
        elif shape is Shape.WRAPPED_TYPE or shape is Shape.STATIC_TYPE:
            self._wrapped(call, shape)
        elif shape is Shape.SPECIFIER and not self._alone(call) and not self._declared(call):
            self.blank_out(call, shape)
        elif shape in (Shape.BLOCK_OPEN, Shape.BLOCK_CLOSE, Shape.BLOCK_TURN):
            self.block(call, shape)
        elif shape is Shape.HEAD and call.after != b";":
            self.head(call, shape)
        elif shape is Shape.LABEL:
            self.label(call, shape)
        elif shape is Shape.OPERATOR:
            self.operator(call, shape)
        else:
            self._by_context(call, shape)

    def _special(self, call: Invocation) -> bool:
        """Words that the C library or ``iso646.h`` makes special."""
        if self.macros.definitions(call.name):
            return False
        if call.name == "complex":
            around = (call.before, call.after)
            if b"double" in around or b"float" in around:
                self.blank_out(call, Shape.SPECIFIER)
            return True
        if call.name.endswith("asm") and call.after == b"{":
            self.assembly(call)
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
                self.function_body(call)
                return
            if _NAME.fullmatch(call.before) or call.before == b"*":
                self._declarator(call, shape)
                return
        at_file_level = call.braces is Braces.FILE and call.starts
        if call.opening >= 0 and not at_file_level and call.braces is not Braces.ENUM:
            make_expressions(self.sheet, call.opening, call.end - 1)
        if shape is Shape.CHOICE and call.after == b":":
            self.record(call, shape)
            self.sheet.put(call.next, b",")
        elif call.braces is Braces.INITIALISER:
            if call.before in (b"{", b",", b"}", b"("):
                self._entry(call, shape)
        elif call.braces is Braces.ENUM:
            self._enumerator(call, shape)
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
            self.unwrap(call, shape, b"")
        else:
            self.blank_arguments(call, shape)

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
        self.terminate(call, shape, b",")

    def _enumerator(self, call: Invocation, shape: Shape) -> None:
        """A macro that makes enumerators shows as one."""
        if call.before not in (b"{", b",") or call.after in (b"=", b"(", b";"):
            return
        if call.opening >= 0:
            self.blank_arguments(call, shape)
        if call.after not in (b",", b"}", b""):
            self.terminate(call, shape, b",")

    def _field(self, call: Invocation, shape: Shape) -> None:
        if call.opening < 0:
            if shape is Shape.TYPE or call.after in (b";", b"*", b":", b"["):
                return
            if shape is Shape.FIELD or not call.before_word or self._line_ends(call):
                self.terminate(call, shape, b";")
            return
        if call.after == b"*" or (call.before_word and shape is Shape.TYPE):
            self.blank_arguments(call, shape)
            return
        self.record(call, shape)
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
                self.head(call, Shape.HEAD)
            return
        if after == b"else" and self.first_body(call.name).startswith(b"if"):
            self.head(call, Shape.STATEMENT)
            self.sheet.put_between(call.end, call.next, b";")
            return
        if shape is Shape.TYPE:
            if call.opening >= 0 and (call.before_word or after == b"*"):
                self.blank_arguments(call, shape)
            return
        if not sure:
            if after in CONTINUES or after in (b"*", b"("):
                return
            if call.opening < 0 and call.before_word and not self._line_ends(call):
                return
        self.terminate(call, shape, b";")

    def _declaration(self, call: Invocation, shape: Shape) -> None:
        after = call.after
        if after in (b";", b"=", b",", b")", b"["):
            if call.opening >= 0:
                make_expressions(self.sheet, call.opening, call.end - 1)
            return
        if call.opening < 0:
            if shape not in (Shape.TYPE, Shape.EXPRESSION):
                self.terminate(call, shape, b";")
            return
        if after == b"{":
            self.function_head(call)
        elif shape is Shape.TYPE:
            self.blank_arguments(call, shape)
        elif shape is Shape.EXPRESSION and self._types_what_follows(call):
            if len(arguments(self.sheet.skeleton, call.opening, call.end - 1)) == 1:
                self.unwrap(call, Shape.WRAPPED_TYPE, b"")
            else:
                self.blank_arguments(call, Shape.TYPE)
        else:
            make_expressions(self.sheet, call.opening, call.end - 1)
            self.terminate(call, shape, b";")

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

    def _wrapped(self, call: Invocation, shape: Shape) -> None:
        if call.opening < 0:
            if not self.macros.definitions(call.name):
                self.blank_out(call, shape)
            return
        self.unwrap(call, shape, b"static" if shape is Shape.STATIC_TYPE else b"")
