"""What a migration changes, by kind, and why each kind of change is safe: for reviewers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """``groups`` are the kinds of groups of edits (the part of their names before the colon)."""

    title: str
    argument: str
    groups: tuple[str, ...]


OWN_GIL = (
    "On Python 3.12 and later the module says that it supports interpreters with their own GIL."
)
"""Added where the new text claims it."""

KINDS = (
    ChangeKind(
        "C globals become members of the module state",
        "Each copy of the module gets a struct of its own from the interpreter, so no copy can see "
        "or overwrite what belongs to another. Objects in it are visited by `m_traverse` and "
        "released by `m_clear` and `m_free`, so they go with their copy. Code reads and writes the "
        "member where it read and wrote the global before.",
        ("global",),
    ),
    ChangeKind(
        "Static types become heap types",
        "The slots are the same functions, and the flags give Python code the same rights as "
        "before, as far as each version of Python has a flag for it. An instance owns a reference "
        "to its type, visits it, and gives it back last when it is deallocated. Each copy of the "
        "module makes its own types and keeps them in its state.",
        ("type", "alias"),
    ),
    ChangeKind(
        "Functions are led to the state",
        "A function that Python calls finds the state from its own module, from the class that "
        "defines it, or from an instance; a helper is given it by its callers. None looks it up "
        "in a place that several copies share, and what runs while a module or an instance is "
        "destroyed does not look it up by the module's definition at all.",
        ("access", "module", "made", "table"),
    ),
    ChangeKind(
        "Callbacks of libraries are led to the state",
        "The pointer that the library hands back leads to the state beside the data that it had "
        "before. What it points to lives as long as the library may use it.",
        ("context", "frame"),
    ),
    ChangeKind(
        "Initialisation is multi-phase (PEP 489)",
        "`PyInit_*` returns the module's definition, and its former body runs for every copy that "
        "is made. Where it fails, the state is released with the copy.",
        ("init",),
    ),
)
