#ifndef DBWRAP_CONNECTION_H
#define DBWRAP_CONNECTION_H

#include "common.h"
#include "store.h"

typedef struct {
	PyObject_HEAD
	store *db;		/* NULL: closed */
	PyObject *hook;		/* called before every change */
	PyObject *row_factory;	/* NULL: Row */
	PyObject *weakrefs;
	long changes;
} Connection;

extern PyTypeObject Connection_Type;

#define Connection_Check(op) PyObject_TypeCheck(op, &Connection_Type)

int connection_usable(Connection *self);

#endif
