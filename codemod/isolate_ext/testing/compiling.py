"""What a compiler says of new texts that it did not say of the old ones."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from isolate_ext.project import CompileCheck, DiscoveredExtension, Origin
from isolate_ext.testing.sources import name_of


def complaints(originals: Mapping[str, bytes], texts: Mapping[str, bytes]) -> list[str]:
    """New errors and warnings of ``-fsyntax-only``, one a line; none where nothing can compile."""
    if not texts:
        return []
    with tempfile.TemporaryDirectory(prefix="isolate-ext-") as folder:
        root = Path(folder)
        for path, data in originals.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        sources = tuple(path for path in originals if path.endswith(".c"))
        headers = tuple(path for path in originals if not path.endswith(".c"))
        found = DiscoveredExtension(
            name_of(originals),
            sources,
            headers,
            (),
            (),
            (),
            (),
            "c",
            (),
            Origin("archive", 1, "a test"),
            python_sources=sources,
        )
        result = CompileCheck(root)(found, texts)
    return [
        f"{each.path}:{each.line}: {each.kind}: {each.message}"
        for each in (*result.errors, *result.warnings)
    ]
