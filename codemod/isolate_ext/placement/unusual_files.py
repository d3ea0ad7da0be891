"""Files that are part of the extension only where a macro is set that nothing sets by itself."""

from __future__ import annotations

from isolate_ext.model.extension import Extension
from isolate_ext.syntax import resolve_include


def unusual_files(extension: Extension) -> dict[str, tuple[str, ...]]:
    """Files that are included only under unusual conditions, with those of one `#include`."""
    found: dict[str, tuple[str, ...]] = {}
    usual: set[str] = set(extension.units)
    pending = list(usual)
    while pending:
        path = pending.pop()
        parsed = extension.files[path]
        for include in parsed.scan.includes:
            target = resolve_include(path, include.name, extension.files)
            if target is None or target in usual:
                continue
            if parsed.usual(include.span[0]):
                usual.add(target)
                pending.append(target)
            else:
                conditions = parsed.conditions(include.span[0])
                found[target] = tuple(c.text for c in conditions if c.verdict is not True)
    return {path: conditions for path, conditions in found.items() if path not in usual}
