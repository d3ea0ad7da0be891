"""Entries added to the file that holds the user's decisions; what stands in it stays as it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from isolate_ext.project.configuration import OWN, PYPROJECT
from isolate_ext.project.errors import ProjectError
from isolate_ext.text import style_of

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Proposal(msgspec.Struct, frozen=True):
    """An entry that the user has to give a reason; ``evidence`` becomes a comment."""

    table: str
    name: str
    key: str
    value: str
    evidence: str


def with_proposals(
    root: Path, proposals: Sequence[Proposal]
) -> tuple[str, bytes | None, bytes] | None:
    """The file to change, its bytes before (None: it is new) and after; None for no proposals.

    Raises ProjectError where the file cannot be read, or where its tables cannot be added to.
    """
    if not proposals:
        return None
    names = [name for name in (OWN, PYPROJECT) if (root / name).is_file()]
    path = names[0] if names else OWN
    head = "tool.isolate-ext." if path == PYPROJECT else ""
    try:
        before = (root / path).read_bytes() if names else None
        after = _added(before or b"", head, proposals)
        tomllib.loads(after.decode())
    except OSError as error:
        raise ProjectError(str(error.strerror), path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"cannot be added to: {error}", path) from error
    return path, before, after


def _added(before: bytes, head: str, proposals: Sequence[Proposal]) -> bytes:
    blocks = "\n".join(_block(head, each) for each in proposals)
    space = "\n" if before else ""
    if before and not before.endswith(b"\n"):
        space = "\n\n"
    return before + style_of(before).adapt(f"{space}{blocks}".encode())


def _block(head: str, each: Proposal) -> str:
    name = each.name if _BARE.fullmatch(each.name) else f'"{each.name}"'
    comment = "".join(ch if ch.isprintable() else " " for ch in each.evidence)
    return (
        f"[{head}{each.table}.{name}]\n# {comment}\n"
        f'{each.key} = "{each.value}"\nreason = ""  # why?\n'
    )
