"""Strings in place of identifiers: how they are made, and functions that older headers lack."""

from __future__ import annotations

from isolate_ext.capi.identifiers import BUILTIN, OPTIONAL
from isolate_ext.engine import Pass
from isolate_ext.text import Template
from isolate_ext_rules.c_text import conditional
from isolate_ext_rules.state_needs import conditions_of

_OPTIONAL = """\
#if PY_VERSION_HEX < 0x030d0000  /* private before 3.13 */
static inline int
PyObject_GetOptionalAttr(PyObject *object, PyObject *name, PyObject **result)
{
    return _PyObject_LookupAttr(object, name, result);
}
#endif"""
_BUILTIN = Template(
    """\
static inline PyObject *
${name}(PyObject *name)
{
    PyObject *found = PyDict_GetItemWithError(PyEval_GetBuiltins(), name);

    if (found == NULL && !PyErr_Occurred()) {
        PyErr_SetObject(PyExc_AttributeError, name);
    }
    Py_XINCREF(found);
    return found;
}""",
    "name",
)


def builtin_name(pass_: Pass) -> str:
    """The function that finds a builtin."""
    stem = pass_.decisions.names.exec_function.removesuffix("_exec")
    return f"{stem}_get_builtin"


def helpers(pass_: Pass) -> list[str]:
    """The text of those that are needed."""
    called = {each.by.by_object for each in pass_.decisions.strings.by_object if each.by}
    parts = []
    files = pass_.extension.files.values()
    if OPTIONAL in called and pass_.settings.floor < (3, 13):
        if not any(OPTIONAL in each.names() for each in files):
            parts.append(_OPTIONAL)
    if BUILTIN in called:
        parts.append(_BUILTIN.fill(name=builtin_name(pass_)))
    return parts


def interning(pass_: Pass, state: str, failure: str) -> list[str]:
    """The statements that make the strings when the module is executed."""
    strings = pass_.decisions.strings.members
    plain = [text for text, member in strings.items() if not conditions_of(pass_, member)]
    lines = _made(state, [(strings[text].name, text) for text in plain], failure)
    for text, member in strings.items():
        if text not in plain:
            made = "\n".join(_made(state, [(member.name, text)], failure))
            lines.append(conditional(conditions_of(pass_, member), made))
    return lines


def _made(state: str, rows: list[tuple[str, str]], failure: str) -> list[str]:
    calls = [f'{state}->{name} = PyUnicode_InternFromString("{text}")' for name, text in rows]
    leave = [f"    return {failure};", "}"]
    if len(rows) == 1:
        return [f"{calls[0]};", f"if ({state}->{rows[0][0]} == NULL) {{", *leave]
    tests = [
        f"{'    || ' if n else 'if ('}({_within(call)}) == NULL" for n, call in enumerate(calls)
    ]
    return [*tests[:-1], f"{tests[-1]}) {{", *leave] if tests else []


def _within(call: str) -> str:
    """On two lines what would be long on one."""
    return call if len(call) < 60 else call.replace(" = ", " =\n            ")
