"""A place for the state struct, and how the text of a stage is put there."""

from __future__ import annotations

import posixpath
import re

import msgspec

from isolate_ext.engine import Pass, Stage
from isolate_ext_rules.line_places import line_start
from isolate_ext_rules.state_needs import exports_definition

GROUP = "state"


class Home(msgspec.Struct, frozen=True):
    """A place for the struct and accessors: before the byte at ``at`` of ``path``.

    ``shared`` says that several translation units read it; ``new`` that the file does not exist.
    ``includes`` are what it must include, with their quotes; ``named`` says that the struct's name
    is declared in one of those already.
    """

    path: str
    at: int
    shared: bool
    new: bool = False
    includes: tuple[str, ...] = ()
    named: bool = False

    def insert(self, pass_: Pass, text: str, stage: Stage) -> None:
        """Put the text of a stage there."""
        needed = "".join(f"#include {each}\n" for each in self.includes)
        if self.new:
            guard = re.sub(r"\W", "_", posixpath.basename(self.path)).upper()
            head = f"#ifndef {guard}\n#define {guard}\n\n#include <Python.h>\n{needed}"
            whole = f"{head}\n{text}\n\n#endif\n"
            pass_.plan.new_files.append((self.path, whole.encode(), stage, stage))
            return
        data = pass_.parsed(self.path).source.data
        before = "" if data[: self.at].endswith(b"\n") else "\n"
        lead = "" if data[: self.at].rstrip(b" \t").endswith((b"\n\n", b"\n\r\n")) else "\n"
        tail = "" if data[self.at :].startswith((b"\n", b"\r\n")) else "\n"
        newline = "\n" if needed else ""
        pass_.replace(
            self.path,
            self.at,
            self.at,
            f"{before}{lead}{needed}{newline}{text}\n{tail}",
            GROUP,
            stage,
            stage,
            order=-10,
        )

    def definition_name(self, pass_: Pass) -> str:
        """The PyModuleDef's name at file scope."""
        return definition_name(pass_)

    def definition_declaration(self, pass_: Pass) -> str:
        name = definition_name(pass_)
        return f"{'extern' if self.shared else 'static'} struct PyModuleDef {name};"

    def definition_site(self, pass_: Pass) -> tuple[str, int]:
        """Before the first function that needs the state in the file of the init function."""
        init = pass_.decisions.init
        return init.creator.path, line_start(pass_.parsed(init.creator.path), init.creator.start)


def definition_name(pass_: Pass) -> str:
    """The module definition's name at file scope, fresh there.

    One local to the init function moves out of it.  One that other files are to see is a symbol
    of the library, and names its module (pattern 63).
    """
    init = pass_.decisions.init
    variable = init.module_def
    assert variable is not None
    name = variable.name
    stem = pass_.decisions.names.exec_function.removesuffix("_exec")
    prefixed = f"{stem}_{name.strip('_')}"
    if variable.function is None:
        exported = variable.home.static and exports_definition(pass_) and stem not in name
        uses = pass_.extension.uses_of(variable.key)
        own = all(use.inside is init.creator for use in uses)
        return prefixed if exported and own else name
    clash = any(
        other.name == name and other is not variable and other.function is None
        for other in pass_.extension.variables.values()
    )
    return prefixed if clash else name
