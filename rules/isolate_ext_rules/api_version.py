"""The version of the C API that a file is compiled against (handbook section 0.5)."""

from __future__ import annotations

from isolate_ext.engine import Pass


def api_version(pass_: Pass) -> str:
    """What `#if` compares: of a limited API, which may be older than the headers, its own."""
    if pass_.decisions.limited:
        return "(defined(Py_LIMITED_API) ? Py_LIMITED_API+0 : PY_VERSION_HEX)"
    return "PY_VERSION_HEX"
