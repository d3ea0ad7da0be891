"""Static methods that need the state.

What: a method with METH_STATIC whose function needs the module state gets METH_CLASS instead.

Why: the function of a static method is called with NULL; that of a class method gets the class,
which leads to the module. It is called the same way from Python.

Declines when: the function is called from C as well, with something else than a class.

Handbook pattern 93.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.roles import Called
from isolate_ext.placement.decisions import RouteKind
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.examples import TYPE

STATIC = TYPE.replace(
    """static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "spam.Egg", """,
    """static PyObject *
Egg_make(PyObject *self, PyObject *args)
{
    return new_egg();
}

static PyMethodDef Egg_methods[] = {
    {"make", Egg_make, METH_NOARGS | METH_STATIC, NULL},
    {NULL, NULL, 0, NULL}
};

static PyTypeObject Egg_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_methods = Egg_methods,
    .tp_name = "spam.Egg", """,
)
EXAMPLES = (Rewrite(STATIC, ("METH_NOARGS | METH_CLASS",), ("METH_STATIC",)),)


def run(pass_: Pass) -> None:
    for definition, route in pass_.decisions.routes.items():
        if route.kind is not RouteKind.TYPE:
            continue
        for role in pass_.decisions.roles.get(definition.routine, ()):
            if role.called is Called.TYPE_METHOD and "METH_STATIC" in role.flags:
                _bind(pass_, role.use.path, role.use.start, definition.routine)


def _bind(pass_: Pass, path: str, start: int, routine: str) -> None:
    calls = [use for use in pass_.extension.uses_of(routine) if use.called]
    if calls:
        pass_.refuse(
            Reason.NO_ROUTE,
            calls[0].path,
            calls[0].start,
            calls[0].end,
            "a static method that needs the state is called from C",
        )
        return
    data = pass_.parsed(path).source.data
    at = data.find(b"METH_STATIC", start)
    pass_.replace(
        path, at, at + len(b"METH_STATIC"), b"METH_CLASS", f"access:{routine}", Stage.ACCESS
    )
    pass_.note(path, at, "a static method becomes a class method, to reach the state", review=True)


RULE = Rule("static-method", __doc__, (93,), Stage.ACCESS, Safety.REVIEW, run, EXAMPLES)
