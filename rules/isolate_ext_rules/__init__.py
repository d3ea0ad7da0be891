"""The standard suite of migration rules, in the order in which they run."""

from isolate_ext.engine import Rule
from isolate_ext_rules import (
    add_object,
    find_module,
    foreign_thread,
    generated_code,
    global_variable,
    heap_spec,
    module_hooks,
    module_state,
    single_phase_init,
    state_access,
    static_type,
    struct_sequence,
    type_alloc,
    type_dealloc,
    type_pickle,
    type_ready,
    type_reference,
    type_traverse,
)

SUITE: tuple[Rule, ...] = (
    module_state.RULE,
    global_variable.RULE,
    static_type.RULE,
    struct_sequence.RULE,
    type_traverse.RULE,
    type_pickle.RULE,
    type_dealloc.RULE,
    type_alloc.RULE,
    type_ready.RULE,
    heap_spec.RULE,
    type_reference.RULE,
    generated_code.RULE,
    state_access.RULE,
    find_module.RULE,
    foreign_thread.RULE,
    add_object.RULE,
    module_hooks.RULE,
    single_phase_init.RULE,
)
