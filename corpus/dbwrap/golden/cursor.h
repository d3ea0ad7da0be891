#ifndef DBWRAP_CURSOR_H
#define DBWRAP_CURSOR_H

#include "connection.h"

typedef struct {
	PyObject_HEAD
	Connection *connection;
	PyObject *found;	/* list of (key, text) still to give */
	Py_ssize_t next;
} Cursor;

extern PyType_Spec Cursor_spec;

#define Cursor_CheckExact(state, op) (Py_TYPE(op) == (state)->Cursor_Type)

PyObject *cursor_create(dbwrap_state *state, Connection *connection, PyObject *predicate);

#endif
