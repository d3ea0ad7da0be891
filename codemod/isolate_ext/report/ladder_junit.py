"""The ladder as JUnit XML: a suite for each interpreter, a case for each rung of each module."""

from __future__ import annotations

from xml.etree import ElementTree

from isolate_ext.report.ladder import Ladder, PythonLadder, RungResult, Verdict
from isolate_ext.report.rungs import title


def junit(result: Ladder) -> str:
    """One document.  A rung that failed before is skipped, with the reason."""
    root = ElementTree.Element("testsuites", name=f"isolate-ext verify {result.project}")
    for each in result.pythons:
        _suite(root, each)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(root: ElementTree.Element, python: PythonLadder) -> None:
    cases = list(python.all_rungs())
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=f"CPython {python.python}",
        tests=str(len(cases)),
        failures=str(sum(rung.verdict is Verdict.FAILS for _, rung in cases)),
        skipped=str(sum(_is_skipped(rung) for _, rung in cases)),
        errors=str(int(bool(python.absent))),
        time=f"{sum(rung.seconds for _, rung in cases):.1f}",
    )
    for module, rung in cases:
        _case(suite, module or "build", rung)
    if python.absent:
        case = ElementTree.SubElement(suite, "testcase", classname="build", name="judged")
        ElementTree.SubElement(case, "error", message=_printable(python.absent))


def _case(suite: ElementTree.Element, module: str, rung: RungResult) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=module, name=title(rung.name), time=f"{rung.seconds:.1f}"
    )
    problems = _printable("\n".join(rung.problems))
    first = problems.partition("\n")[0]
    if rung.verdict is Verdict.FAILS:
        ElementTree.SubElement(case, "failure", message=first).text = problems
    elif _is_skipped(rung):
        ElementTree.SubElement(case, "skipped", message=f"{rung.verdict}: {first}")
    if rung.notes:
        ElementTree.SubElement(case, "system-out").text = _printable("\n".join(rung.notes))


def _is_skipped(rung: RungResult) -> bool:
    return rung.verdict in (Verdict.FAILED_BEFORE, Verdict.NOT_JUDGED)


def _printable(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return "".join(
        each if each in "\t\n" or " " <= each < "\ud800" or each > "\udfff" else "\ufffd"
        for each in text
    )
