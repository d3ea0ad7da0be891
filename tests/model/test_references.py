"""Which uses mean which symbol: C scoping, statics, macros, names made by ``##``."""

from __future__ import annotations

from isolate_ext.model.extension import Extension
from isolate_ext.testing import extension_of


def lines(extension: Extension, key: str) -> list[int]:
    return [extension.files[u.path].line_column(u.start)[0] for u in extension.uses_of(key)]


def test_a_local_hides_a_global_from_its_declaration_on() -> None:
    extension = extension_of(
        "static int count;\n"
        "int f(void)\n{\n"
        "    count = 1;\n"
        "    {\n        int count = 2;\n        count++;\n    }\n"
        "    return count;\n}\n"
        "int g(int count) { return count; }\n"
        "int h(void) { extern int other; for (int count = 0; count < 3; count++) other = 1; "
        "return count; }\n"
    )
    assert lines(extension, "spam.c:count") == [4, 9, 12]


def test_a_static_local_is_a_variable_of_its_own() -> None:
    extension = extension_of(
        "static int cache;\n"
        "int f(void)\n{\n    static int cache;\n    return cache++;\n}\n"
        "int g(void) { return cache; }\n"
    )
    assert lines(extension, "spam.c:f:cache") == [5]
    assert lines(extension, "spam.c:cache") == [7]


def test_members_and_labels_are_no_uses() -> None:
    extension = extension_of(
        "struct s { int value; };\nstatic int value;\n"
        "int f(struct s *p) { return p->value + (*p).value; }\n"
    )
    assert lines(extension, "spam.c:value") == []


def test_two_files_have_statics_of_one_name() -> None:
    extension = extension_of(
        "-- a.c --\nstatic int level;\nint a(void) { return level; }\n"
        "-- b.c --\nstatic int level;\nint b(void) { return level; }\n"
    )
    assert [u.path for u in extension.uses_of("a.c:level")] == ["a.c"]
    assert [u.path for u in extension.uses_of("b.c:level")] == ["b.c"]


def test_an_extern_variable_is_one_everywhere() -> None:
    extension = extension_of(
        '-- a.c --\n#include "x.h"\nint level;\nint a(void) { return level; }\n'
        '-- b.c --\n#include "x.h"\nint b(void) { return level; }\n'
        "-- x.h --\nextern int level;\n"
    )
    assert [u.path for u in extension.uses_of("level")] == ["a.c", "b.c"]
    assert extension.variables["level"].exported


def test_a_macro_body_uses_what_it_names() -> None:
    extension = extension_of(
        "static int level;\n#define RAISED(by) (level + (by))\nint f(void) { return RAISED(2); }\n"
    )
    (use,) = extension.uses_of("spam.c:level")
    assert use.inside is not None and use.inside.is_macro and use.inside.name == "RAISED"
    assert lines(extension, "spam.c:#RAISED") == [3]


def test_a_macro_parameter_hides_a_global() -> None:
    extension = extension_of("static int level;\n#define TWICE(level) ((level) * 2)\n")
    assert extension.uses_of("spam.c:level") == []


def test_pasted_names_are_patterns() -> None:
    extension = extension_of("static int a_level;\n#define LEVEL(of) of ## _level\n")
    assert [each.pattern for each in extension.pasted] == [r"\w+_level"]


def test_every_branch_is_seen() -> None:
    extension = extension_of(
        "static int level;\nint f(void)\n{\n#ifdef MS_WINDOWS\n    level = 1;\n#else\n"
        "    level = 2;\n#endif\n    return 0;\n}\n"
    )
    assert lines(extension, "spam.c:level") == [5, 7]


def test_a_use_after_begin_allow_threads_is_no_declaration() -> None:
    extension = extension_of(
        "#include <Python.h>\nstatic int level;\nvoid f(void)\n{\n    Py_BEGIN_ALLOW_THREADS\n"
        "    level = 1;\n    Py_END_ALLOW_THREADS\n}\n"
    )
    assert lines(extension, "spam.c:level") == [6]


def test_what_is_fenced_is_used_there() -> None:
    extension = extension_of(
        "static int level;\nvoid f(void)\n{\n    level @@ = ];\n}\nint g(void) { return level; }\n"
    )
    assert [path for path, _ in extension.fenced.get("spam.c:level", [])] == ["spam.c"]


def test_names_of_parameters_of_a_prototype_are_no_uses() -> None:
    extension = extension_of(
        "static int count;\n"
        "extern int each(int count, void (*count_one)(int *count), int more[sizeof(count)]);\n"
        "extern int all(int (*count)(void));\n"
        "int f(void) { return count; }\n"
    )
    assert lines(extension, "spam.c:count") == [2, 4]
