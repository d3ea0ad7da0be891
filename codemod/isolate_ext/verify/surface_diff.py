"""Differences in what Python code can see of two builds, each expected or a regression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from isolate_ext.verify.surface_types import consequence

NONE_DOC = "The type of the None singleton."
"""What Python 3.13 says of None; earlier versions say nothing."""

HEAP_MEMBERS = ("__module__", "__weakref__", "__dict__", "__firstlineno__", "__static_attributes__")


@dataclass(frozen=True)
class Difference:
    """One fact that changed; ``expected`` holds the reason, and is empty for a regression."""

    fact: str
    before: str
    after: str
    expected: str = ""

    def __str__(self) -> str:
        change = f"{self.fact}: {_short(self.before)} -> {_short(self.after)}"
        return f"{change} ({self.expected})" if self.expected else change


def differences(before: Any, after: Any, version: tuple[int, int]) -> list[Difference]:
    """Compare two ``surface`` results of the probe made under Python ``version``.

    A call is compared where both sides made it: that a name is missing shows elsewhere.
    """
    made = before.get("calls", {}).keys() & after.get("calls", {}).keys()
    one, other = (
        {**facts, "calls": {key: facts["calls"][key] for key in made}} for facts in (before, after)
    )
    sequences = tuple(
        label
        for name, fact in after.items()
        for label in (f"{name} / ", f"{name.replace('type ', 'instance ')}#")
        if isinstance(fact, dict) and "n_sequence_fields" in fact.get("members", {})
    )
    return [
        Difference(
            fact,
            str(was),
            str(now),
            consequence(fact, was, now, before, after)
            or _reason(fact, was, now, version, sequences),
        )
        for fact, was, now in _walk("", one, other)
    ]


def _walk(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            inner = f"{path} / {key}" if path else str(key)
            yield from _walk(inner, before.get(key, "absent"), after.get(key, "absent"))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _walk(f"{path} / {number}", one, other)
    elif before != after:
        yield path, before, after


def _reason(
    fact: str, before: Any, after: Any, version: tuple[int, int], sequences: tuple[str, ...]
) -> str:
    """Why a change is no regression; empty if it is one."""
    last = fact.rpartition(" / ")[2]
    if fact.startswith("name ") and last == "self" and (before, after) == ("NoneType", "module"):
        return "a function made by hand is bound to its module, like those of a method table"
    if fact.startswith(sequences) and last in ("immutable", "set-attribute", "set-own-class"):
        return "struct sequences made at run time can be changed"
    if fact.startswith(sequences) and _gains_empty_doc(fact, before, after):
        return "struct sequences made at run time need a doc before 3.9.3"
    if _shows_the_same_object(before, after):
        return "the text of an instance names its type by its module, too"
    if " / layout / " in fact:
        gained = {"heap": True, "gc": True, "immutable": True}
        return "a heap type's layout" if after == gained.get(last) else ""
    if fact.endswith("members / __reduce__") and before == "absent":
        return "keeps protocols 0 and 1 from pickling a heap type without its fields"
    if last == "visits" and set(before.split(", ")) - {""} <= set(after.split(", ")):
        return "the garbage collector is shown more"
    if last in HEAP_MEMBERS and " / members / " in fact and before == "absent":
        return "heap types store it in their dict"
    if version < (3, 10):
        if fact.startswith("type ") and last == "text_signature" and after is None:
            return "the interpreter drops the signature of a heap type before 3.10"
        if last == "set-attribute" and after == "allowed" and fact.startswith("type "):
            return "types cannot be immutable before 3.10"
        if last in ("set-own-class", "set-subclass"):
            return "types cannot be immutable before 3.10"
        if "probe_attribute" in str((before, after)):
            return "types cannot be immutable before 3.10"
    if _raised(before) is not None and _raised(before) == _raised(after):
        return (
            "the same exception, worded by the interpreter"
            if _by_interpreter(str(before), str(after))
            else ""
        )
    if _pair(before, after) == ("no constructor", "no constructor"):
        return "cannot be instantiated, as before"
    return ""


def _gains_empty_doc(fact: str, before: Any, after: Any) -> bool:
    """None became an empty text; what the type's dict holds then shows the doc of ``str``."""
    if fact.endswith(" / members / __doc__ / kind"):
        return (before, after) == ("NoneType", "str")
    if fact.endswith(" / members / __doc__ / __doc__"):
        return before in (None, NONE_DOC) and str(after).startswith("str(object='')")
    return fact.endswith((" / doc", " / __doc__")) and (before, after) == (None, "")


def _shows_the_same_object(before: Any, after: Any) -> bool:
    """Both are texts of instances, alike but for the module part of the type's name."""
    texts = [str(each) for each in (before, after)]
    if not all(text.startswith("-> builtins.str: ") and " object at " in text for text in texts):
        return False
    one, other = (re.sub(r"<(?:\w+\.)*(\w+ object at )", r"<\1", text) for text in texts)
    return one == other


def _raised(outcome: Any) -> str | None:
    text = str(outcome)
    return text[2:].partition(":")[0] if text.startswith("! ") else None


OF_THE_INTERPRETER = (
    "cannot create",
    "immutable type",
    "is not safe",
    "set attributes of built-in",
    "can't set attributes",
    "__class__ assignment",
    "no attribute",
    "argument must be",
    "cannot pickle",
    "can't pickle",
    "must be",
    "requires a",
    "doesn't apply",
    "takes",
    "cannot set",
    "unhashable",
    "incompatible",
)
ALIKE = OF_THE_INTERPRETER[:8]
"""Words of messages that the interpreter gives for static types, or else for heap types."""


def _by_interpreter(before: str, after: str) -> bool:
    """Whether both messages are alike once names have lost their module part."""

    def plain(text: str) -> str:
        return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text).replace("type object ", "")

    if plain(before) == plain(after):
        return True
    if any(word in before and word in after for word in OF_THE_INTERPRETER):
        return True
    return all(any(word in text for word in ALIKE) for text in (before, after))


def _pair(before: Any, after: Any) -> tuple[str, str]:
    def name(value: Any) -> str:
        text = str(value)
        refused = "cannot create" in text or "is not safe" in text
        return "no constructor" if text.startswith("! builtins.TypeError") and refused else text

    return name(before), name(after)


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:87] + "..."
