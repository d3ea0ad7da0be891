"""The arguments that calls are tried with, and the names that are never called."""

import re

HARMFUL = re.compile(
    r"fork|^exec[vl]|kill|sleep|wait$|abort|^_?exit$|alarm|pause|raise_signal|signal$|system$"
    r"|popen|spawn|daemon|reboot|shutdown|mount|^set[ger]?[ug]id|setgroups|chroot|getpass|prompt"
    r"|^input|_input$|initscr|setupterm|mainloop|dooneevent|crash|fatal|stack_overflow"
    r"|set_nomemory|leak|priority|rlimit|ioprio|affinity|^run$|run_in|ioctl|interrupt"
    r"|sethostname|settime|^select$|fromfd",
    re.IGNORECASE,
)
"""Calls that block, end the process, or change the machine."""

DESCRIPTORS = re.compile(r"^(close|dup2?|lockf|flock|fcntl|sendfile|set_inheritable)$")
"""Functions of a module that would act on a file descriptor given as a plain number."""

FEW = 6


class Bag:
    """A plain object with attributes, a method and a weak reference slot."""

    value = 1

    def read(self, size=-1):
        """Behave like an exhausted binary file."""
        return b""

    def write(self, data):
        """Take data like a file."""
        return len(data)


def accept(*args, **kwargs):
    """A callback that takes anything."""
    return


def identity():
    """A fresh callback that gives its first argument back."""

    def identity(value=None, *rest):
        return value

    return identity


SETS = (
    ("", lambda: ()),
    ("str", lambda: ("abc",)),
    ("bytes", lambda: (b"abc",)),
    ("ints", lambda: ([1, 2, 3],)),
    ("lines", lambda: (["a,b", "c,d"],)),
    ("1", lambda: (1,)),
    ("None", lambda: (None,)),
    ("obj", lambda: (Bag(),)),
    ("call", lambda: (identity(),)),
    ("dict", lambda: ({"a": 1},)),
    ("float", lambda: (1.5,)),
    ("-1", lambda: (-1,)),
    ("type", lambda: (int,)),
    ("bytearray", lambda: (bytearray(b"abcd"),)),
    ("str,str", lambda: ("abc", "ab")),
    ("bytes,bytes", lambda: (b"abc", b"ab")),
    ("str,1", lambda: ("abc", 1)),
    ("1,1", lambda: (1, 1)),
    ("bytes,1", lambda: (b"abc", 1)),
    ("ints,1", lambda: ([1, 2, 3], 1)),
    ("str,call", lambda: ("abc", identity())),
    ("str,1,call", lambda: ("abc", 1, identity())),
    ("obj,str", lambda: (Bag(), "abc")),
    ("dict,str", lambda: ({"a": 1}, "a")),
    ("str,dict", lambda: ("abc", {"a": 1})),
    ("1,1,1", lambda: (1, 1, 1)),
    ("str,str,str", lambda: ("abc", "ab", "a")),
)
