"""Further configurations show only the pieces that differ, and see the same there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolate_ext.syntax import MacroEnvironment, Source, parse, scan
from isolate_ext.syntax.chunks import Chunks
from isolate_ext.syntax.parsing import Views

PIECES = (
    "static int plain(int n) { return n; }\n",
    "#ifdef LEFT\nstatic int here(int n) { return n + 1; }\n#else\nint there;\n#endif\n",
    "int\n#ifdef LEFT\nhead(int n) {\n#else\nhead(long n) {\n#endif\n    return (int)n;\n}\n",
    "#if OTHER > 2\n#ifdef LEFT\nint deep;\n#else\nlong deep;\n#endif\n#endif\n",
    "static int body(void)\n{\n#ifndef LEFT\n    return 1;\n#else\n    return 2;\n#endif\n}\n",
    "#ifdef LEFT\nstruct s {\n#else\nunion s {\n#endif\n    int a;\n};\n",
    '#ifdef LEFT\nextern "C" {\n#endif\n',
    "#ifdef LEFT\n}\n#endif\n",
    "#if OTHER\nint open(void) {\n#endif\n",
    "int last;\n",
)


def shown(text: str) -> list[tuple[str, int, int]]:
    found = scan(Source("spam.c", text.encode()))
    parsed = parse(found, MacroEnvironment.of([found]))
    return [(node.kind, node.start, node.end) for node in parsed.items()]


@given(st.lists(st.sampled_from(PIECES), max_size=7))
def test_the_items_are_those_of_whole_views(pieces: list[str]) -> None:
    text = "".join(pieces)
    few = shown(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Chunks, "ends_at", lambda *_: False)
        assert few == shown(text)


def test_what_is_as_before_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    whole = Views._further

    def further(self: Views, *given: object) -> object:
        made = whole(self, *given)  # type: ignore[arg-type]
        seen.append(bytes(made[0].sheet.skeleton))
        return made

    monkeypatch.setattr(Views, "_further", further)
    shown("".join(PIECES[:2]))
    assert [b"plain" in each for each in seen] == [False]
    assert b"here" in seen[0]
