"""Module init functions in C text: PyInit_name, also behind MOD_INIT-like macros."""

from __future__ import annotations

import re
from dataclasses import dataclass

from isolate_ext.project.includes import without_comments

DIRECT = re.compile(rb"\bPyInit_(\w+)\s*\(\s*(?:void)?\s*\)")
PASTE = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)\(\s*(\w+)\s*[^)\n]*\)(?:[^\n\\]|\\\r?\n|\\.)*?\b(?:PyInit_|init)[ \t]*##[ \t]*(\w+)", re.M)
NAMED = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+PyInit_(\w+)", re.M)
USED = re.compile(rb"^[ \t]*(?:PyMODINIT_FUNC[ \t\r\n]+)?(\w+)[ \t]*\(\s*(\w+)\s*\)\s*\{", re.M)
OBJECT_DEFINE = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+\"?(\w+)\"?[ \t]*(?:/[/*].*)?$", re.M)


@dataclass(frozen=True)
class Init:
    """An init function defined in a file: module name, and 1-based line."""

    name: str
    line: int


def find_inits(data: bytes, macros: dict[str, str | None] | None = None) -> list[Init]:
    """The PyInit_ functions that the text defines, by name, in order. Heuristic: text, not a parse."""
    if b"PyInit_" not in data and b"MOD_INIT" not in data and b"MODINIT" not in data and b"INITFUNC" not in data:
        return []
    code = without_comments(data)
    found: dict[str, int] = {}
    defines = {m[1].decode(): m[2].decode() for m in OBJECT_DEFINE.finditer(code)}
    defines.update({k: v for k, v in (macros or {}).items() if v})
    for match in DIRECT.finditer(code):
        if defines_body(code, match.end()) and not code[:match.start()].rstrip(b" \t").endswith(b"#define"):
            found.setdefault(match[1].decode(), line_of(code, match.start()))
    pasting = {m[1] for m in PASTE.finditer(code)} | {b"MOD_INIT", b"MODINIT", b"MODULE_INIT_FUNC", b"INITFUNC"}
    for match in USED.finditer(code):
        if match[1] in pasting:
            name = match[2].decode()
            found.setdefault(defines.get(name, name), line_of(code, match.start()))
    for match in NAMED.finditer(code):
        if re.search(rb"\b" + match[1] + rb"\s*\(\s*(?:void)?\s*\)\s*\{", code):
            found.setdefault(match[2].decode(), line_of(code, match.start()))
    return [Init(name, line) for name, line in sorted(found.items(), key=lambda item: item[1])]


def defines_body(code: bytes, end: int) -> bool:
    """Whether a body follows the parameter list, over attributes and directives."""
    rest = code[end:end + 400]
    rest = re.sub(rb"^[ \t]*#.*$", b"", rest, flags=re.M)
    return bool(re.match(rb"\s*(?:__attribute__\s*\(\(.*?\)\)\s*)?\{", rest))


def line_of(code: bytes, offset: int) -> int:
    return code.count(b"\n", 0, offset) + 1
