/* structs: calendar sums whose results are struct sequences. */

#include "Python.h"

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
    "structs.version_info", NULL, version_fields, 3
};

static int initialized;
static PyTypeObject DayType;
static PyTypeObject SpanType;
static PyTypeObject VersionType;

static PyObject *CalendarError;
static int first_weekday = 0;
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
make_day(long year, int month, int day)
{
    PyObject *result;
    long ordinal = ordinal_of(year, month, day);

    result = PyStructSequence_New(&DayType);
    if (result == NULL)
        return NULL;
    PyStructSequence_SET_ITEM(result, 0, PyLong_FromLong(year));
    PyStructSequence_SET_ITEM(result, 1, PyLong_FromLong(month));
    PyStructSequence_SET_ITEM(result, 2, PyLong_FromLong(day));
    PyStructSequence_SET_ITEM(result, 3, PyLong_FromLong((ordinal + 6 - first_weekday) % 7));
    PyStructSequence_SET_ITEM(result, 4, PyLong_FromLong(ordinal));
    if (PyErr_Occurred()) {
        Py_DECREF(result);
        return NULL;
    }
    return result;
}

/* Accepts a Day or any sequence that begins with year, month and day. */
static int
parse_day(PyObject *arg, long *year, int *month, int *day)
{
    PyObject *tuple;
    int good;

    if (Py_TYPE(arg) == &DayType) {
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
        PyErr_Format(CalendarError, "no day %ld-%d-%d", *year, *month, *day);
        return -1;
    }
    return 0;
}

static PyObject *
structs_day(PyObject *self, PyObject *args)
{
    long year;
    int month, day;

    if (parse_day(args, &year, &month, &day) < 0)
        return NULL;
    return make_day(year, month, day);
}

static PyObject *
structs_from_ordinal(PyObject *self, PyObject *arg)
{
    long ordinal, year;
    int month;

    ordinal = PyLong_AsLong(arg);
    if (ordinal == -1 && PyErr_Occurred())
        return NULL;
    if (ordinal < 1 || ordinal > ordinal_of(9999, 12, 31)) {
        PyErr_Format(CalendarError, "no day has the number %ld", ordinal);
        return NULL;
    }
    year = ordinal / 366 + 1;
    while (year < 9999 && ordinal_of(year + 1, 1, 1) <= ordinal)
        year++;
    month = 1;
    while (month < 12 && ordinal_of(year, month + 1, 1) <= ordinal)
        month++;
    return make_day(year, month, (int)(ordinal - ordinal_of(year, month, 1)) + 1);
}

static PyObject *
structs_between(PyObject *self, PyObject *args)
{
    PyObject *from, *to, *result;
    long year, start, days;
    int month, day;

    if (!PyArg_ParseTuple(args, "OO:between", &from, &to))
        return NULL;
    if (parse_day(from, &year, &month, &day) < 0)
        return NULL;
    start = ordinal_of(year, month, day);
    if (parse_day(to, &year, &month, &day) < 0)
        return NULL;
    days = ordinal_of(year, month, day) - start;
    if (days < 0) {
        PyErr_SetString(CalendarError, "the second day comes first");
        return NULL;
    }
    result = PyStructSequence_New(&SpanType);
    if (result == NULL)
        return NULL;
    PyStructSequence_SetItem(result, 0, PyLong_FromLong(days / 7));
    PyStructSequence_SetItem(result, 1, PyLong_FromLong(days % 7));
    return result;
}

static PyObject *
structs_first_weekday(PyObject *self, PyObject *args)
{
    int old = first_weekday, weekday = first_weekday;

    if (!PyArg_ParseTuple(args, "|i:first_weekday", &weekday))
        return NULL;
    if (weekday < 0 || weekday > 6) {
        PyErr_SetString(CalendarError, "a week has seven days");
        return NULL;
    }
    first_weekday = weekday;
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

static struct PyModuleDef structsmodule = {
    PyModuleDef_HEAD_INIT,
    "structs",
    "Calendar sums.",
    -1,
    structs_methods,
    NULL,
    NULL,
    NULL,
    NULL
};

PyMODINIT_FUNC
PyInit_structs(void)
{
    PyObject *m, *version;
    int month;

    m = PyModule_Create(&structsmodule);
    if (m == NULL)
        return NULL;

    for (month = 1; month < 12; month++)
        days_before[month + 1] = days_before[month] + month_days[month - 1];

    CalendarError = PyErr_NewException("structs.CalendarError", PyExc_ValueError, NULL);
    if (CalendarError == NULL)
        return NULL;
    Py_INCREF(CalendarError);
    PyModule_AddObject(m, "CalendarError", CalendarError);

    if (!initialized) {
        if (PyStructSequence_InitType2(&DayType, &day_desc) < 0)
            return NULL;
        if (PyStructSequence_InitType2(&SpanType, &span_desc) < 0)
            return NULL;
        if (PyStructSequence_InitType2(&VersionType, &version_desc) < 0)
            return NULL;
    }
    Py_INCREF(&DayType);
    PyModule_AddObject(m, "Day", (PyObject *)&DayType);
    Py_INCREF((PyObject *)&SpanType);
    PyModule_AddObject(m, "Span", (PyObject *)&SpanType);

    version = PyStructSequence_New(&VersionType);
    if (version == NULL)
        return NULL;
    PyStructSequence_SET_ITEM(version, 0, PyLong_FromLong(1));
    PyStructSequence_SET_ITEM(version, 1, PyLong_FromLong(1));
    PyStructSequence_SET_ITEM(version, 2, PyLong_FromLong(20));
    PyModule_AddObject(m, "version_info", version);
    if (!initialized) {
        /* There is only one version. */
        VersionType.tp_new = NULL;
        PyType_Modified(&VersionType);
    }
    initialized = 1;
    return m;
}
