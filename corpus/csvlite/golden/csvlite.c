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
    PyTypeObject *Dialect_Type;
    PyTypeObject *Reader_Type;
    PyTypeObject *Writer_Type;
} csvlite_state;

static inline csvlite_state *
get_csvlite_state(PyObject *module)
{
    void *state = PyModule_GetState(module);
    assert(state != NULL);
    return (csvlite_state *)state;
}

static struct PyModuleDef csvlite_module;

/* NULL, without an exception, for a type that is not of this module. */
static inline csvlite_state *
get_csvlite_state_by_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030b0000
    PyObject *module;

    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        return NULL;
    }
    module = PyType_GetModuleByDef(type, &csvlite_module);
    if (module == NULL) {
        PyErr_Clear();
        return NULL;
    }
    return (csvlite_state *)PyModule_GetState(module);
#else
    PyObject *mro = type->tp_mro;
    Py_ssize_t i, n = mro == NULL ? 0 : PyTuple_GET_SIZE(mro);

    for (i = 0; i < n; i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)base)->ht_module;
            if (module != NULL && PyModule_Check(module)
                && PyModule_GetDef(module) == &csvlite_module) {
                return (csvlite_state *)PyModule_GetState(module);
            }
        }
    }
    return NULL;
#endif
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

#ifndef Py_TPFLAGS_DISALLOW_INSTANTIATION  /* new in 3.10 */
#  define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#endif
#ifndef Py_TPFLAGS_IMMUTABLETYPE  /* new in 3.10 */
#  define Py_TPFLAGS_IMMUTABLETYPE 0
#endif

static int
csvlite_add_type(PyObject *module, PyType_Spec *spec,
                 int instantiable, PyTypeObject **type)
{
    if (*type != NULL) {
        return 0;
    }
    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
#if PY_VERSION_HEX < 0x030a0000  /* no Py_TPFLAGS_DISALLOW_INSTANTIATION */
    if (*type != NULL && !instantiable) {
        (*type)->tp_new = NULL;
    }
#else
    (void)instantiable;
#endif
    return *type == NULL ? -1 : 0;
}

static struct PyModuleDef csvlite_module;

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

#define Dialect_Check(module_state, op) PyObject_TypeCheck((op), (module_state)->Dialect_Type)

/* A borrowed reference, or NULL with Error set. */
static PyObject *
find_dialect(csvlite_state *module_state, PyObject *name)
{
    PyObject *found;

    found = PyDict_GetItemWithError(module_state->dialects, name);
    if (found == NULL && !PyErr_Occurred())
        PyErr_Format(module_state->error_obj, "unknown dialect %R", name);
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
    csvlite_state *module_state = get_csvlite_state_by_type(type);
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
        base = find_dialect(module_state, base);
        if (base == NULL)
            return NULL;
    }
    if (base != NULL && base != Py_None) {
        if (!Dialect_Check(module_state, base)) {
            PyErr_Format(module_state->error_obj, "%.100s is not a dialect",
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
        PyErr_SetString(module_state->error_obj,
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
    Py_VISIT(Py_TYPE(self));
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
    PyTypeObject *tp = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    dialect_clear(self);
    tp->tp_free((PyObject *)self);
    Py_DECREF(tp);
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

static PyType_Slot Dialect_slots[] = {
    {Py_tp_dealloc, dialect_dealloc},
    {Py_tp_doc, (void *)dialect_doc},
    {Py_tp_traverse, dialect_traverse},
    {Py_tp_clear, dialect_clear},
    {Py_tp_members, dialect_members},
    {Py_tp_getset, dialect_getset},
    {Py_tp_new, dialect_new},
    {0, NULL}
};

static PyType_Spec Dialect_spec = {
    .name = "csvlite.Dialect",
    .basicsize = sizeof(DialectObj),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
              Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Dialect_slots,
};

/* An exact dialect is used as it is, all else goes through Dialect(). */
static DialectObj *
make_dialect(csvlite_state *module_state, PyObject *dialect, PyObject *kwargs)
{
    PyObject *args, *result;

    if (dialect != NULL && Dialect_Check(module_state, dialect) &&
        (kwargs == NULL || PyDict_GET_SIZE(kwargs) == 0)) {
        Py_INCREF(dialect);
        return (DialectObj *)dialect;
    }
    args = dialect ? PyTuple_Pack(1, dialect) : PyTuple_New(0);
    if (args == NULL)
        return NULL;
    result = PyObject_Call((PyObject *)module_state->Dialect_Type, args, kwargs);
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
reader_push(csvlite_state *module_state, ReaderObj *self, Py_UCS4 c)
{
    long limit = module_state->field_limit;

    if (self->used >= limit) {
        PyErr_Format(module_state->error_obj, "line %lu: field longer than %ld",
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
reader_feed(csvlite_state *module_state, ReaderObj *self, const Py_UCS4 *text, Py_ssize_t length, int quoted)
{
    DialectObj *dialect = self->dialect;
    Py_ssize_t i;

    for (i = 0; i < length; i++) {
        Py_UCS4 c = text[i];
        if (quoted) {
            if (c != dialect->quotechar) {
                if (reader_push(module_state, self, c) < 0)
                    return -1;
            }
            else if (i + 1 < length && text[i + 1] == c) {
                if (reader_push(module_state, self, c) < 0)
                    return -1;
                i++;
            }
            else {
                quoted = 0;
                if (dialect->strict && i + 1 < length && text[i + 1] != '\n' &&
                    text[i + 1] != '\r' && text[i + 1] != dialect->delimiter) {
                    PyErr_Format(module_state->error_obj,
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
        else if (reader_push(module_state, self, c) < 0)
            return -1;
    }
    return quoted;
}

static PyObject *
reader_iternext(ReaderObj *self)
{
    csvlite_state *module_state = get_csvlite_state_by_type(Py_TYPE(self));
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
                PyErr_SetString(module_state->error_obj, "the data ends inside quotes");
            if (PyErr_Occurred() || !quoted)
                return NULL;
            break;
        }
        if (!PyUnicode_Check(line)) {
            PyErr_Format(module_state->error_obj, "a line must be a string, not %.100s",
                         Py_TYPE(line)->tp_name);
            Py_DECREF(line);
            return NULL;
        }
        self->line_num++;
        text = PyUnicode_AsUCS4Copy(line);
        if (text != NULL)
            quoted = reader_feed(module_state, self, text, PyUnicode_GetLength(line), quoted);
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
    Py_VISIT(Py_TYPE(self));
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
    PyTypeObject *tp = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    reader_clear(self);
    PyMem_Free(self->buffer);
    tp->tp_free((PyObject *)self);
    Py_DECREF(tp);
}

static PyMemberDef reader_members[] = {
    {"dialect", T_OBJECT, offsetof(ReaderObj, dialect), READONLY},
    {"line_num", T_ULONG, offsetof(ReaderObj, line_num), READONLY},
    {NULL}
};

/* No tp_new: readers are made by reader() alone. */
static PyObject *
Reader_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle '%.200s' object", Py_TYPE(self)->tp_name);
    return NULL;
}

static PyMethodDef Reader_methods[] = {
    {"__reduce__", Reader_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot Reader_slots[] = {
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_doc, (void *)"An iterator over the rows of an iterable of lines."},
    {Py_tp_traverse, reader_traverse},
    {Py_tp_clear, reader_clear},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, reader_iternext},
    {Py_tp_members, reader_members},
    {Py_tp_methods, Reader_methods},
    {0, NULL}
};

static PyType_Spec Reader_spec = {
    .name = "csvlite.Reader",
    .basicsize = sizeof(ReaderObj),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
              Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Reader_slots,
};

/* ----------------------------------------------------------------- Writer */

typedef struct {
    PyObject_HEAD
    PyObject *write;            /* called with every finished line */
    DialectObj *dialect;
} WriterObj;

/* A new reference: the field as it stands in the line. */
static PyObject *
quote_field(csvlite_state *module_state, DialectObj *dialect, PyObject *field)
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
        PyErr_Format(module_state->error_obj, "%R needs quotes, but there is no quotechar",
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
    csvlite_state *module_state = get_csvlite_state_by_type(Py_TYPE(self));
    PyObject *fields, *joined, *delimiter, *result;
    Py_ssize_t i;

    fields = PySequence_List(row);
    if (fields == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(module_state->error_obj, "a row must be iterable, not %.100s",
                         Py_TYPE(row)->tp_name);
        return NULL;
    }
    for (i = 0; i < PyList_GET_SIZE(fields); i++) {
        PyObject *text = quote_field(module_state, self->dialect, PyList_GET_ITEM(fields, i));
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
    Py_VISIT(Py_TYPE(self));
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
    PyTypeObject *tp = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    writer_clear(self);
    tp->tp_free((PyObject *)self);
    Py_DECREF(tp);
}

static PyObject *
Writer_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyErr_Format(PyExc_TypeError, "cannot pickle '%.200s' object", Py_TYPE(self)->tp_name);
    return NULL;
}

static PyMethodDef writer_methods[] = {
    {"__reduce__", Writer_reduce, METH_NOARGS, NULL},
    {"writerow", (PyCFunction)writer_writerow, METH_O,
     "Write one row; returns what the callback returned."},
    {NULL}
};

static PyMemberDef writer_members[] = {
    {"dialect", T_OBJECT, offsetof(WriterObj, dialect), READONLY},
    {NULL}
};

/* No tp_new here either. */
static PyType_Slot Writer_slots[] = {
    {Py_tp_dealloc, writer_dealloc},
    {Py_tp_traverse, writer_traverse},
    {Py_tp_clear, writer_clear},
    {Py_tp_methods, writer_methods},
    {Py_tp_members, writer_members},
    {0, NULL}
};

static PyType_Spec Writer_spec = {
    .name = "csvlite.Writer",
    .basicsize = sizeof(WriterObj),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
              Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = Writer_slots,
};

/* ----------------------------------------------------------------- module */

static PyObject *
csvlite_reader(PyObject *module, PyObject *args, PyObject *kwargs)
{
    csvlite_state *module_state = get_csvlite_state(module);
    PyObject *lines, *dialect = NULL, *input;
    ReaderObj *self;

    if (!PyArg_UnpackTuple(args, "reader", 1, 2, &lines, &dialect))
        return NULL;
    input = PyObject_GetIter(lines);
    if (input == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(module_state->error_obj, "lines must be iterable, not %.100s",
                         Py_TYPE(lines)->tp_name);
        return NULL;
    }
    self = PyObject_GC_New(ReaderObj, module_state->Reader_Type);
    if (self == NULL) {
        Py_DECREF(input);
        return NULL;
    }
    self->input = input;
    self->fields = NULL;
    self->buffer = NULL;
    self->used = self->allocated = 0;
    self->line_num = 0;
    self->dialect = make_dialect(module_state, dialect, kwargs);
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
    csvlite_state *module_state = get_csvlite_state(module);
    PyObject *write, *dialect = NULL;
    DialectObj *made;
    WriterObj *self;

    if (!PyArg_UnpackTuple(args, "writer", 1, 2, &write, &dialect))
        return NULL;
    if (!PyCallable_Check(write)) {
        PyErr_SetString(PyExc_TypeError, "the first argument must be callable");
        return NULL;
    }
    made = make_dialect(module_state, dialect, kwargs);
    if (made == NULL)
        return NULL;
    self = PyObject_GC_New(WriterObj, module_state->Writer_Type);
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
    csvlite_state *module_state = get_csvlite_state(module);
    PyObject *name, *base = NULL;
    DialectObj *dialect;
    int failed;

    if (!PyArg_UnpackTuple(args, "register_dialect", 1, 2, &name, &base))
        return NULL;
    if (!PyUnicode_Check(name)) {
        PyErr_SetString(PyExc_TypeError, "the name of a dialect must be a string");
        return NULL;
    }
    dialect = make_dialect(module_state, base, kwargs);
    if (dialect == NULL)
        return NULL;
    failed = PyDict_SetItem(module_state->dialects, name, (PyObject *)dialect);
    Py_DECREF(dialect);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
csvlite_get_dialect(PyObject *module, PyObject *name)
{
    csvlite_state *module_state = get_csvlite_state(module);
    PyObject *dialect = find_dialect(module_state, name);

    Py_XINCREF(dialect);
    return dialect;
}

static PyObject *
csvlite_unregister_dialect(PyObject *module, PyObject *name)
{
    csvlite_state *module_state = get_csvlite_state(module);
    if (find_dialect(module_state, name) == NULL || PyDict_DelItem(module_state->dialects, name) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *
csvlite_list_dialects(PyObject *module, PyObject *unused)
{
    csvlite_state *module_state = get_csvlite_state(module);
    return PyDict_Keys(module_state->dialects);
}

static PyObject *
csvlite_field_limit(PyObject *module, PyObject *args)
{
    csvlite_state *module_state = get_csvlite_state(module);
    PyObject *limit = NULL;
    long old = module_state->field_limit;

    if (!PyArg_ParseTuple(args, "|O!:field_limit", &PyLong_Type, &limit))
        return NULL;
    if (limit != NULL) {
        module_state->field_limit = PyLong_AsLong(limit);
        if (module_state->field_limit == -1 && PyErr_Occurred()) {
            module_state->field_limit = old;
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
    csvlite_state *module_state = get_csvlite_state(m);
    csvlite_state *state = PyModule_GetState(m);

    Py_VISIT(state->error_obj);
    Py_VISIT(state->dialects);
    Py_VISIT(module_state->Dialect_Type);
    Py_VISIT(module_state->Reader_Type);
    Py_VISIT(module_state->Writer_Type);
    return 0;
}

static int
csvlite_clear(PyObject *m)
{
    csvlite_state *module_state = get_csvlite_state(m);
    csvlite_state *state = PyModule_GetState(m);

    Py_CLEAR(state->error_obj);
    Py_CLEAR(state->dialects);
    Py_CLEAR(module_state->Dialect_Type);
    Py_CLEAR(module_state->Reader_Type);
    Py_CLEAR(module_state->Writer_Type);
    return 0;
}

static void
csvlite_free(void *m)
{
    csvlite_clear((PyObject *)m);
}

static int csvlite_exec(PyObject *);

static PyModuleDef_Slot csvlite_slots[] = {
    {Py_mod_exec, csvlite_exec},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL}
};

static struct PyModuleDef csvlite_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "csvlite",
    .m_doc = "Rows of separated values.",
    .m_size = sizeof(csvlite_state),
    .m_methods = csvlite_methods,
    .m_slots = csvlite_slots,
    .m_traverse = csvlite_traverse,
    .m_clear = csvlite_clear,
    .m_free = csvlite_free,
};

static int
csvlite_exec(PyObject *module)
{
    csvlite_state *module_state = get_csvlite_state(module);
    csvlite_state *state;

    if (csvlite_add_type(module, &Dialect_spec, 1, &module_state->Dialect_Type) < 0)
        return -1;
    if (csvlite_add_type(module, &Reader_spec, 0, &module_state->Reader_Type) < 0)
        return -1;
    if (csvlite_add_type(module, &Writer_spec, 0, &module_state->Writer_Type) < 0)
        return -1;

    state = PyModule_GetState(module);
    state->field_limit = 128 * 1024;
    state->dialects = PyDict_New();
    if (state->dialects == NULL)
        return -1;
    if (PyModule_AddObject(module, "_dialects", state->dialects))
        return -1;
    Py_INCREF(state->dialects);

    if (PyModule_AddObjectRef(module, "Dialect", (PyObject *)module_state->Dialect_Type))
        return -1;

    state->error_obj = PyErr_NewException("csvlite.Error", NULL, NULL);
    if (state->error_obj == NULL)
        return -1;
    PyModule_AddObjectRef(module, "Error", state->error_obj);
    return PyErr_Occurred() ? -1 : 0;
}

PyMODINIT_FUNC
PyInit_csvlite(void)
{
    return PyModuleDef_Init(&csvlite_module);
}
