#ifndef DBWRAP_ROW_H
#define DBWRAP_ROW_H

#include "common.h"

typedef struct {
	PyObject_HEAD
	long key;
	PyObject *value;
} Row;

extern PyType_Spec Row_spec;

#define Row_Check(state, op) PyObject_TypeCheck(op, (state)->Row_Type)

#endif
