"""Members of structs that stand in a guarded header."""

from __future__ import annotations

from rule_snippets import migrated, text_of

from isolate_ext_rules.examples import TYPE

GUARDED = "#ifndef EGG_H\n#define EGG_H\n#include <Python.h>\n%s#endif\n"


def test_a_header_guard_is_no_condition_of_a_member() -> None:
    start = TYPE.index("typedef struct")
    end = TYPE.index("EggObject;\n") + len("EggObject;\n")
    source = TYPE[:start] + '#include "egg.h"\n' + TYPE[end:]
    outcome = migrated({"spam.c": source, "egg.h": GUARDED % TYPE[start:end]})
    assert "Py_VISIT(self->value);" in text_of(outcome)


def test_a_condition_of_the_member_alone_is() -> None:
    source = TYPE.replace("    PyObject *value;", "#ifdef DEEP\n    PyObject *value;\n#endif")
    assert "Py_VISIT(self->value);" not in text_of(migrated(source))
