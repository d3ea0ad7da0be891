"""What a type that moves is called in the text that is written for it."""

from __future__ import annotations

import re
from functools import lru_cache

from isolate_ext.model.types import StaticType
from isolate_ext.placement.decisions import Decisions


def stem(type_: StaticType) -> str:
    """``Foo_Type`` and ``Foo_spec`` give ``Foo``."""
    return _stem(type_.variable.name)


@lru_cache(maxsize=1024)
def _stem(name: str) -> str:
    bare = re.sub(r"_?[Ss]pec$", "", name)
    return re.sub(r"_?(Type|type|TYPE)(_?obj(ect)?)?$", "", bare) or name


def added(decisions: Decisions, type_: StaticType, suffix: str) -> str:
    """A fresh name for what is written beside a type: ``Foo_Type`` gives ``Foo_spec``."""
    name = stem(type_)
    if any(
        stem(other) == name and other.variable.name != type_.variable.name
        for other in decisions.types.values()
    ):
        name = type_.variable.name
    name = f"{name}_{suffix}"
    while name in decisions.names.taken:
        name += "_"
    return name


def spec_name(decisions: Decisions, type_: StaticType) -> str:
    """``Foo_Type`` gives ``Foo_spec``."""
    return added(decisions, type_, "spec")


def instantiable(type_: StaticType) -> bool:
    """Whether `T()` worked: there was a tp_new, or a base other than object gave one."""
    if type_.slot("tp_new") is not None:
        return True
    base = type_.slot("tp_base")
    return base is not None and base.name not in (None, "PyBaseObject_Type")
