"""Types step by step: what each index and each dereference of a value leads to."""

from __future__ import annotations

import re

import msgspec
from msgspec.structs import replace

_POINTERS = ("*", "!")
_NUMBER = re.compile(
    r"(?:(?:unsigned|signed|char|short|int|long|float|double|bool|_Bool)\b\s*)+|s?size_t|off_t"
    r"|time_t|clock_t|pid_t|wchar_t|u?int(?:max|_fast\d+|_least\d+|\d+)_t|enum \w+"
    r"|Py_(?:ssize_t|UCS[124]|UNICODE|u?hash_t|complex)|_?PyTime_t|PyThread_type_lock"
    r"|pthread_key_t|DWORD|UINT|ULONG|BOOL|HANDLE|\w*u?int(?:8|16|32|64)(?:_t)?"
)


class Shape(msgspec.Struct, frozen=True):
    """A type below its typedefs.  ``steps`` are those of `CType`: ``[``, ``*``, ``!``, ``c``.

    ``opaque`` types are declared elsewhere: values of them may be arrays or pointers.
    """

    base: str
    steps: str
    opaque: bool = False

    @property
    def is_array(self) -> bool:
        return self.steps.startswith("[")

    @property
    def is_pointer(self) -> bool:
        return self.steps.startswith(_POINTERS)

    @property
    def is_opaque(self) -> bool:
        return self.opaque and self.steps in ("", "c")

    @property
    def is_number(self) -> bool:
        """A value that no pointer is in."""
        return self.steps in ("", "c") and is_number(self.base)

    @property
    def inner(self) -> Shape:
        """The element, or what is pointed to; itself where it is neither."""
        return replace(self, steps=self.steps[1:]) if self.is_array or self.is_pointer else self

    @property
    def decayed(self) -> Shape:
        """An array as the pointer to its first element that its name means."""
        return replace(self, steps="*" + self.steps[1:]) if self.is_array else self

    @property
    def pointer(self) -> Shape:
        """A pointer to it."""
        return replace(self, steps="*" + self.steps)

    def constant(self, depth: int) -> bool:
        """Whether what is so many dereferences away cannot be written this way."""
        rest = self.steps
        while rest.startswith("[") or (depth and rest.startswith(_POINTERS)):
            depth -= rest[0] != "["
            rest = rest[1:]
        return not depth and rest[:1] in ("!", "c")


def is_number(base: str) -> bool:
    """Whether a type's name is that of a number, or of a handle that leads to nothing here."""
    return _NUMBER.fullmatch(base) is not None


def joined(steps: str, under: str) -> str:
    """Steps over those of the typedef that they end in."""
    if not steps.endswith("c"):
        return steps + under
    arrays = len(under) - len(under.lstrip("["))
    first = under[arrays : arrays + 1]
    rest = "!" + under[arrays + 1 :] if first in _POINTERS else "c"
    return steps[:-1] + under[:arrays] + rest
