"""Callbacks that get an instance of a moved type back as their user data (handbook pattern 85)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isolate_ext.model.entities import CType, Definition, Parameter, strip_casts
from isolate_ext.model.expressions import type_of
from isolate_ext.model.extension import Extension
from isolate_ext.model.roles import Called, Role

PointsTo = Callable[[CType], bool]


def registered_instance(
    extension: Extension, definition: Definition, roles: Sequence[Role], points: PointsTo
) -> Parameter | None:
    """The parameter that is the instance which every registration of the callback hands over.

    It is the one that the callback casts to the instance's struct; ``points`` says whether a type
    is a pointer to such a struct.
    """
    if not roles or not all(_hands_instance(extension, role, points) for role in roles):
        return None
    found = [each for each in definition.parameters if _is_cast(definition, each, points)]
    return found[0] if len(found) == 1 else None


def _hands_instance(extension: Extension, role: Role, points: PointsTo) -> bool:
    node = role.use.node
    arguments = node.enclosing("argument_list") if node is not None else None
    if role.called is not Called.CALLBACK or arguments is None:
        return False
    for argument in arguments.named:
        kind = type_of(extension, role.use.inside, role.use.path, strip_casts(argument))
        if kind is not None and points(kind):
            return True
    return False


def _is_cast(definition: Definition, parameter: Parameter, points: PointsTo) -> bool:
    plain = parameter.ctype.pointers == 1 and parameter.ctype.base in ("void", "PyObject")
    if not plain or parameter.name is None or definition.node is None:
        return False
    for node in definition.node.descendants():
        kind, value = node.child("type"), node.child("value")
        if node.kind == "cast_expression" and kind is not None and value is not None:
            words = kind.str.replace("*", " ").split()
            ctype = CType(" ".join(words), kind.str.count("*"))
            if value.str == parameter.name and points(ctype):
                return True
    return False
