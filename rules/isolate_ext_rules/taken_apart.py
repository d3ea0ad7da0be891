"""Parameters that get more than they used to: what they were is a local from then on."""

from __future__ import annotations

import re
from collections.abc import Callable

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.entities import Definition, Parameter
from isolate_ext.placement.library_calls import uses_in
from isolate_ext_rules.c_text import NOT_USED, body_start, fresh_name


def take_apart(
    pass_: Pass,
    function: Definition,
    parameter: Parameter,
    parts: Callable[[str], tuple[str, str]],
    group: str,
    since: Stage,
) -> None:
    """Put what is made of a parameter where the body begins, and call it ``arg`` itself.

    ``parts`` gives, for the new name, the declaration of the state and the value of what the
    parameter was; either may be empty.  Without a value, the parameter keeps a name that tells what
    it is.
    """
    data, name = pass_.parsed(function.path).source.data, parameter.name or ""
    used = bool(uses_in(function, name))
    state, value = parts(name)
    kept = not value and NOT_USED.fullmatch(name) is None
    others = " ".join(each.name or "" for each in function.parameters if each is not parameter)
    given = name if kept else fresh_name("arg", data[slice(*function.body)] + others.encode())
    start, end = _name_of(parameter, data)
    if data[start:end] != given.encode():
        pass_.replace(function.path, start, end, given, group, since)
    state, value = parts(given)
    lines = [state] if state else []
    lines += [f"{parameter.ctype.declare(name)} = {value};"] if value and used else []
    at = body_start(data, function.body)
    text = "".join(f"\n    {line}" for line in lines)
    pass_.replace(function.path, at, at, text, group, since)


def _name_of(parameter: Parameter, data: bytes) -> tuple[int, int]:
    """Where its name is written, with the macro around it that says that nobody uses it."""
    name = (parameter.name or "").encode()
    if parameter.unused:
        match = re.search(rb"\bPy_UNUSED\s*\(\s*\w+\s*\)", data[parameter.start : parameter.end])
        if match is not None:
            return parameter.start + match.start(), parameter.start + match.end()
    start = data.rfind(name, parameter.start, parameter.end)
    return start, start + len(name)
