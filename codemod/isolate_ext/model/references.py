"""Which occurrence of a name means which symbol, by C scoping."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection

from isolate_ext.model.declarators import local_names
from isolate_ext.model.entities import Definition, Use
from isolate_ext.model.extension import Extension
from isolate_ext.model.identifiers import identifier_at
from isolate_ext.syntax import Define, Glimpse, Parsed, apart


class References:
    """Finds every use of every symbol, by C scoping."""

    def __init__(self, extension: Extension) -> None:
        self.extension = extension
        self.visible: dict[str, dict[str, str]] = {}
        self.own: set[tuple[str, int]] = set()
        self.macros: dict[tuple[str, int], Definition] = {}
        self.holders: dict[str, list[tuple[int, int, str]]] = {}
        self.symbols = [(key, each.name) for key, each in extension.routines.items()]
        self.symbols += [(key, each.name) for key, each in extension.variables.items()]

    def collect(self) -> None:
        self._index()
        for path, parsed in self.extension.files.items():
            for name, keys in self._names(path, parsed.names()).items():
                self._occurrences(parsed, name, keys)
        for uses in self.extension.uses.values():
            uses.sort(key=lambda use: (use.path, use.start))

    def _index(self) -> None:
        for routine in self.extension.routines.values():
            for definition in routine.definitions:
                self.own.add((definition.path, definition.name_start))
                if definition.is_macro:
                    self.macros[definition.path, definition.start] = definition
            for prototype in routine.prototypes:
                name_end = prototype.parameters_span[0]
                text = self.extension.files[prototype.path].source.data[prototype.start : name_end]
                at = text.rfind(routine.name.encode())
                self.own.add((prototype.path, prototype.start + at))
        for variable in self.extension.variables.values():
            for declaration in variable.definitions + variable.declarations:
                self.own.add((declaration.path, declaration.name_start))
                if declaration.initialiser is not None:
                    span = (
                        declaration.initialiser.start,
                        declaration.initialiser.end,
                        variable.key,
                    )
                    self.holders.setdefault(declaration.path, []).append(span)
        for spans in self.holders.values():
            spans.sort()

    def _names(self, path: str, present: Collection[str]) -> dict[str, list[str]]:
        """Per name that is present the keys it may mean in a file, innermost visibility first."""
        if not self.visible:
            for files in self.extension.units.values():
                for each in files:
                    self.visible.setdefault(each, {}).update(dict.fromkeys(files, ""))
        seen = {path, *self.visible.get(path, {})}
        names: dict[str, list[str]] = {}
        for key, name in self.symbols:
            if name in present:
                home, colon, _ = key.partition(":")
                if not colon or home in seen:
                    names.setdefault(name, []).append(key)
        for keys in names.values():
            keys.sort(key=lambda key: (not key.startswith(f"{path}:"), ":" not in key, key))
        return names

    def _occurrences(self, parsed: Parsed, name: str, keys: list[str]) -> None:
        path, size = parsed.source.path, len(name)
        seen = [
            (offset, parsed.glimpse(offset, offset + size))
            for offset in parsed.occurrences(name)
            if (path, offset) not in self.own or self.extension.function_at(path, offset)
        ]
        if not seen:
            return
        declaring = {
            self.extension.function_at(path, offset)
            for offset, glimpse in seen
            if glimpse is None or glimpse.declares
        }
        fragment = self.extension.fragments.get(path)
        if fragment is not None:
            if any(glimpse is not None and glimpse.declares for _, glimpse in seen):
                for key in keys:
                    self.extension.fenced.setdefault(key, []).append((path, seen[0][0]))
            declaring.add(fragment.function)
        for offset, glimpse in seen:
            if (path, offset) not in self.own:
                self._occurrence(parsed, name, offset, glimpse, keys, declaring)

    def _occurrence(
        self,
        parsed: Parsed,
        name: str,
        offset: int,
        glimpse: Glimpse | None,
        keys: list[str],
        declaring: Collection[Definition | None],
    ) -> None:
        """One use, or none; ``declaring`` are the functions that may have a local of that name."""
        path = parsed.source.path
        define = parsed.define_at(offset)
        if define is not None and name in (define.params or ()):
            return
        if parsed.fenced(offset, offset + len(name)):
            for key in keys:
                self.extension.fenced.setdefault(key, []).append((path, offset))
            return
        if glimpse is not None and glimpse.kind != "identifier":
            return
        inside = self._macro(path, define) if define else self.extension.function_at(path, offset)
        if inside is None and glimpse is not None and glimpse.declares:
            node = parsed.node_at(offset)
            if node is not None and node.enclosing("parameter_declaration") is not None:
                return
        meant = next((key for key in keys if key.count(":") < 2), None)
        if inside in declaring:
            meant = self._resolve(path, name, offset, keys, inside)
        meant = identifier_at(self.extension, keys, inside, offset) or meant
        if meant is not None:
            called = glimpse is not None and glimpse.called
            end = offset + len(name)
            holder = self._holder(path, offset)
            use = Use(meant, path, offset, end, inside, holder, called, parsed)
            self.extension.uses.setdefault(meant, []).append(use)

    def _macro(self, path: str, define: Define) -> Definition | None:
        return self.macros.get((path, define.span[0]))

    def _holder(self, path: str, offset: int) -> str | None:
        spans = self.holders.get(path, [])
        index = bisect_left(spans, (offset + 1,)) - 1
        return spans[index][2] if index >= 0 and offset < spans[index][1] else None

    def _resolve(
        self, path: str, name: str, offset: int, keys: list[str], inside: Definition | None
    ) -> str | None:
        outer = [key for key in keys if key.count(":") < 2]
        if inside is None or inside.node is None:
            return outer[0] if outer else None
        file = self.extension.files[inside.path]
        scopes = local_names(file, inside.node)
        fragment = self.extension.fragments.get(path)
        at = fragment.at if fragment is not None else offset
        hiding = [local for local in scopes.get(name, ()) if local.start <= at < local.end]
        if any(file.conditions(local.start) for local in hiding):
            here = file.conditions(at)
            hiding = [it for it in hiding if not apart(file.conditions(it.start), here)]
        if not hiding:
            return outer[0] if outer else None
        innermost = max(hiding, key=lambda local: local.start)
        if not innermost.static:
            return None
        for key in keys:
            variable = self.extension.variables.get(key)
            if (
                variable is not None
                and variable.function is not None
                and any(each.node is innermost.declaration for each in variable.definitions)
            ):
                return key
        return None
