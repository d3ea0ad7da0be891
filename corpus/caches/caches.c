/*
** caches: colours by name and number.
**
** Everything that was computed once is kept somewhere in here.
*/
#include <Python.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Settings */
static int       upper_case = 0;        /* of hexadecimal digits */
static double    gamma_value = 1.0;
static long      lru_limit = 4;
static char      separator[8] = "#";

/* Counters */
static unsigned long hits, misses;

/* Objects */
static PyObject *ColourError;
static PyObject *str_name, *str_red, *str_green, *str_blue;
static PyObject *lru = NULL;            /* text -> colour, oldest first */
static PyObject *small_tuples[4];       /* grey of 0, 85, 170, 255 */

/* Tables filled in when the module is loaded */
static unsigned char gamma_table[256];
static signed char   hex_value[256];

/* The named colours; objects are made with the module */
static struct colour {
    const char *name;
    unsigned char rgb[3];
    PyObject *object;                   /* the tuple for rgb */
} colours[] = {
    {"black",  {0, 0, 0},       NULL},
    {"white",  {255, 255, 255}, NULL},
    {"red",    {255, 0, 0},     NULL},
    {"green",  {0, 128, 0},     NULL},
    {"blue",   {0, 0, 255},     NULL},
    {"orange", {255, 165, 0},   NULL},
    {NULL}
};

/* What the last failed parse was about */
static char last_problem[80];

static void fill_gamma(double value)
{
    int i;

    gamma_value = value;
    for (i = 0; i < 256; i++) {
        double x = i / 255.0, y = 1.0;
        /* whole powers are enough here */
        int n = (int)value;
        while (n-- > 0)
            y *= x;
        gamma_table[i] = (unsigned char)(y * 255.0 + 0.5);
    }
}

static void fill_hex(void)
{
    int c;

    memset(hex_value, -1, sizeof(hex_value));
    for (c = '0'; c <= '9'; c++)
        hex_value[c] = (signed char)(c - '0');
    for (c = 'a'; c <= 'f'; c++)
        hex_value[c] = hex_value[toupper(c)] = (signed char)(c - 'a' + 10);
}

static PyObject *colour_tuple(int r, int g, int b)
{
    if (r == g && g == b && r % 85 == 0) {
        PyObject **place = &small_tuples[r / 85];
        if (*place == NULL)
            *place = Py_BuildValue("(iii)", r, g, b);
        Py_XINCREF(*place);
        return *place;
    }
    return Py_BuildValue("(iii)", r, g, b);
}

/* The digits of a colour; good until the next call */
static const char *digits(int r, int g, int b)
{
    static char buffer[32];

    snprintf(buffer, sizeof(buffer), upper_case ? "%s%02X%02X%02X" : "%s%02x%02x%02x",
             separator, r, g, b);
    return buffer;
}

static int problem(const char *what, const char *text)
{
    snprintf(last_problem, sizeof(last_problem), "%s: %.40s", what, text);
    PyErr_SetString(ColourError, last_problem);
    return -1;
}

static int parse_digits(const char *text, int *rgb)
{
    size_t skip = strlen(separator), i;

    if (strncmp(text, separator, skip) || strlen(text) != skip + 6)
        return problem("not a colour", text);
    for (i = 0; i < 3; i++) {
        int high = hex_value[(unsigned char)text[skip + 2 * i]];
        int low = hex_value[(unsigned char)text[skip + 2 * i + 1]];
        if (high < 0 || low < 0)
            return problem("not hexadecimal", text);
        rgb[i] = gamma_table[16 * high + low];
    }
    return 0;
}

static PyObject *find_colour(const char *text)
{
    struct colour *c;
    int rgb[3];

    for (c = colours; c->name; c++) {
        if (!strcmp(c->name, text)) {
            Py_INCREF(c->object);
            return c->object;
        }
    }
    if (parse_digits(text, rgb) < 0)
        return NULL;
    return colour_tuple(rgb[0], rgb[1], rgb[2]);
}

/* Drop what was not used for longest */
static int lru_shrink(void)
{
    while (PyDict_Size(lru) > lru_limit) {
        PyObject *key, *value;
        Py_ssize_t pos = 0;
        int failed;

        if (!PyDict_Next(lru, &pos, &key, &value))
            break;
        Py_INCREF(key);
        failed = PyDict_DelItem(lru, key);
        Py_DECREF(key);
        if (failed)
            return -1;
    }
    return 0;
}

static PyObject *caches_parse(PyObject *self, PyObject *text)
{
    PyObject *found;
    const char *utf8;

    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a colour is written as a string");
        return NULL;
    }
    if (lru == NULL && (lru = PyDict_New()) == NULL)
        return NULL;
    found = PyDict_GetItemWithError(lru, text);
    if (found != NULL) {
        hits++;
        Py_INCREF(found);
        if (PyDict_DelItem(lru, text) < 0)
            goto error;
    }
    else {
        if (PyErr_Occurred())
            return NULL;
        misses++;
        utf8 = PyUnicode_AsUTF8(text);
        if (utf8 == NULL || (found = find_colour(utf8)) == NULL)
            return NULL;
    }
    if (PyDict_SetItem(lru, text, found) < 0 || lru_shrink() < 0)
        goto error;
    return found;
error:
    Py_DECREF(found);
    return NULL;
}

static PyObject *caches_write(PyObject *self, PyObject *args)
{
    int r, g, b;

    if (!PyArg_ParseTuple(args, "iii:write", &r, &g, &b))
        return NULL;
    if ((r | g | b) & ~255) {
        PyErr_SetString(ColourError, "a part of a colour is 0 to 255");
        return NULL;
    }
    return PyUnicode_FromString(digits(r, g, b));
}

static PyObject *caches_name(PyObject *self, PyObject *rgb)
{
    static PyObject *by_value = NULL;   /* colour -> name */
    PyObject *name;
    struct colour *c;

    if (by_value == NULL) {
        by_value = PyDict_New();
        if (by_value == NULL)
            return NULL;
        for (c = colours; c->name; c++) {
            name = PyUnicode_InternFromString(c->name);
            if (name == NULL || PyDict_SetItem(by_value, c->object, name) < 0) {
                Py_XDECREF(name);
                Py_CLEAR(by_value);
                return NULL;
            }
            Py_DECREF(name);
        }
    }
    name = PyDict_GetItemWithError(by_value, rgb);
    if (name == NULL) {
        if (!PyErr_Occurred())
            PyErr_Format(ColourError, "no name for %R", rgb);
        return NULL;
    }
    Py_INCREF(name);
    return name;
}

/* Read a colour from any object with attributes name, or red, green, blue */
static PyObject *caches_read(PyObject *self, PyObject *source)
{
    PyObject *names[3], *value, *result;
    int i;

    names[0] = str_red;
    names[1] = str_green;
    names[2] = str_blue;
    value = PyObject_GetAttr(source, str_name);
    if (value != NULL) {
        result = caches_parse(self, value);
        Py_DECREF(value);
        return result;
    }
    if (!PyErr_ExceptionMatches(PyExc_AttributeError))
        return NULL;
    PyErr_Clear();
    result = PyTuple_New(3);
    for (i = 0; result != NULL && i < 3; i++) {
        value = PyObject_GetAttr(source, names[i]);
        if (value == NULL)
            Py_CLEAR(result);
        else
            PyTuple_SET_ITEM(result, i, value);
    }
    return result;
}

static PyObject *caches_average(PyObject *self, PyObject *numbers)
{
    static PyObject *mean = NULL;       /* statistics.mean */

    if (mean == NULL) {
        PyObject *module = PyImport_ImportModule("statistics");
        if (module == NULL)
            return NULL;
        mean = PyObject_GetAttrString(module, "mean");
        Py_DECREF(module);
        if (mean == NULL)
            return NULL;
    }
    return PyObject_CallFunctionObjArgs(mean, numbers, NULL);
}

static PyObject *caches_ticket(PyObject *self, PyObject *unused)
{
    static long number = 0;

    return PyLong_FromLong(++number);
}

static PyObject *caches_info(PyObject *self, PyObject *unused)
{
    return Py_BuildValue("{s:k,s:k,s:n,s:s}", "hits", hits, "misses", misses,
                         "size", lru ? PyDict_Size(lru) : 0, "problem", last_problem);
}

static PyObject *caches_clear(PyObject *self, PyObject *unused)
{
    Py_CLEAR(lru);
    hits = misses = 0;
    last_problem[0] = '\0';
    Py_RETURN_NONE;
}

static PyObject *caches_configure(PyObject *self, PyObject *args, PyObject *kwds)
{
    static char *kwlist[] = {"upper", "gamma", "limit", "prefix", NULL};
    int upper = upper_case;
    double value = gamma_value;
    long limit = lru_limit;
    const char *prefix = separator;

    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|pdls:configure", kwlist,
                                     &upper, &value, &limit, &prefix))
        return NULL;
    if (strlen(prefix) >= sizeof(separator) || limit < 1 || value < 1.0) {
        PyErr_SetString(PyExc_ValueError, "no such configuration");
        return NULL;
    }
    upper_case = upper;
    lru_limit = limit;
    if (prefix != separator)
        strcpy(separator, prefix);
    fill_gamma(value);
    if (lru != NULL)
        PyDict_Clear(lru);
    Py_RETURN_NONE;
}

static PyMethodDef caches_methods[] = {
    {"parse",     caches_parse,   METH_O,       "The colour of a name or of digits."},
    {"write",     caches_write,   METH_VARARGS, "The digits of a colour."},
    {"name",      caches_name,    METH_O,       "The name of a colour."},
    {"read",      caches_read,    METH_O,       "The colour of an object."},
    {"average",   caches_average, METH_O,       "The mean of some numbers."},
    {"ticket",    caches_ticket,  METH_NOARGS,  "A new number each time."},
    {"info",      caches_info,    METH_NOARGS,  "What the caches did."},
    {"clear",     caches_clear,   METH_NOARGS,  "Empty the caches."},
    {"configure", (PyCFunction)(void(*)(void))caches_configure,
                  METH_VARARGS | METH_KEYWORDS, "Change settings."},
    {NULL,        NULL,           0,            NULL}
};

static PyModuleDef caches_module = {
    PyModuleDef_HEAD_INIT, "caches", "Colours by name and number.", -1, caches_methods
};

#define INTERN(var, text) \
    if ((var = PyUnicode_InternFromString(text)) == NULL) \
        return NULL

PyMODINIT_FUNC PyInit_caches(void)
{
    PyObject *module;
    struct colour *c;

    INTERN(str_name, "name");
    INTERN(str_red, "red");
    INTERN(str_green, "green");
    INTERN(str_blue, "blue");
    fill_hex();
    fill_gamma(gamma_value);
    for (c = colours; c->name; c++) {
        c->object = colour_tuple(c->rgb[0], c->rgb[1], c->rgb[2]);
        if (c->object == NULL)
            return NULL;
    }

    module = PyModule_Create(&caches_module);
    if (module == NULL)
        return NULL;
    ColourError = PyErr_NewException("caches.ColourError", PyExc_ValueError, NULL);
    if (ColourError == NULL) {
        Py_DECREF(module);
        return NULL;
    }
    Py_INCREF(ColourError);
    PyModule_AddObject(module, "ColourError", ColourError);
    PyModule_AddIntConstant(module, "NAMED", sizeof(colours) / sizeof(colours[0]) - 1);
    return module;
}
