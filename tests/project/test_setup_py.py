"""setup.py evaluated without running it."""

# ruff: noqa: E501  (the lines are data)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tree import c_module

from isolate_ext.project import Discovery, discover

Make = Callable[[dict[str, str | bytes]], Path]
IMPORT = "from setuptools import setup, Extension\nimport sys, os, glob\n"


def found(make: Make, script: str, **files: str) -> Discovery:
    sources = {f"src/{n}.c": c_module(n) for n in ("a", "b", "c")}
    extra = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return discover(make({"setup.py": IMPORT + script, **sources, **extra}))


CASES = {
    "inline list": ("setup(ext_modules=[Extension('p.a', ['src/a.c'])])", {"p.a": ["src/a.c"]}),
    "keywords": (
        "setup(ext_modules=[Extension(name='a', sources=['src/a.c', 'src/b.c'])])",
        {"a": ["src/a.c", "src/b.c"]},
    ),
    "variables and plus": (
        "base = ['src/a.c']\nmore = base + ['src/b.c']\n"
        "e = Extension('a', more)\nsetup(ext_modules=[e])",
        {"a": ["src/a.c", "src/b.c"]},
    ),
    "loop": (
        "mods = []\nfor n in 'abc':\n    mods.append(Extension(n, ['src/%s.c' % n]))\n"
        "setup(ext_modules=mods)",
        {"a": ["src/a.c"], "b": ["src/b.c"], "c": ["src/c.c"]},
    ),
    "comprehension": (
        "setup(ext_modules=[Extension(n, [f'src/{n}.c']) for n in ('a', 'b') if n != 'b'])",
        {"a": ["src/a.c"]},
    ),
    "helper": (
        "def make(n, *rest, d='src', **kw):\n    return Extension('p.' + n, [os.path.join(d, n + '.c')], **kw)\n"
        "setup(ext_modules=[make('a'), make('b', define_macros=[('X', None)])])",
        {"p.a": ["src/a.c"], "p.b": ["src/b.c"]},
    ),
    "glob": (
        "setup(ext_modules=[Extension('a', sorted(glob.glob('src/*.c')))])",
        {"a": ["src/a.c", "src/b.c", "src/c.c"]},
    ),
    "absolute": (
        "here = os.path.abspath(os.path.dirname(__file__))\n"
        "setup(ext_modules=[Extension('a', [os.path.join(here, 'src', 'a.c')])])",
        {"a": ["src/a.c"]},
    ),
    "pathlib": (
        "from pathlib import Path\nroot = Path(__file__).parent / 'src'\n"
        "setup(ext_modules=[Extension('a', [str(p) for p in root.glob('[ab].c')])])",
        {"a": ["src/a.c", "src/b.c"]},
    ),
    "platform": (
        "if sys.platform == 'win32':\n    e = Extension('b', ['src/b.c'])\n"
        "elif sys.platform.startswith('linux'):\n    e = Extension('a', ['src/a.c'])\n"
        "else:\n    e = Extension('c', ['src/c.c'])\nsetup(ext_modules=[e])",
        {"a": ["src/a.c"]},
    ),
    "version": (
        "n = 'a' if sys.version_info[0] >= 3 else 'b'\n"
        "setup(ext_modules=[Extension(n, ['src/%s.c' % n])])",
        {"a": ["src/a.c"]},
    ),
    "environment": (
        "mods = [Extension('a', ['src/a.c'])]\n"
        "if os.environ.get('WITH_B', '') == '1':\n    mods.append(Extension('b', ['src/b.c']))\n"
        "setup(ext_modules=mods)",
        {"a": ["src/a.c"]},
    ),
    "try": (
        "try:\n    import Extension2\nexcept ImportError:\n    pass\ntry:\n    v = os.environ['NOPE']\n"
        "except KeyError:\n    v = 'a'\nsetup(ext_modules=[Extension(v, ['src/a.c'])])",
        {"a": ["src/a.c"]},
    ),
    "kwargs": (
        "kw = dict(name='x', version='1')\nkw['ext_modules'] = [Extension('a', ['src/a.c'])]\n"
        "kw.update(zip_safe=False)\nsetup(**kw)",
        {"a": ["src/a.c"]},
    ),
    "main guard": (
        "def main():\n    setup(ext_modules=[Extension('a', ['src/a.c'])])\n"
        "if __name__ == '__main__':\n    main()",
        {"a": ["src/a.c"]},
    ),
    "subclass": (
        "class Ext(Extension):\n    def __init__(self, name, flag=0):\n"
        "        super().__init__(name, ['src/%s.c' % name])\n        self.flag = flag\n"
        "setup(ext_modules=[Ext('a', flag=1)])",
        {"a": ["src/a.c"]},
    ),
    "old style subclass": (
        "class Ext(Extension):\n    def __init__(self, name):\n"
        "        Extension.__init__(self, name, sources=[])\n"
        "        self.sources.append('src/a.c')\nsetup(ext_modules=[Ext('a')])",
        {"a": ["src/a.c"]},
    ),
    "ext_package": (
        "setup(ext_package='p', ext_modules=[Extension('a', ['src/a.c'])])",
        {"p.a": ["src/a.c"]},
    ),
    "local module": (
        "import build_tools\nsetup(ext_modules=build_tools.extensions())",
        {"a": ["src/a.c"]},
    ),
    "generator": (
        "def all():\n    for n in 'ab':\n        yield Extension(n, ['src/%s.c' % n])\n"
        "setup(ext_modules=list(all()))",
        {"a": ["src/a.c"], "b": ["src/b.c"]},
    ),
    "cythonize": (
        "from Cython.Build import cythonize\n"
        "setup(ext_modules=cythonize([Extension('a', ['src/a.c'])]))",
        {"a": ["src/a.c"]},
    ),
    "global": (
        "mods = []\ndef add(n):\n    global mods\n    mods = mods + [Extension(n, ['src/a.c'])]\n"
        "add('a')\nsetup(ext_modules=mods)",
        {"a": ["src/a.c"]},
    ),
    "mutation later": (
        "e = Extension('a', [])\ne.sources += ['src/a.c']\ne.sources.extend(['src/b.c'])\n"
        "setup(ext_modules=[e])",
        {"a": ["src/a.c", "src/b.c"]},
    ),
    "while": (
        "i, mods = 0, []\nwhile i < 2:\n    mods.append(Extension('ab'[i], ['src/%s.c' % 'ab'[i]]))\n    i += 1\n"
        "setup(ext_modules=mods)",
        {"a": ["src/a.c"], "b": ["src/b.c"]},
    ),
    "set": (
        "setup(ext_modules=[Extension('a', sorted(set(['src/b.c', 'src/a.c', 'src/a.c'])))])",
        {"a": ["src/a.c", "src/b.c"]},
    ),
    "lambda and map": (
        "setup(ext_modules=list(map(lambda n: Extension(n, ['src/%s.c' % n]), 'ab')))",
        {"a": ["src/a.c"], "b": ["src/b.c"]},
    ),
    "dot slash": ("setup(ext_modules=[Extension('a', ['./src/../src/a.c'])])", {"a": ["src/a.c"]}),
}


@pytest.mark.parametrize("case", CASES)
def test_extensions(tree: Make, case: str) -> None:
    script, wanted = CASES[case]
    module = "from setuptools import Extension\ndef extensions():\n    return [Extension('a', ['src/a.c'])]\n"
    discovery = found(tree, script, build_tools=module)
    assert {e.name: list(e.sources) for e in discovery.extensions} == wanted
    assert all(e.undecided == () for e in discovery.extensions)


def test_settings(tree: Make) -> None:
    extension = found(
        tree,
        """
e = Extension('a', ['src/a.c'], include_dirs=['inc', '/opt/x'], undef_macros=['U'], depends=['src/a.h'],
              define_macros=[('A', None), ('B', 1)], extra_compile_args=['-O2', '-Ithird', '-DC=x'], language='c')
setup(ext_modules=[e])
""",
    ).extensions[0]
    assert extension.include_dirs == ("inc", "/opt/x", "third")
    assert extension.macros == (("A", None), ("B", "1"), ("C", "x"))
    assert (extension.undef, extension.flags, extension.depends) == (("U",), ("-O2",), ("src/a.h",))
    assert (extension.origin.path, extension.origin.line, extension.origin.how) == (
        "setup.py",
        4,
        "Extension(...)",
    )


def test_both_arms_of_an_undecided_condition(tree: Make) -> None:
    discovery = found(
        tree,
        """
import probe
mods = [Extension('a', ['src/a.c'])]
if probe.has_x():
    mods[0].define_macros.append(('HAVE_X', '1'))
    mods.append(Extension('b', ['src/b.c']))
else:
    mods.append(Extension('c', ['src/c.c']))
setup(ext_modules=mods)
""",
    )
    assert [e.name for e in discovery.extensions] == ["a", "b", "c"]
    a, b, c = discovery.extensions
    assert a.macros == () and a.maybe_macros == (("HAVE_X", "1"),)
    assert a.undecided == ("define_macros: HAVE_X only if probe.has_x() (line 6)",)
    assert "made only if probe.has_x() (line 6)" in b.undecided
    assert "made only if not (probe.has_x()) (line 6)" in c.undecided


def test_assigned_in_both_arms(tree: Make) -> None:
    discovery = found(
        tree,
        """
import probe
if probe.has_x():
    sources = ['src/a.c', 'src/b.c']
else:
    sources = ['src/a.c', 'src/c.c']
setup(ext_modules=[Extension('a', sources)])
""",
    )
    assert set(discovery.extensions[0].sources) == {"src/a.c", "src/b.c", "src/c.c"}
    assert any("src/b.c only if" in u for u in discovery.extensions[0].undecided)


def test_global_names_under_an_undecided_condition(tree: Make) -> None:
    discovery = found(
        tree,
        """
import probe
mods = []
def add(n):
    global mods
    if probe.x():
        pass
    mods = mods + [Extension(n, ['src/a.c'])]
add('a')
setup(ext_modules=mods)
""",
    )
    assert [(e.name, e.built) for e in discovery.extensions] == [("a", True)]


def test_nested_undecided_conditions(tree: Make) -> None:
    discovery = found(
        tree,
        """
import probe
names = []
if probe.one():
    if probe.two():
        names = ['src/b.c']
if not names:
    sys.exit('nothing')
setup(ext_modules=[Extension('a', ['src/a.c'] + names)])
""",
    )
    assert discovery.extensions[0].sources == ("src/a.c", "src/b.c")


def test_arm_that_exits_is_not_taken(tree: Make) -> None:
    discovery = found(
        tree,
        "import probe\nif not probe.ok():\n    sys.exit('no')\n"
        "setup(ext_modules=[Extension('a', ['src/a.c'])])",
    )
    assert [e.name for e in discovery.extensions] == ["a"] and discovery.extensions[
        0
    ].undecided == ()


def test_unknown_parts_are_named(tree: Make) -> None:
    extension = found(
        tree,
        """
import subprocess
def config(*args):
    return subprocess.check_output(['pkg-config', '--cflags', 'libfoo']).split()
setup(ext_modules=[Extension('a', ['src/a.c'], extra_compile_args=config(),
                             define_macros=[('VERSION', compute())])])
def compute(): pass
""".replace("compute()", "subprocess.getoutput('date')", 1),
    ).extensions[0]
    assert extension.packages == ("libfoo",)
    assert extension.unvalued == ("VERSION",) and extension.macros == (("VERSION", None),)
    assert any("extra_compile_args not decided: setup.py:6" in u for u in extension.undecided)


def test_unknown_extension_is_a_note(tree: Make) -> None:
    discovery = found(
        tree, "import other\nsetup(ext_modules=[Extension('a', ['src/a.c']), other.make()])"
    )
    assert any(
        "an extension was not decided: setup.py:4: other.make()" in n for n in discovery.notes
    ) or any("an extension was not decided" in n and "other.make()" in n for n in discovery.notes)


def test_made_but_not_passed(tree: Make) -> None:
    discovery = found(
        tree, "x = Extension('b', ['src/b.c'])\nsetup(ext_modules=[Extension('a', ['src/a.c'])])"
    )
    assert [(e.name, e.built) for e in discovery.extensions] == [("a", True), ("b", False)]


def test_nothing_is_run(tree: Make, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    found(
        tree,
        f"open({str(marker)!r}, 'w').write('x')\nos.system('touch {marker}')\n"
        "setup(ext_modules=[Extension('a', ['src/a.c'])])",
    )
    assert not marker.exists()


def test_endless_scripts_end(tree: Make) -> None:
    discovery = found(
        tree,
        "mods = [Extension('a', ['src/a.c'])]\nsetup(ext_modules=mods)\n"
        "def f(n):\n    return f(n) + f(n)\nf(1)\nx = 0\nwhile True:\n    x += 1\n",
    )
    assert [e.name for e in discovery.extensions] == ["a"]


def test_script_with_a_syntax_error_falls_back(tree: Make) -> None:
    discovery = found(tree, "print 'hello'\nsetup(ext_modules=[Extension('a', ['src/a.c'])])")
    assert {e.name for e in discovery.extensions} == {"a", "b", "c"}
    assert any(n.startswith("setup.py:") and "not valid Python 3" in n for n in discovery.notes)


def test_own_build_ext(tree: Make) -> None:
    extension = found(
        tree,
        """
from setuptools.command.build_ext import build_ext
class mine(build_ext):
    def finalize_options(self):
        build_ext.finalize_options(self)
        self.include_dirs.append('inc')
    def build_extensions(self):
        if self.compiler.compiler_type == 'unix':
            for e in self.extensions:
                e.extra_compile_args = ['-std=c99', '-DMINE']
        build_ext.build_extensions(self)
setup(cmdclass={'build_ext': mine}, ext_modules=[Extension('a', ['src/a.c'])])
""",
    ).extensions[0]
    assert extension.flags == ("-std=c99",) and extension.macros == (("MINE", None),)
    assert extension.include_dirs == ("inc",)


def test_setup_cfg_build_ext(tree: Make) -> None:
    root = tree(
        {
            "setup.py": IMPORT + "setup(ext_modules=[Extension('a', ['src/a.c'])])",
            "src/a.c": c_module("a"),
            "setup.cfg": "[build_ext]\ndefine = X, Y=2\ninclude_dirs = inc:other\n",
        }
    )
    extension = discover(root).extensions[0]
    assert extension.macros == (("X", "1"), ("Y", "2")) and extension.include_dirs == (
        "inc",
        "other",
    )


def test_python_requires(tree: Make) -> None:
    discovery = found(
        tree, "R = '>=3.7'\nsetup(python_requires=R, ext_modules=[Extension('a', ['src/a.c'])])"
    )
    assert discovery.requires_python == ">=3.7"
    assert (
        discovery.requires_python_origin is not None
        and discovery.requires_python_origin.path == "setup.py"
    )


def test_version_read_from_a_file(tree: Make) -> None:
    root = tree(
        {
            "setup.py": IMPORT
            + "import re\nv = re.search(r\"v = '(.*)'\", open('v.py').read()).group(1)\n"
            "setup(ext_modules=[Extension('a', ['src/a.c'], define_macros=[('V', '\"%s\"' % v)])])",
            "v.py": "v = '1.2'\n",
            "src/a.c": c_module("a"),
        }
    )
    assert discover(root).extensions[0].macros == (("V", '"1.2"'),)


def test_missing_source_is_named(tree: Make) -> None:
    extension = found(
        tree, "setup(ext_modules=[Extension('a', ['src/a.c', 'src/no.c', '../x.c'])])"
    ).extensions[0]
    assert extension.undecided == (
        "source not there: src/no.c",
        "source outside the project: ../x.c",
    ) or set(extension.undecided) == {
        "source not there: src/no.c",
        "source outside the project: ../x.c",
    }
