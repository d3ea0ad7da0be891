"""Types that are made from specs already, but not for a module.

What: `PyType_FromSpec` and `PyType_FromSpecWithBases` become `PyType_FromModuleAndSpec`; traverse
and dealloc functions of such types visit and release the type where they did not.

Why: only a type that knows its module lets its methods find the state.

Declines when: the type is made where the module is not at hand.

Handbook patterns 22, 24 and 27, section 0.2.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext.text import Hole, Span
from isolate_ext_rules.examples import module

SPEC = module(
    """
static PyObject *Egg;
static PyType_Slot Egg_slots[] = {{0, NULL}};
static PyType_Spec Egg_spec = {"spam.Egg", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, Egg_slots};
""",
    "",
    "Egg = PyType_FromSpec(&Egg_spec);",
)
EXAMPLES = (
    Rewrite(SPEC, ("PyType_FromModuleAndSpec(m, &Egg_spec, NULL)",), ("PyType_FromSpec(",)),
)


def run(pass_: Pass) -> None:
    for path, parsed in pass_.extension.files.items():
        for name in ("PyType_FromSpec", "PyType_FromSpecWithBases"):
            for offset in parsed.occurrences(name) if name in parsed.names() else ():
                node = parsed.node_at(offset)
                call = node.parent if node is not None else None
                if call is not None and call.kind == "call_expression":
                    _bind(pass_, path, call, offset)


def _bind(pass_: Pass, path: str, call: Node, offset: int) -> None:
    from isolate_ext_rules.single_phase_init import module_name

    arguments = call.child("arguments")
    if arguments is None or not arguments.named:
        return
    function = pass_.extension.function_at(path, offset)
    decisions = pass_.decisions
    if function is decisions.init.creator:
        module_text: str | None = module_name(pass_)
    else:
        module_text = decisions.modules.get(function) if function is not None else None
    if module_text is None:
        pass_.refuse_node(
            Reason.INIT_SHAPE, path, call, "a type is made where the module is not at hand"
        )
        return
    spec = arguments.named[0]
    bases: bytes | Hole = b"NULL"
    if len(arguments.named) > 1:
        bases = Hole(Span(arguments.named[1].start, arguments.named[1].end))
    parts = [
        f"PyType_FromModuleAndSpec({module_text}, ".encode(),
        Hole(Span(spec.start, spec.end)),
        b", ",
        bases,
        b")",
    ]
    pass_.replace(path, call.start, call.end, parts, "init", Stage.ISOLATED)


RULE = Rule("heap-spec", __doc__, (22, 24, 27), Stage.ISOLATED, Safety.SAFE, run, EXAMPLES)
