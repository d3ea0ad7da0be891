"""Where the state struct stands: in the one source, a common header, or a header of its own."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from isolate_ext.engine import Pass, Stage
from isolate_ext.model.build import resolve_include
from isolate_ext.model.entities import Definition, Kind
from isolate_ext.placement.decisions import StateField
from isolate_ext.placement.refusals import Reason
from isolate_ext.syntax import Parsed

GROUP = "state"
_SUFFIX = (".h", ".hpp", ".hh")


@dataclass(frozen=True, slots=True)
class Home:
    """A place for the struct and accessors: before the byte at ``at`` of ``path``.

    ``shared`` says that several translation units read it; ``new`` that the file does not exist.
    """

    path: str
    at: int
    shared: bool
    new: bool = False
    includes: tuple[str, ...] = ()

    def insert(self, pass_: Pass, text: str, stage: Stage) -> None:
        """Put the text of a stage there."""
        if self.new:
            guard = re.sub(r"\W", "_", posixpath.basename(self.path)).upper()
            needed = "".join(f'#include "{each}"\n' for each in self.includes)
            head = f"#ifndef {guard}\n#define {guard}\n\n#include <Python.h>\n{needed}"
            whole = f"{head}\n{text}\n\n#endif\n"
            pass_.plan.new_files.append((self.path, whole.encode(), stage, stage))
            return
        data = pass_.parsed(self.path).source.data
        before = "" if data[: self.at].endswith(b"\n") else "\n"
        lead = "" if data[: self.at].rstrip(b" \t").endswith((b"\n\n", b"\n\r\n")) else "\n"
        tail = "" if data[self.at :].startswith((b"\n", b"\r\n")) else "\n"
        pass_.replace(
            self.path,
            self.at,
            self.at,
            f"{before}{lead}{text}\n{tail}",
            GROUP,
            stage,
            stage,
            order=-10,
        )

    def definition_name(self, pass_: Pass) -> str:
        """The PyModuleDef's name at file scope."""
        return definition_name(pass_)

    def definition_declaration(self, pass_: Pass) -> str:
        name = definition_name(pass_)
        return f"{'extern' if self.shared else 'static'} struct PyModuleDef {name};"

    def definition_site(self, pass_: Pass) -> tuple[str, int]:
        """Before the first function that needs the state in the file of the init function."""
        init = pass_.decisions.init
        return init.creator.path, _line_start(pass_.parsed(init.creator.path), init.creator.start)


def definition_name(pass_: Pass) -> str:
    """The module definition's name; one local to the init function moves to file scope."""
    variable = pass_.decisions.init.module_def
    assert variable is not None
    if variable.function is None:
        return variable.name
    name = variable.name
    stem = pass_.decisions.names.exec_function.removesuffix("_exec")
    clash = any(
        other.name == name and other is not variable and other.function is None
        for other in pass_.extension.variables.values()
    )
    return f"{stem}_{name.strip('_')}" if clash else name


def find_home(pass_: Pass) -> Home | None:
    """The home of the state; a refusal of the whole extension where there is none."""
    needing = _needing(pass_)
    paths = _paths(pass_)
    adopted = pass_.decisions.adopted
    units = pass_.extension.units_of(paths)
    if adopted is not None and _out_of_sight(pass_, paths):
        return _shared_home(pass_, paths, units)
    if adopted is not None and struct_comes_late(pass_):
        at = _place_in(pass_, adopted.struct.path, needing)
        return Home(adopted.struct.path, at, len(units) > 1) if at is not None else None
    if adopted is not None:
        shared = len(units) > 1
        return Home(
            adopted.struct.path,
            _after(pass_.parsed(adopted.struct.path), adopted.struct.end),
            shared,
        )
    if len(units) == 1 and len(paths) == 1:
        path = next(iter(paths))
        at = _place_in(pass_, path, needing)
        if at is None:
            return None
        return Home(path, at, False)
    return _shared_home(pass_, paths, units)


def struct_comes_late(pass_: Pass) -> bool:
    """The module's own state struct stands behind a function that is to use it, or out of sight."""
    adopted = pass_.decisions.adopted
    if adopted is None or _out_of_sight(pass_, _paths(pass_)):
        return adopted is not None
    return adopted.struct.end > first_need(pass_, adopted.struct.path)


def _out_of_sight(pass_: Pass, paths: set[str]) -> bool:
    """Some translation unit that is to use the module's own state struct does not read it."""
    adopted = pass_.decisions.adopted
    units = pass_.extension.units
    return adopted is not None and any(
        adopted.struct.path not in units[unit] for unit in pass_.extension.units_of(paths)
    )


def is_shared(pass_: Pass) -> bool:
    """Whether several translation units use the state."""
    if not pass_.decisions.fields and pass_.decisions.adopted is None:
        return False
    return len(pass_.extension.units_of(_paths(pass_))) > 1


def _paths(pass_: Pass) -> set[str]:
    """The files whose text names the state."""
    paths = {each.path for each in _needing(pass_)} | {pass_.decisions.init.creator.path}
    paths |= {
        prototype.path
        for key in pass_.decisions.threaded
        for prototype in pass_.extension.routines[key].prototypes
    }
    return paths | {
        declaration.path
        for key in pass_.decisions.types
        for declaration in pass_.extension.variables[key].definitions
        if declaration.initialiser is not None
    }


def _needing(pass_: Pass) -> list[Definition]:
    return [d for d in pass_.decisions.routes if not d.is_macro]


def first_need(pass_: Pass, path: str) -> int:
    """The first byte of the first item of a file that names the state struct."""
    starts = [d.start for d in pass_.decisions.routes if d.path == path and not d.is_macro]
    for key in pass_.decisions.threaded:
        starts += [p.start for p in pass_.extension.routines[key].prototypes if p.path == path]
    starts += [
        d.start
        for key in pass_.decisions.types
        for d in pass_.extension.variables[key].definitions
        if d.path == path and d.initialiser
    ]
    parsed = pass_.parsed(path)
    for channel in pass_.decisions.channels:
        for each in channel.signatures:
            if each.path == path:
                starts += [i.start for i in parsed.items() if i.start <= each.start < i.end]
    for include in parsed.scan.includes:
        target = resolve_include(path, include.name, pass_.extension.files)
        if target in pass_.extension.generated:
            starts.append(include.span[0])
    return min(starts, default=len(pass_.parsed(path).source.data))


def _place_in(pass_: Pass, path: str, needing: list[Definition]) -> int | None:
    parsed = pass_.parsed(path)
    limit = first_need(pass_, path)
    at = 0
    for include in parsed.scan.includes:
        if include.span[0] < limit and not _is_source(include.name):
            at = max(at, _after(parsed, include.span[1]))
    late = False
    for field in pass_.decisions.fields.values():
        for where in _needed(pass_, field, path):
            after = _after(parsed, where[2])
            if where[0] != path:
                continue
            if after > limit:
                late = True
                name = pass_.extension.variables[field.symbol].name
                pass_.refuse(
                    Reason.LAYOUT,
                    path,
                    where[1],
                    where[2],
                    f"what {name} is made of is declared after the first function that needs "
                    "the state",
                    field.symbol,
                )
            at = max(at, after)
    return None if late else at


def _needed(pass_: Pass, field: StateField, path: str) -> Iterator[tuple[str, int, int]]:
    """Where the type of a member, and what its array sizes name, are declared."""
    ends = pass_.extension.structs.ends
    words = {word for size in field.arrays for word in re.findall(r"[A-Za-z_]\w*", size)}
    for word in sorted(words | {field.needs}):
        if word in ends:
            yield ends[word]
            continue
        macro = pass_.extension.routine_named(f"#{word}", path) if word else None
        for definition in macro.definitions if macro is not None else ():
            yield definition.path, definition.start, definition.end


def _is_source(name: str) -> bool:
    return not name.endswith(_SUFFIX) or name.endswith(".c.h")


def _after(parsed: Parsed, offset: int) -> int:
    """The start of the line after ``offset``, outside of any `#if` but a header guard."""
    data = parsed.source.data
    for condition in parsed.conditions(max(offset - 1, 0)):
        if not _guards(parsed, condition.group.start, condition.group.end):
            offset = max(offset, condition.group.end)
            break
    end = data.find(b"\n", max(offset - 1, 0))
    return len(data) if end < 0 else end + 1


def _guards(parsed: Parsed, start: int, end: int) -> bool:
    """Whether a `#if` group spans the whole of a header."""
    data = parsed.source.data
    code = re.sub(
        rb"/\*.*?\*/|//[^\n]*|#\s*pragma[^\n]*", b"", data[:start] + data[end:], flags=re.DOTALL
    )
    return not code.strip(b"\xef\xbb\xbf \t\r\n")


def _line_start(parsed: Parsed, offset: int) -> int:
    return parsed.source.data.rfind(b"\n", 0, offset) + 1


def _shared_home(pass_: Pass, paths: set[str], units: list[str]) -> Home | None:
    extension = pass_.extension
    common = [
        path
        for path in extension.files
        if path.endswith(_SUFFIX) and all(path in extension.units[unit] for unit in units)
    ]
    creator = pass_.decisions.init.creator
    needed = {
        key: {where[0] for where in _needed(pass_, field, creator.path)}
        for key, field in pass_.decisions.fields.items()
    }
    wanted = set().union(*needed.values())
    for path in sorted(common, key=lambda each: -_rank(pass_, each)):
        reached = _reached(pass_, path)
        if wanted <= reached and _reads_python(pass_, path, units):
            at = _end_of_header(pass_, pass_.parsed(path))
            needs = {each: first_need(pass_, each) for each in paths}
            if at is not None and _read_before(pass_, (path, at), needs, units):
                return Home(path, at, len(units) > 1)
    private = {each for each in wanted if not each.endswith(_SUFFIX) or each in paths}
    for key, where in needed.items():
        if where & private:
            home = extension.variables[key].home
            pass_.refuse(
                Reason.LAYOUT,
                home.path,
                home.name_start,
                home.name_start + len(home.name),
                f"what {home.name} is made of is private to one of several files",
                key,
            )
    if private:
        return None
    return _new_header(pass_, paths, units, sorted(wanted))


def _reading_order(pass_: Pass, unit: str) -> list[tuple[str, int, int]]:
    """The stretches of text of a translation unit in the order a compiler reads them."""
    files = pass_.extension.files
    order: list[tuple[str, int, int]] = []
    entered: set[str] = set()

    def read(path: str) -> None:
        entered.add(path)
        at = 0
        for include in files[path].scan.includes:
            target = resolve_include(path, include.name, files)
            if target is not None and target not in entered:
                order.append((path, at, include.span[1]))
                read(target)
                at = include.span[1]
        order.append((path, at, len(files[path].source.data) + 1))

    read(unit)
    return order


def _read_before(
    pass_: Pass, home: tuple[str, int], needs: dict[str, int], units: list[str]
) -> bool:
    """Whether the byte of ``home`` is read before every need, in every unit that has one."""
    for unit in units:
        order = _reading_order(pass_, unit)
        place = _index(order, *home)
        needed = [_index(order, path, at) for path, at in needs.items()]
        found = [each for each in needed if each is not None]
        if found and (place is None or place > min(found)):
            return False
    return True


def _index(order: list[tuple[str, int, int]], path: str, at: int) -> tuple[int, int] | None:
    for index, (each, start, end) in enumerate(order):
        if each == path and start <= at < end:
            return index, at
    return None


def _rank(pass_: Pass, path: str) -> int:
    """Headers that name what moves come first, then those that include most of the others."""
    moved = sum(
        1
        for key in pass_.decisions.fields
        for d in pass_.extension.variables[key].declarations
        if d.path == path
    )
    return len(_reached(pass_, path)) + 100 * moved


def _reached(pass_: Pass, path: str) -> set[str]:
    found: set[str] = set()
    pending = [path]
    while pending:
        each = pending.pop()
        if each in found:
            continue
        found.add(each)
        for include in pass_.parsed(each).scan.includes:
            target = resolve_include(each, include.name, pass_.extension.files)
            if target is not None:
                pending.append(target)
    return found


def _reads_python(pass_: Pass, path: str, units: list[str]) -> bool:
    """Python.h is read by this header, or before it by every unit."""
    for each in _reached(pass_, path):
        if any(i.name == "Python.h" for i in pass_.parsed(each).scan.includes):
            return True
    for unit in units:
        names = [i.name for i in pass_.parsed(unit).scan.includes]
        base = posixpath.basename(path)
        mine = next((i for i, name in enumerate(names) if posixpath.basename(name) == base), None)
        if "Python.h" not in names or mine is None or names.index("Python.h") > mine:
            return False
    return True


def _end_of_header(pass_: Pass, parsed: Parsed) -> int | None:
    """Before the guard's `#endif`, or before the first function that needs the state."""
    data = parsed.source.data
    limit = first_need(pass_, parsed.source.path)
    if limit < len(data):
        return _line_start(parsed, limit)
    for group in parsed.scan.groups:
        if group.endif is not None and _guards(parsed, group.start, group.end):
            at = _line_start(parsed, group.endif[0])
            closing = re.search(
                rb"#\s*ifdef\s+__cplusplus\s*\n\s*\}\s*\n\s*#\s*endif[^\n]*\n\s*$", data[:at]
            )
            return closing.start() if closing else at
    return len(data)


def _new_header(pass_: Pass, paths: set[str], units: list[str], wanted: list[str]) -> Home:
    names = pass_.decisions.names
    folder = posixpath.dirname(pass_.decisions.init.creator.path)
    name = f"{names.state_struct}.h"
    path = posixpath.join(folder, name)
    for each in sorted(paths):
        parsed = pass_.parsed(each)
        limit = first_need(pass_, each)
        at = 0
        for include in parsed.scan.includes:
            if include.span[0] < limit and not _is_source(include.name):
                at = max(at, _after(parsed, include.span[1]))
        relative = posixpath.relpath(path, posixpath.dirname(each) or ".")
        plain = any(field.kind is not Kind.TYPE for field in pass_.decisions.fields.values())
        first = Stage.STATE if plain else Stage.HEAP_TYPES
        pass_.replace(each, at, at, f'#include "{relative}"\n', GROUP, first, order=-20)
    needed = tuple(posixpath.relpath(each, folder or ".") for each in wanted)
    return Home(path, 0, len(units) > 1, True, needed)
