"""The rules C1 to C19 of handbook section 3, what variables are for, and how sure that is."""

from __future__ import annotations

from enum import Enum

import msgspec

from isolate_ext.placement.decisions import Level


class Clause(Enum):
    """A rule for the level of a variable; the value says when it holds."""

    C1 = "a type object, or a pointer to one"
    C2 = "a definition that Python only reads"
    C3 = "it is, or contains, a pointer to a Python object"
    C4 = "a statically allocated Python object"
    C5 = "constant, or written by nothing"
    C6 = "the table of functions of another extension"
    C7 = "a function found at run time, always the same"
    C8 = "a setting that a function of the module changes"
    C9 = "filled by the init function alone"
    C10 = "a lock, at the level of what it protects"
    C11 = "a handle of a C library, or registered with one"
    C12 = "each thread has its own"
    C13 = "scratch memory, written before it is read in each call"
    C14 = "raw memory kept for reuse"
    C15 = "objects kept for reuse"
    C16 = "a counter"
    C17 = "read from the environment"
    C18 = "defined, or to be found, outside of the extension"
    C19 = "any other variable that is written"

    @property
    def level(self) -> Level:
        """Where the rule puts a variable that nothing else is known of."""
        return _LEVELS.get(self, Level.MODULE)


_LEVELS = {
    Clause.C2: Level.PROCESS,
    Clause.C5: Level.PROCESS,
    Clause.C7: Level.PROCESS,
    Clause.C9: Level.PROCESS,
    Clause.C10: Level.PROCESS,
    Clause.C11: Level.PROCESS,
    Clause.C12: Level.THREAD,
    Clause.C13: Level.THREAD,
    Clause.C16: Level.PROCESS,
    Clause.C17: Level.PROCESS,
    Clause.C18: Level.PROCESS,
}


class Purpose(Enum):
    """What a variable is for."""

    TYPE = "type"
    EXCEPTION = "exception"
    MODULE = "module"
    STRING_OBJECT = "string object"
    IMPORTED = "imported object"
    CACHE = "cache"
    HOOK = "hook"
    FREELIST = "freelist"
    INSTANCE = "static instance"
    OBJECT = "object"
    CONTAINER = "container of objects"
    DEFINITION = "definition table"
    ARGUMENTS = "argument parser"
    STRING = "string constant"
    CONSTANT = "constant"
    CAPSULE_TABLE = "capsule table"
    FUNCTION_MEMO = "function-pointer memo"
    SETTING = "setting"
    INIT_ONLY = "init-only table"
    LOCK = "lock"
    FOREIGN = "foreign-library state"
    THREAD = "thread's own"
    SCRATCH = "scratch buffer"
    COUNTER = "counter"
    ERROR = "error-like"
    OTHER = "other data"


class Confidence(Enum):
    """CERTAIN follows from types or is proved; LIKELY from what code does; GUESS from little.

    DECIDED is what the user said.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"
    DECIDED = "decided"


class Classified(msgspec.Struct, frozen=True):
    """The first rule that holds for a variable."""

    clause: Clause
    purpose: Purpose
    confidence: Confidence = Confidence.CERTAIN
