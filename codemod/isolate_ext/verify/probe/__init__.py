"""What one process can see of one extension: import, surface, re-import, interpreters, leaks.

Needs only the standard library of the interpreter that is judged (CPython 3.9 and later), so that
the same files run everywhere; run as ``python probe SPEC.json``. A sub-interpreter
imports it again by itself. Nothing here may import an extension module that is itself judged
before ``loading`` has put the judged library in its place, hence the short import lists.
"""
