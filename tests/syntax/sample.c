/* A little of everything that a parser without a preprocessor gets wrong. */
typedef struct object { long refcount; struct type *type; } PyObject;
typedef struct type { PyObject *base; const char *name; int (*call)(PyObject *); } PyTypeObject;
#define PyObject_HEAD PyObject ob_base;
#define PyVarObject_HEAD_INIT(type, size) (PyObject *)(type),
#define Py_BEGIN_ALLOW_THREADS { int _save = 0; (void)_save;
#define Py_END_ALLOW_THREADS }
#define Py_UNUSED(name) _unused_##name __attribute__((unused))
#define PyObject_New(type, object) ((type *)allocate(object))
#define UNLESS(x) if (!(x))
#define EXPORT(type) type
#define INCREMENT(x) ((x) += step)
#define SWAP(type, a, b) do { type _t = (a); (a) = (b); (b) = _t; } while (0)
#define DEFINE_GETTER(name) \
    static int get_##name(void) { return name; }

static int counter;
static int step = 1, limit = 10;
static PyObject *cache;
typedef struct { PyObject_HEAD int used; } Thing;
static PyTypeObject Thing_Type;

extern PyObject *allocate(PyTypeObject *type);

DEFINE_GETTER(counter)
DEFINE_GETTER(limit)

static int
call(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    Py_BEGIN_ALLOW_THREADS
    counter = 1;
    INCREMENT(counter);
    Py_END_ALLOW_THREADS
    UNLESS (cache == (PyObject *)0)
        counter = step;
    SWAP(int, counter, limit);
    return self == cache && (counter) - 1 && (limit) * 2 && sizeof(counter) == sizeof(Thing);
}

static PyTypeObject Thing_Type = {
    PyVarObject_HEAD_INIT(&Thing_Type, 0)
#ifdef NEVER_DEFINED
    .name = "never",
#else
    .name = "thing",
#endif
};

EXPORT(PyObject *)
make(void)
{
    Thing *thing = PyObject_New(Thing, &Thing_Type);
    cache = (PyObject *)thing;
    {
        int counter = get_limit();
        limit = counter;
    }
    return call(cache, cache) ? cache : (PyObject *)thing + get_counter();
}
