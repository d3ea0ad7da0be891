"""The rule of handbook section 3 that a variable falls under; the first that holds counts.

What is special about an object (an instance kept for reuse, a thread's own) comes before the rule
for all objects, and so does the read of the environment before what else init sets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import msgspec
from msgspec.structs import replace

from isolate_ext.capi import resources
from isolate_ext.model.entities import Kind, Variable, strip_casts
from isolate_ext.model.exports import exports
from isolate_ext.model.extension import Extension
from isolate_ext.model.remembered import remembered
from isolate_ext.model.roles import Called, roles
from isolate_ext.model.shapes import is_number
from isolate_ext.placement.clauses import Classified, Clause, Confidence, Purpose
from isolate_ext.placement.evidence import Deed, Evidence, Touch, evidence_of
from isolate_ext.placement.mutability import is_mutable
from isolate_ext.placement.purposes import object_purpose
from isolate_ext.placement.scratch import is_scratch
from isolate_ext.placement.thread_storage import is_thread_local

_BY_PYTHON = frozenset({Called.MODULE_METHOD, Called.TYPE_METHOD, Called.SETTER, Called.SLOT})
_OBJECTS = (Kind.OBJECT, Kind.OBJECT_ARRAY, Kind.OBJECT_STRUCT)
_DEFINITIONS = (Kind.MODULE_DEF, Kind.TABLE, Kind.SUITE)
_FREE = re.compile(r"(?i)free_?(?:list|block|node|obj|item)|_free$|^num_?free|recycle|pool")
_ERROR = re.compile(r"(?i)(?:^|_)err(?:or|no|msg|buf)?(?:_|$)|error")
_WORKING = re.compile(r"(?i)buf(?:fer)?|scratch|temp|tmp")
_BASIC = frozenset({"void", "char", "unsigned char", "signed char", "wchar_t"})


class Facts(msgspec.Struct, frozen=True, eq=False):
    """What the rules are asked with; ``during_init`` are keys of routines that only init runs."""

    extension: Extension
    variable: Variable
    evidence: Evidence
    during_init: Collection[str]

    @property
    def kind(self) -> Kind:
        return self.variable.kind

    @property
    def arithmetic(self) -> bool:
        """A number, an array of numbers, or a string."""
        ctype = self.extension.structs.resolve(self.variable.ctype)
        return (is_number(ctype.base) and not ctype.pointers) or ctype.base in _BASIC

    @property
    def only_init_writes(self) -> bool:
        return all(self.in_init(each) for each in self.evidence.writes)

    def in_init(self, touch: Touch) -> bool:
        return touch.inside is not None and touch.inside.routine in self.during_init

    def comes_from(self, names: Collection[str]) -> bool:
        """Whether what one of these functions gives is assigned to it."""
        return any(each in names for each in self.evidence.calls())


def classify(extension: Extension, variable: Variable, during_init: Collection[str]) -> Classified:
    """The first rule that holds; C19 where no other does."""
    facts = Facts(extension, variable, evidence_of(extension, variable), during_init)
    return next(found for rule in _RULES if (found := rule(facts)) is not None)


def _thread(facts: Facts) -> Classified | None:
    if not is_thread_local(facts.extension, facts.variable):
        return None
    return Classified(Clause.C12, Purpose.THREAD)


def _type(facts: Facts) -> Classified | None:
    pointer = facts.kind is Kind.OBJECT and facts.variable.ctype.base == "PyTypeObject"
    return Classified(Clause.C1, Purpose.TYPE) if facts.kind is Kind.TYPE or pointer else None


def _definition(facts: Facts) -> Classified | None:
    if facts.kind is Kind.ARG_PARSER:
        return Classified(Clause.C2, Purpose.ARGUMENTS)
    return Classified(Clause.C2, Purpose.DEFINITION) if facts.kind in _DEFINITIONS else None


def _exported(facts: Facts) -> Classified | None:
    """Handed out in a capsule: other extensions keep its address."""
    if facts.kind is Kind.CONSTANT or facts.variable.key not in _in_capsules(facts.extension):
        return None
    return Classified(Clause.C18, Purpose.CAPSULE_TABLE)


@remembered
def _in_capsules(extension: Extension) -> frozenset[str]:
    return frozenset(it.variable.key for it in exports(extension) if it.variable is not None)


def _kept_objects(facts: Facts) -> Classified | None:
    """Put away by the function that destroys instances."""
    if facts.kind not in (Kind.OBJECT, Kind.OBJECT_ARRAY):
        return None
    put_away = any(
        each.inside is not None and _destroys(facts.extension, each.inside.routine)
        for each in facts.evidence.writes
    )
    if not put_away:
        return None
    return Classified(Clause.C15, Purpose.FREELIST, Confidence.LIKELY)


def _destroys(extension: Extension, key: str) -> bool:
    routine = extension.routines[key]
    found = roles(extension, routine) if not routine.is_macro else []
    return any(each.slot.removeprefix("Py_") == "tp_dealloc" for each in found)


def _object(facts: Facts) -> Classified | None:
    if facts.kind is Kind.IDENTIFIER:
        return Classified(Clause.C3, Purpose.STRING_OBJECT)
    if facts.kind is Kind.INSTANCE:
        return Classified(Clause.C4, Purpose.INSTANCE)
    if facts.kind not in _OBJECTS:
        return _container(facts)
    during_init = facts.only_init_writes
    purpose = object_purpose(facts.extension, facts.variable, facts.evidence, during_init)
    return Classified(Clause.C3, purpose)


def _unseen(facts: Facts) -> Classified | None:
    """Only a macro names it, so nobody knows what becomes of it."""
    if not facts.variable.made_by_macro or facts.kind is Kind.CONSTANT:
        return None
    return Classified(Clause.C19, Purpose.OTHER, Confidence.GUESS)


def _container(facts: Facts) -> Classified | None:
    """It leads to structs that hold objects: a list, a tree, a table."""
    ctype = facts.extension.structs.resolve(facts.variable.ctype)
    inner = replace(ctype, pointers=0)
    if not ctype.pointers or not facts.extension.structs.holds_objects(inner):
        return None
    return Classified(Clause.C3, Purpose.CONTAINER, Confidence.LIKELY)


def _outside(facts: Facts) -> Classified | None:
    """Declared, and defined by a library or a file that is not looked at."""
    if facts.variable.definitions:
        return None
    return Classified(Clause.C18, Purpose.FOREIGN, Confidence.LIKELY)


def _constant(facts: Facts) -> Classified | None:
    if facts.kind is not Kind.CONSTANT and is_mutable(facts.extension, facts.variable):
        return None
    text = facts.variable.ctype.base in ("char", "wchar_t") or _is_text(facts.variable)
    return Classified(Clause.C5, Purpose.STRING if text else Purpose.CONSTANT)


def _is_text(variable: Variable) -> bool:
    value = variable.home.initialiser
    return value is not None and strip_casts(value).kind in (
        "string_literal",
        "concatenated_string",
    )


def _capsule(facts: Facts) -> Classified | None:
    if not facts.comes_from(resources.CAPSULES):
        return None
    return Classified(Clause.C6, Purpose.CAPSULE_TABLE, Confidence.LIKELY)


def _found_function(facts: Facts) -> Classified | None:
    looked_up = facts.comes_from(resources.SYMBOL_LOOKUPS)
    if not looked_up and facts.kind is not Kind.FUNCTION_POINTER:
        return None
    if looked_up or facts.only_init_writes:
        return Classified(Clause.C7, Purpose.FUNCTION_MEMO, Confidence.LIKELY)
    return Classified(Clause.C19, Purpose.HOOK, Confidence.GUESS)


def _lock(facts: Facts) -> Classified | None:
    return Classified(Clause.C10, Purpose.LOCK) if facts.kind is Kind.LOCK else None


def _scratch(facts: Facts) -> Classified | None:
    if not is_scratch(facts.extension, facts.variable):
        return None
    return Classified(Clause.C13, Purpose.SCRATCH)


def _environment(facts: Facts) -> Classified | None:
    if not facts.comes_from(resources.ENVIRONMENT):
        return None
    return Classified(Clause.C17, Purpose.SETTING, Confidence.LIKELY)


def _of_library(facts: Facts) -> Classified | None:
    """A handle of a library's own type, or an address that a library may keep."""
    evidence, ctype = facts.evidence, facts.variable.ctype
    if facts.comes_from(resources.OF_THE_PROCESS) or set(evidence.passed_to) & (
        resources.OF_THE_PROCESS
    ):
        return Classified(Clause.C11, Purpose.FOREIGN, Confidence.LIKELY)
    if any(each.foreign and each.deed is Deed.LETS_GO for each in evidence.touches):
        return Classified(Clause.C11, Purpose.FOREIGN, Confidence.GUESS)
    own = facts.extension.structs.struct(ctype) is not None
    if own or facts.arithmetic or ctype.base.startswith(("Py", "_Py")) or facts.kind is Kind.LOCK:
        return None
    if not evidence.passed_to and not any(map(_is_foreign(facts), evidence.calls())):
        return None
    return Classified(Clause.C11, Purpose.FOREIGN, Confidence.GUESS)


def _is_foreign(facts: Facts) -> Callable[[str], bool]:
    path = facts.variable.home.path
    known = facts.extension.routine_named
    return lambda name: (
        not (
            name.startswith(("Py", "_Py"))
            or name in resources.ALLOCATORS
            or known(name, path)
            or known(f"#{name}", path)
        )
    )


def _reused_memory(facts: Facts) -> Classified | None:
    if not facts.variable.ctype.pointers and not _FREE.search(facts.variable.name):
        return None
    if not _FREE.search(facts.variable.name) and not facts.comes_from(resources.ALLOCATORS):
        return None
    return Classified(Clause.C14, Purpose.FREELIST, Confidence.GUESS)


def _counter(facts: Facts) -> Classified | None:
    """Steps count, not values: ``n++``, ``n += 1``."""
    if not facts.arithmetic or not any(each.steps for each in facts.evidence.writes):
        return None
    return Classified(Clause.C16, Purpose.COUNTER, Confidence.LIKELY)


def _setting(facts: Facts) -> Classified | None:
    for each in facts.evidence.writes:
        routine = each.inside.routine if each.inside is not None else ""
        found = facts.extension.routines.get(routine)
        if found is None or found.is_macro or facts.in_init(each):
            continue
        if any(role.called in _BY_PYTHON for role in roles(facts.extension, found)):
            if facts.arithmetic and not _ERROR.search(facts.variable.name):
                return Classified(Clause.C8, Purpose.SETTING, Confidence.LIKELY)
    return None


def _filled_by_init(facts: Facts) -> Classified | None:
    if not facts.only_init_writes or facts.variable.ctype.pointers:
        return None
    return Classified(Clause.C9, Purpose.INIT_ONLY, Confidence.LIKELY)


def _seen_outside(facts: Facts) -> Classified | None:
    """Exported, and used by code of a header that others include."""
    variable = facts.variable
    in_header = any(
        each.inside is not None and each.inside.path.endswith((".h", ".hpp"))
        for each in facts.evidence.touches
    )
    if not variable.exported or not variable.declarations or not in_header:
        return None
    return Classified(Clause.C18, Purpose.OTHER, Confidence.GUESS)


def _any_other(facts: Facts) -> Classified:
    name = facts.variable.name
    purpose = Purpose.OTHER
    if _ERROR.search(name):
        purpose = Purpose.ERROR
    elif _WORKING.search(name):
        purpose = Purpose.SCRATCH
    elif facts.variable.function is not None or "cache" in name.lower():
        purpose = Purpose.CACHE
    return Classified(Clause.C19, purpose, Confidence.GUESS)


_RULES: tuple[Callable[[Facts], Classified | None], ...] = (
    _thread, _type, _definition, _exported, _kept_objects, _object, _unseen, _outside, _constant,
    _capsule, _lock, _found_function, _scratch, _environment, _filled_by_init, _of_library,
    _reused_memory, _counter, _setting, _seen_outside, _any_other,
)  # fmt: skip
