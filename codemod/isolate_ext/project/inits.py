"""Module init functions in C text: PyInit_name, also behind MOD_INIT-like macros."""

from __future__ import annotations

import re
from dataclasses import dataclass

from isolate_ext.project.includes import without_comments

DIRECT = re.compile(rb"\bPyInit_(\w+)\s*\(\s*(?:void)?\s*\)")
PASTE = re.compile(
    rb"^[ \t]*#[ \t]*define[ \t]+(\w+)\(\s*(\w+)\s*[^)\n]*\)"
    rb"(?:[^\n\\]|\\\r?\n|\\.)*?\b(?:PyInit_|init)[ \t]*##[ \t]*(\w+)",
    re.M,
)
NAMED = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:\(\))?[ \t]+PyInit_(\w+)", re.M)
JOINED = re.compile(rb"\bPyInit_[ \t]*,[ \t]*(\w+)[ \t]*\)")
USED = re.compile(
    rb"^[ \t]*(?:[\w*]+[ \t\r\n]+)*(\w+)[ \t]*\(\s*(\w+)\s*\)\s*(?:\(\s*(?:void)?\s*\)\s*)?\{", re.M
)
BODY = re.compile(
    rb"\s*(?:__attribute__\s*\(\(.*?\)\)\s*)?(?:(?:PyMODINIT_FUNC|void|DL_EXPORT\(void\))?\s*"
    rb"init\w+\s*\(\s*(?:void)?\s*\)\s*)?\{"
)
OBJECT_DEFINE = re.compile(
    rb"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+\"?(\w+)\"?[ \t]*(?:/[/*].*)?$", re.M
)


@dataclass(frozen=True)
class Init:
    """An init function defined in a file: module name, and 1-based line."""

    name: str
    line: int


def find_inits(data: bytes, macros: dict[str, str | None] | None = None) -> list[Init]:
    """The PyInit_ functions that the text defines, in order. A heuristic: no parse."""
    if not any(
        word in data for word in (b"PyInit_", b"MOD_INIT", b"MODINIT", b"INITFUNC", b"INIT_MODULE")
    ):
        return []
    code = without_comments(data)
    found: dict[str, int] = {}
    defines = {m[1].decode(): m[2].decode() for m in OBJECT_DEFINE.finditer(code)}
    defines.update({k: v for k, v in (macros or {}).items() if v})
    for match in DIRECT.finditer(code):
        if defines_body(code, match.end()) and not code[: match.start()].rstrip(b" \t").endswith(
            b"#define"
        ):
            found.setdefault(match[1].decode(), line_of(code, match.start()))
    pasting = {m[1] for m in PASTE.finditer(code)} | {
        b"MOD_INIT",
        b"MODINIT",
        b"MODULE_INIT_FUNC",
        b"INITFUNC",
        b"INIT_MODULE",
    }
    for match in USED.finditer(code):
        if match[1] in pasting:
            name = match[2].decode()
            found.setdefault(defines.get(name, name), line_of(code, match.start()))
    for match in NAMED.finditer(code):  # its body may stand in a file that this one includes
        found.setdefault(match[2].decode(), line_of(code, match.start()))
    for match in JOINED.finditer(code):
        name = defines.get(match[1].decode())
        if name:
            found.setdefault(name, line_of(code, match.start()))
    return [Init(name, line) for name, line in sorted(found.items(), key=lambda item: item[1])]


def defines_body(code: bytes, end: int) -> bool:
    """Whether a body follows the parameter list, past directives and a Python 2 twin."""
    rest = re.sub(rb"^[ \t]*#.*$", b"", code[end : end + 600], flags=re.M)
    return bool(BODY.match(rest))


def line_of(code: bytes, offset: int) -> int:
    return code.count(b"\n", 0, offset) + 1
