"""Generated code that names what moves.

What: Argument Clinic's output is left as it is; where it names a type or a variable that moves, a
macro around its `#include` leads the name to the module state, and where it calls a function that
takes the state now, such a macro passes it.

Why: the generator writes the file anew and checks its sum, so an edit there would be lost.

Declines when: one file names it in functions that reach the state in different ways.

Handbook pattern 71.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Kind, Routine, Use
from isolate_ext.placement.decisions import RouteKind, StateField
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import resolve_include
from isolate_ext_rules.examples import module

_SOURCE = module(
    """
static PyObject *Error;

#include "spam.c.h"
""",
    "SPAM_FAIL_METHODDEF",
    'Error = PyErr_NewException("spam.Error", NULL, NULL);',
)
_GENERATED = """\
/*[clinic input]
preserve
[clinic start generated code]*/

#define SPAM_FAIL_METHODDEF    \\
    {"fail", (PyCFunction)spam_fail, METH_NOARGS, NULL},

static PyObject *
spam_fail(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    PyErr_SetString(Error, "failed");
    return NULL;
}
"""
_HELPER = """
static void
report(void)
{
    PyErr_SetString(Error, "failed");
}
"""


def _archive(generated: str) -> str:
    return f"-- spam.c --\n{_SOURCE}-- spam.c.h --\n{generated}"


EXAMPLES = (
    Rewrite(
        _archive(_GENERATED),
        (
            "#define Error (get_spam_state(module)->Error)  /* for generated code */",
            "#undef Error",
            'PyErr_SetString(Error, "failed");',
        ),
    ),
    Refused(
        _archive(
            _GENERATED.replace('    PyErr_SetString(Error, "failed");', "    report();").replace(
                "static PyObject *\nspam_fail", _HELPER + "\nstatic PyObject *\nspam_fail"
            )
        ),
        Reason.GENERATED,
    ),
)


def run(pass_: Pass) -> None:
    for field in pass_.decisions.fields.values():
        by_file: dict[str, list[Use]] = {}
        for use in pass_.extension.uses_of(field.symbol):
            if use.path in pass_.extension.generated:
                by_file.setdefault(use.path, []).append(use)
        for path, uses in by_file.items():
            _surround(pass_, path, field, uses)
    for key in sorted(pass_.decisions.threaded):
        called: dict[str, list[Use]] = {}
        for use in pass_.extension.uses_of(key):
            if use.path in pass_.extension.generated:
                called.setdefault(use.path, []).append(use)
        for path, uses in called.items():
            _pass_state(pass_, path, pass_.extension.routines[key], uses)


def _pass_state(pass_: Pass, path: str, routine: Routine, uses: list[Use]) -> None:
    """``#define f(...) f(state, __VA_ARGS__)`` around the file that calls it."""
    states = {_state(pass_, use) for use in uses}
    counts = {_argument_count(use) for use in uses}
    declared = path in {d.path for d in routine.definitions} | {p.path for p in routine.prototypes}
    if len(states) != 1 or None in states or None in counts or declared or {0} < counts:
        first = uses[0]
        pass_.refuse(
            Reason.GENERATED,
            path,
            first.start,
            first.end,
            f"generated code calls {routine.name} where the state is not at hand",
        )
        return
    name, state = routine.name, states.pop()
    given, passed = ("...", f"{state}, __VA_ARGS__") if counts != {0} else ("", state)
    before = f"#define {name}({given}) \\\n    {name}({passed})  /* for generated code */\n"
    for including, start, end in _includes(pass_, path):
        group = f"access:{routine.key}"
        pass_.replace(including, start, start, before, group, Stage.ACCESS)
        pass_.replace(including, end, end, f"#undef {name}\n", group, Stage.ACCESS)


def _argument_count(use: Use) -> int | None:
    arguments = use.call.child("arguments") if use.call is not None else None
    return len(arguments.named) if arguments is not None else None


def _surround(pass_: Pass, path: str, field: StateField, uses: list[Use]) -> None:
    name = pass_.extension.variables[field.symbol].name
    group = f"{'type' if field.kind is Kind.TYPE else 'global'}:{field.symbol}"
    states = {_state(pass_, use) for use in uses}
    if len(states) != 1 or None in states:
        first = uses[0]
        pass_.refuse(
            Reason.GENERATED,
            path,
            first.start,
            first.end,
            f"generated code names {name} where the state is not at hand",
            field.symbol,
        )
        return
    state = states.pop()
    star = "*" if field.kind is Kind.TYPE or _means_type(pass_, field, uses) else ""
    since = Stage.HEAP_TYPES if field.kind is Kind.TYPE else Stage.STATE
    static = f"{pass_.decisions.names.global_accessor}()"
    for text, start_at, last in (
        (static, since, Stage.HEAP_TYPES),
        (state, Stage.ACCESS, Stage.ISOLATED),
    ):
        before = f"#define {name} ({star}{text}->{field.name})  /* for generated code */\n"
        for including, start, end in _includes(pass_, path):
            pass_.replace(including, start, start, before, group, start_at, last)
            pass_.replace(including, end, end, f"#undef {name}\n", group, start_at, last)


def _means_type(pass_: Pass, field: StateField, uses: list[Use]) -> bool:
    """A heap type, the address of which is taken as if it were static: what was it before."""
    ctype = pass_.extension.variables[field.symbol].ctype
    heap = ctype.base == "PyTypeObject" and ctype.pointers == 1 and not ctype.arrays
    return heap and all(use.address_of is not None for use in uses)


def _state(pass_: Pass, use: Use) -> str | None:
    names = pass_.decisions.names
    route = pass_.decisions.generated_routes.get(use.inside) if use.inside is not None else None
    if route is None:
        return None
    if route.kind is RouteKind.MODULE:
        return f"{names.module_accessor}({route.sources[0]})"
    if route.kind is RouteKind.TYPE:
        return f"{names.type_accessor}({route.sources[0]})"
    if route.kind is RouteKind.INSTANCE:
        return f"{names.type_accessor}(Py_TYPE({route.sources[0]}))"
    return None


def _includes(pass_: Pass, path: str) -> list[tuple[str, int, int]]:
    """Where a file is included: the includer, and the span of the directive's lines."""
    found = []
    for including, parsed in pass_.extension.files.items():
        for include in parsed.scan.includes:
            if resolve_include(including, include.name, pass_.extension.files) == path:
                data = parsed.source.data
                start = data.rfind(b"\n", 0, include.span[0]) + 1
                end = data.find(b"\n", include.span[1] - 1) + 1
                found.append((including, start, end or len(data)))
    return found


RULE = Rule("generated-code", __doc__, (71,), Stage.HEAP_TYPES, Safety.SAFE, run, EXAMPLES)
