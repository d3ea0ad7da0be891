"""An init function whose name the build gives."""

from __future__ import annotations

from pathlib import Path

from rule_snippets import behaves, text_of

from isolate_ext.testing.checks import migrated
from isolate_ext_rules import SUITE
from isolate_ext_rules.examples import EXCEPTION

JOINED = (
    "#ifndef MODULE_NAME\n#define MODULE_NAME spam\n#endif\n"
    "#define JOIN(x, y) JOIN_AGAIN(x, y)\n#define JOIN_AGAIN(x, y) x##y\n"
    "#define ENTRY_NAME JOIN(PyInit_, MODULE_NAME)\n"
    "#define LEAVE(m) return m\n"
)
SOURCE = (
    EXCEPTION.replace("#include <Python.h>\n", "#include <Python.h>\n\n" + JOINED)
    .replace("PyInit_spam(void)", "ENTRY_NAME(void)")
    .replace("return m;", "LEAVE(m);")
)
SCENE = "import spam\ntry:\n    spam.fail()\nexcept spam.Error as error:\n    print(error)"


def test_it_keeps_the_macro_that_names_it(tmp_path: Path) -> None:
    outcome = migrated(SUITE, SOURCE)
    assert outcome.refusals == []
    text = text_of(outcome)
    assert "ENTRY_NAME(void)\n{\n    return PyModuleDef_Init(&spam_module);\n}" in text
    behaves(outcome, tmp_path, SCENE, "failed")
