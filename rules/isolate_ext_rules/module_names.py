"""How the rewritten text names the module."""

from __future__ import annotations

from isolate_ext.engine import Pass

OWN_MODULE = "own_module"
"""The member of the state that borrows the module itself."""


def module_name(pass_: Pass) -> str:
    """The exec function's parameter: the name that the init function kept the module under."""
    init = pass_.decisions.init
    kept = init.module_variable
    return "module" if kept is None else kept
