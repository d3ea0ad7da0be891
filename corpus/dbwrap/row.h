#ifndef DBWRAP_ROW_H
#define DBWRAP_ROW_H

#include "common.h"

typedef struct {
	PyObject_HEAD
	long key;
	PyObject *value;
} Row;

extern PyTypeObject Row_Type;

#define Row_Check(op) PyObject_TypeCheck(op, &Row_Type)

#endif
