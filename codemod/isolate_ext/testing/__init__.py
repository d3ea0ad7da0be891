"""Public harness for rules and rule packs: examples as tests.

A source is the text of one C file, or an archive of several::

    -- spam.c --
    #include "spam.h"
    -- spam.h --
    extern PyTypeObject Egg_Type;
"""

from isolate_ext.testing.archive import files_of, text_of
from isolate_ext.testing.checks import (
    check_example,
    check_refused,
    check_rewrite,
    check_stages,
    check_unchanged,
    migrated,
)
from isolate_ext.testing.sources import extension_of

__all__ = [
    "check_example",
    "check_refused",
    "check_rewrite",
    "check_stages",
    "check_unchanged",
    "extension_of",
    "files_of",
    "migrated",
    "text_of",
]
