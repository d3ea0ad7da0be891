"""Scanning: the lexical view of a source, its directives, macros and identifiers."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from isolate_ext.syntax.conditionals import Branch, Condition, Group, Verdicts, condition_of
from isolate_ext.syntax.directives import (
    Define,
    Include,
    Undef,
    keyword_of,
    read_define,
    read_include,
    read_name,
)
from isolate_ext.syntax.expressions import Expr, parse_expression
from isolate_ext.syntax.lexing import IDENTIFIER, clean, lex
from isolate_ext.syntax.source import Lines, Source
from isolate_ext.syntax.tables import number_tables

_ALWAYS = Expr("number", value=1)
_BLANKS = b" \t\n\r\v\f"
_OF_BODIES = ("body_skeleton", "bodies", "body_identifiers")
Decided = tuple[Mapping[str, bool], frozenset[str]]
"""What other files decide, and the macros that are defined wherever a file is included."""
Index = dict[bytes, list[int]]
"""Identifier to the byte offsets where it stands, ascending."""


class Scan:
    """A source without its grammar: texts at equal length, conditionals, defines, includes.

    ``code`` holds the source with comments, directives and long tables of numbers blanked, all
    branches present; ``skeleton`` also masks the insides of strings. ``bodies`` and
    ``body_skeleton`` hold nothing but the bodies of macros, in place. ``alone`` has the verdict of
    each branch by this file alone, ``decided`` what the present verdicts come from, if not that.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        lexed = lex(source.data)
        tables = number_tables(lexed.skeleton)
        self.code = without(lexed.code, tables)
        self.skeleton = without(lexed.skeleton, tables)
        self.lines = Lines(source.data)
        size = len(source.data)
        self.root = Branch("", (0, 0), _ALWAYS, "1", 0, size, verdict=True)
        self.directives = lexed.directives
        self.defines: tuple[Define, ...] = ()
        self.includes: tuple[Include, ...] = ()
        self._read_directives(lexed.directives)
        Verdicts().decide(self.root)
        self.alone = {each: each.verdict for group in self.all_groups for each in group.branches}
        self.decided: Decided | None = None

    def _read_directives(self, spans: tuple[tuple[int, int], ...]) -> None:
        reader = _Reader(self.source.data, self.root)
        for span in spans:
            reader.read(span)
        self.root = reader.root
        for group in self.root.groups():
            group.branches[0].guard = self._guards(group)
        self.defines = tuple(reader.defines)
        self.includes = tuple(reader.includes)

    def _guards(self, group: Group) -> bool:
        """``#ifndef NAME_H`` with ``#define NAME_H`` first, and hardly any code outside of it."""
        branch = group.branches[0]
        first = branch.events[0] if branch.events else None
        if not isinstance(first, Define) or branch.text != f"!defined({first.name})":
            return False
        outside = _ink(self.code[: group.start]) + _ink(self.code[group.end :])
        return 4 * outside <= _ink(self.code[slice(*branch.span)])

    def decide(self, known: Decided) -> None:
        """Decide the branches anew for an extension, by what its other files define."""
        before, self.decided = self.decided or ({}, frozenset()), known
        if known != before:
            Verdicts(*known).decide(self.root)
            for name in ("never_spans", "live_defines", "reachable", "identifiers", *_OF_BODIES):
                self.__dict__.pop(name, None)

    @property
    def all_groups(self) -> list[Group]:
        """Every conditional group, inner ones included."""
        pending, found = list(self.root.groups()), []
        while pending:
            group = pending.pop()
            found.append(group)
            pending.extend(inner for branch in group.branches for inner in branch.groups())
        return found

    @property
    def groups(self) -> tuple[Group, ...]:
        """The outermost conditional groups; inner ones hang on their branches."""
        return tuple(self.root.groups())

    @cached_property
    def never_spans(self) -> tuple[tuple[int, int], ...]:
        """The outermost branches that no configuration reaches (``#if 0``)."""
        found: list[tuple[int, int]] = []
        stack = [self.root]
        while stack:
            branch = stack.pop()
            for group in branch.groups():
                for inner in group.branches:
                    if inner.never:
                        found.append(inner.span)
                    else:
                        stack.append(inner)
        return tuple(sorted(found))

    @cached_property
    def _defines_by_name(self) -> dict[str, list[Define]]:
        found: dict[str, list[Define]] = {}
        for define in self.defines:
            found.setdefault(define.name, []).append(define)
        return found

    def defines_of(self, name: str) -> Sequence[Define]:
        """Every definition of a macro, in source order."""
        return self._defines_by_name.get(name, ())

    @cached_property
    def live_defines(self) -> tuple[Define, ...]:
        """The defines outside ``#if 0``."""
        return tuple(d for d in self.defines if d.branch is None or not d.branch.never)

    @cached_property
    def reachable(self) -> bytes:
        """The skeleton without ``#if 0``: what any configuration can see."""
        return without(self.skeleton, self.never_spans)

    @cached_property
    def identifiers(self) -> Index:
        """Identifiers outside comments, strings, directives and ``#if 0``."""
        return _index(self.reachable)

    @cached_property
    def body_skeleton(self) -> bytes:
        """The macro bodies, in place, with the insides of strings masked."""
        return self._bodies(lambda define: define.skeleton)

    @cached_property
    def bodies(self) -> bytes:
        """The macro bodies, in place, without comments and continuations."""
        return self._bodies(lambda define: define.code)

    def _bodies(self, text: Callable[[Define], bytes]) -> bytes:
        pieces: list[bytes] = []
        at = 0
        for define in self.live_defines:
            start, end = define.body_span
            pieces.append(b" " * (start - at))
            pieces.append(text(define))
            at = end
        pieces.append(b" " * (len(self.source.data) - at))
        return b"".join(pieces)

    @cached_property
    def body_identifiers(self) -> Index:
        """Identifiers inside macro bodies."""
        return _index(self.body_skeleton)

    @cached_property
    def _stretches(self) -> tuple[list[int], list[Branch]]:
        """Where each stretch of one innermost branch begins, and that branch."""
        starts, branches = [0], [self.root]

        for at, branch in _cuts(self.root):
            if starts[-1] == at:
                starts.pop(), branches.pop()
            starts.append(at)
            branches.append(branch)
        return starts, branches

    def branch_at(self, offset: int) -> Branch:
        """The innermost branch whose body holds the offset."""
        starts, branches = self._stretches
        return branches[bisect_right(starts, offset) - 1]

    def conditions(self, offset: int) -> tuple[Condition, ...]:
        """The enclosing branches of an offset, outermost first."""
        found: list[Condition] = []
        branch = self.branch_at(offset)
        while branch.group is not None:
            found.append(condition_of(branch))
            branch = branch.group.parent
        return tuple(reversed(found))


def _cuts(branch: Branch) -> Iterator[tuple[int, Branch]]:
    """Where another innermost branch begins inside of one, or the branch itself goes on."""
    for group in branch.groups():
        for inner in group.branches:
            if inner.start < inner.end:
                yield inner.start, inner
                yield from _cuts(inner)
                yield inner.end, branch


def without(text: bytes, spans: tuple[tuple[int, int], ...] | list[tuple[int, int]]) -> bytes:
    """The text with the given disjoint ascending spans turned into spaces."""
    if not spans:
        return text
    pieces: list[bytes] = []
    at = 0
    for start, end in spans:
        pieces.append(text[at:start])
        pieces.append(b" " * (end - start))
        at = end
    pieces.append(text[at:])
    return b"".join(pieces)


def _ink(text: bytes) -> int:
    """How many bytes of a text are no blanks."""
    return len(text.translate(None, _BLANKS))


def _index(text: bytes) -> Index:
    found: defaultdict[bytes, list[int]] = defaultdict(list)
    for match in IDENTIFIER.finditer(text):
        found[match[0]].append(match.start())
    return dict(found)


class _Reader:
    """Builds the conditional tree from the directives in order."""

    def __init__(self, data: bytes, root: Branch) -> None:
        self.data = data
        self.root = root
        self.stack = [root]
        self.defines: list[Define] = []
        self.includes: list[Include] = []

    def read(self, span: tuple[int, int]) -> None:
        code, skeleton = clean(self.data[span[0] : span[1]])
        keyword, rest = keyword_of(code)
        top = self.stack[-1]
        if keyword == "define":
            define = read_define(code, skeleton, rest, span, top)
            if define:
                self.defines.append(define)
                top.events.append(define)
        elif keyword == "undef":
            top.events.append(Undef(span, read_name(code, rest)))
        elif keyword in ("include", "include_next", "import"):
            include = read_include(code, rest, span)
            if include:
                self.includes.append(include)
        elif keyword in ("if", "ifdef", "ifndef", "elif", "else", "elifdef", "elifndef"):
            self._branch(keyword, code, rest, span)
        elif keyword == "endif" and len(self.stack) > 1:
            closed = self.stack.pop()
            closed.end = self._line_start(span[0])
            assert closed.group is not None
            closed.group.endif = span

    def _branch(self, keyword: str, code: bytes, rest: int, span: tuple[int, int]) -> None:
        text = code[rest:].decode("latin-1").strip()
        if keyword.endswith("def"):
            name = read_name(code, rest)
            text = f"{'!' if keyword.endswith('ndef') else ''}defined({name})"
        elif keyword == "else":
            text = "1"
        start = min(span[1] + 1, len(self.data))
        size = len(self.data)
        branch = Branch(keyword, span, parse_expression(text), text, start, size)
        if keyword.startswith("el"):
            if len(self.stack) == 1:
                return
            previous = self.stack.pop()
            previous.end = self._line_start(span[0])
            assert previous.group is not None
            branch.group = previous.group
            previous.group.branches.append(branch)
        else:
            parent = self.stack[-1]
            branch.group = Group([branch], parent)
            parent.events.append(branch.group)
        self.stack.append(branch)

    def _line_start(self, offset: int) -> int:
        return self.data.rfind(b"\n", 0, offset) + 1


def scan(source: Source) -> Scan:
    """Lex a source and read its directives; never fails, whatever the bytes."""
    return Scan(source)
