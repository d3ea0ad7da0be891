"""Identifiers of the C API: every call that takes one does the same without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_snippets import behaves, compiled, migrated, output, text_of

from isolate_ext.engine import Stage
from isolate_ext_rules.examples import TYPE, module
from isolate_ext_rules.identifier_string import HANDED_ON, UPPER

ALL = module(
    """
_Py_IDENTIFIER(name);
_Py_static_string(PyId_twelve, "12");

static PyObject *
spam_get(PyObject *self, PyObject *arg)
{
    _Py_IDENTIFIER(missing);
    PyObject *found = NULL, *name;
    int known;

    if (_PyObject_SetAttrId(arg, &PyId_name, Py_None) < 0) {
        return NULL;
    }
    known = _PyObject_LookupAttrId(arg, &PyId_missing, &found);
    Py_XDECREF(found);
    name = _PyObject_GetAttrId(arg, &PyId_name);
    return name == NULL ? NULL : Py_BuildValue("iN", known, name);
}

static PyObject *
spam_fail(PyObject *self, PyObject *arg)
{
    _Py_IDENTIFIER(missing);
    return _PyObject_GetAttrId(arg, &PyId_missing);
}

static PyObject *
spam_item(PyObject *self, PyObject *arg)
{
    _Py_IDENTIFIER(key);
    PyObject *found;
    int has, deleted;

    if (_PyDict_SetItemId(arg, &PyId_key, Py_True) < 0) {
        return NULL;
    }
    has = _PyDict_ContainsId(arg, &PyId_key);
    found = Py_BuildValue("Oi", _PyDict_GetItemIdWithError(arg, &PyId_key), has);
    deleted = _PyDict_DelItemId(arg, &PyId_key);
    if (found == NULL || deleted < 0) {
        Py_XDECREF(found);
        return NULL;
    }
    return found;
}

static PyObject *
spam_call(PyObject *self, PyObject *arg)
{
    _Py_IDENTIFIER(append);
    _Py_IDENTIFIER(insert);
    _Py_IDENTIFIER(copy);
    _Py_IDENTIFIER(pop);
    PyObject *zero = PyLong_FromLong(0), *args[2] = {arg, zero};
    Py_XDECREF(_PyObject_CallMethodIdOneArg(arg, &PyId_append, zero));
    Py_XDECREF(_PyObject_CallMethodIdObjArgs(arg, &PyId_insert,
                                             zero, Py_None, NULL));
    Py_XDECREF(_PyObject_CallMethodId(arg, &PyId_insert, "is", 1, "one"));
    Py_XDECREF(_PyObject_CallMethodId(arg, &PyId_append, "(i)", 5));
    Py_XDECREF(_PyObject_CallMethodId(arg, &PyId_pop, ""));
    Py_XDECREF(_PyObject_VectorcallMethodId(&PyId_append, args, 2, NULL));
    Py_DECREF(zero);
    return _PyObject_CallMethodIdNoArgs(arg, &PyId_copy);
}

static PyObject *
spam_is(PyObject *self, PyObject *arg)
{
    int is = _PyUnicode_EqualToASCIIId(arg, &PyId_twelve);
    if (!_PyUnicode_EqualToASCIIId(arg, &PyId_twelve) != !is) {
        return NULL;
    }
    if (_PyUnicode_EqualToASCIIId(arg, &PyId_name) && !is) {
        return Py_NewRef(_PyUnicode_FromId(&PyId_name));
    }
    return PyLong_FromLong(1 + _PyUnicode_EqualToASCIIId(arg, &PyId_twelve));
}

static PyObject *
spam_find(PyObject *self, PyObject *arg)
{
    _Py_IDENTIFIER(spam);
    _Py_IDENTIFIER(len);
    _Py_IDENTIFIER(none_such);
    _Py_IDENTIFIER(mro);
    PyObject *own = _PyImport_GetModuleId(&PyId_spam);
    PyObject *length = _PyEval_GetBuiltinId(&PyId_len);
    PyObject *none = _PyEval_GetBuiltinId(&PyId_none_such);
    int raised = none == NULL && PyErr_ExceptionMatches(PyExc_AttributeError);
    PyObject *mro = _PyType_LookupId(&PyType_Type, &PyId_mro);
    PyErr_Clear();
    return Py_BuildValue("NNiO", own, length, raised, mro);
}
""",
    " ".join(
        f'{{"{name}", spam_{name}, METH_O, NULL}},'
        for name in ("get", "fail", "item", "call", "is", "find")
    ),
)
RUN = """
import spam
class A: pass
print(spam.get(A()), spam.item({}), spam.call([7]))
print(*(getattr(spam, "is")(text) for text in ("12", "name", "nam", "n\\0ame", "\\u20ac")))
own, length, raised, mro = spam.find(0)
print(own is spam, length is len, raised, mro is type.__dict__["mro"])
try:
    spam.fail(3)
except AttributeError as error:
    print(error)
"""
SAID = """(0, None) (True, 1) [None, 'one', 7, 0, 0]
2 name 1 1 1
True True 1 True
'int' object has no attribute 'missing'"""


def test_every_call_does_the_same(tmp_path: Path) -> None:
    outcome = migrated(ALL)
    assert "PyId_" not in text_of(outcome) and "Id(" not in text_of(outcome)
    (tmp_path / "before").mkdir()
    original = migrated(ALL)
    original.texts[Stage.STATE] = {}
    assert output(compiled(original, Stage.STATE, tmp_path / "before"), RUN) == SAID
    behaves(outcome, tmp_path, RUN, SAID)


def test_arguments_stay_aligned() -> None:
    text = text_of(migrated(ALL))
    line = "    Py_XDECREF(PyObject_CallMethodObjArgs(arg, state->str_insert,\n"
    assert line + " " * 42 + "zero, Py_None, NULL));" in text


def test_one_member_for_one_text() -> None:
    text = text_of(migrated(ALL))
    assert text.count("PyObject *str_missing;") == 1
    assert text.count('PyUnicode_InternFromString("missing")') == 1


def test_nothing_but_the_declaration_goes() -> None:
    text = text_of(migrated(UPPER))
    assert (
        "PyObject *arg)\n{\n    spam_state *state = get_spam_state(self);\n    PyObject *" in text
    )


def test_helpers_only_where_they_are_called() -> None:
    text = text_of(migrated(UPPER))
    assert "GetOptionalAttr" not in text and "get_builtin" not in text


DEALLOC = TYPE.replace(
    "    Py_XDECREF(self->value);",
    "    _Py_IDENTIFIER(close);\n    PyObject *done = self->value == NULL ? NULL :\n"
    "        _PyObject_CallMethodIdNoArgs(self->value, &PyId_close);\n"
    "    Py_XDECREF(done);\n    Py_XDECREF(self->value);",
)


def test_teardown_names_the_string() -> None:
    text = text_of(migrated(DEALLOC))
    assert 'PyObject_CallMethod(self->value, "close", NULL)' in text
    assert "str_close" not in text


SORTED = module(
    """
static PyObject *
name_of(PyObject *object)
{
    _Py_IDENTIFIER(real);
    return _PyObject_GetAttrId(object, &PyId_real);
}

static int
compare(const void *left, const void *right)
{
    PyObject *one = name_of(*(PyObject **)left), *other = name_of(*(PyObject **)right);
    int order = PyObject_RichCompareBool(one, other, Py_LT) ? -1 : 1;
    Py_XDECREF(one);
    Py_XDECREF(other);
    return order;
}

static PyObject *
spam_sort(PyObject *self, PyObject *list)
{
    _Py_IDENTIFIER(reverse);
    qsort(((PyListObject *)list)->ob_item, PyList_GET_SIZE(list), sizeof(PyObject *), compare);
    return _PyObject_CallMethodIdNoArgs(list, &PyId_reverse);
}
""",
    '{"sort", spam_sort, METH_O, NULL},',
)


def test_a_callback_without_a_way_to_the_state_names_the_string(tmp_path: Path) -> None:
    outcome = migrated(SORTED)
    text = text_of(outcome)
    assert 'PyObject_GetAttrString(object, "real")' in text and "str_real" not in text
    assert "PyObject_CallMethodNoArgs(list, state->str_reverse)" in text
    behaves(outcome, tmp_path, "import spam; a = [2, 3, 1]; spam.sort(a); print(a)", "[3, 2, 1]")


GET = "_PyObject_GetAttrId(object, &PyId_real)"
STAYS = {
    "no name for it": (
        SORTED.replace(GET, "_PyDict_GetItemIdWithError(object, &PyId_real)"),
        "name_of has no way to the module state",
    ),
    "nothing public": (
        SORTED.replace(GET, "_PyObject_LookupSpecial(object, &PyId_real)"),
        "_PyObject_LookupSpecial takes it",
    ),
    "kept": (
        SORTED.replace(
            "    return " + GET,
            "    _Py_Identifier *id = &PyId_real;\n    return _PyObject_GetAttrId(object, id)",
        ),
        "no plain argument",
    ),
    "pasted": (
        SORTED.replace("&PyId_real", "ID(real)").replace(
            "static PyObject *\nname_of",
            "#define ID(x) &PyId_##x\nstatic PyObject *\nname_of",
        ),
        "nothing uses it",
    ),
}


@pytest.mark.parametrize(("code", "why"), STAYS.values(), ids=STAYS.keys())
def test_it_stays_and_the_reason_is_told(code: str, why: str) -> None:
    outcome = migrated(code)
    assert not outcome.refusals
    assert "_Py_IDENTIFIER(real);" in text_of(outcome)
    assert any(why in note.message for note in outcome.notes)


PASSED_ON = HANDED_ON.replace(
    "static PyObject *\nspam_real",
    """static PyObject *
either(PyObject *object, int which, _Py_Identifier *first)
{
    _Py_IDENTIFIER(imag);
    return get(object, which ? first : &PyId_imag);
}

static PyObject *
spam_real""",
).replace(
    "return get(arg, &PyId_real)",
    'return Py_BuildValue("NN", either(arg, 1, &PyId_real), either(arg, 0, &PyId_real))',
)


def test_parameters_take_objects(tmp_path: Path) -> None:
    outcome = migrated(PASSED_ON)
    text = text_of(outcome)
    assert "either(spam_state *state, PyObject *object, int which, PyObject *first)" in text
    assert "get(object, which ? first : state->str_imag)" in text
    behaves(outcome, tmp_path, "import spam; print(spam.real(3 + 4j))", "(3.0, 4.0)")


def test_all_that_share_a_parameter_stay_together() -> None:
    code = PASSED_ON.replace("_PyObject_GetAttrId(object,", "_PyObject_LookupSpecial(object,")
    text = text_of(migrated(code))
    assert "_Py_IDENTIFIER(real);" in text and "_Py_IDENTIFIER(imag);" in text
    assert "_Py_Identifier *first" in text


def test_a_macro_of_the_same_name_is_not_the_one_of_the_c_api() -> None:
    own = "#define _Py_IDENTIFIER(name) static const char *PyId_##name = #name\n"
    code = UPPER.replace("_Py_IDENTIFIER(upper)", own + "_Py_IDENTIFIER(upper)", 1)
    assert "PyUnicode_InternFromString" not in text_of(migrated(code))


OTHER = """\
#include "get.h"

PyObject *
get(PyObject *object, _Py_Identifier *name)
{
    return _PyObject_GetAttrId(object, name);
}

PyObject *
imag(PyObject *object)
{
    _Py_IDENTIFIER(imag);
    return get(object, &PyId_imag);
}
"""
DECLARED = """\
#include <Python.h>
PyObject *get(PyObject *, _Py_Identifier *);
PyObject *imag(PyObject *);
"""


def test_several_files_share_the_members(tmp_path: Path) -> None:
    start = HANDED_ON.index("static PyObject *\nget")
    end = HANDED_ON.index("static PyObject *\nspam_real")
    main = f'#include "get.h"\n{HANDED_ON[:start]}{HANDED_ON[end:]}'.replace(
        "return get(arg, &PyId_real)", 'return Py_BuildValue("NN", get(arg, &PyId_real), imag(arg))'
    )
    outcome = migrated({"spam.c": main, "get.c": OTHER, "get.h": DECLARED})
    assert "PyObject *get(PyObject *, PyObject *);" in text_of(outcome, "get.h")
    behaves(outcome, tmp_path, "import spam; print(spam.real(3 + 4j))", "(3.0, 4.0)")
