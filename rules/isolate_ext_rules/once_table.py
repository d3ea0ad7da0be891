"""Tables that the init function fills.

What: the statements that fill static tables run once in the process, under a lock from 3.13 on.

Why: every import writes the tables again, while other interpreters read them; with a GIL of their
own nothing keeps them from doing so at the same time. Before 3.13 the module runs only in
interpreters that share the GIL, which is lock enough.

Declines when: the statements do anything but fill tables from constants, or something else writes
the tables too; then they become members of the state.

Handbook pattern 78.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from isolate_ext.engine import Output, Pass, Rewrite, Rule, Safety, Stage, Violation
from isolate_ext.model.init import module_inits
from isolate_ext.placement.once import FilledOnce, filled_once
from isolate_ext.placement.writes import writers_of
from isolate_ext_rules.c_text import head_start, indent_at
from isolate_ext_rules.examples import module

_SQUARES = (
    "static int squares[9];\n\nstatic PyObject *\nsquare(PyObject *self, PyObject *args)\n{\n"
    "    return PyLong_FromLong(squares[2]);\n}\n"
)
_FILL = "for (int i = 0; i < 9; i++) {\n        squares[i] = i * i;\n    }"
EXAMPLES = (
    Rewrite(
        module(_SQUARES, '{"square", square, METH_NOARGS, NULL},', _FILL),
        (
            "static int spam_tables_filled;",
            "    PyMutex_Lock(&spam_tables_mutex);",
            "    if (!spam_tables_filled) {",
            "            squares[i] = i * i;",
            "        spam_tables_filled = 1;",
            "#if PY_VERSION_HEX >= 0x030d0000\n    {Py_mod_multiple_interpreters,",
        ),
        ("int squares[9];\n} spam_state",),
    ),
)
_SINCE = "#if PY_VERSION_HEX >= 0x030d0000"
GROUP = "init"


def run(pass_: Pass) -> None:
    once, creator = pass_.decisions.once, pass_.decisions.init.creator
    if once is None or once.guards or not once.tables:
        return
    names, data = pass_.decisions.names, pass_.parsed(creator.path).source.data
    declared = f"static int {names.filled};\n{_SINCE}\nstatic PyMutex {names.filling};\n#endif\n\n"
    at = head_start(data, creator)
    pass_.replace(creator.path, at, at, declared, GROUP, Stage.ISOLATED, order=-1)
    margin = indent_at(data, once.start)
    step = margin or "    "
    start = once.start - len(margin)
    lock = f"{_SINCE}\n{margin}PyMutex_Lock(&{names.filling});\n#endif\n"
    unlock = f"\n{_SINCE}\n{margin}PyMutex_Unlock(&{names.filling});\n#endif"
    test, done = f"if (!{names.filled}) {{", f"{step}{names.filled} = 1;\n{margin}}}"
    if _is_block(pass_, once):
        before, after = f"{lock}{margin}{test}", f"{done}{unlock}"
        pass_.replace(creator.path, start, once.start + 1, before, GROUP, Stage.ISOLATED)
        last = data.rfind(b"\n", 0, once.end) + 1
        pass_.replace(creator.path, last, once.end, f"{margin}{after}", GROUP, Stage.ISOLATED)
        return
    pass_.replace(
        creator.path, start, start, f"{lock}{margin}{test}\n", GROUP, Stage.ISOLATED, order=-1
    )
    for line in _lines(data, start, once.end):
        pass_.replace(creator.path, line, line, step, GROUP, Stage.ISOLATED)
    end = f"\n{margin}{done}{unlock}"
    pass_.replace(creator.path, once.end, once.end, end, GROUP, Stage.ISOLATED)


def _is_block(pass_: Pass, once: FilledOnce) -> bool:
    """One block in braces, each on a line of its own: it takes the test in front."""
    data = pass_.parsed(pass_.decisions.init.creator.path).source.data
    text = data[once.start : once.end]
    body = pass_.decisions.init.creator.node
    blocks = body.of_kind("compound_statement") if body is not None else []
    return re.match(rb"\{[ \t]*\r?\n", text) is not None and any(
        each.start == once.start and each.end == once.end for each in blocks
    )


def _lines(data: bytes, start: int, end: int) -> Iterator[int]:
    """Where lines of code begin; directives stay where they are, and empty lines empty."""
    while start < end:
        following = data.find(b"\n", start, end)
        following = end if following < 0 else following
        text = data[start:following].strip()
        if text and not text.startswith(b"#"):
            yield start
        start = following + 1


def verify(output: Output) -> Iterator[Violation]:
    """The tables are filled behind a flag and a lock, and written nowhere else."""
    before = output.before.once
    if before is None or not before.tables:
        return
    for init in module_inits(output.extension):
        found = filled_once(output.extension, init, writers_of(output.extension))
        for key in before.tables:
            if found is None or not found.guards or key not in found.tables:
                message = f"{key} is filled without a guard"
                yield Violation("once-table", init.creator.path, init.creator.start, message, key)


RULE = Rule(
    "once-table",
    __doc__,
    (78,),
    Stage.ISOLATED,
    Safety.SAFE,
    run,
    EXAMPLES,
    verify=verify,
)
