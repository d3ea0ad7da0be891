"""The commands that only look, as lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from isolate_ext.report.paint import Paint, plain
from isolate_ext.report.views import (
    BatchResult,
    BatchRow,
    DiscoverResult,
    ExampleView,
    ExtensionView,
    FileView,
    ParseResult,
    RuleView,
)


def discovery(result: DiscoverResult, paint: Paint = plain, *, full: bool = True) -> list[str]:
    """Each extension with its files and flags; one line each when not ``full``."""
    lines: list[str] = []
    for project in result.projects:
        lines.append(f"{paint('bold', project.path)} (Python {project.floor} and later)")
        for each in project.extensions:
            if full:
                lines += _extension(each, paint)
            else:
                lines.append(f"  {each.name}: {len(each.sources)} sources, {each.origin}")
        lines += [f"  note: {note}" for note in project.notes]
    return lines


def _extension(each: ExtensionView, paint: Paint) -> Iterator[str]:
    yield f"  {paint('bold', each.name or '(name not known)')}"
    rows = [
        ("read at", (each.origin,)),
        ("language", (each.language,) if each.language != "c" else ()),
        ("sources", each.sources),
        ("headers", each.headers),
        ("to migrate", each.python_sources),
        ("init in", each.init_files),
        ("include", each.include_dirs),
        ("macros", each.macros),
        ("flags", each.flags),
        ("depends", each.depends),
        ("undecided", each.undecided),
        ("built", () if each.built else ("no: it is not passed to setup()",)),
    ]
    for name, values in rows:
        if values:
            yield f"    {name:<11}{' '.join(values) if name != 'undecided' else '; '.join(values)}"


def parsing(result: ParseResult, *, stats: bool, full: bool = True) -> list[str]:
    """Fences and errors by place; with ``stats``, figures for each file and for all."""
    lines = []
    for each in result.files:
        if stats:
            lines.append(_figures(each))
        if full or not stats:
            for region in (*each.fences, *each.errors):
                lines.append(
                    f"{each.path}:{region.line}: lines {region.line}-{region.last}: {region.cause}"
                )
    lines += [f"{path}: skipped: {why}" for path, why in result.skipped]
    return lines + (_totals(result) if stats else [])


def _figures(each: FileView) -> str:
    return (
        f"{each.path}: {each.lines} lines, {each.code} with code, {len(each.fences)} fences, "
        f"{each.fenced} lines fenced, {len(each.errors)} errors"
    )


def _totals(result: ParseResult) -> list[str]:
    code = sum(each.code for each in result.files)
    fenced = sum(each.fenced for each in result.files)
    share = 100 * (code - fenced) / code if code else 100.0
    fences = sum(len(each.fences) for each in result.files)
    errors = sum(len(each.errors) for each in result.files)
    lines = [
        f"files          {len(result.files)}",
        f"lines          {sum(each.lines for each in result.files)}",
        f"lines of code  {code}",
        f"fences         {fences}, over {fenced} lines of code",
        f"outside fences {share:.2f} % of the lines of code",
        f"errors         {errors} outside fences",
    ]
    return lines + [f"  {number:>5}  {cause}" for cause, number in result.causes.most_common()]


def rules(found: Sequence[RuleView], paint: Paint = plain) -> list[str]:
    """A line for each rule."""
    width = max((len(each.id) for each in found), default=0)
    return [
        f"{paint('bold', each.id.ljust(width))}  {each.stage:<10}  {each.safety:<6}  {each.title}"
        for each in found
    ]


def rule(each: RuleView, paint: Paint = plain) -> list[str]:
    """Everything about a rule."""
    lines = [
        paint("bold", each.id),
        "",
        *each.doc.splitlines(),
        "",
        f"Stage: {each.stage}. Safety: {each.safety}. Minimum Python: {each.minimum}.",
    ]
    for example in each.examples:
        lines += ["", *_example(example, paint)]
    return lines


def _example(example: ExampleView, paint: Paint) -> Iterator[str]:
    yield paint("bold", "Refused:" if example.reason else "Before:")
    yield from (f"    {line}" for line in example.before.strip("\n").splitlines())
    if example.reason:
        yield f"  because: {example.reason}"
        yield f"  help: {example.help}"
        return
    yield paint("bold", "After, among others:")
    for fragment in example.after:
        yield from (f"    {line}" for line in fragment.strip("\n").splitlines())


def batch_row(row: BatchRow) -> str:
    """A finished project in one line."""
    detail = f": {row.detail}" if row.detail else ""
    report = f" (report: {row.report})" if row.report else ""
    return f"{row.project}: {row.result}, {row.files} files, {row.seconds:.1f} s{detail}{report}"


def batch(result: BatchResult, paint: Paint = plain) -> list[str]:
    """The table of a batch: projects, then counts by result and by reason of refusal."""
    width = max((len(row.project) for row in result.rows), default=0)
    head = f"{'project'.ljust(width)}  result            extensions  files  seconds"
    lines = [paint("bold", head)]
    for row in result.rows:
        count = sum(row.extensions.values())
        lines.append(
            f"{row.project.ljust(width)}  {row.result:<16}  {count:>10}  {row.files:>5}"
            f"  {row.seconds:>7.1f}{'  ' + row.detail if row.detail else ''}"
        )
    results = Counter(row.result for row in result.rows)
    extensions: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for row in result.rows:
        extensions.update(row.extensions)
        refused.update(row.reasons)
    tables = (("projects", results), ("extensions", extensions), ("refusals by reason", refused))
    for title, counts in tables:
        lines += ["", paint("bold", title)]
        lines += [f"  {name:<20}{number:>6}" for name, number in counts.most_common()]
    return lines
