"""The references that the functions of an extension take and give away."""

from __future__ import annotations

from collections.abc import Callable, Collection

from isolate_ext.model.declarators import local_names
from isolate_ext.model.entities import Definition, strip_casts
from isolate_ext.model.extension import Extension
from isolate_ext.model.remembered import remembered
from isolate_ext.model.roles import Called, roles
from isolate_ext.placement.evaluation import Evaluation, Frame
from isolate_ext.placement.followed import argument_of, connected, matters, mentioned
from isolate_ext.placement.refcounts import FRESH, NOTHING, Event, Exit, Loss, Path, Walk, place
from isolate_ext.syntax import Node

_GIVING = (Called.MODULE_METHOD, Called.TYPE_METHOD, Called.GETTER, Called.SLOT, Called.SPEC_SLOT)
_Memo = dict[tuple[str, str, int], bool | None]


class References:
    """Counts references in functions of an extension.

    ``owned`` says of a place whether it owns its object at the function's entry and exit,
    ``holds`` of an array or a struct whether it has such places; ``names`` are the variables or
    members that those begin with.  Objects of the places ``watched`` are followed as well.
    """

    def __init__(
        self,
        extension: Extension,
        owned: Callable[[str], bool],
        holds: Callable[[str], bool] = lambda _: False,
        names: Collection[str] = (),
        watched: Collection[str] = (),
    ) -> None:
        self.extension = extension
        self.owned = owned
        self.holds = holds
        self._names = names
        self._watched = watched
        self._followed: frozenset[str] = frozenset()
        self._memo: _Memo = {}

    def beside(
        self, owned: Callable[[str], bool], holds: Callable[[str], bool], names: Collection[str]
    ) -> References:
        """Another count in the same extension."""
        found = References(self.extension, owned, holds, names)
        found._memo = self._memo
        return found

    def moves(self, path: str, node: Node, *, address: bool = False) -> bool:
        """Whether a use may give a reference away; what it is handed to is looked at for that."""
        if not matters(self.extension, path, node, address=address):
            return False
        found = argument_of(node)
        own = self.extension.routine_named(found[0].str, path) if found is not None else None
        if found is None or own is None or own.is_macro:
            return True
        return self.takes(own.key, found[1]) or self.fills(own.key, found[1]) is not None

    def exits(self, definition: Definition) -> list[Exit]:
        """Every end of every path; empty where the body was not parsed.

        What a function that the interpreter calls returns is given away.
        """
        found = self._ends(definition)
        if _returns_pointer(definition) and self._is_called(definition):
            for each in found:
                if each.node is not None and each.value is not None and each.value > NOTHING:
                    event = Event(Loss.RETURNED, each.node, each.value, None, "", each.node, False)
                    each.path.lose(event)
        return found

    def follows(self, name: str) -> bool:
        return name in self._followed or name in self._watched or self.owned(name)

    def lends(self, key: str) -> bool:
        """Whether a function may return an object without a reference to it."""
        return bool(self._known(key, "lends", -1, self._lends))

    def takes(self, key: str, index: int) -> bool:
        """Whether a function may take over the reference of an argument."""
        return bool(self._known(key, "takes", index, self._takes))

    def fills(self, key: str, index: int) -> bool | None:
        """Whether what a function stores where an argument points comes with a reference."""
        return self._known(key, "fills", index, self._fills)

    def fails(self, key: str) -> bool:
        """Whether a function tells by a number if it did anything at all."""
        return not any(_returns_pointer(each) for each in self.extension.routines[key].definitions)

    def _known(
        self, key: str, question: str, index: int, ask: Callable[[Definition, int], bool | None]
    ) -> bool | None:
        """An answer found once; it is no while it is looked for."""
        if (key, question, index) not in self._memo:
            self._memo[key, question, index] = None
            routine = self.extension.routines[key]
            if routine.definitions and not routine.is_macro:
                self._memo[key, question, index] = ask(routine.definitions[0], index)
        return self._memo[key, question, index]

    def _lends(self, definition: Definition, _: int) -> bool:
        node = definition.node
        if node is None or not _returns_pointer(definition):
            return False
        given = [each.named[0] for each in node.of_kind("return_statement") if each.named]
        done = self._inner(definition, {place(each) for each in given})
        parsed = self.extension.files[definition.path]
        parameters = {each.name for each in definition.parameters}
        local = parameters | local_names(parsed, node).keys()
        return any(
            self._lent(definition, each)
            if each.value == FRESH
            else each.value is not None and _at_hand(each.path, each.value, local) < 1
            for each in done
            if each.value != NOTHING
        )

    def _lent(self, definition: Definition, end: Exit) -> bool:
        value = strip_casts(end.node.named[0]) if end.node is not None else None
        frame = Frame(definition.path, {})
        return value is not None and Evaluation(self, end.path, frame).lent(value)

    def _takes(self, definition: Definition, index: int) -> bool:
        name = _parameter(definition, index)
        uses = definition.node.of_kind("identifier") if definition.node is not None and name else ()
        if not any(
            each.str == name and matters(self.extension, definition.path, each) for each in uses
        ):
            return False
        return any(
            each.path.counts.get(each.path.origin.get(name, NOTHING), 0) < 0
            for each in self._inner(definition, {name})
        )

    def _fills(self, definition: Definition, index: int) -> bool | None:
        name = _parameter(definition, index)
        target = f"*{name}"
        done = [each.path for each in self._inner(definition, {target}) if each.path.sets(target)]
        if not name or not done:
            return None
        return all(_at_hand(path, path.held[target], {target}) > 0 for path in done)

    def _inner(self, definition: Definition, watched: Collection[str]) -> list[Exit]:
        """The ends that tell of success, where nothing but some places is followed."""
        inner = self.beside(lambda _: False, lambda _: False, ())
        inner._watched = watched
        return [each for each in inner._ends(definition) if not each.failing]

    def _ends(self, definition: Definition) -> list[Exit]:
        body = definition.node.child("body") if definition.node is not None else None
        if body is None:
            return []
        frame = Frame(definition.path, {})
        self._followed = frozenset()
        self._followed = connected(
            self.extension, definition, lambda name: self.follows(name) or self.holds(name)
        )
        names = {*self._followed, *self._watched, *self._names}
        concerned = mentioned(self.extension, definition, names)
        data = self.extension.files[definition.path].source.data

        def evaluate(path: Path, node: Node) -> int | None:
            if concerned.search(data, node.start, node.end) is None:
                return NOTHING if node.str == "NULL" else None
            return Evaluation(self, path, frame).of(node)

        walk = Walk(evaluate, _returns_pointer(definition))
        return walk.body(body, Path())

    def _is_called(self, definition: Definition) -> bool:
        routine = self.extension.routines[definition.routine]
        return any(role.called in _GIVING for role in roles(self.extension, routine))


@remembered
def references_of(extension: Extension) -> References:
    """What own functions do with references, where no place is followed yet."""
    return References(extension, lambda _: False)


def _at_hand(path: Path, value: int, local: Collection[str | None]) -> int:
    """References to a value that no place outside the function counts on.

    What such a place held at the entry came without the reference that it lives on.
    """
    if value < NOTHING:
        return int(value == FRESH)
    kept = sum(
        1
        for name, held in path.held.items()
        if held == value != path.origin.get(name) and name not in local and name[:1] != "*"
    )
    return path.counts[value] - kept


def _parameter(definition: Definition, index: int) -> str:
    parameters = definition.parameters
    return parameters[index].name or "" if index < len(parameters) else ""


def _returns_pointer(definition: Definition) -> bool:
    declarator = definition.node.child("declarator") if definition.node is not None else None
    return declarator is not None and declarator.kind == "pointer_declarator"
