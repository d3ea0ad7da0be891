"""Traverse, clear and free of the module.

What: `m_traverse`, `m_clear` and `m_free` are written from one list of members, or completed where
the module has them already.

Why: a module that owns a heap type and does not visit it is never collected.

Declines when: an existing hook does not end with a return, or not in the files of the extension.

Handbook patterns 5, 6 and 101.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from isolate_ext.engine import Pass, Rewrite, Rule, Safety, Stage
from isolate_ext.model.entities import Entry
from isolate_ext.placement.own_hooks import HOOKS, own_hooks
from isolate_ext_rules.completed_hooks import complete
from isolate_ext_rules.examples import EXCEPTION
from isolate_ext_rules.hook_lines import hook_lines, owned
from isolate_ext_rules.verify_module import verify_hooks

EXAMPLES = (
    Rewrite(
        EXCEPTION,
        (
            "Py_VISIT(state->Error);",
            "Py_CLEAR(state->Error);",
            ".m_traverse = spam_traverse",
            ".m_clear = spam_clear",
            ".m_free = spam_free",
        ),
    ),
)


def run(pass_: Pass) -> None:
    complete(pass_)


def hook_functions(pass_: Pass) -> str:
    """The hooks that the module does not have yet, as C text."""
    names = pass_.decisions.names
    if not owned(pass_) and pass_.decisions.adopted is None:
        return _free(pass_, clears=False)
    fetch = f"    {names.state_struct} *{names.variable} = {names.module_accessor}(module);"
    parts = []
    present = own_hooks(pass_.extension, pass_.decisions.init)
    heads = {
        "m_traverse": f"{names.traverse}(PyObject *module, visitproc visit, void *arg)",
        "m_clear": f"{names.clear}(PyObject *module)",
    }
    for field, head in heads.items():
        lines = list(hook_lines(pass_, HOOKS[field]))
        if field not in present and lines:
            body = "\n".join(
                line if line.startswith("#") else f"    {line}"
                for each in lines
                for line in each.split("\n")
            )
            parts.append(f"static int\n{head}\n{{\n{fetch}\n\n{body}\n    return 0;\n}}")
    free = _free(pass_, clears=bool(parts) or "m_clear" in present)
    return "\n\n".join([*parts, free] if free else parts)


def _free(pass_: Pass, *, clears: bool) -> str:
    """What `m_free` does beside what the module has for it; the owner of hooks gives them up."""
    names = pass_.decisions.names
    present = own_hooks(pass_.extension, pass_.decisions.init)
    own, clear = present.get("m_free"), present.get("m_clear")
    lines = []
    if pass_.decisions.resources:
        calls = [f"    {own.name}(module);"] if own is not None else []
        lines = [f"if ({names.loaded} == (PyObject *)module) {{"]
        lines += [f"    {names.loaded} = NULL;", *calls, "}"]
    if own is None and clears:
        name = clear.name if clear is not None else names.clear
        lines.append(f"(void){name}((PyObject *)module);")
    body = "".join(f"    {line}\n" for line in lines)
    return f"static void\n{names.free}(void *module)\n{{\n{body}}}" if lines else ""


def hook_fields(pass_: Pass, present: Mapping[str, Entry]) -> dict[str, str]:
    """The hook fields of the module definition."""
    names = pass_.decisions.names
    made = hook_functions(pass_)
    fields = {}
    for field, name in zip(HOOKS, (names.traverse, names.clear, names.free), strict=True):
        if re.search(rf"^{name}\(", made, re.MULTILINE):
            fields[field] = name
        elif field in present and not present[field].empty:
            fields[field] = present[field].value.str
    return fields


RULE = Rule(
    "module-hooks",
    __doc__,
    (5, 6, 101),
    Stage.ISOLATED,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify_hooks,
)
