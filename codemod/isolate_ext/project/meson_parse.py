"""Meson build files as statements: only as much of the language as extension modules need."""

from __future__ import annotations

import re
from typing import Any

import msgspec

TOKEN = re.compile(
    r"(?P<space>[ \t\r]+|#[^\n]*|\\\n)|(?P<newline>\n)"
    r"|(?P<string>f?'''.*?'''|f?'(?:\\.|[^'\\\n])*')"
    r"|(?P<number>0[xob][0-9a-fA-F]+|\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<op>\+=|==|!=|<=|>=|[-+*/%<>=?:.,()\[\]{}])",
    re.S,
)
ESCAPE = {"\\n": "\n", "\\'": "'", "\\\\": "\\", "\\t": "\t"}


class Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    line: int


class Call(msgspec.Struct, frozen=True):
    """name(args, key: value); `owner` is what a method is called on."""

    name: str
    args: tuple[Any, ...]
    keywords: dict[str, Any]
    line: int
    owner: Any = None


class Name(msgspec.Struct, frozen=True):
    id: str


class Operation(msgspec.Struct, frozen=True):
    op: str
    operands: tuple[Any, ...]


class Assign(msgspec.Struct, frozen=True):
    name: str
    op: str
    value: Any


class If(msgspec.Struct, frozen=True):
    arms: tuple[tuple[Any, tuple[Any, ...]], ...]  # condition (None for else), body


class Foreach(msgspec.Struct, frozen=True):
    names: tuple[str, ...]
    value: Any
    body: tuple[Any, ...]


class MesonError(Exception):
    """The file is not understood; the text says at which line."""


def tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at, line, depth = 0, 1, 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise MesonError(f"line {line}: unexpected {text[at]!r}")
        kind, part = match.lastgroup or "", match.group()
        if kind == "op":
            depth += (part in "([{") - (part in ")]}")
        if kind != "space" and not (kind == "newline" and depth > 0):
            found.append(Token(kind, part, line))
        line += part.count("\n")
        at = match.end()
    return [*found, Token("newline", "\n", line), Token("end", "", line)]


class Parser(msgspec.Struct):
    tokens: list[Token]
    at: int = 0
    stack: list[str] = msgspec.field(default_factory=list)

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def accept(self, *texts: str) -> bool:
        if self.now.text in texts and self.now.kind in ("op", "name"):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise MesonError(f"line {self.now.line}: {text!r} expected, not {self.now.text!r}")

    def body(self, *ends: str) -> tuple[Any, ...]:
        """Statements up to one of the closing words, which is left."""
        found = []
        while self.now.kind != "end" and not (self.now.kind == "name" and self.now.text in ends):
            if self.now.kind == "newline":
                self.at += 1
                continue
            found.append(self.statement())
        return tuple(found)

    def statement(self) -> Any:
        if self.now.kind == "name" and self.now.text == "if":
            return self.conditional()
        if self.now.kind == "name" and self.now.text == "foreach":
            return self.foreach()
        if self.now.kind == "name" and self.tokens[self.at + 1].text in ("=", "+="):
            name, op = self.take().text, self.take().text
            return Assign(name, op, self.expression())
        return self.expression()

    def conditional(self) -> If:
        arms = []
        self.at += 1
        arms.append((self.expression(), self.body("elif", "else", "endif")))
        while not self.accept("endif"):
            if self.now.kind == "end":
                raise MesonError(f"line {self.now.line}: endif expected")
            condition = self.expression() if self.take().text == "elif" else None
            arms.append((condition, self.body("elif", "else", "endif")))
        return If(tuple(arms))

    def foreach(self) -> Foreach:
        self.at += 1
        names = [self.take().text]
        while self.accept(","):
            names.append(self.take().text)
        self.expect(":")
        value = self.expression()
        body = self.body("endforeach")
        self.expect("endforeach")
        return Foreach(tuple(names), value, body)

    LEVELS = (
        ("or",),
        ("and",),
        ("==", "!=", "<", ">", "<=", ">=", "in", "not"),
        ("+", "-"),
        ("*", "/", "%"),
    )

    def expression(self) -> Any:
        value = self.level(0)
        if self.accept("?"):
            first = self.expression()
            self.expect(":")
            return Operation("?", (value, first, self.expression()))
        return value

    def level(self, depth: int) -> Any:
        if depth == len(self.LEVELS):
            return self.unary()
        value = self.level(depth + 1)
        while self.now.kind in ("op", "name") and self.now.text in self.LEVELS[depth]:
            op = self.take().text
            if op == "not":
                self.expect("in")
                op = "not in"
            value = Operation(op, (value, self.level(depth + 1)))
        return value

    def unary(self) -> Any:
        if self.accept("not"):
            return Operation("not", (self.unary(),))
        if self.accept("-"):
            return Operation("neg", (self.unary(),))
        return self.postfix()

    def postfix(self) -> Any:
        value = self.primary()
        while True:
            if self.accept("."):
                name = self.take()
                self.expect("(")
                value = self.call(name.text, name.line, value)
            elif self.accept("["):
                value = Operation("[]", (value, self.expression()))
                self.expect("]")
            else:
                return value

    def primary(self) -> Any:
        token = self.take()
        if token.kind == "string":
            return string(token.text)
        if token.kind == "number":
            return (
                int(token.text, 0)
                if not token.text.startswith("0")
                or (len(token.text) > 1 and token.text[1] in "xob")
                else int(token.text)
            )
        if token.text == "[":
            return self.items("]")
        if token.text == "{":
            return self.mapping()
        if token.text == "(":
            value = self.expression()
            self.expect(")")
            return value
        if token.kind == "name":
            if token.text in ("true", "false"):
                return token.text == "true"
            return self.call(token.text, token.line) if self.accept("(") else Name(token.text)
        raise MesonError(f"line {token.line}: unexpected {token.text!r}")

    def items(self, end: str) -> list[Any]:
        found = []
        while not self.accept(end):
            found.append(self.expression())
            if not self.accept(","):
                self.expect(end)
                break
        return found

    def mapping(self) -> dict[Any, Any]:
        found = {}
        while not self.accept("}"):
            key = self.expression()
            self.expect(":")
            found[key if isinstance(key, str) else repr(key)] = self.expression()
            self.accept(",")
        return found

    def call(self, name: str, line: int, owner: Any = None) -> Call:
        args: list[Any] = []
        keywords: dict[str, Any] = {}
        while not self.accept(")"):
            value = self.expression()
            if isinstance(value, Name) and self.accept(":"):
                keywords[value.id] = self.expression()
            else:
                args.append(value)
            if not self.accept(","):
                self.expect(")")
                break
        return Call(name, tuple(args), keywords, line, owner)


def string(text: str) -> Any:
    if text.startswith("f"):
        return Operation("f", (string(text[1:]),))
    if text.startswith("'''"):
        return text[3:-3]
    return re.sub(r"\\.", lambda m: ESCAPE.get(m.group(), m.group()), text[1:-1])


def parse(text: str) -> tuple[Any, ...]:
    """The statements of a meson file. Raises MesonError."""
    parser = Parser(tokens(text))
    found = parser.body()
    if parser.now.kind != "end":
        raise MesonError(f"line {parser.now.line}: unexpected {parser.now.text!r}")
    return found
