"""The ladder as lines for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isolate_ext.report.ladder import Ladder, ModuleLadder, PythonLadder, RungResult, Verdict
from isolate_ext.report.paint import Paint, plain
from isolate_ext.report.rungs import title

STYLES = {
    Verdict.HOLDS: "green",
    Verdict.FAILS: "bold red",
    Verdict.FAILED_BEFORE: "yellow",
    Verdict.NOT_JUDGED: "yellow",
}


def ladder(result: Ladder, paint: Paint = plain, *, full: bool = True) -> list[str]:
    """A table for each interpreter and module; the problems below their rungs."""
    lines = [f"{paint('cyan', 'note:')} {note}" for note in result.notes]
    for each in result.pythons:
        lines += _python(result, each, paint, full)
    return [*lines, *_summary(result, paint)]


def _python(result: Ladder, each: PythonLadder, paint: Paint, full: bool) -> Iterator[str]:
    against = f", compared with {result.before}" if result.before else ""
    yield paint("bold", f"{result.project} on CPython {each.python}{against}")
    if each.absent:
        yield f"  {paint('yellow', 'not judged')}: {each.absent}"
        yield from (f"    {line}" for line in each.log.splitlines())
        return
    yield from _rungs(each.rungs, paint, full)
    yield from (f"    {line}" for line in each.log.splitlines())
    for module in each.modules:
        yield from _module(module, paint, full)


def _module(module: ModuleLadder, paint: Paint, full: bool) -> Iterator[str]:
    yield f"  {paint('bold', module.module)}  {module.library}"
    if module.absent:
        yield f"    {paint('yellow', 'not judged')}: {module.absent}"
        return
    yield from (f"  {line}" for line in _rungs(module.rungs, paint, full))
    yield from (f"    {paint('cyan', 'note:')} {note}" for note in module.notes if full)


def _rungs(rungs: Sequence[RungResult], paint: Paint, full: bool) -> Iterator[str]:
    width = max((len(title(each.name)) for each in rungs), default=0)
    for each in rungs:
        word = paint(STYLES[each.verdict], f"{each.verdict:<13}")
        yield f"  {title(each.name):<{width}}  {word} {each.change:<20} {each.seconds:6.1f} s"
        yield from (f"      {line}" for line in each.problems)
        if full:
            yield from (f"      {paint('cyan', 'note:')} {line}" for line in each.notes)


def _summary(result: Ladder, paint: Paint) -> Iterator[str]:
    counts = dict.fromkeys(Verdict, 0)
    for python in result.pythons:
        for _, rung in python.all_rungs():
            counts[rung.verdict] += 1
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    pythons = ", ".join(each.python for each in result.pythons if not each.absent)
    yield paint("bold", "Summary")
    yield f"  rungs       {told or 'none'}"
    yield f"  judged on   {pythons or 'nothing'}"
    absent = [f"{each.python} ({each.absent})" for each in result.pythons if each.absent]
    if absent:
        yield f"  not judged  {', '.join(absent)}"
    yield f"  result      {outcome(result)}"


def outcome(result: Ladder) -> str:
    """``verified``, ``failed`` or ``inconclusive``, where it failed and what was left out."""
    if result.failed:
        where = [
            f"{module + ' ' if module else ''}{title(rung.name)} on {python.python}"
            for python in result.pythons
            for module, rung in python.all_rungs()
            if rung.verdict is Verdict.FAILS
        ]
        more = f" and {len(where) - 3} more" if len(where) > 3 else ""
        return f"failed: {', '.join(where[:3])}{more}"
    if result.inconclusive:
        return "inconclusive"
    return f"verified, without {', '.join(result.unproved)}" if result.unproved else "verified"
