/* What every file of dbwrap includes first. */
#ifndef DBWRAP_COMMON_H
#define DBWRAP_COMMON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

/* module.c */
extern PyObject *DBError;
extern PyObject *DBClosedError;
extern PyObject *DBVetoError;
extern PyObject *dbwrap_adapters;	/* type -> function giving the text to store */
extern int dbwrap_trace;		/* report errors in callbacks? */

/* util.c */
int dbwrap_util_init(void);
PyObject *dbwrap_adapt(PyObject *value);
PyObject *dbwrap_join(PyObject *items);
void dbwrap_callback_error(PyObject *callback);

#endif
