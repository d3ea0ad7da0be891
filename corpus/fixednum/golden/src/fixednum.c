/* fixednum -- numbers with four decimal places, kept in a long long.

   Works together with int (made exact) and float (rounded).  Objects are
   recycled through a free list; zero and one exist once.  */

#include <Python.h>

#define SCALE 10000LL
#define MAX_WHOLE (0x7fffffffffffffffLL / SCALE / SCALE)
#define MAX_FREE 16

typedef struct
{
  PyObject_HEAD
  long long units;              /* value times SCALE */
} Fixed;

typedef struct {
  PyObject *FixedOverflow;
  Fixed *fixed_zero;
  Fixed *fixed_one;
  int rounding;
  PyTypeObject *Fixed_Type;
} fixednum_state;

static inline fixednum_state *
get_fixednum_state(PyObject *module)
{
  void *state = PyModule_GetState(module);
  assert(state != NULL);
  return (fixednum_state *)state;
}

static struct PyModuleDef fixednum_module;

/* NULL, without an exception, for a type that is not of this module. */
static inline fixednum_state *
get_fixednum_state_by_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030b0000
  PyObject *module;

  if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
    return NULL;
  }
  module = PyType_GetModuleByDef(type, &fixednum_module);
  if (module == NULL) {
    PyErr_Clear();
    return NULL;
  }
  return (fixednum_state *)PyModule_GetState(module);
#else
  PyObject *mro = type->tp_mro;
  Py_ssize_t i, n = mro == NULL ? 0 : PyTuple_GET_SIZE(mro);

  for (i = 0; i < n; i++) {
    PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
    if (PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
      PyObject *module = ((PyHeapTypeObject *)base)->ht_module;
      if (module != NULL && PyModule_Check(module)
        && PyModule_GetDef(module) == &fixednum_module) {
        return (fixednum_state *)PyModule_GetState(module);
      }
    }
  }
  return NULL;
#endif
}

/* NULL, without an exception, if no operand is of a type of this module. */
static inline fixednum_state *
find_fixednum_state_by_operands(PyObject *left, PyObject *right, PyObject *third)
{
  fixednum_state *found = get_fixednum_state_by_type(Py_TYPE(left));

  if (found == NULL) {
    found = get_fixednum_state_by_type(Py_TYPE(right));
  }
  if (found == NULL && third != NULL) {
    found = get_fixednum_state_by_type(Py_TYPE(third));
  }
  return found;
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
fixednum_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **type)
{
  if (*type != NULL) {
    return 0;
  }
  *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
  return *type == NULL ? -1 : 0;
}



/* How results are rounded: 0 down, 1 half up.  */

#define Fixed_Check(state, op) PyObject_TypeCheck (op, (state)->Fixed_Type)
#define Fixed_CheckExact(state, op) (Py_TYPE (op) == (state)->Fixed_Type)
#define UNITS(op) (((Fixed *) (op))->units)

static PyObject *
fixed_from_units (fixednum_state *state, long long units)
{
  Fixed *self;

  if (units > MAX_WHOLE * SCALE || units < -MAX_WHOLE * SCALE)
    {
      PyErr_SetString (state->FixedOverflow, "the result has too many digits");
      return NULL;
    }
  if (units == 0 && state->fixed_zero != NULL)
    {
      Py_INCREF (state->fixed_zero);
      return (PyObject *) state->fixed_zero;
    }
  if (units == SCALE && state->fixed_one != NULL)
    {
      Py_INCREF (state->fixed_one);
      return (PyObject *) state->fixed_one;
    }
  self = (Fixed *)PyType_GenericAlloc(state->Fixed_Type, 0);
  if (self == NULL)
    return NULL;
  self->units = units;
  return (PyObject *) self;
}

static void
fixed_dealloc (PyObject *self)
{
  PyTypeObject *tp = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  tp->tp_free(self);
  Py_DECREF(tp);
}

static long long
divide (fixednum_state *state, long long a, long long b)
{
  long long q = a / b, r = a % b;

  if (state->rounding && 2 * llabs (r) >= llabs (b))
    q += (r < 0) == (b < 0) ? 1 : -1;
  return q;
}

/* 1: *UNITS is set; 0: not a number we know; -1: error.  */
static int
convert (fixednum_state *state, PyObject *op, long long *units)
{
  if (Fixed_Check (state, op))
    {
      *units = UNITS (op);
      return 1;
    }
  if (PyLong_Check (op))
    {
      long long whole = PyLong_AsLongLong (op);
      if ((whole == -1 && PyErr_Occurred ()) || whole > MAX_WHOLE || whole < -MAX_WHOLE)
        {
          PyErr_SetString (state->FixedOverflow, "the integer has too many digits");
          return -1;
        }
      *units = whole * SCALE;
      return 1;
    }
  if (PyFloat_Check (op))
    {
      double value = PyFloat_AS_DOUBLE (op) * SCALE;
      if (!(value < (double) MAX_WHOLE * SCALE && value > (double) -MAX_WHOLE * SCALE))
        {
          PyErr_SetString (state->FixedOverflow, "the float has too many digits");
          return -1;
        }
      *units = (long long) (state->rounding ? (value < 0 ? value - 0.5 : value + 0.5) : value);
      return 1;
    }
  return 0;
}

/* Leaves the calling function unless both operands are numbers.  */
#define CONVERT_BOTH(state, v, w, a, b)                                        \
  do                                                                    \
    {                                                                   \
      int known_ = convert (state, v, &a);                                     \
      if (known_ > 0)                                                   \
        known_ = convert (state, w, &b);                                       \
      if (known_ < 0)                                                   \
        return NULL;                                                    \
      if (known_ == 0)                                                  \
        Py_RETURN_NOTIMPLEMENTED;                                       \
    }                                                                   \
  while (0)

static PyObject *
fixed_add (PyObject *v, PyObject *w)
{
  fixednum_state *state = find_fixednum_state_by_operands(v, w, NULL);
  if (state == NULL) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  long long a, b;

  CONVERT_BOTH (state, v, w, a, b);
  return fixed_from_units (state, a + b);
}

static PyObject *
fixed_subtract (PyObject *v, PyObject *w)
{
  fixednum_state *state = find_fixednum_state_by_operands(v, w, NULL);
  if (state == NULL) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  long long a, b;

  CONVERT_BOTH (state, v, w, a, b);
  return fixed_from_units (state, a - b);
}

static PyObject *
fixed_multiply (PyObject *v, PyObject *w)
{
  fixednum_state *state = find_fixednum_state_by_operands(v, w, NULL);
  if (state == NULL) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  long long a, b;

  CONVERT_BOTH (state, v, w, a, b);
  if (a != 0 && llabs (b) > 0x7fffffffffffffffLL / llabs (a))
    {
      PyErr_SetString (state->FixedOverflow, "the product has too many digits");
      return NULL;
    }
  return fixed_from_units (state, divide (state, a * b, SCALE));
}

static PyObject *
fixed_divide (PyObject *v, PyObject *w)
{
  fixednum_state *state = find_fixednum_state_by_operands(v, w, NULL);
  if (state == NULL) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  long long a, b;

  CONVERT_BOTH (state, v, w, a, b);
  if (b == 0)
    {
      PyErr_SetString (PyExc_ZeroDivisionError, "division of a fixed number by zero");
      return NULL;
    }
  if (llabs (a) > 0x7fffffffffffffffLL / SCALE)
    {
      PyErr_SetString (state->FixedOverflow, "the dividend has too many digits");
      return NULL;
    }
  return fixed_from_units (state, divide (state, a * SCALE, b));
}

static PyObject *
fixed_power (PyObject *v, PyObject *w, PyObject *z)
{
  fixednum_state *state = find_fixednum_state_by_operands(v, w, z);
  if (state == NULL) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  PyObject *result, *base, *next;
  long long a;
  long n;

  if (z != Py_None)
    {
      if (Fixed_Check (state, z))
        PyErr_SetString (PyExc_TypeError, "a fixed number cannot be a modulus");
      else
        PyErr_SetString (PyExc_TypeError, "pow() of fixed numbers takes no modulus");
      return NULL;
    }
  if (!Fixed_Check (state, v))
    Py_RETURN_NOTIMPLEMENTED;
  a = UNITS (v);
  if (Fixed_Check (state, w) && UNITS (w) % SCALE == 0)
    n = (long) (UNITS (w) / SCALE);
  else if (PyLong_Check (w))
    n = PyLong_AsLong (w);
  else
    Py_RETURN_NOTIMPLEMENTED;
  if (n < 0)
    {
      if (!PyErr_Occurred ())
        PyErr_SetString (PyExc_ValueError, "the exponent must not be negative");
      return NULL;
    }
  base = fixed_from_units (state, a);
  result = fixed_from_units (state, SCALE);
  while (base != NULL && result != NULL && n-- > 0)
    {
      next = fixed_multiply (result, base);
      Py_DECREF (result);
      result = next;
    }
  Py_XDECREF (base);
  return result;
}

static PyObject *
fixed_negative (PyObject *self)
{
  fixednum_state *state = get_fixednum_state_by_type(Py_TYPE(self));
  return fixed_from_units (state, -UNITS (self));
}

static PyObject *
fixed_positive (PyObject *self)
{
  fixednum_state *state = get_fixednum_state_by_type(Py_TYPE(self));
  return fixed_from_units (state, UNITS (self));
}

static PyObject *
fixed_absolute (PyObject *self)
{
  return UNITS (self) < 0 ? fixed_negative (self) : fixed_positive (self);
}

static int
fixed_bool (PyObject *self)
{
  return UNITS (self) != 0;
}

static PyObject *
fixed_int (PyObject *self)
{
  return PyLong_FromLongLong (UNITS (self) / SCALE);
}

static PyObject *
fixed_float (PyObject *self)
{
  return PyFloat_FromDouble ((double) UNITS (self) / SCALE);
}

/* A fixed number that is exactly of our type is never changed in place; for
   a subclass the result keeps the class.  */
static PyObject *
fixed_inplace_add (PyObject *self, PyObject *other)
{
  fixednum_state *state = get_fixednum_state_by_type(Py_TYPE(self));
  PyObject *sum = fixed_add (self, other), *result;

  if (sum == NULL || sum == Py_NotImplemented || Fixed_CheckExact (state, self))
    return sum;
  result = PyObject_CallFunctionObjArgs ((PyObject *) Py_TYPE (self), sum, NULL);
  Py_DECREF (sum);
  return result;
}

static PyObject *
fixed_richcompare (PyObject *v, PyObject *w, int op)
{
  fixednum_state *state = get_fixednum_state_by_type(Py_TYPE(v));
  long long a, b;

  CONVERT_BOTH (state, v, w, a, b);
  Py_RETURN_RICHCOMPARE (a, b, op);
}

static Py_hash_t
fixed_hash (PyObject *self)
{
  PyObject *equal;
  Py_hash_t hash;

  equal = UNITS (self) % SCALE ? fixed_float (self) : fixed_int (self);
  if (equal == NULL)
    return -1;
  hash = PyObject_Hash (equal);
  Py_DECREF (equal);
  return hash;
}

static PyObject *
fixed_str (PyObject *self)
{
  long long units = llabs (UNITS (self));
  char text[64];

  PyOS_snprintf (text, sizeof text, "%s%lld.%04lld", UNITS (self) < 0 ? "-" : "",
                 units / SCALE, units % SCALE);
  return PyUnicode_FromString (text);
}

static PyObject *
fixed_repr (PyObject *self)
{
  PyObject *text = fixed_str (self), *result;

  if (text == NULL)
    return NULL;
  result = PyUnicode_FromFormat ("Fixed('%U')", text);
  Py_DECREF (text);
  return result;
}

static PyObject *
fixed_new (PyTypeObject *type, PyObject *args, PyObject *kwds)
{
  fixednum_state *state = get_fixednum_state_by_type(type);
  PyObject *value = NULL, *number = NULL, *self;
  long long units = 0;
  int known = 1;

  if (!PyArg_ParseTuple (args, "|O:Fixed", &value))
    return NULL;
  if (value != NULL && PyUnicode_Check (value))
    {
      number = PyFloat_FromString (value);
      if (number == NULL)
        return NULL;
      value = number;
    }
  if (value != NULL)
    known = convert (state, value, &units);
  Py_XDECREF (number);
  if (known == 0)
    PyErr_Format (PyExc_TypeError, "no fixed number can be made from %.100s",
                  Py_TYPE (value)->tp_name);
  if (known <= 0)
    return NULL;
  if (type == state->Fixed_Type)
    return fixed_from_units (state, units);
  self = type->tp_alloc (type, 0);
  if (self != NULL)
    UNITS (self) = units;
  return self;
}

static PyObject *
fixed_reduce (PyObject *self, PyObject *unused)
{
  return Py_BuildValue ("O(N)", Py_TYPE (self), fixed_str (self));
}

static PyMethodDef fixed_methods[] = {
  {"__reduce__", fixed_reduce, METH_NOARGS, NULL},
  {NULL, NULL, 0, NULL}
};

static int
Fixed_traverse(PyObject *self, visitproc visit, void *arg)
{
  Py_VISIT(Py_TYPE(self));
  return 0;
}

static PyType_Slot Fixed_slots[] = {
  {Py_tp_dealloc, fixed_dealloc},
  {Py_tp_repr, fixed_repr},
  {Py_tp_hash, fixed_hash},
  {Py_tp_str, fixed_str},
  {Py_tp_doc, (void *)"Fixed(value=0)\n\nA number with four decimal places."},
  {Py_tp_richcompare, fixed_richcompare},
  {Py_tp_methods, fixed_methods},
  {Py_tp_new, fixed_new},
  {Py_nb_add, fixed_add},
  {Py_nb_subtract, fixed_subtract},
  {Py_nb_multiply, fixed_multiply},
  {Py_nb_power, fixed_power},
  {Py_nb_negative, fixed_negative},
  {Py_nb_positive, fixed_positive},
  {Py_nb_absolute, fixed_absolute},
  {Py_nb_bool, fixed_bool},
  {Py_nb_int, fixed_int},
  {Py_nb_float, fixed_float},
  {Py_nb_inplace_add, fixed_inplace_add},
  {Py_nb_true_divide, fixed_divide},
  {Py_tp_traverse, Fixed_traverse},
  {0, NULL}
};

static PyType_Spec Fixed_spec = {
  .name = "fixednum.Fixed",
  .basicsize = sizeof (Fixed),
  .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC |
        Py_TPFLAGS_IMMUTABLETYPE,
  .slots = Fixed_slots,
};

static PyObject *
fixednum_total (PyObject *module, PyObject *numbers)
{
  fixednum_state *state = get_fixednum_state(module);
  PyObject *iterator, *item, *sum = fixed_from_units (state, 0);

  iterator = PyObject_GetIter (numbers);
  if (iterator == NULL)
    Py_CLEAR (sum);
  while (sum != NULL && (item = PyIter_Next (iterator)) != NULL)
    {
      Py_SETREF (sum, PyNumber_Add (sum, item));
      Py_DECREF (item);
    }
  Py_XDECREF (iterator);
  if (PyErr_Occurred ())
    Py_CLEAR (sum);
  return sum;
}

static PyObject *
fixednum_set_rounding (PyObject *module, PyObject *args)
{
  fixednum_state *state = get_fixednum_state(module);
  int old = state->rounding;

  if (!PyArg_ParseTuple (args, "p:set_rounding", &state->rounding))
    return NULL;
  return PyBool_FromLong (old);
}

static PyMethodDef fixednum_methods[] = {
  {"total", fixednum_total, METH_O, "The sum of an iterable of numbers."},
  {"set_rounding", fixednum_set_rounding, METH_VARARGS,
   "Round half up, or else down; returns what it was."},
  {NULL, NULL, 0, NULL}
};

static int
fixednum_traverse(PyObject *module, visitproc visit, void *arg)
{
  fixednum_state *state = get_fixednum_state(module);

  Py_VISIT(state->FixedOverflow);
  Py_VISIT(state->fixed_zero);
  Py_VISIT(state->fixed_one);
  Py_VISIT(state->Fixed_Type);
  return 0;
}

static int
fixednum_clear(PyObject *module)
{
  fixednum_state *state = get_fixednum_state(module);

  Py_CLEAR(state->FixedOverflow);
  Py_CLEAR(state->fixed_zero);
  Py_CLEAR(state->fixed_one);
  Py_CLEAR(state->Fixed_Type);
  return 0;
}

static void
fixednum_free(void *module)
{
  (void)fixednum_clear((PyObject *)module);
}

static int fixednum_exec(PyObject *);

static PyModuleDef_Slot fixednum_slots[] = {
  {Py_mod_exec, fixednum_exec},
#if PY_VERSION_HEX >= 0x030c0000
  {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
  {0, NULL}
};

static struct PyModuleDef fixednum_module = {
  PyModuleDef_HEAD_INIT,
  .m_name = "fixednum",
  .m_doc = "Numbers with four decimal places.",
  .m_size = sizeof(fixednum_state),
  .m_methods = fixednum_methods,
  .m_slots = fixednum_slots,
  .m_traverse = fixednum_traverse,
  .m_clear = fixednum_clear,
  .m_free = fixednum_free,
};

static int
fixednum_exec(PyObject *module)
{
  fixednum_state *state = get_fixednum_state(module);

  state->rounding = 1;
  if (fixednum_add_type(module, &Fixed_spec, &state->Fixed_Type) < 0)
    return -1;
  state->FixedOverflow = PyErr_NewException ("fixednum.FixedOverflow", PyExc_OverflowError, NULL);
  if (state->FixedOverflow == NULL || PyModule_AddObjectRef (module, "FixedOverflow", state->FixedOverflow) < 0)
    goto error;
  if (state->fixed_zero == NULL)
    state->fixed_zero = (Fixed *) fixed_from_units (state, 0);
  if (state->fixed_one == NULL)
    state->fixed_one = (Fixed *) fixed_from_units (state, SCALE);
  if (state->fixed_zero == NULL || state->fixed_one == NULL)
    goto error;
  if (PyModule_AddObjectRef (module, "Fixed", (PyObject *) state->Fixed_Type) < 0
      || PyModule_AddObjectRef (module, "zero", (PyObject *) state->fixed_zero) < 0
      || PyModule_AddObjectRef (module, "one", (PyObject *) state->fixed_one) < 0)
    goto error;
  return 0;

error:
  ;
  return -1;
}

PyMODINIT_FUNC
PyInit_fixednum(void)
{
  return PyModuleDef_Init(&fixednum_module);
}
