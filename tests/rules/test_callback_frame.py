"""Callbacks that are over with the call that hands them over."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import compiled, migrated, output, reasons, text_of

from isolate_ext.engine import Stage
from isolate_ext.placement.refusals import Reason
from isolate_ext_rules.callback_frame import SORTED, WALKED

LIBRARY = """
int library_walk(int count, int (*visit)(int, void *), void *data)
{
    for (int value = 0; value < count; value++) {
        if (visit(value, data) < 0) {
            return -1;
        }
    }
    return 0;
}
"""
RUN = "import spam; print(*(spam.walk(5) for _ in range(4)))"
PROTOTYPE = "extern int library_walk(int count, int (*visit)(int, void *), void *data);\n"
CALL = "    if (library_walk"
INFO = (
    "typedef struct dl_phdr_info INFO;\n\n"
    "static int\ncount_value(INFO *info, size_t size, void *data)"
)
KNOWN = (
    WALKED.replace("library_walk((int)PyLong_AsLong(arg), ", "dl_iterate_phdr(")
    .replace(PROTOTYPE, "#include <link.h>\n")
    .replace("static int\ncount_value(int value, void *data)", INFO)
    .replace("value >= limit", "limit > 3")
    .replace("+= value", "+= (int)size != 0 && info != NULL")
)


@pytest.fixture
def library(tmp_path: Path) -> str:
    path = tmp_path / "library.c"
    path.write_text(LIBRARY)
    return str(path)


@pytest.mark.parametrize("stage", list(Stage), ids=lambda each: each.label)
def test_every_stage(stage: Stage, tmp_path: Path, library: str) -> None:
    built = compiled(migrated(WALKED), stage, tmp_path, library)
    assert output(built, RUN) == "3 6 10 10"


def test_two_copies_have_limits_of_their_own(tmp_path: Path, library: str) -> None:
    built = compiled(migrated(WALKED), Stage.ISOLATED, tmp_path, library)
    again = "import spam, sys\nspam.walk(5)\ndel sys.modules['spam']\nimport spam as other\n"
    assert output(built, f"{again}print(other.walk(5), spam.walk(5))") == "3 6"


@pytest.mark.parametrize("stage", list(Stage), ids=lambda each: each.label)
def test_no_data_at_all(stage: Stage, tmp_path: Path) -> None:
    built = compiled(migrated(SORTED), stage, tmp_path)
    assert output(built, "import spam; print(spam.sort('x'))") == "('amps', True)"


def test_data_of_any_kind_for_a_function_that_is_known(tmp_path: Path) -> None:
    code = KNOWN.replace("    long sum = 0;\n", "    long sum = 0, *place = &sum;\n")
    outcome = migrated(code.replace("&sum)", "(void *)place)"))
    assert "count_value_arg = {state, (void *)place};" in text_of(outcome)
    for stage in Stage:
        built = compiled(outcome, stage, tmp_path, "-D_GNU_SOURCE")
        assert output(built, "import spam; print(spam.walk(5) > 0)") == "True"


def test_no_data_where_the_callback_looks_at_it(tmp_path: Path) -> None:
    code = KNOWN.replace("*(long *)data +=", "if (data != NULL) *(long *)data +=")
    outcome = migrated(code.replace("&sum)", "NULL)"))
    assert "count_value_arg = {state, NULL};" in text_of(outcome)
    built = compiled(outcome, Stage.ISOLATED, tmp_path, "-D_GNU_SOURCE")
    assert output(built, "import spam; print(spam.walk(5))") == "0"


def test_data_of_an_undeclared_function() -> None:
    code = WALKED.replace(PROTOTYPE, "#include <walk.h>\n")
    assert "{state, &sum};" in text_of(migrated(code))
    code = code.replace("(int)PyLong_AsLong(arg), count", "NULL, count")
    assert reasons(migrated(code)) == {Reason.ADDRESS_TAKEN}


KEPT = {
    "static data": ("    long sum = 0;", "    static long sum = 0;"),
    "no data": ("&sum)", "NULL)"),
    "data of two kinds": ("*(long *)data", "(void)(int *)data; *(long *)data"),
    "data that is compared": ("*(long *)data", "if (data) *(long *)data"),
    "data of another kind": ("long sum = 0;", "int sum = 0;"),
    "called directly": (CALL, f"    count_value(0, &sum);\n{CALL}"),
    "called later": ("library_walk", "pthread_create"),
    "called through a pointer": (CALL, "    int (*run)(int, void *, void *) = NULL;\n    if (run"),
    "stored": (CALL, f"    void *kept = (void *)count_value;\n    (void)kept;\n{CALL}"),
    "data of the signature": ("&sum)", "&arg)"),
    "declared otherwise": ("void *data);\n", "long *data);\n"),
}  # fmt: skip


PLACES = {
    "in a block": (CALL, f"    {{\n{CALL}", "    return PyLong", "    }\n    return PyLong"),
    "in a loop": (CALL, "    while (library_walk"),
    "in an assignment": (CALL, "    int result;\n    if ((result = library_walk", " < 0", ") < 0"),
    "between threads": (
        CALL,
        "    Py_BEGIN_ALLOW_THREADS library_walk",
        " < 0) {\n",
        "; Py_END_ALLOW_THREADS {\n",
    ),
    "behind a label": (CALL, f"again:\n{CALL}", "limit++;", "limit++; goto again;"),
    "with a comment": ("sum = 0;", "sum = 0;  /* of all */"),
}


@pytest.mark.parametrize("changes", PLACES.values(), ids=PLACES.keys())
def test_the_struct_lives_as_long_as_the_data(
    changes: tuple[str, ...], tmp_path: Path, library: str
) -> None:
    code = WALKED
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in code
        code = code.replace(old, new, 1)
    outcome = migrated(code)
    assert "\n    spam_callback_arg count_value_arg = {state, &sum};\n" in text_of(outcome)
    compiled(outcome, Stage.ISOLATED, tmp_path, library)


@pytest.mark.parametrize(("old", "new"), KEPT.values(), ids=KEPT.keys())
def test_what_may_outlive_the_call_is_refused(old: str, new: str) -> None:
    assert old in WALKED
    outcome = migrated(WALKED.replace(old, new))
    assert Reason.ADDRESS_TAKEN in reasons(outcome)
    assert outcome.stage is Stage.ACCESS


def test_what_another_function_would_get_is_refused() -> None:
    other = "static int\nother(int value, void *data)\n{\n    return *(long *)data > value;\n}\n\n"
    code = WALKED.replace("void *data);\n", "void *data, int (*other)(int, void *));\n")
    code = code.replace("&sum)", "&sum, other)")
    code = code.replace("static PyObject *\nspam_walk", f"{other}static PyObject *\nspam_walk")
    assert Reason.ADDRESS_TAKEN in reasons(migrated(code))


def test_data_that_changes_before_the_call_is_refused() -> None:
    code = KNOWN.replace("    long sum = 0;\n", "    long sum = 0, *place = NULL;\n")
    code = code.replace("if (dl_iterate_phdr", "if ((place = &sum) != NULL && dl_iterate_phdr")
    assert Reason.ADDRESS_TAKEN in reasons(migrated(code.replace("value, &sum)", "value, place)")))


def test_a_callback_that_is_named_in_unparsed_code_is_refused() -> None:
    code = WALKED.replace(
        "static PyObject *\nspam_walk",
        "void f(void)\n{\n    count_value @@ = ];\n}\n\nstatic PyObject *\nspam_walk",
    )
    assert Reason.FENCED in reasons(migrated(code))


def test_data_that_is_declared_in_a_switch_is_refused() -> None:
    code = WALKED.replace(
        "    long sum = 0;\n", "    switch (0) {\n    default:;\n    long sum = 0;\n"
    )
    code = code.replace("    return PyLong_From", "    }\n    return PyLong_From")
    code = code.replace("FromLong(sum)", "FromLong(0)")
    assert reasons(migrated(code)) == {Reason.ADDRESS_TAKEN}


def test_the_new_name_is_apart_from_those_of_other_parameters(tmp_path: Path) -> None:
    code = SORTED.replace("const void *b, void *Py_UNUSED(arg)", "const void *arg, void *unused")
    outcome = migrated(code.replace("(const char *)b", "(const char *)a"))
    assert "compare(const void *a, const void *arg, void *arg_)" in text_of(outcome)
    compiled(outcome, Stage.ISOLATED, tmp_path)
