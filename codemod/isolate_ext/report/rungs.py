"""What each rung of the ladder is called, and what it shows."""

from __future__ import annotations

TITLES = {
    "built": "built",
    "import": "imports",
    "learn": "every call",
    "tests": "own tests",
    "tests-inside": "own tests, inside",
    "surface": "surface",
    "reimport": "re-import",
    "shared-gil": "interpreters, shared GIL",
    "own-gil": "interpreters, own GIL",
    "runtime": "re-initialisation",
    "cycles": "no leak",
    "protocol": "GC protocol",
    "references": "references",
    "arguments": "arguments",
    "blank": "blank instances",
    "warnings": "no warnings",
    "no-memory": "import without memory",
    "foreign-copy": "objects of another copy",
    "settings": "settings of a copy",
    "load-once": "refusals",
    "names": "names of types",
    "crash": "no new crash",
    "sources": "sources",
    "binary": "binary",
    "machine-code": "untouched functions",
    "cost": "cost",
}

MEANINGS = {
    "built": "it compiles with the project's own build, without a new compiler warning",
    "import": "it imports",
    "learn": "every public callable, type, method and operator was tried",
    "tests": "the project's own tests give the same result per test",
    "tests-inside": "plain tests end in sub-interpreters as they do in the main interpreter",
    "surface": "what Python code can see is the same",
    "reimport": "two copies in one interpreter share no type, exception or mutable object",
    "shared-gil": "it works in several interpreters that share the GIL",
    "own-gil": "it works in eight interpreters with their own GIL, side by side and repeatedly",
    "runtime": "it survives three initialisations of the runtime in one process",
    "cycles": "after many import/destroy cycles no module, type or growing memory is left",
    "protocol": "instances visit their type, and give back the reference to it",
    "references": "the collector is shown every reference to the module, its types and containers",
    "arguments": "what instances are made from goes with them, in a cycle with them too",
    "blank": "instances without a constructor's work do not crash",
    "warnings": "the interpreter warns of nothing when the module makes its types",
    "no-memory": "an import that runs out of memory says so, and leaves nothing behind",
    "foreign-copy": "instances of one copy are refused or served by another, without a crash",
    "settings": "what one copy of the module sets, a fresh copy does not see",
    "load-once": "a module that refuses a second copy refuses it every time",
    "names": "the interpreter's messages call the types by their names",
    "crash": "no call crashes that did not before",
    "sources": "what instances and the module own is visited, and released in the right order",
    "binary": "no writable static storage of the library holds an object or a type",
    "machine-code": "functions that were not touched have the same machine code",
    "cost": "the run time is the same within the band of two runs of one build",
}


def title(name: str) -> str:
    """``teardown-at-exit`` is "teardown: at exit"."""
    kind, _, rest = name.partition("-")
    return TITLES.get(name) or (f"{kind}: {rest.replace('-', ' ')}" if rest else name)


def is_known(name: str) -> bool:
    """Whether it can be asked for."""
    return name in TITLES or name.startswith("teardown-")


def meaning(name: str) -> str:
    """One line for people who never saw the ladder."""
    kind = name.partition("-")[0]
    known = MEANINGS.get(name)
    return known or ("live instances outlast their module" if kind == "teardown" else title(name))
