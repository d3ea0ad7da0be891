"""Headers that others read too: what no source of an extension compiles is none of its code."""

from __future__ import annotations

import pytest

from isolate_ext.syntax import MacroEnvironment, Parsed, Source, parse, scan

HEADER = """\
#ifndef EGG_H
#define EGG_H
#ifdef EGG_MODULE
int mine;
#else
static void **egg_api;
#define Egg_New(...) egg_api[0](__VA_ARGS__)
#endif
#endif
"""
LICENSE = "/* " + 20 * "You may do with this what you like, but tell us.\n" + "*/\n\n"
MODULE = '#define EGG_MODULE\n#include "egg.h"\n'


def header(files: dict[str, str], path: str = "egg.h") -> Parsed:
    """How the header of an extension with these files is parsed."""
    scans = {each: scan(Source(each, text.encode())) for each, text in files.items()}
    macros = MacroEnvironment.of(scans.values())
    return parse(scans[path], macros)


def names(parsed: Parsed) -> set[str]:
    found = {name for name in ("mine", "egg_api") if parsed.occurrences(name)}
    assert found >= {name for name in ("egg_api",) if any(name in i.str for i in parsed.items())}
    return found


def test_the_part_for_clients_is_no_code_of_the_module() -> None:
    parsed = header({"egg.c": MODULE, "egg.h": HEADER})
    assert names(parsed) == {"mine"}
    assert [define.name for define in parsed.scan.live_defines] == ["EGG_H"]


def test_a_part_without_a_counterpart_is_none_either() -> None:
    text = "int mine;\n#ifndef EGG_MODULE\nstatic void **egg_api;\n#endif\n"
    assert names(header({"egg.c": MODULE, "egg.h": text})) == {"mine"}


@pytest.mark.parametrize(
    "files",
    [
        {"egg.c": '#include "egg.h"\n'},
        {"egg.c": "int before;\n"},
        {"egg.c": '#include "egg.h"\n#define EGG_MODULE\n'},
        {"egg.c": '#ifdef X\n#define EGG_MODULE\n#endif\n#include "egg.h"\n'},
        {"egg.c": '#define EGG_MODULE\n#undef EGG_MODULE\n#include "egg.h"\n'},
        {"egg.c": MODULE, "other.c": '#include "egg.h"\n'},
        {"egg.c": MODULE, "other.c": '#ifdef X\n#include "egg.h"\n#endif\n'},
    ],
)
def test_a_part_that_some_source_may_compile_is_code(files: dict[str, str]) -> None:
    assert names(header({**files, "egg.h": HEADER})) >= {"mine", "egg_api"}


def test_the_macro_may_come_from_a_header_read_before() -> None:
    files = {
        "egg.c": '#include "a.h"\n#include "deep.h"\n',
        "a.h": f'{LICENSE}#ifndef A_H\n#define A_H\n#define EGG_MODULE\n#include "deep.h"\n#endif',
        "deep.h": '#include "egg.h"\n',
        "egg.h": HEADER,
    }
    assert names(header(files)) == {"mine"}


def test_a_header_that_undefines_the_macro_is_followed() -> None:
    text = "#undef EGG_MODULE\n#ifdef EGG_MODULE\nint mine;\n#else\nint egg_api;\n#endif\n"
    assert names(header({"egg.c": MODULE, "egg.h": text})) >= {"egg_api"}


def test_each_extension_that_shares_a_header_has_its_own_part() -> None:
    shared = scan(Source("egg.h", HEADER.encode()))
    found = []
    for text in (MODULE, '#include "egg.h"\n', MODULE):
        unit = scan(Source("unit.c", text.encode()))
        found.append(names(parse(shared, MacroEnvironment.of([unit, shared]))))
    assert found == [{"mine"}, {"mine", "egg_api"}, {"mine"}]


def test_headers_that_include_each_other_come_to_an_end() -> None:
    loop = {"egg.c": '#include "a.h"\n', "a.h": '#include "b.h"\n', "b.h": '#include "a.h"\n'}
    assert header(loop, "b.h").fences == ()
