/* structs: calendar sums whose results are struct sequences. */

#include "Python.h"

typedef struct {
    PyObject *CalendarError;
    int first_weekday;
    PyTypeObject *DayType;
    PyTypeObject *SpanType;
    PyTypeObject *VersionType;
} structs_state;

static inline structs_state *
get_structs_state(PyObject *module)
{
    void *state = PyModule_GetState(module);
    assert(state != NULL);
    return (structs_state *)state;
}

#if PY_VERSION_HEX < 0x030a0000
static inline int
PyModule_AddObjectRef(PyObject *module, const char *name, PyObject *value)
{
    Py_XINCREF(value);
    if (PyModule_AddObject(module, name, value) < 0) {
        Py_XDECREF(value);
        return -1;
    }
    return 0;
}
#endif

/* Day, span, and a table row; the second type is not exported by its name. */

static PyStructSequence_Field day_fields[] = {
    {"year", "any year but none before 1"},
    {"month", "1 to 12"},
    {"day", "1 to 31"},
    {"weekday", "0 is Monday"},
    {"ordinal", "days since the beginning, by name only"},
    {0}
};

static PyStructSequence_Desc day_desc = {
    "structs.Day",
    "A day of the calendar.",
    day_fields,
    4,
};

static PyStructSequence_Field span_fields[] = {
    {"weeks", NULL},
    {"days", NULL},
    {NULL}
};

static PyStructSequence_Desc span_desc = {
    .name = "structs.Span",
    .doc = "What lies between two days.",
    .fields = span_fields,
    .n_in_sequence = 2,
};

static PyStructSequence_Field version_fields[] = {
    {"major", "changes that break"},
    {"minor", "changes that do not"},
    {"serial", NULL},
    {0}
};

static PyStructSequence_Desc version_desc = {
    "structs.version_info", "", version_fields, 3
};


static int days_before[13];     /* filled when the module is loaded */

static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static int
is_leap(long year)
{
#if STRUCTS_LEAP
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
#else
    return 0;
#endif
}

static int
month_length(long year, int month)
{
    return month_days[month - 1] + (month == 2 && is_leap(year));
}

static long
ordinal_of(long year, int month, int day)
{
    long before = year - 1;
    long days = before * 365;

#if STRUCTS_LEAP
    days += before / 4 - before / 100 + before / 400;
#endif
    return days + days_before[month] + (month > 2 && is_leap(year)) + day;
}

static PyObject *
make_day(structs_state *state, long year, int month, int day)
{
    PyObject *result;
    long ordinal = ordinal_of(year, month, day);

    result = PyStructSequence_New(state->DayType);
    if (result == NULL)
        return NULL;
    PyStructSequence_SET_ITEM(result, 0, PyLong_FromLong(year));
    PyStructSequence_SET_ITEM(result, 1, PyLong_FromLong(month));
    PyStructSequence_SET_ITEM(result, 2, PyLong_FromLong(day));
    PyStructSequence_SET_ITEM(result, 3, PyLong_FromLong((ordinal + 6 - state->first_weekday) % 7));
    PyStructSequence_SET_ITEM(result, 4, PyLong_FromLong(ordinal));
    if (PyErr_Occurred()) {
        Py_DECREF(result);
        return NULL;
    }
    return result;
}

/* Accepts a Day or any sequence that begins with year, month and day. */
static int
parse_day(structs_state *state, PyObject *arg, long *year, int *month, int *day)
{
    PyObject *tuple;
    int good;

    if (Py_TYPE(arg) == state->DayType) {
        *year = PyLong_AsLong(PyStructSequence_GET_ITEM(arg, 0));
        *month = (int)PyLong_AsLong(PyStructSequence_GET_ITEM(arg, 1));
        *day = (int)PyLong_AsLong(PyStructSequence_GET_ITEM(arg, 2));
    }
    else {
        tuple = PySequence_Tuple(arg);
        if (tuple == NULL)
            return -1;
        good = PyArg_ParseTuple(tuple, "lii;a day is (year, month, day)", year, month, day);
        Py_DECREF(tuple);
        if (!good)
            return -1;
    }
    if (PyErr_Occurred())
        return -1;
    if (*year < 1 || *year > 9999 || *month < 1 || *month > 12 || *day < 1 ||
        *day > month_length(*year, *month)) {
        PyErr_Format(state->CalendarError, "no day %ld-%d-%d", *year, *month, *day);
        return -1;
    }
    return 0;
}

static PyObject *
structs_day(PyObject *self, PyObject *args)
{
    structs_state *state = get_structs_state(self);
    long year;
    int month, day;

    if (parse_day(state, args, &year, &month, &day) < 0)
        return NULL;
    return make_day(state, year, month, day);
}

static PyObject *
structs_from_ordinal(PyObject *self, PyObject *arg)
{
    structs_state *state = get_structs_state(self);
    long ordinal, year;
    int month;

    ordinal = PyLong_AsLong(arg);
    if (ordinal == -1 && PyErr_Occurred())
        return NULL;
    if (ordinal < 1 || ordinal > ordinal_of(9999, 12, 31)) {
        PyErr_Format(state->CalendarError, "no day has the number %ld", ordinal);
        return NULL;
    }
    year = ordinal / 366 + 1;
    while (year < 9999 && ordinal_of(year + 1, 1, 1) <= ordinal)
        year++;
    month = 1;
    while (month < 12 && ordinal_of(year, month + 1, 1) <= ordinal)
        month++;
    return make_day(state, year, month, (int)(ordinal - ordinal_of(year, month, 1)) + 1);
}

static PyObject *
structs_between(PyObject *self, PyObject *args)
{
    structs_state *state = get_structs_state(self);
    PyObject *from, *to, *result;
    long year, start, days;
    int month, day;

    if (!PyArg_ParseTuple(args, "OO:between", &from, &to))
        return NULL;
    if (parse_day(state, from, &year, &month, &day) < 0)
        return NULL;
    start = ordinal_of(year, month, day);
    if (parse_day(state, to, &year, &month, &day) < 0)
        return NULL;
    days = ordinal_of(year, month, day) - start;
    if (days < 0) {
        PyErr_SetString(state->CalendarError, "the second day comes first");
        return NULL;
    }
    result = PyStructSequence_New(state->SpanType);
    if (result == NULL)
        return NULL;
    PyStructSequence_SetItem(result, 0, PyLong_FromLong(days / 7));
    PyStructSequence_SetItem(result, 1, PyLong_FromLong(days % 7));
    return result;
}

static PyObject *
structs_first_weekday(PyObject *self, PyObject *args)
{
    structs_state *state = get_structs_state(self);
    int old = state->first_weekday, weekday = state->first_weekday;

    if (!PyArg_ParseTuple(args, "|i:first_weekday", &weekday))
        return NULL;
    if (weekday < 0 || weekday > 6) {
        PyErr_SetString(state->CalendarError, "a week has seven days");
        return NULL;
    }
    state->first_weekday = weekday;
    return PyLong_FromLong(old);
}

static PyMethodDef structs_methods[] = {
    {"day", structs_day, METH_VARARGS, "day(year, month, day)"},
    {"from_ordinal", structs_from_ordinal, METH_O, "The day of a number."},
    {"between", structs_between, METH_VARARGS, "The span from one day to another."},
    {"first_weekday", structs_first_weekday, METH_VARARGS,
     "Which day a week begins with; 0 is Monday."},
    {NULL, NULL}
};

static int
structs_traverse(PyObject *module, visitproc visit, void *arg)
{
    structs_state *state = get_structs_state(module);

    Py_VISIT(state->CalendarError);
    Py_VISIT(state->DayType);
    Py_VISIT(state->SpanType);
    Py_VISIT(state->VersionType);
    return 0;
}

static int
structs_clear(PyObject *module)
{
    structs_state *state = get_structs_state(module);

    Py_CLEAR(state->CalendarError);
    Py_CLEAR(state->DayType);
    Py_CLEAR(state->SpanType);
    Py_CLEAR(state->VersionType);
    return 0;
}

static void
structs_free(void *module)
{
    (void)structs_clear((PyObject *)module);
}

static int structs_exec(PyObject *);

static PyModuleDef_Slot structs_slots[] = {
    {Py_mod_exec, structs_exec},
#if PY_VERSION_HEX >= 0x030d0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef structsmodule = {
    PyModuleDef_HEAD_INIT,
    .m_name = "structs",
    .m_doc = "Calendar sums.",
    .m_size = sizeof(structs_state),
    .m_methods = structs_methods,
    .m_slots = structs_slots,
    .m_traverse = structs_traverse,
    .m_clear = structs_clear,
    .m_free = structs_free,
};

static int structs_tables_filled;
#if PY_VERSION_HEX >= 0x030d0000
static PyMutex structs_tables_mutex;
#endif

static int
structs_exec(PyObject *m)
{
    structs_state *state = get_structs_state(m);
    PyObject *version;
    int month;


#if PY_VERSION_HEX >= 0x030d0000
    PyMutex_Lock(&structs_tables_mutex);
#endif
    if (!structs_tables_filled) {
        for (month = 1; month < 12; month++)
            days_before[month + 1] = days_before[month] + month_days[month - 1];
        structs_tables_filled = 1;
    }
#if PY_VERSION_HEX >= 0x030d0000
    PyMutex_Unlock(&structs_tables_mutex);
#endif

    state->CalendarError = PyErr_NewException("structs.CalendarError", PyExc_ValueError, NULL);
    if (state->CalendarError == NULL)
        return -1;
    PyModule_AddObjectRef(m, "CalendarError", state->CalendarError);

    state->DayType = PyStructSequence_NewType(&day_desc);
    if (state->DayType == NULL)
        return -1;
    state->SpanType = PyStructSequence_NewType(&span_desc);
    if (state->SpanType == NULL)
        return -1;
    state->VersionType = PyStructSequence_NewType(&version_desc);
    if (state->VersionType == NULL)
        return -1;
    PyModule_AddObjectRef(m, "Day", (PyObject *)state->DayType);
    PyModule_AddObjectRef(m, "Span", (PyObject *)state->SpanType);

    version = PyStructSequence_New(state->VersionType);
    if (version == NULL)
        return -1;
    PyStructSequence_SET_ITEM(version, 0, PyLong_FromLong(1));
    PyStructSequence_SET_ITEM(version, 1, PyLong_FromLong(1));
    PyStructSequence_SET_ITEM(version, 2, PyLong_FromLong(20));
    PyModule_AddObject(m, "version_info", version);
    /* There is only one version. */
    state->VersionType->tp_new = NULL;
    PyType_Modified(state->VersionType);
    return PyErr_Occurred() ? -1 : 0;
}

PyMODINIT_FUNC
PyInit_structs(void)
{
    return PyModuleDef_Init(&structsmodule);
}
