"""A page of documentation for each rule, from its docstring and its executed examples.

python -m isolate_ext.testing.pages docs/rules
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from isolate_ext.app.rulebook import all_rules
from isolate_ext.engine import Refused, Rewrite, Rule
from isolate_ext.testing.archive import files_of

_LABEL = re.compile(r"^(What|Why|Declines when): ", re.MULTILINE)
_NOTE = "<!-- Made from the rule by `python -m isolate_ext.testing.pages`; edit the rule. -->"


def pages(rules: Sequence[Rule]) -> dict[str, str]:
    """File name to text: one page for each rule, and an index in the order of the rules."""
    return {"README.md": _index(rules), **{f"{rule.id}.md": page(rule) for rule in rules}}


def page(rule: Rule) -> str:
    """What the rule does, why, when it declines, and its examples."""
    title, _, rest = rule.doc.strip().partition("\n")
    facts = f"`{rule.id}`, from stage `{rule.stage.label}` on, {rule.safety.value}."
    parts = [f"# {title.rstrip('.')}", _NOTE, facts, _LABEL.sub(r"**\1**: ", rest.strip())]
    for example in rule.examples:
        parts += _rewrite(example) if isinstance(example, Rewrite) else _refused(example)
    return "\n\n".join(parts) + "\n"


def write(folder: Path, rules: Sequence[Rule]) -> None:
    """Make the folder hold the pages of these rules and no other.  Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages(rules)
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _index(rules: Sequence[Rule]) -> str:
    rows = ["| rule | title | from stage | safety |", "|---|---|---|---|"]
    for rule in rules:
        link = f"[{rule.id}]({rule.id}.md)"
        rows.append(f"| {link} | {rule.title} | {rule.stage.label} | {rule.safety.value} |")
    table = "\n".join(rows)
    return f"# Rules\n\n{_NOTE}\n\nIn the order in which they run.\n\n{table}\n"


def _rewrite(example: Rewrite) -> Iterator[str]:
    yield "## Example"
    yield from _sources(example.before)
    yield "Afterwards there is, among others:"
    for fragment in example.after:
        yield _code(fragment)
    if example.gone:
        yield "And nothing is left of:"
        for fragment in example.gone:
            yield _code(fragment)


def _refused(example: Refused) -> Iterator[str]:
    yield "## Refused"
    yield from _sources(example.before)
    name = example.reason.name.lower().replace("_", "-")
    yield f"Reason: `{name}`. To lift it, {example.reason.value}."


def _sources(text: str) -> Iterator[str]:
    files = files_of(text)
    for name, data in files.items():
        if len(files) > 1:
            yield f"`{name}`:"
        yield _code(data.decode())


def _code(text: str) -> str:
    return "```c\n" + text.strip("\n") + "\n```"


if __name__ == "__main__":
    write(Path(sys.argv[1]), all_rules())
