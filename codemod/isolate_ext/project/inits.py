"""Module init functions in C text: PyInit_name, also behind MOD_INIT-like macros."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from isolate_ext.project.includes import IncludeGraph, directives, without_comments

MARK = re.compile(rb"PyInit_")
DIRECT = re.compile(rb"\bPyInit_(\w+)\s*\(\s*(?:void)?\s*\)")
PASTE = re.compile(
    rb"^[ \t]*#[ \t]*define[ \t]+(\w+)\(\s*\w+\s*[^)\n]*\)"
    rb"(?:[^\n\\]|\\\r?\n|\\.)*?\b(?:PyInit_|init)(\w*?)[ \t]*##[ \t]*\w+",
    re.M,
)
PASTED = re.compile(rb"(?:PyInit_|init)\w*[ \t]*##")
USUAL = (b"MOD_INIT", b"MODINIT", b"MODULE_INIT_FUNC", b"INITFUNC", b"INIT_MODULE")
NAMED = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:\(\))?[ \t]+PyInit_(\w+)", re.M)
JOINED = re.compile(rb"\bPyInit_[ \t]*,[ \t]*(\w+)[ \t]*\)")
USED = re.compile(
    rb"^[ \t]*(?:[\w*]+[ \t\r\n]+){0,4}(\w+)[ \t]*\(\s*(\w+)\s*\)"
    rb"\s*(?:\(\s*(?:void)?\s*\)\s*)?(\{|$)",
    re.M,
)
BODY = re.compile(
    rb"\s*(?:__attribute__\s*\(\(.*?\)\)\s*)?(?:(?:PyMODINIT_FUNC|void|DL_EXPORT\(void\))?\s*"
    rb"init\w+\s*\(\s*(?:void)?\s*\)\s*)?\{"
)
OBJECT_DEFINE = re.compile(rb"#[ \t]*define[ \t]+(\w+)[ \t]+\"?(\w+)\"?[ \t]*(?:/[/*].*)?$", re.M)


class Init(msgspec.Struct, frozen=True):
    """An init function defined in a file: module name, and 1-based line."""

    name: str
    line: int


def inits_of(
    graph: IncludeGraph,
    path: str,
    include_dirs: Sequence[str] = (),
    macros: Mapping[str, str | None] | None = None,
) -> list[Init]:
    """The init functions that a file defines, also by a macro of a header that it reaches."""
    data = graph.read(path)
    found = find_inits(data, macros)
    if found or not graph.reaches_python(path, include_dirs, set()):
        return found
    headers = [h for h in graph.reached([path], include_dirs) if graph.scan(h).names_init]
    pasting = {k: v for h in headers for k, v in pasting_macros(graph.read(h)).items()}
    return find_inits(data, macros, pasting) if pasting else []


def pasting_macros(data: bytes) -> dict[bytes, bytes]:
    """Macros that make PyInit_ and a prefix of their argument: {name: prefix}."""
    if b"##" not in data:
        return {}
    code = without_comments(data)
    return {m[1]: m[2] for m in PASTE.finditer(code)} if PASTED.search(code) else {}


def find_inits(
    data: bytes,
    macros: Mapping[str, str | None] | None = None,
    pasting: Mapping[bytes, bytes] | None = None,
) -> list[Init]:
    """The PyInit_ functions that the text defines, in order. A heuristic: no parse."""
    if not pasting and not any(word in data for word in (b"PyInit_", *USUAL)):
        return []
    code = without_comments(data)
    found: dict[str, int] = {}
    defines = {m[1].decode(): m[2].decode() for m in directives(OBJECT_DEFINE, code)}
    defines.update({k: v for k, v in (macros or {}).items() if v})
    marks = [match.start() for match in MARK.finditer(code)]
    for match in _matching(DIRECT, code, marks):
        before = code[: match.start()].rstrip(b" \t")
        if defines_body(code, match.end()) and not before.endswith(b"#define"):
            found.setdefault(match[1].decode(), line_of(code, match.start()))
    usable = code.replace(b"PyMODINIT_FUNC", b"")
    own = {**dict.fromkeys(USUAL, b""), **(pasting or {}), **pasting_macros(data)}
    for match in USED.finditer(code) if any(name in usable for name in own) else ():
        if match[1] in own and (match[3] or match[1] not in USUAL):
            name = match[2].decode()
            full = own[match[1]].decode() + defines.get(name, name)
            found.setdefault(full, line_of(code, match.start(1)))
    lines = dict.fromkeys(code.rfind(b"\n", 0, mark) + 1 for mark in marks)
    # the body of one that is NAMED may stand in a file that this one includes
    for match in _matching(NAMED, code, lines):
        found.setdefault(match[2].decode(), line_of(code, match.start()))
    for match in _matching(JOINED, code, marks):
        name = defines.get(match[1].decode())
        if name:
            found.setdefault(name, line_of(code, match.start()))
    return [Init(name, line) for name, line in sorted(found.items(), key=lambda item: item[1])]


def _matching(
    pattern: re.Pattern[bytes], code: bytes, offsets: Iterable[int]
) -> Iterator[re.Match[bytes]]:
    return (match for at in offsets if (match := pattern.match(code, at)) is not None)


def defines_body(code: bytes, end: int) -> bool:
    """Whether a body follows the parameter list, past directives and a Python 2 twin."""
    rest = re.sub(rb"^[ \t]*#.*$", b"", code[end : end + 600], flags=re.M)
    return bool(BODY.match(rest))


def line_of(code: bytes, offset: int) -> int:
    return code.count(b"\n", 0, offset) + 1
