"""From a scan to the trees of its views."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from isolate_ext.syntax.chunks import Chunks, Span, merged
from isolate_ext.syntax.configurations import Configuration, Walk, walk
from isolate_ext.syntax.environment import MacroEnvironment
from isolate_ext.syntax.fences import Fence
from isolate_ext.syntax.grammar import parse_bytes
from isolate_ext.syntax.invocations import braces_of, candidates
from isolate_ext.syntax.parsed import Parsed
from isolate_ext.syntax.repair import repaired
from isolate_ext.syntax.reparsing import Piece, Shown
from isolate_ext.syntax.scanning import Scan, without
from isolate_ext.syntax.sheet import Sheet
from isolate_ext.syntax.solving import further_walks, own_spans
from isolate_ext.syntax.standins import Neutraliser
from isolate_ext.syntax.structure import Structure
from isolate_ext.syntax.tidying import tidy
from isolate_ext.syntax.writing import StandIn


class View:
    """One configuration of a file as the parser sees it, without the ``hidden`` spans."""

    def __init__(
        self,
        scan: Scan,
        hidden: list[Span],
        macros: MacroEnvironment,
        braces: list[tuple[int, bytes]],
    ) -> None:
        code, skeleton = without(scan.code, hidden), without(scan.skeleton, hidden)
        self.sheet = Sheet(code, skeleton, braces=braces)
        self.neutraliser = Neutraliser(self.sheet, macros)

    def text(self, start: int, end: int) -> bytes:
        """What the parser is given for a span."""
        return bytes(self.sheet.code[start:end])


class Views:
    """Parses the views of one file and collects pieces, fences and stand-ins."""

    def __init__(self, scan: Scan, macros: MacroEnvironment, earlier: Parsed | None) -> None:
        self.scan = scan
        self.macros = macros
        self.earlier = earlier.primary if earlier is not None else None
        self.known = earlier.windows if earlier is not None else {}
        self.primary: Shown | None = None
        self.windows: dict[bytes, Any] = {}
        self.names = candidates(scan.identifiers, scan.skeleton, macros)
        self.braces = braces_of(scan.identifiers, macros)
        self.pieces: list[Piece] = []
        self.fences: list[Fence] = []
        self.stand_ins: dict[Span, StandIn] = {}

    def run(self) -> None:
        """The primary view whole, then of each further one the pieces that are new."""
        first = walk(self.scan.root, Configuration())
        view = View(self.scan, first.dead, self.macros, self.braces)
        structure = view.sheet.structure
        pieces: Chunks | None = None
        self._neutralise(view, [(0, len(self.scan.code))])
        self._parse_whole(view)
        for path, added in further_walks(self.scan.root, first, self.scan.skeleton):
            pieces = pieces or Chunks(structure)
            view, chunks, room = self._further(path, first, pieces)
            windows = merged(
                [
                    _clipped(chunks.around(*span), room)
                    for branch in added
                    for span in _inked(view.sheet.skeleton, own_spans(branch))
                ]
            )
            self._neutralise(view, windows)
            for window in windows:
                self._parse_window(view, window)

    def _further(self, path: Walk, first: Walk, pieces: Chunks) -> tuple[View, Chunks, list[Span]]:
        """The view of another walk, and the spans that it shows: the pieces that are not as before.

        It shows everything where it is not sure that these end as they did in the first view.
        """
        apart = sorted({*path.dead} ^ {*first.dead})
        room = merged([pieces.around(*span) for span in apart])
        hidden = merged([*path.dead, *_between(room, pieces.size)])
        view = View(self.scan, hidden, self.macros, self.braces)
        chunks = Chunks(view.sheet.structure)
        if pieces.balanced and chunks.balanced and all(map(chunks.ends_at, (e for _, e in room))):
            return view, chunks, room
        view = View(self.scan, path.dead, self.macros, self.braces)
        return view, Chunks(view.sheet.structure), [(0, pieces.size)]

    def _neutralise(self, view: View, windows: list[Span]) -> None:
        for start, end in windows:
            low = bisect_left(self.names, (start, b""))
            high = bisect_left(self.names, (end, b""))
            view.neutraliser.run(self.names[low:high])
            tidy(view.sheet, start, end)
            tidy(view.sheet, start, end)
        self._collect(view)

    def _collect(self, view: View) -> None:
        for stand_in in view.neutraliser.stand_ins:
            self.stand_ins.setdefault(stand_in.span, stand_in)
        self.fences.extend(view.neutraliser.fences)

    def _parse_whole(self, view: View) -> None:
        text = bytes(view.sheet.code)
        self.primary = self.earlier.edited(text) if self.earlier is not None else None
        if self.primary is not None:
            self.pieces.extend(self.primary.pieces)
            return
        root = parse_bytes(text).root_node
        self.primary = Shown.of(text, root)
        if not root.has_error:
            self.pieces.extend((node, 0) for node in root.children if node.is_named)
            return
        if b";" not in view.sheet.skeleton:
            self._parse_window(view, (0, len(view.sheet.code)))
            return
        chunks = Chunks(Structure(bytes(view.sheet.skeleton)))
        broken = merged(
            [
                chunks.around(node.start_byte, max(node.end_byte, node.start_byte + 1))
                for node in root.children
                if node.has_error
            ]
        )
        for node in root.children:
            inside = any(s < node.end_byte and node.start_byte < e for s, e in broken)
            if node.is_named and not inside:
                self.pieces.append((node, 0))
        for start, end in broken:
            for window in chunks.within(start, end):
                self._parse_window(view, window)

    def _parse_window(self, view: View, window: Span) -> None:
        start, end = window
        text = view.text(start, end)
        root = self.known.get(text) or parse_bytes(text).root_node
        self.windows[text] = root
        base = start
        if root.has_error:
            mended = repaired(view.neutraliser, window)
            root, base = mended.root, mended.base
            self.fences.extend(mended.fences)
            self._collect(view)
            if any(fence.whole for fence in mended.fences):
                return
        self.pieces.extend((node, base) for node in root.children if node.is_named)


def _between(spans: list[Span], size: int) -> list[Span]:
    """What lies outside of ascending spans."""
    edges = [0, *(edge for span in spans for edge in span), size]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]


def _clipped(span: Span, room: list[Span]) -> Span:
    """A run of pieces, without the hidden text before it."""
    start = room[bisect_left(room, (span[1], 0)) - 1][0]
    return (max(span[0], start), span[1])


def _inked(skeleton: bytearray, spans: list[Span]) -> list[Span]:
    """The spans that hold code, cut down to it."""
    found = []
    for start, end in spans:
        text = bytes(skeleton[start:end])
        stripped = text.strip()
        if stripped:
            left = start + len(text) - len(text.lstrip())
            found.append((left, left + len(stripped)))
    return found


def parse(scan: Scan, macros: MacroEnvironment, earlier: Parsed | None = None) -> Parsed:
    """Parse every view of a file; never fails: what cannot be parsed is fenced.

    What an ``earlier`` text of the file has in common with it need not be parsed again.
    """
    views = Views(scan, macros, earlier)
    views.run()
    fences = sorted(set(views.fences), key=lambda fence: fence.span)
    stand_ins = tuple(views.stand_ins[span] for span in sorted(views.stand_ins))
    parsed = Parsed(scan, macros, views.pieces, tuple(fences), stand_ins)
    parsed.primary, parsed.windows = views.primary, views.windows
    return parsed
