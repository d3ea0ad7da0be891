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
  Fixed *free_list[MAX_FREE];
  int num_free;
  int rounding;
} fixednum_state;

static fixednum_state global_fixednum_state;

static inline fixednum_state *
get_global_fixednum_state(void)
{
  return &global_fixednum_state;
}

static inline fixednum_state *
get_fixednum_state(PyObject *module)
{
  (void)module;
  return get_global_fixednum_state();
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

static PyTypeObject Fixed_Type;



/* How results are rounded: 0 down, 1 half up.  */

#define Fixed_Check(op) PyObject_TypeCheck (op, &Fixed_Type)
#define Fixed_CheckExact(op) (Py_TYPE (op) == &Fixed_Type)
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
  if (state->num_free > 0)
    {
      self = state->free_list[--state->num_free];
      PyObject_Init ((PyObject *) self, &Fixed_Type);
    }
  else
    {
      self = PyObject_New (Fixed, &Fixed_Type);
      if (self == NULL)
        return NULL;
    }
  self->units = units;
  return (PyObject *) self;
}

static void
fixed_dealloc (PyObject *self)
{
  if (Fixed_CheckExact (self) && get_global_fixednum_state()->num_free < MAX_FREE)
    get_global_fixednum_state()->free_list[get_global_fixednum_state()->num_free++] = (Fixed *) self;
  else
    Py_TYPE (self)->tp_free (self);
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
  if (Fixed_Check (op))
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
  long long a, b;

  CONVERT_BOTH (get_global_fixednum_state(), v, w, a, b);
  return fixed_from_units (get_global_fixednum_state(), a + b);
}

static PyObject *
fixed_subtract (PyObject *v, PyObject *w)
{
  long long a, b;

  CONVERT_BOTH (get_global_fixednum_state(), v, w, a, b);
  return fixed_from_units (get_global_fixednum_state(), a - b);
}

static PyObject *
fixed_multiply (PyObject *v, PyObject *w)
{
  long long a, b;

  CONVERT_BOTH (get_global_fixednum_state(), v, w, a, b);
  if (a != 0 && llabs (b) > 0x7fffffffffffffffLL / llabs (a))
    {
      PyErr_SetString (get_global_fixednum_state()->FixedOverflow, "the product has too many digits");
      return NULL;
    }
  return fixed_from_units (get_global_fixednum_state(), divide (get_global_fixednum_state(), a * b, SCALE));
}

static PyObject *
fixed_divide (PyObject *v, PyObject *w)
{
  long long a, b;

  CONVERT_BOTH (get_global_fixednum_state(), v, w, a, b);
  if (b == 0)
    {
      PyErr_SetString (PyExc_ZeroDivisionError, "division of a fixed number by zero");
      return NULL;
    }
  if (llabs (a) > 0x7fffffffffffffffLL / SCALE)
    {
      PyErr_SetString (get_global_fixednum_state()->FixedOverflow, "the dividend has too many digits");
      return NULL;
    }
  return fixed_from_units (get_global_fixednum_state(), divide (get_global_fixednum_state(), a * SCALE, b));
}

static PyObject *
fixed_power (PyObject *v, PyObject *w, PyObject *z)
{
  PyObject *result, *base, *next;
  long long a;
  long n;

  if (z != Py_None)
    {
      if (Fixed_Check (z))
        PyErr_SetString (PyExc_TypeError, "a fixed number cannot be a modulus");
      else
        PyErr_SetString (PyExc_TypeError, "pow() of fixed numbers takes no modulus");
      return NULL;
    }
  if (!Fixed_Check (v))
    Py_RETURN_NOTIMPLEMENTED;
  a = UNITS (v);
  if (Fixed_Check (w) && UNITS (w) % SCALE == 0)
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
  base = fixed_from_units (get_global_fixednum_state(), a);
  result = fixed_from_units (get_global_fixednum_state(), SCALE);
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
  return fixed_from_units (get_global_fixednum_state(), -UNITS (self));
}

static PyObject *
fixed_positive (PyObject *self)
{
  return fixed_from_units (get_global_fixednum_state(), UNITS (self));
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
  PyObject *sum = fixed_add (self, other), *result;

  if (sum == NULL || sum == Py_NotImplemented || Fixed_CheckExact (self))
    return sum;
  result = PyObject_CallFunctionObjArgs ((PyObject *) Py_TYPE (self), sum, NULL);
  Py_DECREF (sum);
  return result;
}

static PyNumberMethods fixed_as_number = {
  fixed_add,                    /* nb_add */
  fixed_subtract,               /* nb_subtract */
  fixed_multiply,               /* nb_multiply */
  0,                            /* nb_remainder */
  0,                            /* nb_divmod */
  fixed_power,                  /* nb_power */
  fixed_negative,               /* nb_negative */
  fixed_positive,               /* nb_positive */
  fixed_absolute,               /* nb_absolute */
  fixed_bool,                   /* nb_bool */
  0,                            /* nb_invert */
  0,                            /* nb_lshift */
  0,                            /* nb_rshift */
  0,                            /* nb_and */
  0,                            /* nb_xor */
  0,                            /* nb_or */
  fixed_int,                    /* nb_int */
  0,                            /* nb_reserved */
  fixed_float,                  /* nb_float */
  fixed_inplace_add,            /* nb_inplace_add */
  0,                            /* nb_inplace_subtract */
  0,                            /* nb_inplace_multiply */
  0,                            /* nb_inplace_remainder */
  0,                            /* nb_inplace_power */
  0,                            /* nb_inplace_lshift */
  0,                            /* nb_inplace_rshift */
  0,                            /* nb_inplace_and */
  0,                            /* nb_inplace_xor */
  0,                            /* nb_inplace_or */
  0,                            /* nb_floor_divide */
  fixed_divide,                 /* nb_true_divide */
};

static PyObject *
fixed_richcompare (PyObject *v, PyObject *w, int op)
{
  long long a, b;

  CONVERT_BOTH (get_global_fixednum_state(), v, w, a, b);
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
    known = convert (get_global_fixednum_state(), value, &units);
  Py_XDECREF (number);
  if (known == 0)
    PyErr_Format (PyExc_TypeError, "no fixed number can be made from %.100s",
                  Py_TYPE (value)->tp_name);
  if (known <= 0)
    return NULL;
  if (type == &Fixed_Type)
    return fixed_from_units (get_global_fixednum_state(), units);
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

static PyTypeObject Fixed_Type = {
  PyVarObject_HEAD_INIT (NULL, 0)
  "fixednum.Fixed",             /* tp_name */
  sizeof (Fixed),               /* tp_basicsize */
  0,                            /* tp_itemsize */
  fixed_dealloc,                /* tp_dealloc */
  0,                            /* tp_vectorcall_offset */
  0,                            /* tp_getattr */
  0,                            /* tp_setattr */
  0,                            /* tp_as_async */
  fixed_repr,                   /* tp_repr */
  &fixed_as_number,             /* tp_as_number */
  0,                            /* tp_as_sequence */
  0,                            /* tp_as_mapping */
  fixed_hash,                   /* tp_hash */
  0,                            /* tp_call */
  fixed_str,                    /* tp_str */
  0,                            /* tp_getattro */
  0,                            /* tp_setattro */
  0,                            /* tp_as_buffer */
  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, /* tp_flags */
  "Fixed(value=0)\n\nA number with four decimal places.", /* tp_doc */
  0,                            /* tp_traverse */
  0,                            /* tp_clear */
  fixed_richcompare,            /* tp_richcompare */
  0,                            /* tp_weaklistoffset */
  0,                            /* tp_iter */
  0,                            /* tp_iternext */
  fixed_methods,                /* tp_methods */
  0,                            /* tp_members */
  0,                            /* tp_getset */
  0,                            /* tp_base */
  0,                            /* tp_dict */
  0,                            /* tp_descr_get */
  0,                            /* tp_descr_set */
  0,                            /* tp_dictoffset */
  0,                            /* tp_init */
  0,                            /* tp_alloc */
  fixed_new,                    /* tp_new */
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

static struct PyModuleDef fixednum_module = {
  PyModuleDef_HEAD_INIT,
  "fixednum",                   /* m_name */
  "Numbers with four decimal places.", /* m_doc */
  -1,                           /* m_size */
  fixednum_methods,             /* m_methods */
  NULL, NULL, NULL, NULL
};

static fixednum_state global_fixednum_state = {
  .rounding = 1,
};

PyMODINIT_FUNC
PyInit_fixednum (void)
{
  fixednum_state *state = get_global_fixednum_state();
  PyObject *module;

  if (PyType_Ready (&Fixed_Type) < 0)
    return NULL;
  module = PyModule_Create (&fixednum_module);
  if (module == NULL)
    return NULL;
  state->FixedOverflow = PyErr_NewException ("fixednum.FixedOverflow", PyExc_OverflowError, NULL);
  Py_XINCREF (state->FixedOverflow);
  if (state->FixedOverflow == NULL || PyModule_AddObject (module, "FixedOverflow", state->FixedOverflow) < 0)
    goto error;
  if (state->fixed_zero == NULL)
    state->fixed_zero = (Fixed *) fixed_from_units (state, 0);
  if (state->fixed_one == NULL)
    state->fixed_one = (Fixed *) fixed_from_units (state, SCALE);
  if (state->fixed_zero == NULL || state->fixed_one == NULL)
    goto error;
  Py_INCREF (&Fixed_Type);
  Py_INCREF (state->fixed_zero);
  Py_INCREF (state->fixed_one);
  if (PyModule_AddObject (module, "Fixed", (PyObject *) &Fixed_Type) < 0
      || PyModule_AddObject (module, "zero", (PyObject *) state->fixed_zero) < 0
      || PyModule_AddObject (module, "one", (PyObject *) state->fixed_one) < 0)
    goto error;
  return module;

error:
  Py_DECREF (module);
  return NULL;
}
