"""Variables of which each thread has its own (rule C12, handbook pattern 81)."""

from __future__ import annotations

import re

from isolate_ext.model.entities import Declaration, Variable
from isolate_ext.model.extension import Extension
from isolate_ext.syntax import Parsed

_STORAGE = re.compile(
    rb"\b(?:_Thread_local|thread_local|__thread|_Py_thread_local|_Py_THREAD_LOCAL)\b"
    rb"|\b__declspec\s*\(\s*thread\s*\)"
)
_WORD = re.compile(rb"[A-Za-z_]\w*")
_BEFORE = re.compile(rb"[;{}]")


def is_thread_local(extension: Extension, variable: Variable) -> bool:
    """Whether a declaration gives it thread storage, by a keyword or a macro that stands for it."""
    return any(
        _says_so(extension.files[each.path], each)
        for each in (*variable.definitions, *variable.declarations)
    )


def _says_so(parsed: Parsed, declaration: Declaration) -> bool:
    code = parsed.scan.code
    before = code[max(0, declaration.start - 200) : declaration.start]
    own = _BEFORE.split(before)[-1] + code[declaration.start : declaration.name_start]
    return _STORAGE.search(own) is not None or any(
        _STORAGE.search(define.skeleton)
        for word in _WORD.findall(own)
        for define in parsed.macros.definitions(word.decode())
        if define.params is None
    )
