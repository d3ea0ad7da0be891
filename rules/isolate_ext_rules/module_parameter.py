"""The module in functions that help to make it.

What: a function that is called only while the module is executed, and makes types, takes the
module as its first parameter; so does every function on the way to it.

Why: a heap type must know its module, and single-phase code had no need to hand it on.

Declines when: nothing; a function that is also called from elsewhere is refused where types are
readied.

Handbook patterns 15 and 63.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, Prototype, Use
from isolate_ext_rules.examples import TYPE
from isolate_ext_rules.module_names import module_name
from isolate_ext_rules.state_access import add_parameter

SETUP = TYPE.replace(
    "static PyMethodDef",
    """static int
add_types(void)
{
    return PyType_Ready(&Egg_Type);
}

static PyMethodDef""",
).replace("PyType_Ready(&Egg_Type) < 0", "add_types() < 0")
EXAMPLES = (
    Rewrite(
        SETUP,
        (
            "add_types(PyObject *module)",
            "add_types(m) < 0",
            "spam_state *state = get_spam_state(module);",
        ),
    ),
)


def run(pass_: Pass) -> None:
    parameter = f"PyObject *{pass_.decisions.module_parameter}"
    for key in sorted(pass_.decisions.module_threaded):
        routine = pass_.extension.routines[key]
        group = f"module:{key}"
        places: list[Definition | Prototype] = [*routine.definitions, *routine.prototypes]
        for each in places:
            assert each.parameters_span is not None
            add_parameter(pass_, each.path, each.parameters_span, parameter, group)
        for use in pass_.extension.uses_of(key):
            _hand_on(pass_, use, group)


def _hand_on(pass_: Pass, use: Use, group: str) -> None:
    arguments = use.call.child("arguments") if use.call is not None else None
    if arguments is None or use.inside is None:
        return
    at = arguments.start + 1
    comma = ", " if any(each.kind != "comment" for each in arguments.named) else ""
    if use.inside is pass_.decisions.init.creator:
        pass_.replace(use.path, at, at, f"NULL{comma}", group, Stage.ACCESS, Stage.ACCESS)
        text = f"{module_name(pass_)}{comma}"
        pass_.replace(use.path, at, at, text, group, Stage.ISOLATED)
    else:
        text = f"{pass_.decisions.modules[use.inside]}{comma}"
        pass_.replace(use.path, at, at, text, group, Stage.ACCESS)


RULE = Rule("module-parameter", __doc__, (15, 63), Stage.ACCESS, Safety.SAFE, run, EXAMPLES)
