"""The compile check, against a real compiler."""

# ruff: noqa: E501  (the lines are data)

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tree import c_module

from isolate_ext.project import (
    CompileCheck,
    discover,
    find_compiler,
    find_interpreters,
    python_include,
)

Make = Callable[[dict[str, str | bytes]], Path]
pytestmark = pytest.mark.skipif(
    find_compiler() is None or not any(i.include for i in find_interpreters()),
    reason="no compiler or no Python headers",
)
SETUP = (
    "from setuptools import *\nsetup(ext_modules=[Extension('m', [%s], include_dirs=['inc'])])\n"
)
HEADER = "#ifndef H\n#define H\nstatic inline int helper(int x) { return x; }\n#endif\n"


def project(make: Make, extra: str = "", **files: str) -> Path:
    return make(
        {
            "setup.py": SETUP % "'src/m.c'",
            "src/m.c": '#include "m.h"\n' + c_module("m") + extra,
            "src/m.h": HEADER,
            **files,
        }
    )


def test_interpreters() -> None:
    found = find_interpreters()
    assert found == tuple(sorted(found, reverse=True)) and all(i.path.exists() for i in found)
    assert python_include() is None or (python_include() / "Python.h").is_file()  # type: ignore[operator]


def test_same_text_is_clean(tree: Make) -> None:
    root = project(tree, "int f(void) { int unused; return helper(1); }\n")
    extension = discover(root).extensions[0]
    result = CompileCheck(root)(extension, {"src/m.c": (root / "src/m.c").read_bytes()})
    assert result.ok and result.checked and result.errors == () and result.warnings == ()
    assert result.units == ("src/m.c",)


def test_new_error(tree: Make) -> None:
    root = project(tree)
    new = (root / "src/m.c").read_bytes() + b"int g(void) { return nowhere; }\n"
    result = CompileCheck(root)(discover(root).extensions[0], {"src/m.c": new})
    assert not result.ok
    error = result.errors[0]
    assert (error.path, error.line, error.kind) == (
        "src/m.c",
        11,
        "error",
    ) and "nowhere" in error.message


@pytest.mark.parametrize(
    "code",
    [
        "int g(void) { return undeclared_function(1); }",
        'int g(void) { return "text"; }',
        "int h(int *); int g(double *d) { return h(d); }",
    ],
)
def test_unsound_code_is_an_error(tree: Make, code: str) -> None:
    root = project(tree)
    new = (root / "src/m.c").read_bytes() + code.encode() + b"\n"
    assert not CompileCheck(root)(discover(root).extensions[0], {"src/m.c": new}).ok


def test_new_warning(tree: Make) -> None:
    root = project(tree, "static int old_unused(void) { return 1; }\n")
    new = (root / "src/m.c").read_bytes() + b"static int new_unused(void) { return 1; }\n"
    result = CompileCheck(root, full=True)(discover(root).extensions[0], {"src/m.c": new})
    assert result.ok and len(result.warnings) == 1 and "new_unused" in result.warnings[0].message


def test_changed_header_beside_the_source_is_seen(tree: Make) -> None:
    root = project(tree, "int f(void) { return helper(1); }\n")
    result = CompileCheck(root)(
        discover(root).extensions[0],
        {"src/m.h": HEADER.replace("helper(int x)", "renamed(int x)").encode()},
    )
    assert not result.ok and "helper" in result.errors[0].message
    assert result.errors[0].path == "src/m.c"


def test_changed_header_by_a_parent_path(tree: Make) -> None:
    root = project(
        tree, '#include "../lib/x.h"\n', **{"lib/x.h": '#include "../src/m.h"\nint q(void);\n'}
    )
    broken = {"src/m.h": b"#error seen\n"}
    result = CompileCheck(root)(discover(root).extensions[0], broken)
    assert not result.ok and all(e.path == "src/m.h" for e in result.errors)


def test_header_above_the_project(tree: Make) -> None:
    root = project(tree)
    outside = root / "part" / "deep"
    outside.mkdir(parents=True)
    (root / "outside.h").write_text("int outside(void);\n")
    (outside / "m.c").write_text('#include "../../outside.h"\n' + c_module("m"))
    check, extension = CompileCheck(outside), discover(outside / "m.c").extensions[0]
    text = (outside / "m.c").read_bytes()
    assert check(extension, {"m.c": text}).ok
    worse = text + b"int g(void) { return outside(1); }\n"
    assert not check(extension, {"m.c": worse}).ok


def test_new_header(tree: Make) -> None:
    root = project(tree)
    new = b'#include "state.h"\n' + (root / "src/m.c").read_bytes() + b"m_state s;\n"
    result = CompileCheck(root)(
        discover(root).extensions[0],
        {"src/m.c": new, "src/state.h": b"typedef struct { int x; } m_state;\n"},
    )
    assert result.ok and result.checked and not (root / "src/state.h").exists()


def test_baseline_that_does_not_compile(tree: Make) -> None:
    root = project(tree, "#include <no/such/library.h>\n")
    result = CompileCheck(root)(discover(root).extensions[0], {"src/m.c": b"int x"})
    assert result.ok and result.checked == ()
    assert result.why is not None and "the unchanged source does not compile" in result.why
    assert "no/such/library.h" in result.why


def test_header_that_the_build_makes(tree: Make) -> None:
    root = project(tree, '#include "made_config.h"\nint size = MADE_SIZE;\n')
    extension = discover(root).extensions[0]
    text = (root / "src/m.c").read_bytes()
    check = CompileCheck(root)
    assert check(extension, {"src/m.c": text + b"int ok;\n"}).checked
    assert not check(extension, {"src/m.c": text + b"int bad = nowhere;\n"}).ok


def test_without_a_compiler(tree: Make) -> None:
    root = project(tree)
    check = CompileCheck(root)
    check.compiler = ()
    result = check(discover(root).extensions[0], {"src/m.c": b""})
    assert result.checked == () and result.why == "no C compiler was found (set CC)"


def test_undecided_macro_value(tree: Make) -> None:
    root = tree(
        {
            "setup.py": "from setuptools import *\nimport x\nsetup(ext_modules=[Extension('m', ['m.c'], "
            "define_macros=[('VERSION', x.version())])])",
            "m.c": c_module("m") + "const char *v = VERSION;\n" + 'const char *w = "a" VERSION;\n',
        }
    )
    extension = discover(root).extensions[0]
    assert CompileCheck(root)(extension, {"m.c": (root / "m.c").read_bytes()}).checked


def test_dead_lines(tree: Make) -> None:
    root = project(
        tree,
        "#ifdef _WIN32\nint windows;\n#else\nint other;\n#endif\n/* note\n text */\n#define TWO \\\n  2\n"
        "#if 0\n#define THREE \\\n  3\n#endif\n",
    )
    check = CompileCheck(root)
    extension = discover(root).extensions[0]
    text = (root / "src/m.c").read_text().split("\n")
    dead = check.dead_lines(extension, "src/m.c", range(1, len(text) + 1))
    assert dead is not None
    assert [text[n - 1] for n in dead] == ["int windows;", "#define THREE \\", "  3"]
    assert check.dead_lines(extension, "src/m.h", [2, 3]) == []


def test_only_units_that_reach_the_change(tree: Make) -> None:
    root = tree(
        {
            "setup.py": SETUP % "'src/m.c', 'src/n.c'",
            "src/m.c": '#include "m.h"\n' + c_module("m"),
            "src/m.h": HEADER,
            "src/n.c": "int n;\n",
        }
    )
    result = CompileCheck(root)(discover(root).extensions[0], {"src/m.h": HEADER.encode()})
    assert result.units == ("src/m.c",)


def test_parallel_use(tree: Make) -> None:
    root = project(tree)
    extension = discover(root).extensions[0]
    check = CompileCheck(root)
    good = (root / "src/m.c").read_bytes()
    results: dict[int, bool] = {}

    def run(number: int) -> None:
        results[number] = check(
            extension, {"src/m.c": good + (b"int x = nowhere;\n" if number % 2 else b"")}
        ).ok

    threads = [threading.Thread(target=run, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {0: True, 1: False, 2: True, 3: False}
