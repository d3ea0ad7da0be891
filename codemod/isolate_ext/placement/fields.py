"""Which variables become members of the module state, and which keep static storage."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from msgspec.structs import replace

from isolate_ext.model.calls import made_by, uncalled
from isolate_ext.model.declarators import future_tag
from isolate_ext.model.entities import Declaration, Kind, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.model.init import ModuleInit
from isolate_ext.model.shapes import is_number
from isolate_ext.placement.apart import common_conditions, definitions_apart, differ
from isolate_ext.placement.behind_lock import Locked, behind_locks
from isolate_ext.placement.choices import Choice
from isolate_ext.placement.decisions import Level, StateField, Stay
from isolate_ext.placement.mutability import is_mutable
from isolate_ext.placement.once import filled_once
from isolate_ext.placement.ownership import owns
from isolate_ext.placement.process_wide import owner_stays
from isolate_ext.placement.refusals import Reason, Refusal
from isolate_ext.placement.same_function import same_function
from isolate_ext.placement.scratch import is_scratch
from isolate_ext.placement.thread_storage import is_thread_local
from isolate_ext.placement.unusual_files import unusual_files
from isolate_ext.placement.writes import writers_of
from isolate_ext.syntax import Condition

_DEFINITIONS = (Kind.MODULE_DEF, Kind.TABLE, Kind.SUITE)
_RESERVED = re.compile(r"_?Py[A-Z]?[a-z]*_")
_KNOWN = frozenset({"PyObject", "PyTypeObject"})
_DIFFERENT = "is defined differently in several branches of an #if"
_INSTANCE = "is a statically allocated Python object"
_PARSER = "argument parsers are shared safely from 3.13 on"
KEPT_STRING = "the interpreter keeps one string of it each"
_OBJECTS = (Kind.OBJECT, Kind.OBJECT_ARRAY, Kind.OBJECT_STRUCT)


def lives(variable: Variable) -> bool:
    """Whether a definition of it is compiled for any supported Python."""
    where = variable.function.conditions if variable.function is not None else ()
    return any(
        all(each.verdict is not False for each in (*where, *declaration.conditions))
        for declaration in variable.definitions
    )


class FieldPlan:
    """Sorts the variables of an extension; ``refused`` keys stay where they are.

    ``chosen`` are the levels that the user wants, which count where they can be had.
    """

    def __init__(
        self,
        extension: Extension,
        init: ModuleInit,
        types: set[str],
        refused: set[str],
        taken: set[str],
        chosen: Mapping[str, Choice],
    ) -> None:
        self.extension = extension
        self.types = types
        self.refused = refused
        self.taken = set(taken)
        self.fields: dict[str, StateField] = {}
        self.stays: list[Stay] = []
        self.refusals: list[Refusal] = []
        self.scratch: list[Variable] = []
        self.unusual_files = unusual_files(extension)
        self.uncalled = uncalled(extension)
        self.writers = writers_of(extension)
        self.of_owner = owner_stays(extension, init)
        self.chosen = chosen
        moved = {key for key, each in chosen.items() if each.value == Level.MODULE.value}
        self.once = filled_once(extension, init, self.writers, refused | moved)

    def sort(self) -> None:
        """Types come last, since they join at a later stage."""
        there = [it for it in self.extension.variables.values() if it.definitions and lives(it)]
        for variable in there:
            if variable.kind is not Kind.TYPE:
                self._variable(variable)
        for variable in there:
            if variable.kind is Kind.TYPE:
                self._type(variable)

    def _type(self, variable: Variable) -> None:
        if variable.key in self.refused:
            return
        if variable.key in self.types:
            self._add(variable, f"PyTypeObject *{self._name(variable)}", owned=True)
        else:
            text = "is a static type that no initialiser at file scope fills"
            self._refuse(variable, Reason.TYPE_SHAPE, text)

    def _variable(self, variable: Variable) -> None:
        kind = variable.kind
        if variable.key in self.extension.identifiers:
            return
        if variable.function is not None and variable.function.routine in self.uncalled:
            self._stay(variable, Level.PROCESS, "nothing calls the function it is local to", False)
            return
        if kind in _DEFINITIONS:
            return
        if kind is Kind.CONSTANT:
            self._constant(variable)
            return
        if is_thread_local(self.extension, variable):
            self._of_thread(variable)
            return
        if kind is Kind.ARG_PARSER:
            self._stay(variable, Level.RUNTIME, _PARSER, False)
        elif kind is Kind.IDENTIFIER:
            self._stay(variable, Level.RUNTIME, KEPT_STRING, False)
        elif kind is Kind.INSTANCE:
            self._refuse(variable, Reason.STATIC_INSTANCE, _INSTANCE)
        elif variable.key in self.of_owner:
            self.stays.append(self.of_owner[variable.key])
        elif variable.key in self.refused:
            return
        elif self.once is not None and variable.key in (*self.once.tables, *self.once.guards):
            self._stay(variable, Level.PROCESS, "the first import fills it, under a lock", False)
        elif (locked := self._locked(variable)) is not None:
            why = "every use of it is behind a lock of the process"
            races = locked.racing
            self.stays.append(Stay(variable.key, Level.PROCESS, why, bool(races), races))
        elif variable.key in self.chosen and kind not in _OBJECTS and self._wanted(variable):
            return
        elif (missing := _stand_in(variable)) is not None:
            why = "it serves a function of the C API where Python does not have that yet"
            self.stays.append(Stay(variable.key, Level.RUNTIME, why, True, (missing,)))
        elif kind in _OBJECTS:
            if self._readable(variable) and self._movable(variable):
                owned = owns(self.extension, variable)
                self._add(variable, self._declare(variable), owned=owned)
        elif is_scratch(self.extension, variable):
            self.scratch.append(variable)
        elif same_function(self.extension, variable, self.writers.of(variable)):
            why = "every import sets it to the same function of the interpreter, without a lock"
            self._stay(variable, Level.PROCESS, why, True)
        elif is_mutable(self.extension, variable) and self._unusual(variable):
            self.stays.append(
                Stay(
                    variable.key,
                    Level.PROCESS,
                    "it exists only in a configuration that is not the usual one",
                    True,
                    self._unusual_conditions(variable),
                )
            )
        elif is_mutable(self.extension, variable) and self._movable(variable):
            self._add(variable, self._declare(variable), owned=False)

    def _wanted(self, variable: Variable) -> bool:
        """Whether plain data is put where the user wants it; what nothing writes just stays."""
        choice = self.chosen[variable.key]
        if choice.value not in (Level.MODULE.value, Level.PROCESS.value):
            return False
        if not is_mutable(self.extension, variable):
            return True
        if choice.value == Level.PROCESS.value:
            texts = self._unusual_conditions(variable) if self._unusual(variable) else ()
            self.stays.append(Stay(variable.key, Level.PROCESS, choice.told, True, texts))
        elif self._movable(variable):
            self._add(variable, self._declare(variable), owned=False)
        return True

    def _of_thread(self, variable: Variable) -> None:
        """Each thread has its own, which no copy of the module could give it."""
        if variable.kind in (*_OBJECTS, Kind.INSTANCE):
            self._refuse(variable, Reason.THREAD_LOCAL, "holds an object of each thread")
        else:
            self._stay(variable, Level.THREAD, "each thread has its own", False)

    def _constant(self, variable: Variable) -> None:
        """It stays; where another branch of an `#if` makes it a variable, interpreters race."""
        for each in definitions_apart(variable):
            if each.ctype.const or "const" in each.ctype.qualifiers:
                continue
            if self._usual(each):
                self._refuse(variable, Reason.LAYOUT, _DIFFERENT)
                return
            why = "it is a constant in the usual configuration"
            texts = tuple(c.text for c in each.conditions if c.verdict is not True)
            self.stays.append(Stay(variable.key, Level.PROCESS, why, True, texts))

    def _locked(self, variable: Variable) -> Locked | None:
        """The lock with what it protects, if the variable is one of them."""
        found = behind_locks(self.extension)
        return next((it for it in found if variable.key in (it.lock, *it.numbers)), None)

    def _conditions(self, variable: Variable) -> tuple[Condition, ...]:
        if variable.function is not None:
            return (*variable.function.conditions, *variable.home.conditions)
        return variable.home.conditions

    def _unusual_conditions(self, variable: Variable) -> tuple[str, ...]:
        found = tuple(c.text for c in self._conditions(variable) if c.verdict is not True)
        return found or self.unusual_files.get(variable.home.path, ())

    def _unusual(self, variable: Variable) -> bool:
        """Compiled only where a macro is set that nothing sets by itself, as for debugging."""
        return not any(map(self._usual, (variable.home, *definitions_apart(variable))))

    def _usual(self, definition: Declaration) -> bool:
        path = definition.path
        return path not in self.unusual_files and self.extension.files[path].usual(definition.start)

    def _readable(self, variable: Variable) -> bool:
        if variable.ctype.pointers > 1:
            self._refuse(variable, Reason.LAYOUT, "points to memory that holds objects")
            return False
        if self.extension.structs.holds_union(variable.ctype):
            self._refuse(variable, Reason.LAYOUT, "holds objects in a union")
            return False
        return True

    def _movable(self, variable: Variable) -> bool:
        home = variable.home
        if differ(definitions_apart(variable)):
            self._refuse(variable, Reason.LAYOUT, _DIFFERENT)
            return False
        if future_tag(home.node) is not None and self._tagged(variable) > 1:
            self._refuse(variable, Reason.LAYOUT, "has a type without a name, which would be taken")
            return False
        if variable.key in self.extension.fenced:
            path, at = self.extension.fenced[variable.key][0]
            self.refusals.append(
                Refusal(
                    "global",
                    Reason.FENCED,
                    path,
                    at,
                    at + len(variable.name),
                    f"{variable.name} is used in code that was not parsed",
                    variable.key,
                )
            )
            return False
        for pasted in self.extension.pasted:
            define = self.extension.files[pasted.path].define_at(pasted.start)
            if define is not None and f"{pasted.path}:#{define.name}" in self.uncalled:
                continue
            if made_by(self.extension, pasted, variable.name):
                self._refuse(variable, Reason.PASTED_NAME, f"may be made by ## in {pasted.path}")
                return False
        return True

    def _tagged(self, variable: Variable) -> int:
        """How many structs are called what the type of a variable is called, or would be."""
        known = self.extension.structs.definitions
        return sum(1 for each in known if variable.ctype.base in each.names)

    def _declare(self, variable: Variable) -> str:
        ctype = variable.ctype
        name = self._name(variable)
        if ctype.function_pointer:
            home = variable.home
            text = home.declarator.str.split("=")[0].strip()
            inner = re.sub(rf"\b{re.escape(variable.name)}\b", name, text, count=1)
            return f"{ctype.specifier} {inner}"
        return replace(ctype, arrays=tuple(_sizes(variable))).declare(name)

    def _name(self, variable: Variable) -> str:
        name = variable.name
        if variable.function is not None:
            name = f"{variable.function.name.strip('_')}_{variable.name.strip('_')}"
        elif variable.key != variable.name and name in self.taken:
            stem = re.sub(r"\W", "_", posixpath.splitext(posixpath.basename(variable.home.path))[0])
            name = f"{stem}_{name}"
        while name in self.taken:
            name += "_"
        return name

    def _add(self, variable: Variable, declaration: str, *, owned: bool) -> None:
        match = re.search(r"(\w+)\s*(\[|\)|$)", declaration)
        name = self._name(variable)
        assert match is not None
        self.taken.add(name)
        members: tuple[str, ...] = ()
        if variable.kind is Kind.OBJECT_STRUCT:
            members = tuple(self.extension.structs.object_members(variable.ctype))
        self.fields[variable.key] = StateField(
            name,
            declaration,
            variable.kind,
            variable.key,
            owned,
            self._member_conditions(variable),
            tuple(_sizes(variable)),
            members,
            "" if variable.ctype.base in _KNOWN else variable.ctype.base,
        )

    def _member_conditions(self, variable: Variable) -> tuple[Condition, ...]:
        """A type that is there everywhere needs none but those of the function."""
        function, base = variable.function, variable.ctype.base
        if function is not None and (base in _KNOWN or is_number(base)):
            return function.conditions
        return common_conditions(variable)

    def _stay(self, variable: Variable, level: Level, why: str, shared: bool) -> None:
        self.stays.append(Stay(variable.key, level, why, shared))

    def _refuse(self, variable: Variable, reason: Reason, text: str) -> None:
        home = variable.home
        self.refusals.append(
            Refusal(
                "global",
                reason,
                home.path,
                home.name_start,
                home.name_start + len(variable.name),
                f"{variable.name} {text}",
                variable.key,
            )
        )


def _stand_in(variable: Variable) -> str | None:
    """The versions that lack the function of the C API that a variable is local to.

    Headers that are copied from project to project bring such functions; what they keep are
    constants of Python.
    """
    function = variable.function
    if function is None or not _RESERVED.match(function.name) or not function.path.endswith(".h"):
        return None
    tests = [each.text for each in function.conditions if each.verdict is None]
    return next((each for each in tests if "PY_VERSION_HEX" in each), None)


def _sizes(variable: Variable) -> list[str]:
    """Array sizes, a left out first one counted from the initialiser."""
    sizes = list(variable.ctype.arrays)
    if sizes and not sizes[0]:
        home = variable.home
        values = home.initialiser
        if values is not None and values.kind == "initializer_list":
            sizes[0] = str(len(values.named))
        elif values is not None:
            sizes[0] = f"sizeof({values.str})"
    return sizes
