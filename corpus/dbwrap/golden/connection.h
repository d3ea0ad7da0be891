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

extern PyType_Spec Connection_spec;

#define Connection_Check(state, op) PyObject_TypeCheck(op, (state)->Connection_Type)

int connection_usable(dbwrap_state *state, Connection *self);

#endif
