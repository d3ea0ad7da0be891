/* csvlite: rows of separated values.
 *
 * The reader takes any iterable of strings and gives lists of fields, the
 * writer calls back with one finished line a row.  How both behave is said by
 * a Dialect; dialects can be registered under a name.
 */

#include "Python.h"
#include "structmember.h"

typedef struct {
    PyObject *error_obj;        /* the exception of this module */
    PyObject *dialects;         /* name -> Dialect */
    long field_limit;           /* longest field that is accepted */
} csvlite_state;

static struct PyModuleDef csvlite_module;

#define csvlite_global \
    ((csvlite_state *)PyModule_GetState(PyState_FindModule(&csvlite_module)))

/* ---------------------------------------------------------------- Dialect */

typedef struct {
    PyObject_HEAD
    Py_UCS4 delimiter;
    Py_UCS4 quotechar;          /* 0: nothing is quoted */
    char strict;
    char skip_blank;
    PyObject *terminator;
    PyObject *note;             /* anything the user wants to keep here */
} DialectObj;

static PyTypeObject Dialect_Type;

#define Dialect_Check(op) PyObject_TypeCheck((op), &Dialect_Type)

/* A borrowed reference, or NULL with Error set. */
static PyObject *
find_dialect(PyObject *name)
{
    PyObject *found;

    found = PyDict_GetItemWithError(csvlite_global->dialects, name);
    if (found == NULL && !PyErr_Occurred())
        PyErr_Format(csvlite_global->error_obj, "unknown dialect %R", name);
    return found;
}

static int
one_char(PyObject *arg, const char *what, Py_UCS4 *result)
{
    if (arg == Py_None) {
        *result = 0;
        return 0;
    }
    if (!PyUnicode_Check(arg) || PyUnicode_GetLength(arg) != 1) {
        PyErr_Format(PyExc_TypeError, "%s must be a string of one character", what);
        return -1;
    }
    *result = PyUnicode_ReadChar(arg, 0);
    return 0;
}

static PyObject *
dialect_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *kwlist[] = {"base", "delimiter", "quotechar", "strict",
                             "skip_blank", "terminator", "note", NULL};
    PyObject *base = NULL, *delimiter = NULL, *quotechar = NULL;
    PyObject *terminator = NULL, *note = NULL;
    int strict = -1, skip_blank = -1;
    DialectObj *self, *from = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OOOppUO:Dialect", kwlist,
                                     &base, &delimiter, &quotechar, &strict,
                                     &skip_blank, &terminator, &note))
        return NULL;
    if (base != NULL && PyUnicode_Check(base)) {
        base = find_dialect(base);
        if (base == NULL)
            return NULL;
    }
    if (base != NULL && base != Py_None) {
        if (!Dialect_Check(base)) {
            PyErr_Format(csvlite_global->error_obj, "%.100s is not a dialect",
                         Py_TYPE(base)->tp_name);
            return NULL;
        }
        from = (DialectObj *)base;
    }

    self = (DialectObj *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->delimiter = from ? from->delimiter : ',';
    self->quotechar = from ? from->quotechar : '"';
    self->strict = strict >= 0 ? strict : (from ? from->strict : 0);
    self->skip_blank = skip_blank >= 0 ? skip_blank : (from ? from->skip_blank : 0);
    if (delimiter && one_char(delimiter, "delimiter", &self->delimiter) < 0)
        goto failed;
    if (quotechar && one_char(quotechar, "quotechar", &self->quotechar) < 0)
        goto failed;
    if (self->delimiter == 0 || self->delimiter == self->quotechar) {
        PyErr_SetString(csvlite_global->error_obj,
                        "the delimiter must be a character of its own");
        goto failed;
    }
    if (terminator == NULL && from != NULL)
        terminator = from->terminator;
    if (terminator != NULL) {
        Py_INCREF(terminator);
        self->terminator = terminator;
    }
    else {
        self->terminator = PyUnicode_FromString("\r\n");
        if (self->terminator == NULL)
            goto failed;
    }
    if (note == NULL)
        note = from ? from->note : Py_None;
    Py_INCREF(note);
    self->note = note;
    return (PyObject *)self;

failed:
    Py_DECREF(self);
    return NULL;
}

static int
dialect_traverse(DialectObj *self, visitproc visit, void *arg)
{
    Py_VISIT(self->terminator);
    Py_VISIT(self->note);
    return 0;
}

static int
dialect_clear(DialectObj *self)
{
    Py_CLEAR(self->terminator);
    Py_CLEAR(self->note);
    return 0;
}

static void
dialect_dealloc(DialectObj *self)
{
    PyObject_GC_UnTrack(self);
    dialect_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
dialect_get_char(DialectObj *self, void *closure)
{
    Py_UCS4 c = closure ? self->quotechar : self->delimiter;

    if (c == 0)
        Py_RETURN_NONE;
    return PyUnicode_FromOrdinal((int)c);
}

static PyMemberDef dialect_members[] = {
    {"terminator", T_OBJECT, offsetof(DialectObj, terminator), READONLY},
    {"note", T_OBJECT, offsetof(DialectObj, note), 0},
    {"strict", T_BOOL, offsetof(DialectObj, strict), READONLY},
    {"skip_blank", T_BOOL, offsetof(DialectObj, skip_blank), READONLY},
    {NULL}
};

static PyGetSetDef dialect_getset[] = {
    {"delimiter", (getter)dialect_get_char, NULL, "What stands between fields.", NULL},
    {"quotechar", (getter)dialect_get_char, NULL, "What stands around a field, or None.",
     (void *)1},
    {NULL}
};

PyDoc_STRVAR(dialect_doc,
"Dialect(base=None, **options)\n\n"
"How rows are written: delimiter, quotechar, strict, skip_blank,\n"
"terminator, and a note that is never looked at.");

static PyTypeObject Dialect_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "csvlite.Dialect",                          /* tp_name */
    sizeof(DialectObj),                         /* tp_basicsize */
    0,                                          /* tp_itemsize */
    (destructor)dialect_dealloc,                /* tp_dealloc */
    0, 0, 0, 0, 0,                              /* tp_vectorcall_offset ... tp_repr */
    0, 0, 0,                                    /* number, sequence, mapping */
    0, 0, 0, 0, 0, 0,                           /* tp_hash ... tp_as_buffer */
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE
        | Py_TPFLAGS_HAVE_GC,                   /* tp_flags */
    dialect_doc,                                /* tp_doc */
    (traverseproc)dialect_traverse,             /* tp_traverse */
    (inquiry)dialect_clear,                     /* tp_clear */
    0, 0, 0, 0,                                 /* tp_richcompare ... tp_iternext */
    0,                                          /* tp_methods */
    dialect_members,                            /* tp_members */
    dialect_getset,                             /* tp_getset */
    0, 0, 0, 0, 0, 0, 0,                        /* tp_base ... tp_alloc */
    dialect_new,                                /* tp_new */
};

/* An exact dialect is used as it is, all else goes through Dialect(). */
static DialectObj *
make_dialect(PyObject *dialect, PyObject *kwargs)
{
    PyObject *args, *result;

    if (dialect != NULL && Dialect_Check(dialect) &&
        (kwargs == NULL || PyDict_GET_SIZE(kwargs) == 0)) {
        Py_INCREF(dialect);
        return (DialectObj *)dialect;
    }
    args = dialect ? PyTuple_Pack(1, dialect) : PyTuple_New(0);
    if (args == NULL)
        return NULL;
    result = PyObject_Call((PyObject *)&Dialect_Type, args, kwargs);
    Py_DECREF(args);
    return (DialectObj *)result;
}

/* ----------------------------------------------------------------- Reader */

typedef struct {
    PyObject_HEAD
    PyObject *input;            /* iterator over lines */
    DialectObj *dialect;
    PyObject *fields;           /* the row being made */
    Py_UCS4 *buffer;            /* the field being made */
    Py_ssize_t used;
    Py_ssize_t allocated;
    unsigned long line_num;
} ReaderObj;

static int
reader_push(ReaderObj *self, Py_UCS4 c)
{
    long limit = csvlite_global->field_limit;

    if (self->used >= limit) {
        PyErr_Format(csvlite_global->error_obj, "line %lu: field longer than %ld",
                     self->line_num, limit);
        return -1;
    }
    if (self->used == self->allocated) {
        Py_ssize_t size = self->allocated ? 2 * self->allocated : 64;
        Py_UCS4 *larger = PyMem_Resize(self->buffer, Py_UCS4, size);
        if (larger == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        self->buffer = larger;
        self->allocated = size;
    }
    self->buffer[self->used++] = c;
    return 0;
}

static int
reader_end_field(ReaderObj *self)
{
    PyObject *field;
    int failed;

    field = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, self->buffer, self->used);
    if (field == NULL)
        return -1;
    self->used = 0;
    failed = PyList_Append(self->fields, field);
    Py_DECREF(field);
    return failed;
}

/* Returns 1 when a quoted field goes on in the next line. */
static int
reader_feed(ReaderObj *self, const Py_UCS4 *text, Py_ssize_t length, int quoted)
{
    DialectObj *dialect = self->dialect;
    Py_ssize_t i;

    for (i = 0; i < length; i++) {
        Py_UCS4 c = text[i];
        if (quoted) {
            if (c != dialect->quotechar) {
                if (reader_push(self, c) < 0)
                    return -1;
            }
            else if (i + 1 < length && text[i + 1] == c) {
                if (reader_push(self, c) < 0)
                    return -1;
                i++;
            }
            else {
                quoted = 0;
                if (dialect->strict && i + 1 < length && text[i + 1] != '\n' &&
                    text[i + 1] != '\r' && text[i + 1] != dialect->delimiter) {
                    PyErr_Format(csvlite_global->error_obj,
                                 "line %lu: text after a closing quote", self->line_num);
                    return -1;
                }
            }
        }
        else if (c == dialect->delimiter) {
            if (reader_end_field(self) < 0)
                return -1;
        }
        else if (c == '\n' || c == '\r')
            break;
        else if (dialect->quotechar && c == dialect->quotechar && self->used == 0)
            quoted = 1;
        else if (reader_push(self, c) < 0)
            return -1;
    }
    return quoted;
}

static PyObject *
reader_iternext(ReaderObj *self)
{
    PyObject *line, *row;
    Py_UCS4 *text;
    int quoted = 0;

    Py_XSETREF(self->fields, PyList_New(0));
    if (self->fields == NULL)
        return NULL;
    self->used = 0;
    for (;;) {
        line = PyIter_Next(self->input);
        if (line == NULL) {
            if (!PyErr_Occurred() && quoted && self->dialect->strict)
                PyErr_SetString(csvlite_global->error_obj, "the data ends inside quotes");
            if (PyErr_Occurred() || !quoted)
                return NULL;
            break;
        }
        if (!PyUnicode_Check(line)) {
            PyErr_Format(csvlite_global->error_obj, "a line must be a string, not %.100s",
                         Py_TYPE(line)->tp_name);
            Py_DECREF(line);
            return NULL;
        }
        self->line_num++;
        text = PyUnicode_AsUCS4Copy(line);
        if (text != NULL)
            quoted = reader_feed(self, text, PyUnicode_GetLength(line), quoted);
        Py_DECREF(line);
        if (text == NULL || quoted < 0) {
            PyMem_Free(text);
            return NULL;
        }
        PyMem_Free(text);
        if (!quoted && self->dialect->skip_blank && self->used == 0 &&
            PyList_GET_SIZE(self->fields) == 0)
            continue;
        if (!quoted)
            break;
    }
    if (reader_end_field(self) < 0)
        return NULL;
    row = self->fields;
    self->fields = NULL;
    return row;
}

static int
reader_traverse(ReaderObj *self, visitproc visit, void *arg)
{
    Py_VISIT(self->input);
    Py_VISIT(self->dialect);
    Py_VISIT(self->fields);
    return 0;
}

static int
reader_clear(ReaderObj *self)
{
    Py_CLEAR(self->input);
    Py_CLEAR(self->dialect);
    Py_CLEAR(self->fields);
    return 0;
}

static void
reader_dealloc(ReaderObj *self)
{
    PyObject_GC_UnTrack(self);
    reader_clear(self);
    PyMem_Free(self->buffer);
    PyObject_GC_Del(self);
}

static PyMemberDef reader_members[] = {
    {"dialect", T_OBJECT, offsetof(ReaderObj, dialect), READONLY},
    {"line_num", T_ULONG, offsetof(ReaderObj, line_num), READONLY},
    {NULL}
};

/* No tp_new: readers are made by reader() alone. */
static PyTypeObject Reader_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "csvlite.Reader",
    .tp_basicsize = sizeof(ReaderObj),
    .tp_dealloc = (destructor)reader_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_doc = "An iterator over the rows of an iterable of lines.",
    .tp_traverse = (traverseproc)reader_traverse,
    .tp_clear = (inquiry)reader_clear,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = (iternextfunc)reader_iternext,
    .tp_members = reader_members,
};

/* ----------------------------------------------------------------- Writer */

typedef struct {
    PyObject_HEAD
    PyObject *write;            /* called with every finished line */
    DialectObj *dialect;
} WriterObj;

static PyTypeObject Writer_Type;

/* A new reference: the field as it stands in the line. */
static PyObject *
quote_field(DialectObj *dialect, PyObject *field)
{
    PyObject *text, *quote, *twice, *result = NULL;
    Py_ssize_t end;

    text = field == Py_None ? PyUnicode_FromString("") : PyObject_Str(field);
    if (text == NULL)
        return NULL;
    end = PyUnicode_GetLength(text);
    if (PyUnicode_FindChar(text, dialect->delimiter, 0, end, 1) < 0 &&
        PyUnicode_FindChar(text, '\n', 0, end, 1) < 0 &&
        (!dialect->quotechar || PyUnicode_FindChar(text, dialect->quotechar, 0, end, 1) < 0))
        return text;
    if (!dialect->quotechar) {
        PyErr_Format(csvlite_global->error_obj, "%R needs quotes, but there is no quotechar",
                     text);
        Py_DECREF(text);
        return NULL;
    }
    quote = PyUnicode_FromOrdinal((int)dialect->quotechar);
    twice = quote ? PyUnicode_Concat(quote, quote) : NULL;
    if (twice != NULL)
        Py_SETREF(text, PyUnicode_Replace(text, quote, twice, -1));
    if (twice != NULL && text != NULL)
        result = PyUnicode_FromFormat("%U%U%U", quote, text, quote);
    Py_XDECREF(quote);
    Py_XDECREF(twice);
    Py_XDECREF(text);
    return result;
}

static PyObject *
writer_writerow(WriterObj *self, PyObject *row)
{
    PyObject *fields, *joined, *delimiter, *result;
    Py_ssize_t i;

    fields = PySequence_List(row);
    if (fields == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(csvlite_global->error_obj, "a row must be iterable, not %.100s",
                         Py_TYPE(row)->tp_name);
        return NULL;
    }
    for (i = 0; i < PyList_GET_SIZE(fields); i++) {
        PyObject *text = quote_field(self->dialect, PyList_GET_ITEM(fields, i));
        if (text == NULL || PyList_SetItem(fields, i, text) < 0) {
            Py_DECREF(fields);
            return NULL;
        }
    }
    delimiter = PyUnicode_FromOrdinal((int)self->dialect->delimiter);
    joined = delimiter ? PyUnicode_Join(delimiter, fields) : NULL;
    Py_XDECREF(delimiter);
    Py_DECREF(fields);
    if (joined == NULL)
        return NULL;
    Py_SETREF(joined, PyUnicode_Concat(joined, self->dialect->terminator));
    if (joined == NULL)
        return NULL;
    result = PyObject_CallFunctionObjArgs(self->write, joined, NULL);
    Py_DECREF(joined);
    return result;
}

static int
writer_traverse(WriterObj *self, visitproc visit, void *arg)
{
    Py_VISIT(self->write);
    Py_VISIT(self->dialect);
    return 0;
}

static int
writer_clear(WriterObj *self)
{
    Py_CLEAR(self->write);
    Py_CLEAR(self->dialect);
    return 0;
}

static void
writer_dealloc(WriterObj *self)
{
    PyObject_GC_UnTrack(self);
    writer_clear(self);
    PyObject_GC_Del(self);
}

static PyMethodDef writer_methods[] = {
    {"writerow", (PyCFunction)writer_writerow, METH_O,
     "Write one row; returns what the callback returned."},
    {NULL}
};

static PyMemberDef writer_members[] = {
    {"dialect", T_OBJECT, offsetof(WriterObj, dialect), READONLY},
    {NULL}
};

/* No tp_new here either. */
static PyTypeObject Writer_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "csvlite.Writer",
    .tp_basicsize = sizeof(WriterObj),
    .tp_dealloc = (destructor)writer_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)writer_traverse,
    .tp_clear = (inquiry)writer_clear,
    .tp_methods = writer_methods,
    .tp_members = writer_members,
};

/* ----------------------------------------------------------------- module */

static PyObject *
csvlite_reader(PyObject *module, PyObject *args, PyObject *kwargs)
{
    PyObject *lines, *dialect = NULL, *input;
    ReaderObj *self;

    if (!PyArg_UnpackTuple(args, "reader", 1, 2, &lines, &dialect))
        return NULL;
    input = PyObject_GetIter(lines);
    if (input == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(csvlite_global->error_obj, "lines must be iterable, not %.100s",
                         Py_TYPE(lines)->tp_name);
        return NULL;
    }
    self = PyObject_GC_New(ReaderObj, &Reader_Type);
    if (self == NULL) {
        Py_DECREF(input);
        return NULL;
    }
    self->input = input;
    self->fields = NULL;
    self->buffer = NULL;
    self->used = self->allocated = 0;
    self->line_num = 0;
    self->dialect = make_dialect(dialect, kwargs);
    PyObject_GC_Track(self);
    if (self->dialect == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static PyObject *
csvlite_writer(PyObject *module, PyObject *args, PyObject *kwargs)
{
    PyObject *write, *dialect = NULL;
    DialectObj *made;
    WriterObj *self;

    if (!PyArg_UnpackTuple(args, "writer", 1, 2, &write, &dialect))
        return NULL;
    if (!PyCallable_Check(write)) {
        PyErr_SetString(PyExc_TypeError, "the first argument must be callable");
        return NULL;
    }
    made = make_dialect(dialect, kwargs);
    if (made == NULL)
        return NULL;
    self = PyObject_GC_New(WriterObj, &Writer_Type);
    if (self == NULL) {
        Py_DECREF(made);
        return NULL;
    }
    Py_INCREF(write);
    self->write = write;
    self->dialect = made;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static PyObject *
csvlite_register_dialect(PyObject *module, PyObject *args, PyObject *kwargs)
{
    PyObject *name, *base = NULL;
    DialectObj *dialect;
    int failed;

    if (!PyArg_UnpackTuple(args, "register_dialect", 1, 2, &name, &base))
        return NULL;
    if (!PyUnicode_Check(name)) {
        PyErr_SetString(PyExc_TypeError, "the name of a dialect must be a string");
        return NULL;
    }
    dialect = make_dialect(base, kwargs);
    if (dialect == NULL)
        return NULL;
    failed = PyDict_SetItem(csvlite_global->dialects, name, (PyObject *)dialect);
    Py_DECREF(dialect);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
csvlite_get_dialect(PyObject *module, PyObject *name)
{
    PyObject *dialect = find_dialect(name);

    Py_XINCREF(dialect);
    return dialect;
}

static PyObject *
csvlite_unregister_dialect(PyObject *module, PyObject *name)
{
    if (find_dialect(name) == NULL || PyDict_DelItem(csvlite_global->dialects, name) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
csvlite_list_dialects(PyObject *module, PyObject *unused)
{
    return PyDict_Keys(csvlite_global->dialects);
}

static PyObject *
csvlite_field_limit(PyObject *module, PyObject *args)
{
    PyObject *limit = NULL;
    long old = csvlite_global->field_limit;

    if (!PyArg_ParseTuple(args, "|O!:field_limit", &PyLong_Type, &limit))
        return NULL;
    if (limit != NULL) {
        csvlite_global->field_limit = PyLong_AsLong(limit);
        if (csvlite_global->field_limit == -1 && PyErr_Occurred()) {
            csvlite_global->field_limit = old;
            return NULL;
        }
    }
    return PyLong_FromLong(old);
}

static PyMethodDef csvlite_methods[] = {
    {"reader", (PyCFunction)(void (*)(void))csvlite_reader, METH_VARARGS | METH_KEYWORDS,
     "reader(lines, dialect=..., **options)\n\nIterate over the rows of lines."},
    {"writer", (PyCFunction)(void (*)(void))csvlite_writer, METH_VARARGS | METH_KEYWORDS,
     "writer(write, dialect=..., **options)\n\nWrite rows through a callback."},
    {"register_dialect", (PyCFunction)(void (*)(void))csvlite_register_dialect,
     METH_VARARGS | METH_KEYWORDS, "Keep a dialect under a name."},
    {"get_dialect", csvlite_get_dialect, METH_O, "The dialect of that name."},
    {"unregister_dialect", csvlite_unregister_dialect, METH_O, "Forget a dialect."},
    {"list_dialects", csvlite_list_dialects, METH_NOARGS, "The names that are known."},
    {"field_limit", csvlite_field_limit, METH_VARARGS,
     "The longest field accepted; with an argument, set it and return the old one."},
    {NULL, NULL}
};

static int
csvlite_traverse(PyObject *m, visitproc visit, void *arg)
{
    csvlite_state *state = PyModule_GetState(m);

    Py_VISIT(state->error_obj);
    Py_VISIT(state->dialects);
    return 0;
}

static int
csvlite_clear(PyObject *m)
{
    csvlite_state *state = PyModule_GetState(m);

    Py_CLEAR(state->error_obj);
    Py_CLEAR(state->dialects);
    return 0;
}

static void
csvlite_free(void *m)
{
    csvlite_clear((PyObject *)m);
}

static struct PyModuleDef csvlite_module = {
    PyModuleDef_HEAD_INIT,
    "csvlite",
    "Rows of separated values.",
    sizeof(csvlite_state),
    csvlite_methods,
    NULL,
    csvlite_traverse,
    csvlite_clear,
    csvlite_free
};

PyMODINIT_FUNC
PyInit_csvlite(void)
{
    PyObject *module;
    csvlite_state *state;

    if (PyType_Ready(&Dialect_Type) < 0)
        return NULL;
    if (PyType_Ready(&Reader_Type) < 0)
        return NULL;
    if (PyType_Ready(&Writer_Type) < 0)
        return NULL;

    module = PyModule_Create(&csvlite_module);
    if (module == NULL)
        return NULL;
    state = PyModule_GetState(module);
    state->field_limit = 128 * 1024;
    state->dialects = PyDict_New();
    if (state->dialects == NULL)
        return NULL;
    if (PyModule_AddObject(module, "_dialects", state->dialects))
        return NULL;
    Py_INCREF(state->dialects);

    Py_INCREF(&Dialect_Type);
    if (PyModule_AddObject(module, "Dialect", (PyObject *)&Dialect_Type))
        return NULL;

    state->error_obj = PyErr_NewException("csvlite.Error", NULL, NULL);
    if (state->error_obj == NULL)
        return NULL;
    Py_INCREF(state->error_obj);
    PyModule_AddObject(module, "Error", state->error_obj);
    return module;
}
