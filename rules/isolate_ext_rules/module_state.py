"""The module state: its struct, where that stands, and the functions that find it.

What: one struct, named after the module, holds what was global; accessors find it from the module,
from a type, from operands, or from a type that may be torn down. A struct that the module has
already is extended.

Why: `PyModule_GetState` gives each copy of the module, in each interpreter, a struct of its own.

Declines when: the types of its members are declared after the first function that needs them.

Handbook section 0.1 to 0.4, patterns 3 and 63.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.placement.decisions import BY_TYPE, RouteKind
from isolate_ext_rules.add_object import added_since
from isolate_ext_rules.api_version import api_version
from isolate_ext_rules.common_header import moving_blocks
from isolate_ext_rules.examples import EXCEPTION
from isolate_ext_rules.exec_prologue import static_initialiser
from isolate_ext_rules.failed_add import additions
from isolate_ext_rules.home import Home
from isolate_ext_rules.identifier_calls import helpers
from isolate_ext_rules.private_macros import take_away, text_of
from isolate_ext_rules.spec_declaration import late_declarations
from isolate_ext_rules.state_home import find_home, struct_comes_late
from isolate_ext_rules.state_needs import uses_state
from isolate_ext_rules.state_struct import (
    extend_own,
    stages_with_state,
    struct_text,
    take_own_away,
)
from isolate_ext_rules.state_text import (
    CALLBACK_ARGUMENT,
    CONVERTER_ARGUMENT,
    GET_BY_OPERANDS,
    GET_BY_TYPE,
    GET_BY_TYPE_NEW,
    GET_IN_TEARDOWN,
    GET_LOADED,
    GET_MODULE,
    READY,
    STATIC_ACCESSOR,
    TYPE_FLAGS,
)
from isolate_ext_rules.type_names import instantiable

EXAMPLES = (
    Rewrite(
        EXCEPTION,
        ("} spam_state;", "get_spam_state(PyObject *module)", "PyModule_GetState(module)"),
    ),
)
GROUP = "state"

ADD_OBJECT_REF = """\
#if {version} < 0x030a0000
static inline int
PyModule_AddObjectRef(PyObject *module, const char *name, PyObject *value)
{{
    Py_XINCREF(value);
    if (PyModule_AddObject(module, name, value) < 0) {{
        Py_XDECREF(value);
        return -1;
    }}
    return 0;
}}
#endif"""


def run(pass_: Pass) -> None:
    decisions = pass_.decisions
    if not decisions.fields and decisions.adopted is None:
        return
    home = find_home(pass_)
    if home is None:
        return
    moved = moving_blocks(pass_) if home.shared else []
    take_away(pass_, moved, GROUP)
    for stage in stages_with_state(pass_):
        before = struct_text(pass_, stage, named=home.named)
        parts = (text_of(pass_, moved), before, _accessors(pass_, stage, home))
        text = "\n\n".join(part for part in parts if part)
        if text:
            home.insert(pass_, text, stage)
        if decisions.adopted is not None and not struct_comes_late(pass_):
            extend_own(pass_, stage)
    if struct_comes_late(pass_):
        take_own_away(pass_)
    _define_static(pass_, home)


def _accessors(pass_: Pass, stage: Stage, home: Home) -> str:
    names = pass_.decisions.names
    parts: list[str] = []
    if stage < Stage.ISOLATED:
        parts.append(
            STATIC_ACCESSOR.fill(
                storage="extern" if home.shared else "static",
                struct=names.state_struct,
                variable=names.global_variable,
                accessor=names.global_accessor,
            )
        )
    if stage >= Stage.ACCESS:
        parts.extend(_lookups(pass_, stage, home))
    if pass_.settings.floor < (3, 10) and _adds_by_reference(pass_, stage):
        if not any("PyModule_AddObjectRef" in f.names() for f in pass_.extension.files.values()):
            parts.append(ADD_OBJECT_REF.format(version=api_version(pass_)))
    if stage >= Stage.HEAP_TYPES and pass_.decisions.types:
        if pass_.settings.floor < (3, 10):
            parts.append(TYPE_FLAGS.fill())
        parts.append(_ready(pass_, home))
        parts.append("\n".join(late_declarations(pass_)))
    parts += helpers(pass_)
    return "\n\n".join(part.strip("\n") for part in parts if part)


def _adds_by_reference(pass_: Pass, stage: Stage) -> bool:
    """Whether the text of a stage calls `PyModule_AddObjectRef`."""
    since = {*added_since(pass_), *(Stage.ISOLATED for _ in additions(pass_))}
    return any(each <= stage for each in since)


def _lookups(pass_: Pass, stage: Stage, home: Home) -> list[str]:
    names, adopted = pass_.decisions.names, pass_.decisions.adopted
    isolated, kinds = stage is Stage.ISOLATED, pass_.decisions.ways
    parts, struct = [], names.state_struct
    if RouteKind.ARGUMENT in kinds:
        parts.append(CONVERTER_ARGUMENT.fill(struct=struct, name=names.converter_argument))
    if any(not each.bare for each in pass_.decisions.frames):
        parts.append(CALLBACK_ARGUMENT.fill(struct=struct, name=names.callback_argument))
    own = adopted is None or adopted.module_accessor is None
    asked = kinds & {RouteKind.MODULE, RouteKind.MODULE_OR_INSTANCE}
    if own and (asked or (isolated and _exec_asks(pass_))):
        body = (
            "void *state = PyModule_GetState(module);\nassert(state != NULL);\n"
            f"return ({names.state_struct} *)state;"
            if isolated
            else f"(void)module;\nreturn {names.global_accessor}();"
        )
        parts.append(
            GET_MODULE.fill(struct=names.state_struct, accessor=names.module_accessor, body=body)
        )
    if isolated and RouteKind.OWNER in kinds:
        parts.append(_loaded(pass_, home))
    if not kinds & (BY_TYPE | {RouteKind.TEARDOWN}):
        return parts
    if isolated:
        parts.append(home.definition_declaration(pass_))
    fills = {"struct": names.state_struct, "definition": home.definition_name(pass_)}
    if kinds & BY_TYPE:
        if isolated:
            template = GET_BY_TYPE if pass_.settings.floor < (3, 11) else GET_BY_TYPE_NEW
            parts.append(template.fill(accessor=names.type_accessor, **fills))
        else:
            parts.append(
                _static_lookup(pass_, names.type_accessor, "PyTypeObject *type", "(void)type;")
            )
    if RouteKind.EITHER in kinds:
        parts.append(
            GET_BY_OPERANDS.fill(
                struct=names.state_struct,
                accessor=names.operand_accessor,
                by_type=names.type_accessor,
            )
        )
    if RouteKind.TEARDOWN in kinds:
        if isolated:
            fills |= {"stand_in": names.stand_in, "fill": _fill_stand_in(pass_)}
            parts.append(GET_IN_TEARDOWN.fill(accessor=names.teardown_accessor, **fills))
        else:
            given = f"PyTypeObject *type, {names.state_struct} *{names.stand_in}"
            unused = f"(void)type;\n    (void){names.stand_in};"
            parts.append(_static_lookup(pass_, names.teardown_accessor, given, unused))
    return parts


def _loaded(pass_: Pass, home: Home) -> str:
    """How hooks of the process find the state of the one module that is loaded."""
    names = pass_.decisions.names
    return GET_LOADED.fill(
        storage="extern " if home.shared else "static ",
        loaded=names.loaded,
        struct=names.state_struct,
        accessor=names.owner_accessor,
    )


def _exec_asks(pass_: Pass) -> bool:
    """Whether anything is left for the state that the exec function would begin with."""
    decisions = pass_.decisions
    others = decisions.ways - {RouteKind.EXEC}
    return bool(decisions.fields or others) or uses_state(pass_, decisions.init.creator)


def _fill_stand_in(pass_: Pass) -> str:
    """What a torn down state looks like: no objects, and the values that it began with."""
    names = pass_.decisions.names
    values = static_initialiser(pass_).removeprefix(" = ")
    if not values:
        return f"memset({names.stand_in}, 0, sizeof(*{names.stand_in}));"
    return f"*{names.stand_in} = ({names.state_struct}){values};"


def _static_lookup(pass_: Pass, accessor: str, parameters: str, unused: str) -> str:
    names = pass_.decisions.names
    return (
        f"static inline {names.state_struct} *\n{accessor}({parameters})\n{{\n    {unused}\n"
        f"    return {names.global_accessor}();\n}}"
    )


def _ready(pass_: Pass, home: Home) -> str:
    closed = pass_.settings.floor < (3, 10) and any(
        not instantiable(each) for each in pass_.decisions.types.values()
    )
    based = any(each.slot("tp_base") is not None for each in pass_.decisions.types.values())
    return READY(pass_.decisions.names.ready, home.shared, based=based, closed=closed)


def _define_static(pass_: Pass, home: Home) -> None:
    """The one static instance of the struct, until the module has its own.

    It stands after all that its initial values may name, behind a tentative definition.
    """
    names = pass_.decisions.names
    values = static_initialiser(pass_)
    first = stages_with_state(pass_)[0]
    if (home.shared or values) and first < Stage.ISOLATED:
        path, at = home.definition_site(pass_)
        storage = "" if home.shared else "static "
        text = f"{storage}{names.state_struct} {names.global_variable}{values};\n\n"
        pass_.replace(path, at, at, text, GROUP, first, Stage.ACCESS, order=-5)


RULE = Rule("module-state", __doc__, (3, 63), Stage.STATE, Safety.SAFE, run, EXAMPLES)
