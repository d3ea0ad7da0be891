"""What may run while an instance, the module or a capsule is destroyed (handbook section 0.3)."""

from __future__ import annotations

from collections.abc import Mapping

from isolate_ext.capi.slots import Receiver, receiver
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, Role


def teardown_closure(extension: Extension, roles: Mapping[str, list[Role]]) -> set[str]:
    """Routines that may run while an instance, the module or a capsule is destroyed."""
    pending = [
        key
        for key, found in roles.items()
        if any(
            (
                each.called in (Called.SLOT, Called.SPEC_SLOT)
                and receiver(each.slot) is Receiver.TEARDOWN
            )
            or each.called in (Called.HOOK, Called.DESTRUCTOR)
            for each in found
        )
    ]
    closure: set[str] = set()
    while pending:
        key = pending.pop()
        if key in closure:
            continue
        closure.add(key)
        for definition in extension.routines[key].definitions:
            for use in extension.uses_inside(definition):
                if use.symbol in extension.routines and use.symbol not in closure:
                    pending.append(use.symbol)
    return closure
