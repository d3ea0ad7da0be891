"""Included files that return from a function whose returns have to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isolate_ext.model.extension import Extension
from isolate_ext.model.init import ModuleInit
from isolate_ext.model.roles import Role
from isolate_ext.placement.refusals import Reason, Refusal


def hidden_returns(
    extension: Extension, init: ModuleInit, roles: Mapping[str, list[Role]]
) -> Iterator[Refusal]:
    """A refusal for each fragment that leaves the init function or a dealloc."""
    for path, fragment in extension.fragments.items():
        name, key = fragment.function.name, fragment.function.routine
        text = f"{name} is left from within this included file"
        if fragment.leaves and fragment.function in init.chain:
            yield Refusal("single-phase-init", Reason.INIT_SHAPE, path, 0, 0, text)
        elif fragment.leaves and any(each.slot == "tp_dealloc" for each in roles.get(key, ())):
            yield Refusal("type-dealloc", Reason.DEALLOC_SHAPE, path, 0, 0, text)
