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

/* Counters */

/* Objects */

/* Tables filled in when the module is loaded */

/* The named colours; objects are made with the module */
struct colour {
    const char *name;
    unsigned char rgb[3];
    PyObject *object;                   /* the tuple for rgb */
};

typedef struct {
    int upper_case;  /* of hexadecimal digits */
    double gamma_value;
    long lru_limit;
    char separator[8];
    unsigned long hits;
    unsigned long misses;
    PyObject *ColourError;
    PyObject *str_name;
    PyObject *str_red;
    PyObject *str_green;
    PyObject *str_blue;
    PyObject *lru;  /* text -> colour, oldest first */
    PyObject *small_tuples[4];  /* grey of 0, 85, 170, 255 */
    unsigned char gamma_table[256];
    signed char hex_value[256];
    struct colour colours[7];
    char last_problem[80];
    char digits_buffer[32];
    PyObject *caches_name_by_value;  /* colour -> name */
    PyObject *caches_average_mean;  /* statistics.mean */
    long caches_ticket_number;
} caches_state;

static inline caches_state *
get_caches_state(PyObject *module)
{
    void *state = PyModule_GetState(module);
    assert(state != NULL);
    return (caches_state *)state;
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

/* What the last failed parse was about */

static void fill_gamma(caches_state *state, double value)
{
    int i;

    state->gamma_value = value;
    for (i = 0; i < 256; i++) {
        double x = i / 255.0, y = 1.0;
        /* whole powers are enough here */
        int n = (int)value;
        while (n-- > 0)
            y *= x;
        state->gamma_table[i] = (unsigned char)(y * 255.0 + 0.5);
    }
}

static void fill_hex(caches_state *state)
{
    int c;

    memset(state->hex_value, -1, sizeof(state->hex_value));
    for (c = '0'; c <= '9'; c++)
        state->hex_value[c] = (signed char)(c - '0');
    for (c = 'a'; c <= 'f'; c++)
        state->hex_value[c] = state->hex_value[toupper(c)] = (signed char)(c - 'a' + 10);
}

static PyObject *colour_tuple(caches_state *state, int r, int g, int b)
{
    if (r == g && g == b && r % 85 == 0) {
        PyObject **place = &state->small_tuples[r / 85];
        if (*place == NULL)
            *place = Py_BuildValue("(iii)", r, g, b);
        Py_XINCREF(*place);
        return *place;
    }
    return Py_BuildValue("(iii)", r, g, b);
}

/* The digits of a colour; good until the next call */
static const char *digits(caches_state *state, int r, int g, int b)
{

    snprintf(state->digits_buffer, sizeof(state->digits_buffer), state->upper_case ? "%s%02X%02X%02X" : "%s%02x%02x%02x",
             state->separator, r, g, b);
    return state->digits_buffer;
}

static int problem(caches_state *state, const char *what, const char *text)
{
    snprintf(state->last_problem, sizeof(state->last_problem), "%s: %.40s", what, text);
    PyErr_SetString(state->ColourError, state->last_problem);
    return -1;
}

static int parse_digits(caches_state *state, const char *text, int *rgb)
{
    size_t skip = strlen(state->separator), i;

    if (strncmp(text, state->separator, skip) || strlen(text) != skip + 6)
        return problem(state, "not a colour", text);
    for (i = 0; i < 3; i++) {
        int high = state->hex_value[(unsigned char)text[skip + 2 * i]];
        int low = state->hex_value[(unsigned char)text[skip + 2 * i + 1]];
        if (high < 0 || low < 0)
            return problem(state, "not hexadecimal", text);
        rgb[i] = state->gamma_table[16 * high + low];
    }
    return 0;
}

static PyObject *find_colour(caches_state *state, const char *text)
{
    struct colour *c;
    int rgb[3];

    for (c = state->colours; c->name; c++) {
        if (!strcmp(c->name, text)) {
            Py_INCREF(c->object);
            return c->object;
        }
    }
    if (parse_digits(state, text, rgb) < 0)
        return NULL;
    return colour_tuple(state, rgb[0], rgb[1], rgb[2]);
}

/* Drop what was not used for longest */
static int lru_shrink(caches_state *state)
{
    while (PyDict_Size(state->lru) > state->lru_limit) {
        PyObject *key, *value;
        Py_ssize_t pos = 0;
        int failed;

        if (!PyDict_Next(state->lru, &pos, &key, &value))
            break;
        Py_INCREF(key);
        failed = PyDict_DelItem(state->lru, key);
        Py_DECREF(key);
        if (failed)
            return -1;
    }
    return 0;
}

static PyObject *caches_parse(PyObject *self, PyObject *text)
{
    caches_state *state = get_caches_state(self);
    PyObject *found;
    const char *utf8;

    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a colour is written as a string");
        return NULL;
    }
    if (state->lru == NULL && (state->lru = PyDict_New()) == NULL)
        return NULL;
    found = PyDict_GetItemWithError(state->lru, text);
    if (found != NULL) {
        state->hits++;
        Py_INCREF(found);
        if (PyDict_DelItem(state->lru, text) < 0)
            goto error;
    }
    else {
        if (PyErr_Occurred())
            return NULL;
        state->misses++;
        utf8 = PyUnicode_AsUTF8(text);
        if (utf8 == NULL || (found = find_colour(state, utf8)) == NULL)
            return NULL;
    }
    if (PyDict_SetItem(state->lru, text, found) < 0 || lru_shrink(state) < 0)
        goto error;
    return found;
error:
    Py_DECREF(found);
    return NULL;
}

static PyObject *caches_write(PyObject *self, PyObject *args)
{
    caches_state *state = get_caches_state(self);
    int r, g, b;

    if (!PyArg_ParseTuple(args, "iii:write", &r, &g, &b))
        return NULL;
    if ((r | g | b) & ~255) {
        PyErr_SetString(state->ColourError, "a part of a colour is 0 to 255");
        return NULL;
    }
    return PyUnicode_FromString(digits(state, r, g, b));
}

static PyObject *caches_name(PyObject *self, PyObject *rgb)
{
    caches_state *state = get_caches_state(self);
    PyObject *name;
    struct colour *c;

    if (state->caches_name_by_value == NULL) {
        state->caches_name_by_value = PyDict_New();
        if (state->caches_name_by_value == NULL)
            return NULL;
        for (c = state->colours; c->name; c++) {
            name = PyUnicode_InternFromString(c->name);
            if (name == NULL || PyDict_SetItem(state->caches_name_by_value, c->object, name) < 0) {
                Py_XDECREF(name);
                Py_CLEAR(state->caches_name_by_value);
                return NULL;
            }
            Py_DECREF(name);
        }
    }
    name = PyDict_GetItemWithError(state->caches_name_by_value, rgb);
    if (name == NULL) {
        if (!PyErr_Occurred())
            PyErr_Format(state->ColourError, "no name for %R", rgb);
        return NULL;
    }
    Py_INCREF(name);
    return name;
}

/* Read a colour from any object with attributes name, or red, green, blue */
static PyObject *caches_read(PyObject *self, PyObject *source)
{
    caches_state *state = get_caches_state(self);
    PyObject *names[3], *value, *result;
    int i;

    names[0] = state->str_red;
    names[1] = state->str_green;
    names[2] = state->str_blue;
    value = PyObject_GetAttr(source, state->str_name);
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
    caches_state *state = get_caches_state(self);

    if (state->caches_average_mean == NULL) {
        PyObject *module = PyImport_ImportModule("statistics");
        if (module == NULL)
            return NULL;
        state->caches_average_mean = PyObject_GetAttrString(module, "mean");
        Py_DECREF(module);
        if (state->caches_average_mean == NULL)
            return NULL;
    }
    return PyObject_CallFunctionObjArgs(state->caches_average_mean, numbers, NULL);
}

static PyObject *caches_ticket(PyObject *self, PyObject *unused)
{
    caches_state *state = get_caches_state(self);

    return PyLong_FromLong(++state->caches_ticket_number);
}

static PyObject *caches_info(PyObject *self, PyObject *unused)
{
    caches_state *state = get_caches_state(self);
    return Py_BuildValue("{s:k,s:k,s:n,s:s}", "hits", state->hits, "misses", state->misses,
                         "size", state->lru ? PyDict_Size(state->lru) : 0, "problem", state->last_problem);
}

static PyObject *caches_clear(PyObject *self, PyObject *unused)
{
    caches_state *state = get_caches_state(self);
    Py_CLEAR(state->lru);
    state->hits = state->misses = 0;
    state->last_problem[0] = '\0';
    Py_RETURN_NONE;
}

static PyObject *caches_configure(PyObject *self, PyObject *args, PyObject *kwds)
{
    caches_state *state = get_caches_state(self);
    static char *kwlist[] = {"upper", "gamma", "limit", "prefix", NULL};
    int upper = state->upper_case;
    double value = state->gamma_value;
    long limit = state->lru_limit;
    const char *prefix = state->separator;

    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|pdls:configure", kwlist,
                                     &upper, &value, &limit, &prefix))
        return NULL;
    if (strlen(prefix) >= sizeof(state->separator) || limit < 1 || value < 1.0) {
        PyErr_SetString(PyExc_ValueError, "no such configuration");
        return NULL;
    }
    state->upper_case = upper;
    state->lru_limit = limit;
    if (prefix != state->separator)
        strcpy(state->separator, prefix);
    fill_gamma(state, value);
    if (state->lru != NULL)
        PyDict_Clear(state->lru);
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

static int
caches_traverse(PyObject *module, visitproc visit, void *arg)
{
    caches_state *state = get_caches_state(module);

    Py_VISIT(state->ColourError);
    Py_VISIT(state->str_name);
    Py_VISIT(state->str_red);
    Py_VISIT(state->str_green);
    Py_VISIT(state->str_blue);
    Py_VISIT(state->lru);
    for (size_t i = 0; i < Py_ARRAY_LENGTH(state->small_tuples); i++) {
        Py_VISIT(state->small_tuples[i]);
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(state->colours); i++) {
        Py_VISIT(state->colours[i].object);
    }
    Py_VISIT(state->caches_name_by_value);
    Py_VISIT(state->caches_average_mean);
    return 0;
}

static int
caches_module_clear(PyObject *module)
{
    caches_state *state = get_caches_state(module);

    Py_CLEAR(state->ColourError);
    Py_CLEAR(state->str_name);
    Py_CLEAR(state->str_red);
    Py_CLEAR(state->str_green);
    Py_CLEAR(state->str_blue);
    Py_CLEAR(state->lru);
    for (size_t i = 0; i < Py_ARRAY_LENGTH(state->small_tuples); i++) {
        Py_CLEAR(state->small_tuples[i]);
    }
    for (size_t i = 0; i < Py_ARRAY_LENGTH(state->colours); i++) {
        Py_CLEAR(state->colours[i].object);
    }
    Py_CLEAR(state->caches_name_by_value);
    Py_CLEAR(state->caches_average_mean);
    return 0;
}

static void
caches_free(void *module)
{
    (void)caches_module_clear((PyObject *)module);
}

static int caches_exec(PyObject *);

static PyModuleDef_Slot caches_slots[] = {
    {Py_mod_exec, caches_exec},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef caches_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "caches",
    .m_doc = "Colours by name and number.",
    .m_size = sizeof(caches_state),
    .m_methods = caches_methods,
    .m_slots = caches_slots,
    .m_traverse = caches_traverse,
    .m_clear = caches_module_clear,
    .m_free = caches_free,
};

#define INTERN(var, text) \
    if ((var = PyUnicode_InternFromString(text)) == NULL) \
        return NULL

static int
caches_exec(PyObject *module)
{
    caches_state *state = get_caches_state(module);
    struct colour *c;

    state->gamma_value = 1.0;
    state->lru_limit = 4;
    {
        static const char initial[8] = "#";
        memcpy(&state->separator, &initial, sizeof(initial));
    }
    {
        static const struct colour initial[7] = {
        {"black",  {0, 0, 0},       NULL},
        {"white",  {255, 255, 255}, NULL},
        {"red",    {255, 0, 0},     NULL},
        {"green",  {0, 128, 0},     NULL},
        {"blue",   {0, 0, 255},     NULL},
        {"orange", {255, 165, 0},   NULL},
        {NULL}
    };
        memcpy(&state->colours, &initial, sizeof(initial));
    }
    if ((state->str_name = PyUnicode_InternFromString("name")) == NULL)
        return -1;
    if ((state->str_red = PyUnicode_InternFromString("red")) == NULL)
        return -1;
    if ((state->str_green = PyUnicode_InternFromString("green")) == NULL)
        return -1;
    if ((state->str_blue = PyUnicode_InternFromString("blue")) == NULL)
        return -1;
    fill_hex(state);
    fill_gamma(state, state->gamma_value);
    for (c = state->colours; c->name; c++) {
        c->object = colour_tuple(state, c->rgb[0], c->rgb[1], c->rgb[2]);
        if (c->object == NULL)
            return -1;
    }

    state->ColourError = PyErr_NewException("caches.ColourError", PyExc_ValueError, NULL);
    if (state->ColourError == NULL) {
        return -1;
    }
    PyModule_AddObjectRef(module, "ColourError", state->ColourError);
    PyModule_AddIntConstant(module, "NAMED", sizeof(state->colours) / sizeof(state->colours[0]) - 1);
    return PyErr_Occurred() ? -1 : 0;
}

PyMODINIT_FUNC
PyInit_caches(void)
{
    return PyModuleDef_Init(&caches_module);
}
