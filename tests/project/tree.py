"""Small projects for the tests."""

from __future__ import annotations

from pathlib import Path

C_MODULE = """\
#include <Python.h>

static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "%(name)s", NULL, -1, NULL};

PyMODINIT_FUNC
PyInit_%(name)s(void)
{
    return PyModule_Create(&def);
}
"""


def c_module(name: str) -> str:
    return C_MODULE % {"name": name}


def make_tree(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write the files below the root; the root."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root
