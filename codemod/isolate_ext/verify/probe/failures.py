"""Every step of the module's exec function fails once, for lack of memory.

Numbers in brackets are rows of the handbook's table of field bugs.
"""

import _imp
import gc
import sys
import time
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location

from probe.exercise import outcome_of
from probe.naming import full_name
from probe.ownership import all_types
from probe.single_phase import answer_of, survives

STEPS = 600
PATIENCE = 20
"""Seconds; a module that makes very many objects is not tried to its end."""

DONE = 12
"""As many successes in a row mean that there is no further allocation to fail."""

AT_ONCE = 2
"""With one at a time, dicts of Python 3.13 are left in disorder."""

BEFORE_SLOTS = 7
"""Words of a PyModuleDef between its header and ``m_slots``."""

UNSET = "failed without setting an exception"
"""Not the module's fault: functions that make types do so themselves for lack of memory."""


def run(setting):
    """Allocations fail by pairs: a MemoryError each time, and nothing is left behind [27]."""
    try:
        from _testcapi import remove_mem_hooks, set_nomemory
    except ImportError:
        return {"ok": True, "skipped": "this Python has no _testcapi.set_nomemory"}
    subject = setting.subject
    asked = answer_of(lambda: _asked(subject))
    if asked is not None and asked["whole"]:
        survives(subject, asked, set_nomemory, remove_mem_hooks)
        return {"ok": True, "skipped": "it is made in a single phase, so there is no exec to fail"}
    if asked is not None and asked["python"]:
        return {"ok": True, "skipped": "exec runs Python code, which needs memory itself"}
    subject.alone()
    subject.load()
    known = set(all_types())
    problems, fine, step, end = [], 0, 0, time.monotonic() + PATIENCE
    while fine < DONE and step < STEPS and time.monotonic() < end:
        module = _created(subject)
        failure = None
        set_nomemory(step, step + AT_ONCE)
        try:
            _imp.exec_dynamic(module)
        except Exception as error:
            failure = error
        finally:
            remove_mem_hooks()
        step += 1
        del module
        subject.forget()
        fine = fine + 1 if failure is None else 0
        if failure is not None:
            problems += _hidden(failure)
            failure = None
            problems += _left(setting.ownership, known)
        else:
            known.update(all_types())
    return {"ok": not problems, "problems": sorted(set(problems)), "steps": step}


def _asked(subject):
    """What there is to know of the module, and the modules that it needs."""
    subject.alone()
    subject.load()
    whole = _is_whole(subject)
    return {
        "path": subject.path,
        "whole": whole,
        "python": not whole and _runs_python(subject),
        "modules": [name for name in sys.modules if not subject.covers(name)],
    }


def _created(subject):
    """The module before exec, which has no effect for one that is made in a single phase."""
    loader = ExtensionFileLoader(subject.name, subject.path)
    spec = spec_from_file_location(subject.name, subject.path, loader=loader)
    module = module_from_spec(spec)
    sys.modules[subject.name] = module
    return module


def _is_whole(subject):
    """Whether the module has no slots, so that exec has nothing to do."""
    import ctypes

    definition = ctypes.pythonapi.PyModule_GetDef
    definition.restype, definition.argtypes = ctypes.c_void_p, [ctypes.py_object]
    where = definition(_created(subject))
    slots = object.__basicsize__ + BEFORE_SLOTS * ctypes.sizeof(ctypes.c_void_p)
    return where is None or not ctypes.c_void_p.from_address(where + slots).value


def _runs_python(subject):
    """Whether exec calls Python code: the interpreter itself may not survive that."""
    calls = []
    module = _created(subject)
    sys.setprofile(lambda frame, event, argument: calls.append(event))
    try:
        _imp.exec_dynamic(module)
    finally:
        sys.setprofile(None)
    return "call" in calls


def _hidden(error):
    """Exec said that all went well, and left the error: the interpreter's own has it as cause."""
    system = isinstance(error, SystemError) and UNSET not in str(error)
    if not system and error.__cause__ is None:
        return []
    told = outcome_of(error)[2:] if system else "an error was set, and success returned"
    return [f"exec without memory: {told} [27]"]


def _left(ownership, known):
    """Types that a failed import leaves behind, once the garbage is gone."""
    if not any(kind not in known for kind in all_types()):
        return []
    gc.collect()
    left = [kind for kind in all_types() if kind not in known and ownership.owns_type(kind)]
    known.update(left)
    return [f"left behind: type {full_name(kind)} [27]" for kind in left]
