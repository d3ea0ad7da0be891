"""What the user decided counts in the migration and in the audit, and mistakes stop both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from legacy import ALREADY, MODULE, clean, setup_py

from isolate_ext.app.audit import AuditOptions, audit, rule_texts
from isolate_ext.app.migrate import migrate
from isolate_ext.app.options import MigrateOptions
from isolate_ext.project.errors import Mistakes
from isolate_ext.report.audit import readiness
from isolate_ext.report.exits import Exit, audited, verdict
from isolate_ext.report.results import MigrateResult
from isolate_ext.report.sarif import sarif

Tree = Callable[[dict[str, str | bytes]], Path]

COUNTER = MODULE.format(
    name="spam",
    code="""\
static int count;

static PyObject *
step(PyObject *self, PyObject *args)
{
    static int last;
    last = 3 * count;
    count = 2 * last + 1;
    return PyLong_FromLong(count);
}
""",
    methods='{"step", step, METH_NOARGS, NULL},',
    body="",
)


def project(tree: Tree, decisions: str, source: str = COUNTER, *more: str) -> Path:
    files: dict[str, str | bytes] = {each + ".c": clean(each) for each in more}
    return tree(
        {
            "setup.py": setup_py("spam", *more),
            "spam.c": source,
            "isolate-ext.toml": decisions,
            **files,
        }
    )


def migrated(root: Path, write: bool = False) -> MigrateResult:
    return migrate(MigrateOptions((root,), not write, compile=False, allow_dirty=True))


COUNT = '[symbols]\ncount = { level = "process", reason = "one for all" }\n'


def test_a_variable_stays_where_the_user_puts_it(tree: Tree) -> None:
    root = project(tree, COUNT)
    (found,) = migrated(root, write=True).extensions
    told = [each for each in found.notes if each.rule == "configuration"]
    assert [(each.line, each.message) for each in told] == [
        (
            3,
            "count stays static, and interpreters share it; "
            "isolate-ext.toml:2 decides: one for all",
        )
    ]
    text = (root / "spam.c").read_text()
    assert "static int count;" in text
    assert "Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED" in text
    (again,) = migrated(root).extensions
    assert again.status == "already isolated"


def test_the_audit_tells_who_decided(tree: Tree) -> None:
    (found,) = audit(AuditOptions((project(tree, COUNT),))).extensions
    (count,) = [each for each in found.globals if each.name == "count"]
    assert (count.level, count.confidence) == ("process", "decided")
    assert count.why == "isolate-ext.toml:2 decides: one for all"
    told = "can be isolated unattended; interpreters share count by decision"
    assert readiness(found) == told


def test_a_decision_that_is_made_is_not_to_be_looked_at(tree: Tree) -> None:
    helper = "static int note;\n\nstatic void\nmark(void)\n{\n    note = 3 - 2 * note;\n}\n\n"
    noted = COUNTER.replace("static int count", helper + "static int count").replace(
        "    last = 3", "    mark();\n    last = 3"
    )
    root = project(tree, "", noted)
    (before,) = audit(AuditOptions((root,))).extensions
    assert readiness(before) == "can be isolated unattended; 1 level to look at"
    own = '[symbols]\nnote = { level = "module", reason = "each its own" }\n'
    (root / "isolate-ext.toml").write_text(own)
    (after,) = audit(AuditOptions((root,))).extensions
    assert readiness(after) == "can be isolated unattended"


def test_an_entry_that_cannot_be_honoured_is_refused(tree: Tree) -> None:
    root = project(tree, COUNT.replace("process", "interpreter"))
    result = migrated(root)
    assert [each.reason for each in result.extensions[0].refusals] == ["placed"]
    assert verdict(result).code is Exit.INCOMPLETE
    (found,) = audit(AuditOptions((root,))).extensions
    assert found.standing == "needs decisions"


@pytest.mark.parametrize(
    ("decisions", "error"),
    [
        (COUNT.replace("process", "proces"), "2:11: 'level' cannot be 'proces'; did you mean"),
        (COUNT.replace("count", "cuont"), "2:1: no variable with static storage is called"),
        (COUNT.replace("count", "cuont"), "did you mean 'count'?"),
        (COUNT + COUNT.splitlines()[1].replace("count", '"spam.c:count"'), "3:1: 'spam.c:count'"),
        (COUNT.replace("count", "spam_methods").replace("process", "module"), "only reads it"),
        ("[types]\ncount = { policy = 'static', reason = 'so' }", "is no type: write it in"),
        (
            "[extensions]\nspan = { policy = 'guard', reason = 'so' }",
            "2:1: no extension is called 'span'; did you mean 'spam'?",
        ),
    ],
)
def test_a_mistake_stops_all(decisions: str, error: str, tree: Tree) -> None:
    root = project(tree, decisions)
    result = migrated(root, write=True)
    assert any(error in line for line in result.errors), result.errors
    assert verdict(result).code is Exit.USAGE
    assert (root / "spam.c").read_text() == COUNTER
    looked = audit(AuditOptions((root,)))
    assert looked.errors == result.errors
    assert audited(looked).code is Exit.USAGE


def test_all_mistakes_are_told(tree: Tree) -> None:
    more = COUNT.splitlines()[1].replace("count", "other")
    root = project(tree, COUNT.replace("count", "one") + more)
    lines = migrated(root).errors
    assert [line.split("isolate-ext.toml:")[1][:3] for line in lines] == ["2:1", "3:1"]
    assert Mistakes(lines).lines == lines


def test_a_name_of_several_is_to_be_told_apart(tree: Tree) -> None:
    root = project(tree, COUNT, COUNTER, "eggs")
    (root / "eggs.c").write_text(COUNTER.replace("spam", "eggs"))
    (line,) = migrated(root).errors
    assert "'count' means several: 'spam.c:count', 'eggs.c:count'; write one of them" in line


def test_names_of_what_was_not_given_are_not_unknown(tree: Tree) -> None:
    root = project(tree, COUNT, COUNTER, "eggs")
    assert migrate(MigrateOptions((root / "eggs.c",), True, compile=False)).errors == []


OUT = '[extensions]\nspam = { policy = "%s", reason = "the terminal is one" }\n'


def test_an_extension_that_opts_out_stays(tree: Tree) -> None:
    root = project(tree, OUT % "opt-out")
    result = migrated(root, write=True)
    (found,) = result.extensions
    assert found.status == "opted out"
    assert found.notes[0].message == "isolate-ext.toml:2 decides: the terminal is one"
    assert verdict(result).code is Exit.OK
    assert (root / "spam.c").read_text() == COUNTER


@pytest.mark.parametrize("policy", ["guard", "opt-out"])
def test_an_extension_that_is_out_needs_no_decisions(policy: str, tree: Tree) -> None:
    result = audit(AuditOptions((project(tree, OUT % policy),)))
    (found,) = result.extensions
    assert found.standing == "opts out"
    assert "isolate-ext.toml:2 decides: the terminal is one" in readiness(found)
    assert audited(result).code is Exit.OK


def test_an_extension_is_guarded(tree: Tree) -> None:
    root = project(tree, OUT % "guard")
    (found,) = migrated(root, write=True).extensions
    assert found.status == "guarded"
    assert "isolate-ext.toml:2 decides: the terminal is one" in [it.message for it in found.notes]
    assert "Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED" in (root / "spam.c").read_text()


def test_a_module_with_slots_has_to_say_that_it_opts_out(tree: Tree) -> None:
    decisions = (OUT % "opt-out").replace("spam", "done")
    root = tree({"setup.py": setup_py("done"), "done.c": ALREADY, "isolate-ext.toml": decisions})
    (found,) = migrated(root).extensions
    assert [each.reason for each in found.refusals] == ["placed"]
    assert "that it opts out" in found.refusals[0].message


INLINE = COUNTER.replace(
    "static int count;", "static int count; /* isolate-ext: ignore[global-variable] one for all */"
)


def test_a_comment_decides_too(tree: Tree) -> None:
    root = project(tree, "", INLINE)
    (found,) = audit(AuditOptions((root,))).extensions
    (count,) = [each for each in found.globals if each.name == "count"]
    assert count.why == "spam.c:3 decides: one for all"
    migrated(root, write=True)
    text = (root / "spam.c").read_text()
    assert INLINE.splitlines()[2] in text
    (again,) = migrated(root).extensions
    assert again.status == "already isolated"


@pytest.mark.parametrize(
    ("decisions", "source", "kind"), [("", INLINE, "inSource"), (COUNT, COUNTER, "external")]
)
def test_what_is_decided_is_suppressed_in_sarif(
    decisions: str, source: str, kind: str, tree: Tree
) -> None:
    result = audit(AuditOptions((project(tree, decisions, source),)))
    (run,) = json.loads(sarif(result, audited(result), rule_texts()))["runs"]
    found = {each["message"]["text"].split()[0]: each for each in run["results"]}
    (suppression,) = found["count"]["suppressions"]
    assert suppression["kind"] == kind
    assert suppression["justification"].endswith("one for all")
    assert "suppressions" not in found["last"]


def test_a_comment_beside_an_entry_is_one_too_many(tree: Tree) -> None:
    (line,) = migrated(project(tree, COUNT, INLINE)).errors
    assert "spam.c:3:19: 'spam.c:count' is decided at isolate-ext.toml:2 too" in line


def test_a_guard_of_a_module_with_slots_only_says_so(tree: Tree) -> None:
    slot = "#if PY_VERSION_HEX >= 0x030c0000\n"
    silent = ALREADY.replace(ALREADY[ALREADY.index(slot) : ALREADY.index("#endif\n") + 7], ROW)
    function = "static int\nrun(PyObject *m)\n{\n    return 0;\n}\n\nstatic PyModuleDef_Slot"
    silent = silent.replace("static PyModuleDef_Slot", function, 1)
    decisions = (OUT % "guard").replace("spam", "done")
    root = tree({"setup.py": setup_py("done"), "done.c": silent, "isolate-ext.toml": decisions})
    migrated(root, write=True)
    claim = "    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},\n"
    assert (root / "done.c").read_text() == silent.replace(ROW, f"{ROW}{slot}{claim}#endif\n")


ROW = "    {Py_mod_exec, run},\n"
