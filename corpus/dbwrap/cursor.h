#ifndef DBWRAP_CURSOR_H
#define DBWRAP_CURSOR_H

#include "connection.h"

typedef struct {
	PyObject_HEAD
	Connection *connection;
	PyObject *found;	/* list of (key, text) still to give */
	Py_ssize_t next;
} Cursor;

extern PyTypeObject Cursor_Type;

#define Cursor_CheckExact(op) (Py_TYPE(op) == &Cursor_Type)

PyObject *cursor_create(Connection *connection, PyObject *predicate);

#endif
