"""Differences that follow from a change of their type which the migration cannot do without."""

from __future__ import annotations

import re
from typing import Any

STATIC_DOC = "Convert a function to be a static method"
Facts = dict[str, Any]


def consequence(fact: str, was: Any, now: Any, before: Facts, after: Facts) -> str:
    """Why ``fact`` went from ``was`` to ``now`` in the surfaces ``before`` and ``after``, or ""."""
    if _renamed(str(now), before, after) == str(was) or _found(fact, now, before, after):
        return "a name without a dot gets its module (handbook pattern 31)"
    if fact in ("module / name", "name __name__ / value"):
        return "the import says what the module is called (handbook pattern 18)"
    if _class_method(fact, was, before, after):
        return "a static method that needs its module is a class method (handbook pattern 93)"
    if _shares_layout(fact, before, after):
        return "a type that the collector sees frees its instances like its subclasses do"
    if _picklable(fact, was, now, before, after):
        return "protocols 0 and 1 pickle it like 2 and later did (handbook pattern 54)"
    return ""


def _renamed(text: str, before: Facts, after: Facts) -> str:
    """``text`` with types named as before whose static name had no dot, hence no module."""
    for label, fact in after.items():
        was = before.get(label, {})
        if not label.startswith("type ") or was.get("module") != "builtins":
            continue
        module, name = fact["module"], fact["qualname"]
        if module != "builtins" and was["qualname"] == name:
            text = "builtins" if text == module else text
            text = text.replace(f"'{module}.{name}'", f"'{name}'")
            text = re.sub(rf"\b{re.escape(module)}\.{re.escape(name)}\b", f"builtins.{name}", text)
            text = text.replace(
                f"lookup {name} on {module} failed", f"lookup {name} on builtins failed"
            )
    return text


def _found(fact: str, now: Any, before: Facts, after: Facts) -> bool:
    """A class that could not be pickled, since it was looked for in builtins."""
    label, _, rest = fact.partition(" / ")
    was_in, is_in = (each.get(label, {}).get("module") for each in (before, after))
    return rest.startswith("pickle-class") and now is True and was_in == "builtins" != is_in


def _class_method(fact: str, was: Any, before: Facts, after: Facts) -> bool:
    owner, _, rest = fact.partition(" / members / ")
    name, _, key = rest.partition(" / ")
    kinds = tuple(
        facts.get(owner, {}).get("members", {}).get(name, {}).get("kind")
        for facts in (before, after)
        if rest
    )
    if kinds != ("staticmethod", "classmethod_descriptor"):
        return False
    return key == "kind" or STATIC_DOC in str(was) or "'staticmethod' object" in str(was)


def _shares_layout(fact: str, before: Facts, after: Facts) -> bool:
    """Another class can be set on instances of a heap type that takes part in collection now."""
    label, _, rest = fact.partition(" / ")
    name = label.removeprefix("instance ").partition("#")[0]
    was, now = (each.get(f"type {name}", {}).get("layout", {}) for each in (before, after))
    gained = was.get("gc") is False and now.get("gc") is True
    return rest.startswith(("set-subclass", "set-own-class")) and gained and was.get("heap") is True


def _picklable(fact: str, was: Any, now: Any, before: Facts, after: Facts) -> bool:
    """An instance of a subclass of a builtin, which later protocols pickled before as well."""
    label, _, rest = fact.partition(" / ")
    key, _, protocol = rest.partition(" / ")
    if key not in ("pickle", "unpickle") or protocol not in ("0", "1"):
        return False
    name = label.removeprefix("instance ").partition("#")[0]
    bases = after.get(f"type {name}", {}).get("mro", ())[1:-1]
    one, other = before.get(label), after.get(label)
    if not (one and other):
        return False
    return (
        any(base.startswith("builtins.") for base in bases)
        and one["pickle"][2] is True
        and now == (True if key == "pickle" else one["unpickle"][2])
        and other["unpickle"][int(protocol)] == one["unpickle"][2]
        and ("cannot pickle" in str(was) or was == "not pickled")
    )
