"""Names for what the migration adds: fresh in every scope, after the module's own name."""

from __future__ import annotations

from collections.abc import Iterable

from isolate_ext.model.extension import Extension
from isolate_ext.placement.decisions import Adopted, Names
from isolate_ext.syntax import Parsed


def names_for(extension: Extension, module: str, adopted: Adopted | None) -> Names:
    """Names derived from the last part of the module's name, without leading underscores."""
    stem = module.rpartition(".")[2].strip("_") or "module"
    if _belongs_to_library(extension, stem):
        stem = f"{stem}_module"
    taken = _taken(extension)
    fresh = _Fresh(taken)
    struct = adopted.name if adopted else fresh(f"{stem}_state", f"{stem}_module_state")
    accessor = adopted.module_accessor if adopted else None
    return Names(
        state_struct=struct,
        variable=_variable(extension),
        module_accessor=accessor or fresh(f"get_{stem}_state", f"get_{stem}_module_state"),
        type_accessor=fresh(f"get_{stem}_state_by_type"),
        operand_accessor=fresh(f"find_{stem}_state_by_operands"),
        teardown_accessor=fresh(f"find_{stem}_state_in_teardown"),
        stand_in=fresh("torn_down"),
        global_accessor=fresh(f"get_global_{stem}_state"),
        global_variable=fresh(f"global_{stem}_state"),
        exec_function=fresh(f"{stem}_exec", f"{stem}_module_exec"),
        slots=fresh(f"{stem}_slots", f"{stem}_module_slots"),
        traverse=fresh(f"{stem}_traverse", f"{stem}_module_traverse"),
        clear=fresh(f"{stem}_clear", f"{stem}_module_clear"),
        free=fresh(f"{stem}_free", f"{stem}_module_free"),
        ready=fresh(f"{stem}_add_type", f"{stem}_create_type"),
        converter_argument=fresh(f"{stem}_converter_arg"),
        callback_argument=fresh(f"{stem}_callback_arg"),
        filled=fresh(f"{stem}_tables_filled"),
        filling=fresh(f"{stem}_tables_mutex"),
        loaded=fresh(f"loaded_{stem}"),
        owner_accessor=fresh(f"get_loaded_{stem}_state"),
        keep=fresh(f"{stem}_keep", f"{stem}_module_keep"),
        taken=frozenset(taken),
    )


def _belongs_to_library(extension: Extension, stem: str) -> bool:
    """Functions with this prefix are called that the extension does not declare."""
    own = {each.name for each in extension.routines.values()}
    for parsed in extension.files.values():
        for name in parsed.names():
            if name.startswith(f"{stem}_") and name not in own:
                for offset in parsed.occurrences(name):
                    node = parsed.node_at(offset)
                    if node is not None and node.field == "function":
                        return True
    return False


class _Fresh:
    def __init__(self, taken: set[str]) -> None:
        self.taken = taken

    def __call__(self, *candidates: str) -> str:
        for name in candidates:
            if name not in self.taken:
                self.taken.add(name)
                return name
        name = candidates[-1]
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name


def _taken(extension: Extension) -> set[str]:
    taken: set[str] = set()
    for parsed in extension.files.values():
        taken.update(parsed.names())
        taken.update(define.name for define in parsed.scan.defines)
    return taken


def _variable(extension: Extension) -> str:
    """``state``, or one fallback for the whole extension where that is taken anywhere."""
    for name in ("state", "module_state", "mod_state", "isolated_state"):
        if not any(_used(parsed.names(), parsed, name) for parsed in extension.files.values()):
            return name
    return "isolated_module_state"


def _used(names: Iterable[str], parsed: Parsed, name: str) -> bool:
    """Whether a name occurs as anything but a struct member."""
    if any(define.name == name or name in (define.params or ()) for define in parsed.scan.defines):
        return True
    if name not in parsed.names():
        return False
    for offset in parsed.occurrences(name):
        node = parsed.node_at(offset)
        if node is None or node.kind != "field_identifier":
            return True
    return False
