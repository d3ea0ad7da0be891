"""Why something is not done: a closed list of reasons, each with what would lift it."""

from __future__ import annotations

from enum import Enum

import msgspec


class Reason(Enum):
    """The value is the help line: the smallest source edit or configuration that lifts it."""

    ADDRESS_TAKEN = "give the callback a parameter that leads to the module, a type or an instance"
    NO_ROUTE = "pass the module, a type or an instance to this function"
    FENCED = "rewrite the code here so that it parses without the preprocessor"
    FILE_SCOPE_USE = "move this use into a function"
    PASTED_NAME = "spell the name out instead of making it with ##"
    SHARED_FILE = "give each extension its own copy, or state that is reached by parameter"
    MANY_INITS = "put each PyInit function into a file of its own"
    INIT_SHAPE = "let the init function create one module and return it"
    NO_DEFINITION = "let the init function create the module from a static PyModuleDef"
    STATIC_INSTANCE = "allocate the instance when the module is executed"
    METACLASS = "make the type with the metaclass from Python, or drop the metaclass"
    NOT_A_LITERAL = "write the type's name as a string literal"
    TYPE_SHAPE = "write the type with one initialiser and slots that have heap-type equivalents"
    DEALLOC_SHAPE = "free the instance with one call of tp_free at the end of its dealloc function"
    ALLOCATOR = "drop the custom tp_alloc or tp_free"
    ALLOCATION = "allocate instances with tp_alloc or PyObject_New"
    TYPE_USED_AS_VALUE = "use the address of the type inside functions only"
    FINAL_BASE = "add Py_TPFLAGS_BASETYPE to the base"
    TEARDOWN = "do without module state while the instance is being destroyed"
    LAYOUT = "declare the types of these variables before the first function that uses them"
    MODULE_NULL = "call the function with the module as its first argument"
    PROCESS_WIDE = "load the module once in a process, or do without the hook"
    PLACED = "leave the decision out, or make one that can be carried out"
    EXPORTED = "let the table hold nothing but functions that find the state by their arguments"
    FOREIGN_THREAD = "record the interpreter when the callback is registered, and enter that one"
    THREAD_LOCAL = "keep the object in the dictionary of the thread state, or in the module state"
    BORROWED = "take a reference of its own before it is given away"
    LIMITED_API = "build without Py_LIMITED_API"
    CONFLICT = "two changes touch the same text; separate the statements"
    COMPILE = "this is a fault of isolate-ext; see the report file"
    POSTCONDITION = "this is a fault of isolate-ext: the result would break a rule of isolation"
    STAGED = "run the tool on the sources as they were before the earlier stage was written"
    DISABLED = "select the rule again"
    GENERATED = "regenerate the file from its source"


class Refusal(msgspec.Struct, frozen=True):
    """Something left as it is.  ``start..end`` are byte offsets into ``path``.

    ``chain`` tells, cause by cause, what followed from it.
    """

    rule: str
    reason: Reason
    path: str
    start: int
    end: int
    message: str
    symbol: str = ""
    chain: tuple[str, ...] = ()

    @property
    def help(self) -> str:
        return self.reason.value
