"""The text of a pull request: what was wrong, what changes and why that is safe, the proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from isolate_ext.report.change_kinds import KINDS, OWN_GIL, ChangeKind
from isolate_ext.report.ladder import Ladder, Verdict
from isolate_ext.report.ladder_markdown import escaped, markdown
from isolate_ext.report.results import ISOLATED, ExtensionResult, FileChange, MigrateResult
from isolate_ext.report.rungs import title
from isolate_ext.report.summary import for_users

LISTED = 12
SCENES = 4
CLAIM = b"Py_MOD_PER_INTERPRETER_GIL_SUPPORTED"
ISOLATION = ("reimport", "shared-gil", "own-gil", "runtime", "cycles")
"""Rungs whose failure before the migration is the reason for it."""

HAVING_NO_EFFECT = ("a heap type's layout", "heap types store it in their dict")


@dataclass(frozen=True, slots=True)
class PullRequest:
    """``migration`` is what the tool makes of the original; ``edited`` are the files that it
    changes and that are not as it would write them."""

    ladder: Ladder
    migration: MigrateResult
    edited: tuple[str, ...] = ()

    @property
    def modules(self) -> list[ExtensionResult]:
        """The extensions that it isolates."""
        return [it for it in self.migration.extensions if it.groups and it.status == ISOLATED]

    @property
    def unfinished(self) -> list[ExtensionResult]:
        """Those that it changes, and that are not isolated by that."""
        return [it for it in self.migration.extensions if it.groups and it.status != ISOLATED]


def body(given: PullRequest) -> str:
    """Markdown that can be pasted as it is."""
    parts = (_why(given), _changes(given), _left(given), _users(given))
    sections = ["\n".join(part) for part in map(list, parts) if part]
    return "\n\n".join([*sections, markdown(given.ladder)])


def _why(given: PullRequest) -> Iterator[str]:
    found = [*given.modules, *given.unfinished]
    names = [f"`{each.name}`" for each in found] or ["This module"]
    yield "## Why"
    yield ""
    yield (
        f"What the C code of {_joined(names)} keeps in globals and static types exists once in a "
        "process. A second import and every sub-interpreter share these objects, and objects of "
        "one interpreter must not be used in another. Since CPython 3.12 an interpreter with its "
        "own GIL refuses to import a module that does not say that it supports it. "
        f"{_purpose(given)}"
    )
    scenes = list(_scenes(given.ladder))
    if scenes:
        yield ""
        yield f"Measured on the original ({given.ladder.before}):"
        yield ""
        yield from (f"- {line}" for line in scenes)


def _purpose(given: PullRequest) -> str:
    each = "each copy of the module its own state"
    if not given.unfinished:
        return f"This change gives {each}."
    if not given.modules:
        return f"This change is a step on the way to giving {each}."
    names = _joined([f"`{each.name}`" for each in given.unfinished])
    return f"This change gives {each}; for {names} it is a first step."


def _scenes(ladder: Ladder) -> Iterator[str]:
    """What failed before and holds now, with the interpreters that it was seen on."""
    seen: dict[tuple[str, str], dict[str, list[str]]] = {}
    for python in ladder.pythons:
        for module, rung in python.all_rungs():
            if rung.name in ISOLATION and rung.verdict is Verdict.HOLDS:
                for line in rung.problems_before:
                    found = seen.setdefault((module, rung.name), {})
                    found.setdefault(line, []).append(python.python)
    for (module, name), lines in seen.items():
        together: dict[str, list[str]] = {}
        for line, pythons in lines.items():
            where = f"CPython {_joined(sorted(pythons, key=_version))}"
            together.setdefault(where, []).append(_code(line.replace("builtins.", "")))
        told = (f"{_listed(said, SCENES)} ({where})" for where, said in together.items())
        yield f"`{module}`, {title(name)}: {'; '.join(told)}"


def _version(label: str) -> list[int]:
    return [int(part) for part in label.rstrip("td").split(".")]


def _changes(given: PullRequest) -> Iterator[str]:
    yield "## What changes, and why it is safe"
    several = len(given.modules) > 1
    for kind in KINDS:
        if not any(_of(each, kind) for each in given.modules):
            continue
        claim = f" {OWN_GIL}" if "init" in kind.groups and _claims_own_gil(given) else ""
        yield from ("", f"**{kind.title}.** {kind.argument}{claim}")
        items = [(each.name, _symbols(each, kind)) for each in given.modules]
        lines = [f"- {f'`{name}`: ' if several else ''}{told}" for name, told in items if told]
        yield from ("", *lines) if lines else ()
    paths = [f"`{change.path}`" for change in _files(given)]
    yield from ("", f"Files: {_joined(paths) or 'none'}.")
    if given.edited:
        edited = _joined([f"`{path}`" for path in given.edited])
        yield f"Edited by hand after the migration: {edited}."


def _files(given: PullRequest) -> list[FileChange]:
    return [change for project in given.migration.projects for change in project.changes]


def _claims_own_gil(given: PullRequest) -> bool:
    return any(
        CLAIM in (change.after or b"") and CLAIM not in (change.before or b"")
        for change in _files(given)
    )


def _of(each: ExtensionResult, kind: ChangeKind) -> list[str]:
    return [name for name in each.groups if name.partition(":")[0] in kind.groups]


def _symbols(each: ExtensionResult, kind: ChangeKind) -> str:
    """The names behind the groups of a kind; a module that has none of it is left out."""
    found = dict.fromkeys(_symbol(name) for name in _of(each, kind) if ":" in name)
    return _listed(sorted(found, key=lambda name: name.startswith("macro ")))


def _symbol(group: str) -> str:
    """``global:src/a.c:escape:table`` is `table` of `escape()`."""
    parts = [part for part in group.split(":")[1:] if "/" not in part and "." not in part]
    name = parts[-1] if parts else group.rpartition(":")[2]
    if name.startswith("#"):
        return f"macro `{name[1:]}`"
    return f"`{name}` of `{parts[-2]}()`" if len(parts) > 1 else f"`{name}`"


def _listed(names: list[str], shown: int = LISTED) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _left(given: PullRequest) -> Iterator[str]:
    left = [(each.name, it) for each in given.migration.extensions for it in each.refusals]
    if left or given.unfinished:
        yield "## What is not migrated"
        yield ""
        for each in given.unfinished:
            yield f"- `{each.name}` is changed up to the stage `{each.stage}`, and works as before."
        for name, it in left:
            lifted = f" {escaped(it.help)}" if it.help else ""
            yield f"- `{name}`, {it.path}:{it.line}: {escaped(it.message)}.{lifted}"


def _users(given: PullRequest) -> Iterator[str]:
    yield "## What changes for users"
    yield ""
    lines = [escaped(line) for line in for_users(given.migration)]
    for reason, where in _expected(given.ladder).items():
        lines.append(f"{escaped(reason)}: {_listed([_code(each) for each in where])}")
    yield from (f"- {line}" for line in lines or ["nothing was found that Python code can see"])


def _expected(ladder: Ladder) -> dict[str, list[str]]:
    """Differences that Python code can see and that are no regression: reason -> what differs."""
    found: dict[str, dict[str, None]] = {}
    for python in ladder.pythons:
        for module in python.modules:
            for reason, facts in module.expected.items():
                if reason not in HAVING_NO_EFFECT:
                    names = (fact.partition(" / ")[0].partition(" ")[2] for fact in facts)
                    found.setdefault(reason, {}).update(dict.fromkeys(filter(None, names)))
    return {reason: list(names) for reason, names in found.items()}


def _joined(words: Iterable[str]) -> str:
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _code(text: str) -> str:
    """As code, whatever it holds."""
    flat = " ".join(text.split())
    return f"`` {flat} ``" if "`" in flat else f"`{flat}`"
