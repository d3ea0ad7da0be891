"""What is read of static storage from debug information, whatever its version."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from isolate_ext.project import ProjectError
from isolate_ext.verify.binary.inventory import Tree, inventory
from isolate_ext.verify.binary.records import Holds, Inventory, Place, Static

Compile = Callable[..., Path]
SOURCE = Path(__file__).parent / "storage.c"
BUILDS = (
    ("-gdwarf-5",),
    ("-gdwarf-4",),
    ("-gdwarf-5", "-O2"),
    ("-gdwarf-4", "-O2", "-fdebug-types-section"),
    ("-gdwarf-5", "-O2", "-flto"),
    ("-gdwarf-5", "-gz"),
)
HELD = {
    "plain_pointer": Holds.OBJECTS,
    "through_typedef": Holds.OBJECTS,
    "through_array": Holds.OBJECTS,
    "through_struct": Holds.OBJECTS,
    "own_object": Holds.OBJECTS,
    "own_subclass": Holds.OBJECTS,
    "type_pointer": Holds.OBJECTS,
    "per_thread": Holds.OBJECTS,
    "declared_first": Holds.OBJECTS,
    "static_type": Holds.TYPE,
    "wrapped_type": Holds.TYPE,
    "instance": Holds.INSTANCE,
    "sub_instance": Holds.INSTANCE,
    "two_stars": Holds.INDIRECT,
    "list": Holds.INDIRECT,
    "constant_pointer": Holds.INDIRECT,
    "methods": Holds.TABLE,
    "module": Holds.MODULE_DEF,
    **dict.fromkeys(
        "per_thread_number opaque counter numbers callback names limits label flexible "
        "module_pointer calls".split(),
        Holds.NOTHING,
    ),
}


def found(library: Path) -> Inventory:
    return inventory(library, Tree(SOURCE.parent, {SOURCE.name}))


def by_name(each: Inventory) -> dict[str, Static]:
    return {static.name: static for static in each.variables if static.own}


@pytest.mark.parametrize("flags", BUILDS, ids=" ".join)
def test_what_each_variable_holds(compile_library: Compile, flags: tuple[str, ...]) -> None:
    statics = found(compile_library(*flags, SOURCE)).variables
    assert {s.name: s.holds for s in statics if s.own and s.name not in ("local", "folded")} == HELD
    assert {(s.name, s.function, s.holds) for s in statics if s.name in ("local", "calls")} == {
        ("local", "first", Holds.OBJECTS),
        ("local", "first", Holds.NOTHING),
        ("calls", "second", Holds.NOTHING),
    }


@pytest.mark.parametrize("flags", BUILDS, ids=" ".join)
def test_every_variable_has_its_line(compile_library: Compile, flags: tuple[str, ...]) -> None:
    lines = SOURCE.read_text().splitlines()
    for static in found(compile_library(*flags, SOURCE)).variables:
        if static.own:
            assert static.name in lines[static.place.line - 1]


def test_types_are_spelled_as_in_c(compile_library: Compile) -> None:
    statics = by_name(found(compile_library("-g", SOURCE)))
    assert statics["plain_pointer"].ctype == "PyObject *"
    assert statics["through_array"].ctype == "object_p[2][3]"
    assert statics["list"].ctype == "struct node *"
    assert statics["callback"].ctype == "int (*)(PyObject *, const char *, ...)"
    assert statics["names"].ctype == "char *const[2]"
    assert statics["limits"].ctype == "const int[3]"
    assert statics["constant_pointer"].ctype == "PyTypeObject *const *const"
    assert statics["numbers"].ctype == "double[2][5]"
    assert statics["flexible"].ctype == "struct {...}"


def test_sizes_and_sections(compile_library: Compile) -> None:
    statics = by_name(found(compile_library("-g", SOURCE)))
    seen = {name: (s.section, s.size, s.mutable) for name, s in statics.items()}
    assert seen["counter"] == (".bss", 4, True)
    assert seen["numbers"] == (".data", 80, True)
    assert seen["label"] == (".data", 8, True) or seen["label"] == (".data.rel.local", 8, True)
    assert seen["limits"] == (".rodata", 12, False)
    assert seen["names"] == (".data.rel.ro", 16, False)
    assert seen["constant_pointer"][2] is False
    assert seen["per_thread"] == (".tbss", 8, True)
    assert seen["per_thread_number"] == (".tdata", 4, True)
    assert seen["flexible"][:2] == (".data", 12)


def test_offsets_are_where_the_symbols_are(compile_library: Compile) -> None:
    library = compile_library("-g", SOURCE)
    listed = subprocess.run(
        ["objdump", "-t", str(library)], capture_output=True, text=True, check=True
    ).stdout
    headers = subprocess.run(
        ["objdump", "-h", str(library)], capture_output=True, text=True, check=True
    ).stdout
    starts = {
        row.split()[1]: int(row.split()[3], 16) for row in headers.splitlines() if "2**" in row
    }
    statics = by_name(found(library))
    checked = 0
    for row in listed.splitlines():
        name = row.split()[-1] if row else ""
        static = statics.get(name)
        if static is not None and not static.section.startswith(".t"):
            assert starts[static.section] + static.offset == int(row.split()[0], 16)
            checked += 1
    assert checked > 20


def test_what_the_compiler_dropped_is_said(compile_library: Compile) -> None:
    each = found(compile_library("-g", "-O2", SOURCE))
    line = next(
        n for n, text in enumerate(SOURCE.read_text().splitlines(), 1) if "folded =" in text
    )
    assert [(gone.name, gone.ctype, gone.place) for gone in each.vanished if gone.own] == [
        ("folded", "int", Place("storage.c", line))
    ]
    assert "folded" not in by_name(each)


def test_files_of_others_are_kept_apart(compile_library: Compile, tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "own.c").write_text(
        '#include "vendor/lib.h"\nint mine;\nint f(void) { return lib; }\n'
    )
    (tmp_path / "vendor" / "lib.h").write_text("static int lib;\n")
    library = compile_library("-g", "own.c", cwd=tmp_path)
    statics = inventory(library, Tree(tmp_path, {"own.c"})).variables
    assert [(s.name, s.place, s.own) for s in statics] == [
        ("mine", Place("own.c", 2), True),
        ("lib", Place("vendor/lib.h", 1), False),
    ]


def test_data_without_description_is_unknown(compile_library: Compile, tmp_path: Path) -> None:
    (tmp_path / "dark.c").write_text(
        "static int hidden = 3;\nint *dark(void) { return &hidden; }\nint seen[2];\n"
    )
    subprocess.run(["gcc", "-fPIC", "-c", "dark.c"], cwd=tmp_path, check=True)
    (tmp_path / "light.c").write_text("int light;\n")
    each = inventory(compile_library("-g", "light.c", "dark.o", cwd=tmp_path))
    assert [s.name for s in each.variables] == ["light"]
    assert {(u.name, u.section, u.size, u.mutable, u.file) for u in each.unknown} == {
        ("hidden", ".data", 4, True, "dark.c"),
        ("seen", ".bss", 8, True, ""),
    }


def test_without_debug_information_there_is_a_reason(compile_library: Compile) -> None:
    each = inventory(compile_library(SOURCE))
    assert "no debug information" in each.reason
    assert (each.variables, each.vanished, each.unknown) == ((), (), ())


@pytest.mark.parametrize("version", ("-gdwarf-4", "-gdwarf-5"))
def test_debug_information_in_other_files_is_a_reason(
    compile_library: Compile, tmp_path: Path, version: str
) -> None:
    (tmp_path / "spam.c").write_text("int here;\n")
    library = compile_library(version, "-gsplit-dwarf", "spam.c", cwd=tmp_path)
    assert "-gsplit-dwarf" in inventory(library).reason


@pytest.mark.parametrize(
    ("start", "what"), [(b"MZ\x90\0", "Windows"), (b"\xcf\xfa\xed\xfe", "macOS")]
)
def test_other_platforms_are_a_reason(tmp_path: Path, start: bytes, what: str) -> None:
    library = tmp_path / "library.so"
    library.write_bytes(start + bytes(100))
    assert what in inventory(library).reason


def test_a_damaged_file_is_one_error(compile_library: Compile, tmp_path: Path) -> None:
    whole = compile_library("-g", SOURCE).read_bytes()
    damaged = [b"", b"text", whole[:10], whole[:1000], whole[: len(whole) // 2]]
    for number, data in enumerate([*damaged, None]):
        library = tmp_path / f"{number}.so"
        if data is not None:
            library.write_bytes(data)
        with pytest.raises(ProjectError, match="read") as caught:
            inventory(library)
        assert (caught.value.exit_code, caught.value.path) == (5, str(library))
