"""Functions of C libraries that say what a variable is for, by name (their manuals)."""

from __future__ import annotations

SYMBOL_LOOKUPS = frozenset(
    "dlsym GetProcAddress lt_dlsym g_module_symbol glXGetProcAddress wglGetProcAddress".split()
)
"""They find a function by its name at run time."""

ENVIRONMENT = frozenset("getenv secure_getenv _wgetenv Py_GETENV _Py_GetEnv".split())
"""They read a variable of the environment."""

CAPSULES = frozenset("PyCapsule_Import PyCapsule_GetPointer PyCObject_AsVoidPtr".split())
"""They find the table of functions of another extension."""

ALLOCATORS = frozenset(
    "malloc calloc realloc PyMem_Malloc PyMem_MALLOC PyMem_Calloc PyMem_Realloc PyMem_RawMalloc "
    "PyMem_RawCalloc PyMem_New PyMem_NEW PyObject_Malloc PyObject_MALLOC".split()
)
"""They give raw memory."""

OF_THE_PROCESS = frozenset(
    "initscr newterm setupterm cbreak noecho setlocale signal sigaction sigaltstack openlog "
    "XOpenDisplay db_env_create tcgetattr tcsetattr using_history rl_initialize el_init "
    "curl_global_init gnutls_global_init SSL_library_init Pa_Initialize lt_dlinit setitimer "
    "TclCreateInterp Tcl_CreateInterp atexit on_exit Py_AtExit pthread_atfork".split()
)
"""They set up, or are told of, something that a process has once."""
