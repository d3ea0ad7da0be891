"""Evaluating one build script: its setup() calls, and the extensions it makes."""

from __future__ import annotations

from pathlib import Path

import libcst as cst

from isolate_ext.project.script import calls
from isolate_ext.project.script.frame import Frame, Run, Source
from isolate_ext.project.script.statements import execute
from isolate_ext.project.script.values import Module, PyList, Scope, StaticRaise, TooLong, Unknown

MAX_SCRIPT = 1_000_000


def evaluate_script(root: Path, script: Path) -> Run:
    """Evaluate the script as `python script` would run, in the root. Never runs anything; never
    raises."""
    run = Run(root, calls.call, load)
    run.sys_path = PyList([str(script.parent)])
    where = run.relative(script)
    try:
        source = Source.parse(script, script.read_bytes())
    except (cst.ParserSyntaxError, UnicodeDecodeError) as error:
        line = getattr(error, "raw_line", 0)
        run.note(f"{where}:{line}: not read: it is not valid Python 3")
        return run
    scope = Scope(
        {"__name__": "__main__", "__file__": str(script), "__doc__": docstring(source.module)}
    )
    frame = Frame(run, source, scope)
    try:
        for statement in source.module.body:
            if not survived(statement, frame):
                break
    except (TooLong, RecursionError):
        run.note(f"{where}: reading stopped: the script takes too many steps")
    return run


def survived(statement: cst.CSTNode, frame: Frame) -> bool:
    """Execute one statement of the script; False when the script ends there.

    An exception that reading foresees may come of what it does not know, so the next statement is
    read.
    """
    run, where = (
        frame.run,
        f"{frame.run.relative(frame.source.path)}:{frame.source.line(statement)}",
    )
    try:
        execute([statement], frame)
    except StaticRaise as error:
        if error.kind == "SystemExit":
            run.note(f"{where}: the script ends here: {error}")
            return False
        run.note(f"{where}: passed over, because it would raise {error}")
    return True


def docstring(module: cst.Module) -> str | None:
    return module.get_docstring(clean=False)


def load(run: Run, name: str, path: Path) -> Module:
    """Evaluate a module of the project that the script imports."""
    scope = Scope({"__name__": name, "__file__": str(path)})
    module = Module(name, scope)
    run.modules[name] = module
    if path.is_dir():  # a package without __init__.py
        return module
    try:
        if path.stat().st_size > MAX_SCRIPT:
            return module
        source = Source.parse(path, path.read_bytes())
        execute(source.module.body, Frame(run, source, scope))
    except (cst.ParserSyntaxError, UnicodeDecodeError, OSError) as error:
        run.note(f"{run.relative(path)}: not read: {type(error).__name__}")
    except StaticRaise as error:
        scope.names.setdefault("__stopped__", Unknown(str(error)))
        run.note(f"{run.relative(path)}: reading stopped: {error}")
    return module
