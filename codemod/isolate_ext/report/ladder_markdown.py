"""The ladder as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from isolate_ext.report.ladder import Ladder, PythonLadder, RungResult, Verdict
from isolate_ext.report.ladder_text import outcome
from isolate_ext.report.rungs import meaning, title

MARKS = {
    Verdict.HOLDS: "holds",
    Verdict.FAILS: "**fails**",
    Verdict.FAILED_BEFORE: "failed before",
    Verdict.NOT_JUDGED: "not judged",
}


def markdown(result: Ladder) -> str:
    """A section a module with a table: rungs down, interpreters across."""
    lines = ["## Verification", "", f"Result: {outcome(result)}."]
    if result.before:
        lines += ["", f"Compared with {result.before}."]
    lines += [f"\n{note}." for note in result.notes]
    for name in _modules(result):
        lines += ["", f"### {name or 'The build'}", "", *_table(result, name)]
    problems = list(_problems(result))
    if problems:
        lines += ["", "### What does not hold", "", *problems]
    return "\n".join(lines) + "\n"


def _modules(result: Ladder) -> list[str]:
    found = {module: None for python in result.pythons for module, _ in python.all_rungs()}
    return list(found)


def _table(result: Ladder, module: str) -> Iterator[str]:
    pythons = [each for each in result.pythons if not each.absent]
    yield f"| rung | {' | '.join(each.python for each in pythons)} | what it shows |"
    yield "|" + "---|" * (len(pythons) + 2)
    names = {rung.name: None for each in pythons for rung in _of(each, module)}
    for name in names:
        cells = [_cell(name, each, module) for each in pythons]
        yield f"| {title(name)} | {' | '.join(cells)} | {meaning(name)} |"


def _of(python: PythonLadder, module: str) -> list[RungResult]:
    return [rung for name, rung in python.all_rungs() if name == module]


def _cell(name: str, python: PythonLadder, module: str) -> str:
    found = next((rung for rung in _of(python, module) if rung.name == name), None)
    if found is None:
        return "not offered"
    changed = found.before not in ("", found.after)
    return f"{MARKS[found.verdict]} ({found.change})" if changed else MARKS[found.verdict]


def _problems(result: Ladder) -> Iterator[str]:
    for python in result.pythons:
        if python.absent:
            yield f"- CPython {python.python}: not judged: {escaped(python.absent)}"
        for module, rung in python.all_rungs():
            if rung.verdict is not Verdict.HOLDS:
                where = f"{module} on CPython {python.python}".strip()
                for line in rung.problems:
                    yield f"- {where}, {title(rung.name)} ({rung.verdict}): {escaped(line)}"


def escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
