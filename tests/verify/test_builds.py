"""What a build leaves: warnings that can be compared, objects that are found again, its venv."""

import json
import subprocess
import sys

from isolate_ext.verify import compiler_shim, diagnostics, environments
from isolate_ext.verify.builds import Build, Library


def test_warnings_are_compared_by_text():
    one = "src/a.c:10:5: warning: unused variable 'x' [-Wunused-variable]\n"
    other = "lib/a.c:99:1: warning: unused variable 'x' [-Wunused-variable]\na.c:1:1: error: no\n"
    assert (
        diagnostics.warnings(one)
        == diagnostics.warnings(other)
        == ["a.c: unused variable 'x' [-Wunused-variable]"]
    )


def test_compiler_wrapper_reuses_objects_and_repeats_warnings(tmp_path):
    source = tmp_path / "a.c"
    source.write_text("int f(void) { int unused = 1; return 0; }\n")
    log = tmp_path / "cc.log"
    environment = {
        "PATH": "/usr/bin:/bin",
        "ISOLATE_EXT_CC_LOG": str(log),
        "ISOLATE_EXT_CC_CACHE": str(tmp_path / "objects"),
    }
    wrapper = [sys.executable, compiler_shim.__file__, "gcc"]
    for target in ("one.o", "two.o"):
        subprocess.run(
            [*wrapper, "-Wall", "-c", "a.c", "-o", target],
            cwd=tmp_path,
            env=environment,
            check=True,
            stderr=subprocess.DEVNULL,
        )
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    assert [call["cached"] for call in calls] == [False, True]
    assert "unused variable" in calls[1]["text"]
    assert (tmp_path / "one.o").read_bytes() == (tmp_path / "two.o").read_bytes()


def test_the_calls_of_the_compiler_are_found_wherever_the_source_lies(tmp_path):
    def built(source, *libraries):
        made = tuple(Library("spam", str(path), by_path=True) for path in libraries)
        return Build("key", True, "", (), made, "", "", str(source), (), ())

    folder = tmp_path / "key"
    assert built(tmp_path / "tree", folder / "lib" / "spam.so").calls == folder / "cc.log"
    assert built(folder / "src", folder / "venv" / "lib" / "s.so").calls == folder / "cc.log"
    assert built(tmp_path / "other" / "src").calls == tmp_path / "other" / "cc.log"


def test_cloned_environment_runs_its_own_scripts(tmp_path):
    base = tmp_path / "base"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(base)], check=True)
    script = base / "bin" / "tool"
    script.write_text(f"#!{base}/bin/python\nimport sys; print(sys.prefix)\n")
    script.chmod(0o755)
    copy = environments.clone(base, tmp_path / "copy")
    printed = subprocess.run(
        [str(copy / "bin" / "tool")], capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == str(copy)
    assert str(base) in script.read_text()
