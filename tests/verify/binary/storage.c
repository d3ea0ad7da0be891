/* Every way in which static storage holds objects, or does not. */
#include <Python.h>

typedef PyObject *object_p;
typedef object_p object_row[3];

typedef struct {
    PyObject_HEAD
    int value;
} Egg;

typedef struct {
    Egg egg;
    int more;
} SubEgg;

struct table {
    int count;
    union {
        long number;
        object_row row;
    } cell;
};

struct node {
    int depth;
    PyObject *value;
    struct node *next;
};

static PyObject *plain_pointer;
static object_p through_typedef;
static object_row through_array[2];
static struct table through_struct;
static Egg *own_object;
static SubEgg *own_subclass;
static PyTypeObject *type_pointer;
static PyTypeObject static_type = {PyVarObject_HEAD_INIT(NULL, 0) "storage.Type"};
static Egg instance;
static SubEgg sub_instance;
static struct { int n; PyTypeObject type; } wrapped_type;
static __thread PyObject *per_thread;
static __thread int per_thread_number = 4;

static PyObject **two_stars;
static struct node *list;
static void *opaque;
static int counter;
static double numbers[2][5] = {{1.0}};
static int (*callback)(PyObject *, const char *, ...);
static char *const names[] = {"a", "b"};
static const int limits[3] = {1, 2, 3};
static PyTypeObject *const *const constant_pointer = &type_pointer;
static const char *label = "x";
struct { int first; char rest[]; } flexible = {1, "abcdefg"};

static PyMethodDef methods[] = {{NULL, NULL, 0, NULL}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "storage", NULL, -1, methods};
static PyModuleDef *module_pointer = &module;

extern PyObject *declared_first;
PyObject *declared_first;

static int folded = 3;

static PyObject *
first(PyObject *self, PyObject *args)
{
    static PyObject *local;
    {
        static int local;
        local++;
    }
    if (local == NULL) {
        local = PyLong_FromLong(folded);
    }
    return local;
}

static inline int
second(void)
{
    static int calls;
    return ++calls;
}

PyObject *
use_all(PyObject *self)
{
    void *volatile all[] = {
        &plain_pointer, &through_typedef, through_array, &through_struct, &own_object,
        &own_subclass, &type_pointer, &static_type, &instance, &sub_instance, &wrapped_type,
        &per_thread, &per_thread_number, &two_stars, &list, &opaque, &counter, numbers, &callback,
        (void *)names, (void *)limits, (void *)&constant_pointer, &label, methods, &module,
        &module_pointer, first,
    };
    return (PyObject *)all[second() + second()];
}
