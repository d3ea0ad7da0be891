"""Hooks of the process: functions put into variables that are not the extension's own (pattern 84).

A C library, or the interpreter itself, keeps one such pointer for all interpreters; no copy of the
module can have it to itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isolate_ext.model.declarators import local_names
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, Role
from isolate_ext.placement.refusals import Reason, Refusal


def hooks(extension: Extension, roles: Mapping[str, list[Role]]) -> Iterator[Refusal]:
    """A refusal for each function of the extension that is stored in a foreign variable."""
    for key, found in roles.items():
        for role in found:
            if role.called is Called.STORED and _foreign(extension, role):
                use, name = role.use, extension.routines[key].name
                yield Refusal(
                    "state-access",
                    Reason.PROCESS_WIDE,
                    use.path,
                    use.start,
                    use.end,
                    f"{name} is hooked into {role.slot}, which the whole process shares",
                    key,
                )


def _foreign(extension: Extension, role: Role) -> bool:
    inside = role.use.inside
    if inside is None or inside.node is None or not role.slot.isidentifier():
        return False
    if role.use.holder is not None:
        return False
    if role.slot in local_names(extension.files[inside.path], inside.node):
        return False
    if role.slot in {parameter.name for parameter in inside.parameters}:
        return False
    variable = extension.variable_named(role.slot, role.use.path)
    return variable is None or not variable.definitions
