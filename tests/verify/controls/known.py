"""What is known of the controls: flaws of the interpreter's modules, faults of published builds.

Each flaw is upstream's and shown without the probe by the script beside it, which prints True.
"""

from __future__ import annotations

from dataclasses import dataclass

MODULES = ("_csv", "_struct", "_elementtree", "_decimal", "_sqlite3", "array", "zlib")


@dataclass(frozen=True)
class Flaw:
    """A rung that an own module fails, words of the problem, where it is told, and the proof."""

    module: str
    rung: str
    words: str
    source: str
    proof: str


@dataclass(frozen=True)
class Fault:
    """What the ladder must say of a published build: a rung and words of its problem."""

    package: str
    rung: str
    words: str


IMMORTAL = """
import gc, sys, weakref, {module}
module = weakref.ref({module})
{use}
del sys.modules["{module}"], {module}
gc.collect()
print(module() is not None)
"""

UNVISITED = IMMORTAL.format(module="_csv", use="_csv.keep = _csv.Error()")
COMPRESSOR = IMMORTAL.format(module="zlib", use="zlib.keep = zlib.compressobj()")
NUMBER = IMMORTAL.format(module="_decimal", use="_decimal.keep = _decimal.Decimal()")
CONTEXT = IMMORTAL.format(module="_decimal", use="_decimal.getcontext()")
PARSER = IMMORTAL.format(module="_elementtree", use="_elementtree.keep = _elementtree.XMLParser()")

KEPT = "an instance in the module's dict keeps the module alive"
FLAWS = (
    Flaw("_csv", "protocol", "Error: traverse does not visit the type", "gh-116946", UNVISITED),
    Flaw("_csv", "protocol", KEPT, "gh-116946", UNVISITED),
    Flaw("zlib", "protocol", KEPT, "gh-116946", COMPRESSOR),
    Flaw("_decimal", "protocol", KEPT, "gh-116946", NUMBER),
    Flaw("_decimal", "cycles", "alive after its copy is gone", "gh-123657", CONTEXT),
    Flaw("_decimal", "cycles", "blocks of memory more a cycle", "gh-123657", CONTEXT),
    Flaw("_elementtree", "protocol", KEPT, "gh-111784", PARSER),
)
"""Types without traverse, or with one that leaves the type out (gh-116946); a context that the
thread keeps (gh-123657); a parser that owns its module, which traverse does not show (gh-111784).
"""

REFUSES = "does not support loading in subinterpreters"
FAULTS = (
    Fault("MarkupSafe", "reimport", "shared: function escape"),
    Fault("MarkupSafe", "own-gil", REFUSES),
    Fault("lz4", "reimport", "shared: "),
    Fault("lz4", "own-gil", REFUSES),
    Fault("sysv_ipc", "reimport", "shared: "),
    Fault("sysv_ipc", "own-gil", REFUSES),
    Fault("brotli", "protocol", "keeps the module alive"),
    Fault("brotli", "cycles", "alive after its copy is gone: module _brotli"),
)


def unknown(module: str, rung: str, problems: list[str]) -> list[str]:
    """The problems that no known flaw accounts for."""
    words = [each.words for each in FLAWS if (each.module, each.rung) == (module, rung)]
    return [line for line in problems if not any(each in line for each in words)]
