"""Discovery from other build files, without any, and of what there is nothing to find in."""

# ruff: noqa: E501  (the lines are data)

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tree import c_module

from isolate_ext.project import ProjectError, discover

Make = Callable[[dict[str, str | bytes]], Path]


def test_pyproject(tree: Make) -> None:
    root = tree(
        {
            "src/a.c": c_module("a"),
            "pyproject.toml": """\
[project]
name = "x"
requires-python = ">=3.8"

[[tool.setuptools.ext-modules]]
name = "p.a"
sources = ["src/a.c"]
include-dirs = ["inc"]
define-macros = [["A", "1"], ["B"]]
extra-compile-args = ["-O2"]
""",
        }
    )
    discovery = discover(root)
    extension = discovery.extensions[0]
    assert (extension.name, extension.sources, extension.include_dirs) == (
        "p.a",
        ("src/a.c",),
        ("inc",),
    )
    assert extension.macros == (("A", "1"), ("B", None)) and extension.origin.line == 6
    assert discovery.requires_python == ">=3.8"


def test_meson(tree: Make) -> None:
    root = tree(
        {
            "src/a.c": c_module("a"),
            "src/helper.c": "int x;\n",
            "meson.build": """\
project('x', 'c')  # a comment
py = import('python').find_installation(pure: false)
inc = include_directories('inc')
dep = dependency('libfoo', version: '>=1')
if host_machine.system() == 'windows'
  subdir('win')
else
  subdir('src')
endif
""",
            "src/meson.build": """\
src = ['a.c']
src += files('helper.c')
foreach d : ['X', 'Y']
  add_project_arguments('-D' + d, language: 'c')
endforeach
py.extension_module('a', src, include_directories: inc, dependencies: [dep, py.dependency()],
  c_args: ['-O2', '-DZ=1'], subdir: 'pkg', install: true)
""",
        }
    )
    extension = discover(root).extensions[0]
    assert (extension.name, extension.sources) == ("pkg.a", ("src/a.c", "src/helper.c"))
    assert extension.macros == (("X", None), ("Y", None), ("Z", "1")) and extension.flags == (
        "-O2",
    )
    assert extension.include_dirs[0] == "inc" and extension.packages == ("libfoo",)
    assert extension.origin.path == "src/meson.build" and extension.origin.line == 6


def test_meson_with_a_syntax_error_is_named(tree: Make) -> None:
    root = tree({"a.c": c_module("a"), "meson.build": "project('x'\nfoo ="})
    discovery = discover(root)
    assert [e.name for e in discovery.extensions] == ["a"]
    assert any(n.startswith("meson.build: not read: line 2") for n in discovery.notes)


@pytest.mark.parametrize(
    "command",
    [
        "Python_add_library(a MODULE WITH_SOABI ${SRC})",
        "Python3_add_library(a ${SRC})",
        "add_library(a MODULE ${SRC})",
    ],
)
def test_cmake(tree: Make, command: str) -> None:
    root = tree(
        {
            "src/a.c": c_module("a"),
            "src/b.c": "int b;\n",
            "CMakeLists.txt": f"""\
project(x C)
set(SRC src/a.c)  # sources
list(APPEND SRC "${{CMAKE_CURRENT_SOURCE_DIR}}/src/b.c")
{command}
target_include_directories(a PRIVATE inc)
target_compile_definitions(a PRIVATE X=1 Y)
""",
        }
    )
    extension = discover(root).extensions[0]
    assert (extension.name, extension.sources) == ("a", ("src/a.c", "src/b.c"))
    assert extension.include_dirs == ("inc",) and extension.macros == (("X", "1"), ("Y", None))


def test_compile_commands(tree: Make) -> None:
    root = tree({"src/a.c": c_module("a"), "src/b.c": "int b;\n", "other/c.c": c_module("c")})
    entry = {"directory": str(root / "build")}
    (root / "compile_commands.json").write_text(
        json.dumps(
            [
                {
                    **entry,
                    "file": "../src/a.c",
                    "arguments": [
                        "cc",
                        "-I../inc",
                        "-DX=1",
                        "-O2",
                        "-o",
                        "a.so.p/src_a.c.o",
                        "-c",
                        "../src/a.c",
                    ],
                },
                {
                    **entry,
                    "file": "../src/b.c",
                    "command": "cc -I../inc -o a.so.p/src_b.c.o -c ../src/b.c",
                },
                {
                    **entry,
                    "file": "../other/c.c",
                    "command": "cc -DC -c ../other/c.c -o CMakeFiles/c.dir/c.o",
                },
            ]
        )
    )
    a, c = discover(root).extensions
    assert (a.name, a.sources, a.include_dirs, a.macros, a.flags) == (
        "a",
        ("src/a.c", "src/b.c"),
        ("inc",),
        (("X", "1"),),
        ("-O2",),
    )
    assert (c.name, c.sources, c.macros) == ("c", ("other/c.c",), (("C", None),))


def test_fallback_by_init_function(tree: Make) -> None:
    root = tree(
        {
            "pkg/__init__.py": "",
            "pkg/a.c": '#include "a_impl.h"\n' + c_module("_a"),
            "pkg/a_impl.h": "int f(void);\n",
            "pkg/a_impl.c": '#include "a_impl.h"\nint f(void) { return 1; }\n',
            "pkg/unrelated.c": "int u;\n",
        }
    )
    discovery = discover(root)
    assert [(e.name, e.sources) for e in discovery.extensions] == [
        ("pkg._a", ("pkg/a.c", "pkg/a_impl.c"))
    ]
    assert any("no build file" in n for n in discovery.notes)


def test_init_outside_the_build_files_is_noted(tree: Make) -> None:
    root = tree(
        {
            "a.c": c_module("a"),
            "b.c": c_module("b"),
            "setup.py": "from setuptools import *\nsetup(ext_modules=[Extension('a', ['a.c'])])",
        }
    )
    discovery = discover(root)
    assert [e.name for e in discovery.extensions] == ["a"]
    assert discovery.notes == ("b.c:6: PyInit_b belongs to no extension of the build files",)


def test_headers_and_python_sources(tree: Make) -> None:
    root = tree(
        {
            "setup.py": "from setuptools import *\nsetup(ext_modules=[Extension('a', ['src/a.c', 'lib/z.c'], "
            "include_dirs=['inc', 'lib'])])",
            "src/a.c": '#include "own.h"\n#include <z.h>\n/* #include "no.h" */\n#include "part.c"\n'
            + c_module("a"),
            "src/own.h": '#include "deep/d.h"\n',
            "inc/deep/d.h": "#include <Python.h>\n",
            "src/no.h": "",
            "src/part.c": "static PyObject *p;\n",
            "lib/z.h": "int z(void);\n",
            "lib/z.c": '#include "z.h"\nint z(void) { return 0; }\n',
        }
    )
    extension = discover(root).extensions[0]
    assert set(extension.headers) == {"src/own.h", "lib/z.h", "src/part.c", "inc/deep/d.h"}
    assert set(extension.python_sources) == {"src/a.c", "src/own.h", "src/part.c", "inc/deep/d.h"}
    assert extension.init_files == ("src/a.c",) and extension.generated == ()


@pytest.mark.parametrize(
    ("head", "who"),
    [
        ("/* Generated by Cython 3.0.2 */\n", "Cython"),
        (
            "/* ----\n * This file was automatically generated by SWIG (http://www.swig.org).\n */\n",
            "SWIG",
        ),
    ],
)
def test_generated_sources_are_skipped_with_a_note(tree: Make, head: str, who: str) -> None:
    root = tree(
        {
            "a.c": c_module("a"),
            "g.c": head + c_module("g"),
            "setup.py": "from setuptools import *\nsetup(ext_modules=[Extension('a', ['a.c']), Extension('g', ['g.c'])])",
        }
    )
    discovery = discover(root)
    assert [e.name for e in discovery.extensions] == ["a"]
    assert any(f"g skipped: its source is generated by {who}" in n for n in discovery.notes)


def test_cython_and_cpp(tree: Make) -> None:
    root = tree(
        {
            "a.pyx": "",
            "b.cpp": c_module("b"),
            "setup.py": "from setuptools import *\nsetup(ext_modules=[Extension('a', ['a.pyx']), Extension('b', ['b.cpp'])])",
        }
    )
    discovery = discover(root)
    assert [(e.name, e.language) for e in discovery.extensions] == [("b", "c++")]
    assert any("a skipped: its source is Cython" in n for n in discovery.notes)


def test_lone_file(tree: Make) -> None:
    root = tree(
        {
            "x.c": c_module("one") + c_module("two").partition("\n")[2].replace("def", "def2"),
            "inc/i.h": "",
        }
    )
    discovery = discover(root / "x.c", cflags=["-Iinc", "-DX", "-O1"])
    assert [e.name for e in discovery.extensions] == ["one", "two"]
    assert discovery.extensions[0].macros == (("X", None),) and discovery.extensions[0].flags == (
        "-O1",
    )


INITS = {
    "twin": "PyMODINIT_FUNC\n#if PY_MAJOR_VERSION >= 3\nPyInit_m(void)\n#else\ninitm(void)\n#endif\n{\n}\n",
    "macro": "#define MOD_INIT(name) PyMODINIT_FUNC PyInit_##name(void)\nMOD_INIT(m)\n{\n}\n",
    "own macro": "#define START(n) PyObject *PyInit_ ## n (void)\nSTART(m) {\n}\n",
    "object macro": "#define INITFN PyInit_m\nPyMODINIT_FUNC INITFN(void)\n{\n}\n",
    "named by macro": "#define NAME m\n#define JOIN(a, b) a##b\n#define FN JOIN(PyInit_, NAME)\nPyMODINIT_FUNC FN(void)\n{}\n",
    "plain": "PyObject *PyInit_m(void) {\n}\n",
}


@pytest.mark.parametrize("case", INITS)
def test_init_shapes(tree: Make, case: str) -> None:
    root = tree({"m.c": "#include <Python.h>\n" + INITS[case]})
    assert [e.name for e in discover(root / "m.c").extensions] == ["m"]


def test_init_by_a_macro_of_a_header(tree: Make) -> None:
    macro = (
        "#include <Python.h>\n#define MODULE(x) PyObject *PyInit_pre_##x(void) { return NULL; }\n"
    )
    root = tree({"m.c": '#include "all.h"\nMODULE(m)\n', "all.h": macro})
    assert [e.name for e in discover(root / "m.c").extensions] == ["pre_m"]


def test_declaration_is_not_a_definition(tree: Make) -> None:
    root = tree(
        {"m.c": "#include <Python.h>\nPyMODINIT_FUNC PyInit_m(void);\n/* PyInit_x(void) { */\n"}
    )
    with pytest.raises(ProjectError, match="defines no PyInit_ function"):
        discover(root / "m.c")


def test_no_such_path(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"nowhere: no such file or directory") as caught:
        discover(tmp_path / "nowhere")
    assert caught.value.exit_code == 2 and caught.value.path.endswith("nowhere")


def test_no_c_file(tree: Make) -> None:
    with pytest.raises(ProjectError, match="no C file in this directory"):
        discover(tree({"a.py": ""}))


def test_no_extension(tree: Make) -> None:
    with pytest.raises(ProjectError, match="no extension found"):
        discover(tree({"main.c": "int main(void) { return 0; }\n"}))


@pytest.mark.parametrize(
    ("data", "message"), [(b"int x;\0", "binary"), (b"x" * 50_000_001, "too big")]
)
def test_unfit_lone_file(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "x.c").write_bytes(data)
    with pytest.raises(ProjectError, match=message):
        discover(tmp_path / "x.c")


def test_not_a_c_file(tree: Make) -> None:
    with pytest.raises(ProjectError, match="not a C file"):
        discover(tree({"a.txt": "x"}) / "a.txt")


def test_libcst_is_loaded_for_setup_py_only() -> None:
    code = "import sys, isolate_ext.project; sys.exit('libcst' in sys.modules)"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0


def test_order_is_stable(tree: Make) -> None:
    root = tree({f"m{n}.c": c_module(f"m{n}") for n in range(5)})
    assert discover(root) == discover(root)
