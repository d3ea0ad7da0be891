"""What an object in a C global is for, from what is put into it and what is done with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.model.entities import Variable
from isolate_ext.model.extension import Extension
from isolate_ext.placement.clauses import Purpose
from isolate_ext.placement.evidence import Evidence
from isolate_ext.syntax import Node

_MADE_BY = (
    (re.compile(r"PyErr_NewException(WithDoc)?"), Purpose.EXCEPTION),
    (re.compile(r"PyModule_(Create2?|New\w*)|PyImport_AddModule\w*"), Purpose.MODULE),
    (re.compile(r"PyUnicode_InternFromString|_PyUnicode_FromId"), Purpose.STRING_OBJECT),
    (re.compile(r"Py(Import_Import|Import_Get|Object_GetAttr|Sys_GetObject)\w*"), Purpose.IMPORTED),
    (re.compile(r"Py(Type_FromSpec\w*|Type_FromModuleAndSpec|Structseq\w*)"), Purpose.TYPE),
)
_RAISES = re.compile(r"PyErr_(Set(String|Object|None)|Format\w*|GivenExceptionMatches)")
_EXCEPTION_TEST = "PyErr_ExceptionMatches"
_REFERENCES = frozenset({"Py_NewRef", "Py_XNewRef"})
_TEXT = re.compile(r"PyUnicode_FromString|PyBytes_FromString|PyString_(Intern)?FromString")
_CALLED = re.compile(r"_?Py(Object_Call|Object_Vectorcall|Eval_Call)\w*|\w*(?i:call|invoke)\w*")


def object_purpose(
    extension: Extension, variable: Variable, evidence: Evidence, only_init: bool
) -> Purpose:
    """``only_init`` says that nothing but init writes the variable."""
    made = (set(evidence.calls()) | set(_elsewhere(evidence))) - _REFERENCES
    for pattern, purpose in _MADE_BY:
        if any(pattern.fullmatch(each) for each in made):
            return purpose
    receivers = [each.callee for each in evidence.touches if each.callee]
    if any(_RAISES.fullmatch(each) or each == _EXCEPTION_TEST for each in receivers):
        return Purpose.EXCEPTION
    if any(_TEXT.fullmatch(each) for each in made):
        return Purpose.STRING_OBJECT
    if not only_init and not made and evidence.values:
        return Purpose.HOOK if any(map(_CALLED.fullmatch, receivers)) else Purpose.SETTING
    lazily = variable.function is not None or (made and not only_init)
    return Purpose.CACHE if lazily or "cache" in variable.name.lower() else Purpose.OBJECT


def _elsewhere(evidence: Evidence) -> Iterator[str]:
    """What makes the local variables whose values it gets: ``x = make(); global = x;``."""
    for each in evidence.touches:
        body = each.inside.node.child("body") if each.inside and each.inside.node else None
        if body is None or each.value is None or each.value.kind != "identifier":
            continue
        yield from _makers(body, each.value.str)


def _makers(body: Node, name: str) -> Iterator[str]:
    for node in body.of_kind("assignment_expression", "init_declarator"):
        target = node.child("left") or node.child("declarator")
        value = node.child("right") or node.child("value")
        if target is None or value is None or target.str.lstrip("* ") != name:
            continue
        if value.kind == "call_expression" and (callee := value.child("function")) is not None:
            yield callee.str
