"""Library functions that are done with a callback when they return (their manuals)."""

from __future__ import annotations

from typing import NamedTuple


class Within(NamedTuple):
    """Positions: of the callback and its data among the arguments, of the data in the callback."""

    callback: int
    data: int
    parameter: int


DURING_THE_CALL = {
    "qsort_r": Within(3, 4, 2),
    "qsort_s": Within(3, 4, 0),
    "dl_iterate_phdr": Within(0, 1, 2),
    "twalk_r": Within(1, 2, 2),
    "sqlite3_exec": Within(2, 3, 0),
    "ldap_sasl_interactive_bind_s": Within(6, 7, 2),
    "PyUnstable_GC_VisitObjects": Within(0, 1, 1),
}
"""By name; other systems have other signatures of the same name, and those do not match."""

RETURNS_AT_ONCE = frozenset(
    "pthread_create thrd_create CreateThread _beginthreadex _beginthread pthread_key_create atexit "
    "PyThread_start_new_thread Py_AddPendingCall Py_AtExit".split()
)
"""Functions that return before they call what they are given."""
