"""Callbacks that are over with the call that hands them over.

What: a struct on the stack takes the place of their data: it holds the data, and leads to the
state. Where they have no data at all, the state itself takes that place.

Why: a library hands its callbacks one pointer, and no parameter of theirs leads to a module. The
struct lives for the length of the call, and nothing calls them later.

Declines when: the library may call them later: nothing else is known of it, and the data is no
address of a local variable. So it does when a callback is called in other ways, too.

Handbook patterns 85 and 88.
"""

from __future__ import annotations

from isolate_ext.engine import Pass, Refused, Rewrite, Rule, Safety, Stage
from isolate_ext.model.declarators import is_declaration
from isolate_ext.placement.frames import Frame, Site
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.c_text import fresh_name, indent_at, trailing_comment
from isolate_ext_rules.examples import module
from isolate_ext_rules.taken_apart import take_apart

WALKED = module(
    """
static long limit = 3;

extern int library_walk(int count, int (*visit)(int, void *), void *data);

static int
count_value(int value, void *data)
{
    if (value >= limit) {
        return -1;
    }
    *(long *)data += value;
    return 0;
}

static PyObject *
spam_walk(PyObject *self, PyObject *arg)
{
    long sum = 0;

    if (library_walk((int)PyLong_AsLong(arg), count_value, &sum) < 0) {
        limit++;
    }
    return PyLong_FromLong(sum);
}
""",
    '{"walk", spam_walk, METH_O, NULL},',
)
SORTED = module(
    """
static long compared;

static int
compare(const void *a, const void *b, void *Py_UNUSED(arg))
{
    compared++;
    return *(const char *)a - *(const char *)b;
}

static PyObject *
spam_sort(PyObject *self, PyObject *text)
{
    char letters[] = "spam";

    qsort_r(letters, 4, 1, compare, NULL);
    return Py_BuildValue("sN", letters, PyBool_FromLong(compared > 0));
}
""",
    '{"sort", spam_sort, METH_O, NULL},',
)
EXAMPLES = (
    Rewrite(
        WALKED,
        (
            "    spam_callback_arg count_value_arg = {state, &sum};\n",
            "library_walk((int)PyLong_AsLong(arg), count_value, &count_value_arg)",
            "count_value(int value, void *arg)\n"
            "{\n"
            "    spam_state *state = ((spam_callback_arg *)arg)->state;\n"
            "    void *data = ((spam_callback_arg *)arg)->data;\n",
        ),
    ),
    Rewrite(
        SORTED,
        (
            "compare(const void *a, const void *b, void *arg)\n"
            "{\n"
            "    spam_state *state = (spam_state *)arg;\n",
            "qsort_r(letters, 4, 1, compare, state);",
        ),
        ("spam_callback_arg",),
    ),
    Refused(WALKED.replace("&sum)", "NULL)"), Reason.ADDRESS_TAKEN),
)


def run(pass_: Pass) -> None:
    for frame in pass_.decisions.frames:
        _unpack(pass_, frame)
        for site in frame.sites:
            _hand_over(pass_, frame, site)


def _group(frame: Frame) -> str:
    return f"frame:{frame.callback.routine}"


def _unpack(pass_: Pass, frame: Frame) -> None:
    """At its entry the callback takes apart what it got; its data is a local from now on."""
    names = pass_.decisions.names
    declared = f"{names.state_struct} *{names.variable}"

    def parts(given: str) -> tuple[str, str]:
        if frame.bare:
            return f"{declared} = ({names.state_struct} *){given};", ""
        whole = f"(({names.callback_argument} *){given})"
        return f"{declared} = {whole}->state;", f"{whole}->data"

    take_apart(pass_, frame.callback, frame.parameter, parts, _group(frame), Stage.ACCESS)


def _hand_over(pass_: Pass, frame: Frame, site: Site) -> None:
    names, path, place = pass_.decisions.names, site.path, site.data
    state = pass_.state_name(site.inside, Stage.ACCESS)
    if frame.bare:
        pass_.replace(path, place.start, place.end, state, _group(frame), Stage.ACCESS)
        return
    data = pass_.parsed(path).source.data
    local = fresh_name(f"{frame.callback.name}_arg", data[slice(*site.inside.body)])
    pass_.replace(path, place.start, place.end, f"&{local}", _group(frame), Stage.ACCESS)
    text = f"{names.callback_argument} {local} = {{{state}, {place.str}}};"
    margin = indent_at(data, site.beside.start)
    newline = pass_.style(path).newline.decode()
    if is_declaration(site.beside) and site.beside.end < place.start:
        at, text = trailing_comment(data, site.beside.end)[1], f"{newline}{margin}{text}"
    else:
        at, text = site.beside.start, f"{text}{newline}{margin}"
    pass_.replace(path, at, at, text, _group(frame), Stage.ACCESS)


RULE = Rule("callback-frame", __doc__, (85, 88), Stage.ACCESS, Safety.SAFE, run, EXAMPLES)
