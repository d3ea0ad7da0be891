"""Decisions in comments: ``/* isolate-ext: ignore[static-type] reason */`` at a declaration.

The rule that is ignored leaves the variable or type of that declaration as it is.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator

import msgspec

from isolate_ext.model.entities import Kind, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.placement.choices import STATIC, Choice, Choices, closest
from isolate_ext.placement.decisions import Level
from isolate_ext.syntax import Parsed

VARIABLE, TYPE = "global-variable", "static-type"
_COMMENT = re.compile(
    rb"/\*[ \t]*isolate-ext:(?P<block>.*?)\*/|//[ \t]*isolate-ext:(?P<line>[^\n]*)", re.DOTALL
)
_FORM = re.compile(r"ignore\[(?P<rule>[^\]]*)\](?P<reason>.*)", re.DOTALL)
_WRITE = "write /* isolate-ext: ignore[rule] reason */"


class Suppressions(msgspec.Struct):
    """The choices that comments make, and a line for each comment that makes none."""

    levels: list[Choice] = msgspec.field(default_factory=list)
    types: list[Choice] = msgspec.field(default_factory=list)
    problems: list[str] = msgspec.field(default_factory=list)

    @property
    def choices(self) -> Choices:
        return Choices(tuple(self.levels), tuple(self.types))


def suppressions(extension: Extension) -> Suppressions:
    """All comments of an extension that speak to this tool."""
    found = Suppressions()
    for path, parsed in extension.files.items():
        if b"isolate-ext:" in parsed.source.data:
            _file(extension, path, parsed, found)
    return found


def _file(extension: Extension, path: str, parsed: Parsed, found: Suppressions) -> None:
    data = parsed.source.data
    for match in _COMMENT.finditer(data):
        if parsed.scan.code[match.start() : match.start() + 2].strip():
            continue
        line, column = parsed.line_column(match.start())
        text = (match["block"] or match["line"] or b"").decode("utf-8", "replace").strip()
        form = _FORM.fullmatch(text)
        reason = " ".join(form["reason"].split()) if form is not None else ""
        rule = form["rule"] if form is not None else ""
        choice = Choice("", rule, reason, path, line, column)
        if form is None:
            found.problems.append(choice.problem(f"{text!r} is no suppression; {_WRITE}"))
        elif rule not in (VARIABLE, TYPE):
            like = closest(rule, (VARIABLE, TYPE)) or f"; there are {VARIABLE!r} and {TYPE!r}"
            found.problems.append(choice.problem(f"{rule!r} cannot be ignored here{like}"))
        elif not reason:
            found.problems.append(choice.problem(f"{text!r} does not say why; {_WRITE}"))
        else:
            _declared(list(_at(extension, parsed, path, line)), choice, found)


def _declared(variables: list[Variable], choice: Choice, found: Suppressions) -> None:
    """What the declaration there declares, of the kind that the rule is for."""
    of_type = choice.value == TYPE
    concerned = [each for each in variables if (each.kind is Kind.TYPE) is of_type]
    value = STATIC if of_type else Level.PROCESS.value
    made = [msgspec.structs.replace(choice, name=each.key, value=value) for each in concerned]
    (found.types if of_type else found.levels).extend(made)
    if not made:
        what = "static type" if of_type else "variable with static storage"
        found.problems.append(
            choice.problem(f"no {what} is defined here; put it in the line of its definition")
        )


def _at(extension: Extension, parsed: Parsed, path: str, line: int) -> Iterator[Variable]:
    """The variables with a definition in that line, or in the next."""
    starts = parsed.scan.lines.starts
    for variable in extension.variables.values():
        for each in variable.definitions:
            if each.path == path:
                first = bisect.bisect_right(starts, each.start)
                last = bisect.bisect_right(starts, each.end - 1)
                if first <= line <= last or (first == line + 1 and _alone(parsed, line)):
                    yield variable
                    break


def _alone(parsed: Parsed, line: int) -> bool:
    """Whether a line holds no code, so that its comment speaks of the next."""
    starts = parsed.scan.lines.starts
    end = starts[line] if line < len(starts) else len(parsed.source.data)
    return not parsed.scan.code[starts[line - 1] : end].strip()
