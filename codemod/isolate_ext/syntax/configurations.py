"""Configurations: which branches of the conditionals are live together."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from isolate_ext.syntax.conditionals import Branch, Group
from isolate_ext.syntax.directives import Define, Undef
from isolate_ext.syntax.expressions import Expr, Interval, evaluate, truth

Span = tuple[int, int]
UNDEFINED = None
Value = int | None
"""The value of a macro; None when it is undefined."""

PRIMARY: Mapping[str, Value] = {
    "PY_MAJOR_VERSION": 3,
    "PY_MINOR_VERSION": 13,
    "PY_MICRO_VERSION": 0,
    "PY_VERSION_HEX": 0x030D00F0,
    "PYTHON_API_VERSION": 1013,
    "PYTHON_ABI_VERSION": 3,
    "Py_PYTHON_H": 1,
    "PyMODINIT_FUNC": 1,
    "WITH_THREAD": 1,
    "NDEBUG": 1,
    "__GNUC__": 12,
    "__GNUC_MINOR__": 2,
    "__linux__": 1,
    "linux": 1,
    "__linux": 1,
    "__unix__": 1,
    "unix": 1,
    "__unix": 1,
    "__x86_64__": 1,
    "__x86_64": 1,
    "__amd64__": 1,
    "__LP64__": 1,
    "__SSE2__": 1,
    "__STDC__": 1,
    "__STDC_VERSION__": 201710,
    "__STDC_HOSTED__": 1,
    "__CHAR_BIT__": 8,
    "__ELF__": 1,
    "__BYTE_ORDER__": 1234,
    "__ORDER_LITTLE_ENDIAN__": 1234,
    "__ORDER_BIG_ENDIAN__": 4321,
    "SIZEOF_INT": 4,
    "SIZEOF_LONG": 8,
    "SIZEOF_LONG_LONG": 8,
    "SIZEOF_SIZE_T": 8,
    "SIZEOF_VOID_P": 8,
    "SIZEOF_TIME_T": 8,
    "SIZEOF_OFF_T": 8,
    "SIZEOF_SHORT": 2,
    "SIZEOF_WCHAR_T": 4,
    "SIZEOF_FPOS_T": 16,
    "SIZEOF_FLOAT": 4,
    "SIZEOF_DOUBLE": 8,
    "INT_MAX": 0x7FFFFFFF,
    "UINT_MAX": 0xFFFFFFFF,
    "LONG_MAX": 0x7FFFFFFFFFFFFFFF,
    "ULONG_MAX": 0xFFFFFFFFFFFFFFFF,
    "CHAR_BIT": 8,
    "SIZE_MAX": 0xFFFFFFFFFFFFFFFF,
    "UINTPTR_MAX": 0xFFFFFFFFFFFFFFFF,
    "EAGAIN": 11,
    "EWOULDBLOCK": 11,
}
"""Python 3.13, CPython, Linux on x86-64 with gcc; what is not named here is undefined."""

_NOT_LINUX = frozenset(
    {
        "HAVE_KQUEUE", "HAVE_SYS_EVENT_H", "HAVE_DEVPOLL", "HAVE_SYS_DEVPOLL_H", "HAVE_LIBDB",
        "HAVE_GETHOSTBYNAME_R_3_ARG", "HAVE_GETHOSTBYNAME_R_5_ARG", "HAVE_BROKEN_POLL",
        "HAVE_NDBM_H", "HAVE_CONIO_H", "HAVE_PROCESS_H", "HAVE_DIRECT_H", "HAVE_IO_H",
        "HAVE_LARGEFILE_SUPPORT", "HAVE_CHFLAGS", "HAVE_LCHFLAGS", "HAVE_STROPTS_H",
        "HAVE_SYS_BSDTTY_H", "HAVE_UTIL_H", "HAVE_LIBUTIL_H", "HAVE_STRUCT_STAT_ST_FLAGS",
    }
)  # fmt: skip


class Configuration(msgspec.Struct, eq=False):
    """Assumed values of macros, and branches forced whatever the macros say."""

    values: Mapping[str, Value] = msgspec.field(default_factory=dict)
    forced: Mapping[int, int] = msgspec.field(default_factory=dict)
    """From ``id`` of a group to the index of its live branch; -1 for none."""

    def value(self, name: str) -> Value:
        """What the configuration says of a macro that the file does not define."""
        if name in self.values:
            return self.values[name]
        if name in PRIMARY:
            return PRIMARY[name]
        if name.startswith(("HAVE_", "MS_WIN", "_HAVE_")) and name not in _NOT_LINUX:
            return None if name.startswith("MS_") else 1
        return None


class Walk:
    """Follows one configuration through a file: the live branches, in-file defines in force."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.local: dict[str, Expr | Value] = {}
        self.dead: list[Span] = []
        self.live: list[Branch] = []
        self.paths: list[Group] = []
        self._depth = 0

    def lookup(self, name: str, defined: bool) -> Interval:
        """The exact value of a macro at this point, as an interval of one value."""
        known: Expr | Value
        known = self.local[name] if name in self.local else self.configuration.value(name)
        if defined:
            return (0, 0) if known is None else (1, 1)
        if known is None:
            return (0, 0)
        if isinstance(known, int):
            return (known, known)
        if self._depth > 20:
            return (0, 0)
        self._depth += 1
        try:
            return evaluate(known, self.lookup)
        finally:
            self._depth -= 1

    def run(self, branch: Branch) -> Walk:
        """Walk a live branch."""
        self.live.append(branch)
        for event in branch.events:
            if isinstance(event, Group):
                self._group(event)
            elif isinstance(event, Define):
                self.local[event.name] = event.value or 0
            elif isinstance(event, Undef):
                self.local[event.name] = None
        return self

    def _group(self, group: Group) -> None:
        chosen = self._choose(group)
        for index, branch in enumerate(group.branches):
            if index == chosen:
                self.run(branch)
            elif branch.start < branch.end:
                self.dead.append(branch.span)

    def _choose(self, group: Group) -> int:
        if id(group) in self.configuration.forced:
            return self.configuration.forced[id(group)]
        if not self.configuration.values:
            for index, branch in enumerate(group.branches):
                if branch.verdict is True:
                    return index
        for index, branch in enumerate(group.branches):
            if not branch.never and truth(evaluate(branch.test, self.lookup)):
                return index
        return -1


def walk(root: Branch, configuration: Configuration) -> Walk:
    """The walk of a configuration through a whole file; ``dead`` is ascending and disjoint."""
    result = Walk(configuration).run(root)
    result.dead.sort()
    return result
