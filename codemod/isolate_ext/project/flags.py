"""Compiler flags, taken apart."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from isolate_ext.project.records import Macro

# flags with an argument that say nothing about how a file is to be read
DROPPED_WITH_VALUE = frozenset({"-o", "-MF", "-MT", "-MQ", "-x", "-arch"})
DROPPED = frozenset({"-c", "-S", "-E", "-MD", "-MMD", "-MP", "-M", "-MM", "-pipe"})


class Flags(msgspec.Struct, frozen=True):
    include_dirs: tuple[str, ...] = ()
    macros: tuple[Macro, ...] = ()
    undef: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def split_flags(words: Sequence[str]) -> Flags:
    """-I, -D and -U apart from the rest; options of output and dependencies are dropped."""
    include_dirs: list[str] = []
    macros: list[Macro] = []
    undef: list[str] = []
    rest: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word in DROPPED:
            continue
        if word in DROPPED_WITH_VALUE:
            queue[:1] = []
        elif word in (
            "-I",
            "-D",
            "-U",
            "-isystem",
            "-iquote",
            "-idirafter",
            "-include",
            "-imacros",
        ):
            value = queue.pop(0) if queue else ""
            place(word, value, include_dirs, macros, undef, rest)
        elif word[:2] in ("-I", "-D", "-U") and len(word) > 2:
            place(word[:2], word[2:], include_dirs, macros, undef, rest)
        elif word.startswith("-isystem"):
            include_dirs.append(word.removeprefix("-isystem"))
        else:
            rest.append(word)
    return Flags(tuple(include_dirs), tuple(macros), tuple(undef), tuple(rest))


def place(
    option: str,
    value: str,
    include_dirs: list[str],
    macros: list[Macro],
    undef: list[str],
    rest: list[str],
) -> None:
    if option in ("-I", "-isystem", "-iquote", "-idirafter"):
        include_dirs.append(value)
    elif option == "-D":
        name, equals, text = value.partition("=")
        macros.append((name, text if equals else None))
    elif option == "-U":
        undef.append(value)
    else:
        rest += [option, value]
