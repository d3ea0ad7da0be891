"""Converters of argument formats that need the state.

What: a converter for "O&" that only asks whether the object is of a type of the module finds the
state through the object's type; any other gets it in a struct, with the address of the result, that
each function which parses arguments with it fills in.

Why: a converter is called with the object and one pointer, and neither leads to the module.

Declines when: generated code parses arguments with it, a macro does, or it is called otherwise, and
it needs the state for more than such a check.

Handbook pattern 60.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.placement.converters import Conversion
from isolate_ext.placement.decisions import RouteKind
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Node
from isolate_ext_rules.c_text import body_start, fresh_name, indent_at
from isolate_ext_rules.examples import TYPE, module

COUNT = module(
    """
static PyObject *Error;

static int
convert_count(PyObject *object, void *pointer)
{
    long *count = pointer;

    *count = PyLong_AsLong(object);
    if (*count < 0 && !PyErr_Occurred()) {
        PyErr_SetString(Error, "less than nothing");
    }
    return !PyErr_Occurred();
}

static PyObject *
spam_count(PyObject *self, PyObject *args)
{
    long count;

    if (!PyArg_ParseTuple(args, "O&", convert_count, &count)) {
        return NULL;
    }
    return PyLong_FromLong(count);
}
""",
    '{"count", spam_count, METH_VARARGS, NULL},',
    """Error = PyErr_NewException("spam.Error", NULL, NULL);
    if (Error == NULL) {
        return NULL;
    }""",
)
EGG = TYPE.replace(
    "static PyObject *\nspam_egg(PyObject *self, PyObject *args)\n{\n",
    """static int
convert_egg(PyObject *object, void *pointer)
{
    if (!PyObject_TypeCheck(object, &Egg_Type)) {
        PyErr_SetString(PyExc_TypeError, "an egg is wanted");
        return 0;
    }
    *(EggObject **)pointer = (EggObject *)object;
    return 1;
}

static PyObject *
spam_egg(PyObject *self, PyObject *args)
{
    EggObject *egg = NULL;

    if (!PyArg_ParseTuple(args, "|O&", convert_egg, &egg)) {
        return NULL;
    }
""",
).replace("spam_egg, METH_NOARGS", "spam_egg, METH_VARARGS")
EXAMPLES = (
    Rewrite(
        COUNT,
        (
            "convert_count(PyObject *object, void *arg)",
            "void *pointer = ((spam_converter_arg *)arg)->result;",
            "spam_converter_arg count_arg = {state, &count};",
            "convert_count, &count_arg)",
        ),
    ),
    Rewrite(
        EGG,
        (
            "state = get_spam_state_by_type(Py_TYPE(object));",
            "if (!(state != NULL && PyObject_TypeCheck(object, state->Egg_Type))) {",
        ),
        ("spam_converter_arg",),
    ),
    Refused(COUNT.replace("&count))", "&count + 0))"), Reason.ADDRESS_TAKEN),
)


def run(pass_: Pass) -> None:
    for definition, route in pass_.decisions.routes.items():
        if route.kind is RouteKind.CONVERTED:
            _ask_the_type(pass_, definition, route.sources[0])
        elif route.kind is RouteKind.ARGUMENT:
            _take_argument(pass_, definition)
    names: dict[Definition, set[str]] = {}
    for conversion in pass_.decisions.conversions:
        _hand_argument(pass_, conversion, names.setdefault(conversion.inside, set()))


def _ask_the_type(pass_: Pass, definition: Definition, source: str) -> None:
    """An object of another type has no state here, and fails every check."""
    names, group = pass_.decisions.names, f"access:{definition.routine}"
    data = pass_.parsed(definition.path).source.data
    found = f"{names.type_accessor}(Py_TYPE({source}))"
    if b"Py_CLEANUP_SUPPORTED" in data[slice(*definition.body)]:
        found = f"{source} != NULL ? {found} : NULL"
    at = body_start(data, definition.body)
    text = f"\n    {names.state_struct} *{names.variable} = {found};"
    pass_.replace(definition.path, at, at, text, group, Stage.ACCESS)
    for check in pass_.decisions.type_checks[definition]:
        opening = f"({names.variable} != NULL && "
        pass_.replace(
            definition.path, check.start, check.start, opening, group, Stage.ACCESS, order=-1
        )
        pass_.replace(definition.path, check.end, check.end, ")", group, Stage.ACCESS, order=1)


def _take_argument(pass_: Pass, definition: Definition) -> None:
    """The second parameter becomes the struct; what it was is taken from there."""
    names, group = pass_.decisions.names, f"access:{definition.routine}"
    data = pass_.parsed(definition.path).source.data
    parameter = definition.parameters[1]
    argument = fresh_name("arg", data[slice(*definition.body)])
    pass_.replace(
        definition.path, parameter.start, parameter.end, f"void *{argument}", group, Stage.ACCESS
    )
    given = f"(({names.converter_argument} *){argument})"
    lines = [f"{names.state_struct} *{names.variable} = {given}->state;"]
    if parameter.name is not None and not parameter.unused:
        declared = parameter.ctype.declare(parameter.name)
        plain = parameter.ctype.base == "void"
        cast = "" if plain else f"({parameter.ctype.declare('').strip()})"
        lines.append(f"{declared} = {cast}{given}->result;")
    at = body_start(data, definition.body)
    text = "".join(f"\n    {line}" for line in lines)
    pass_.replace(definition.path, at, at, text, group, Stage.ACCESS)
    for prototype in pass_.extension.routines[definition.routine].prototypes:
        declared_there = prototype.parameters[1]
        pass_.replace(
            prototype.path, declared_there.start, declared_there.end, f"void *{argument}", group,
            Stage.ACCESS,
        )  # fmt: skip


def _hand_argument(pass_: Pass, conversion: Conversion, taken: set[str]) -> None:
    names, path, place = pass_.decisions.names, conversion.path, conversion.place
    data = pass_.parsed(path).source.data
    group = f"access:{conversion.inside.routine}"
    text = data[slice(*conversion.inside.body)]
    argument = fresh_name(f"{_last_name(place)}_arg", text + " ".join(taken).encode())
    taken.add(argument)
    state = pass_.state_name(conversion.inside, Stage.ACCESS)
    given = _spelled(pass_, conversion, state)
    declared = f"{names.converter_argument} {argument} = {{{state}, {given}}};"
    at = conversion.statement.start
    margin = indent_at(data, at)
    pass_.replace(path, at, at, f"{declared}\n".encode() + margin.encode(), group, Stage.ACCESS)
    pass_.plan.end_before(Stage.ACCESS, path, place.start, place.end)
    pass_.replace(path, place.start, place.end, f"&{argument}", group, Stage.ACCESS)


def _spelled(pass_: Pass, conversion: Conversion, state: str) -> str:
    """The place as it is written, with what moved taken from the state."""
    place = conversion.place
    text, at = "", place.start
    for use in pass_.extension.uses_inside(conversion.inside):
        field = pass_.decisions.fields.get(use.symbol)
        if field is not None and place.start <= use.start < place.end:
            text += place.data[at : use.start].decode() + f"{state}->{field.name}"
            at = use.end
    return text + place.data[at : place.end].decode()


def _last_name(place: Node) -> str:
    names = [each for each in strip_casts(place).descendants() if each.kind.endswith("identifier")]
    return names[-1].str


RULE = Rule("converter", __doc__, (60,), Stage.ACCESS, Safety.SAFE, run, EXAMPLES)
