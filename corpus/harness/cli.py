"""The command line: which extensions, which interpreters, where things are kept."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness import manifest, migrating, pipeline, table
from harness.manifest import Manifest, Package, StdlibModule
from harness.sides import Options
from isolate_ext.verify.process import VerifyError

ROOT = Path(__file__).resolve().parents[2]
EXIT = {"verified": 0, "refused": 3, "failed": 4, "inconclusive": 5}
SHOWN = 8
INTERRUPTED = 130
INTERNAL = 70


def main(arguments: Sequence[str]) -> int:
    """Run the corpus; 0 verified, 3 refusals, 4 failures, 5 no ground to judge on."""
    given = _parser().parse_args(arguments)
    corpus = manifest.load(given.manifest)
    try:
        entries = _chosen(corpus, given)
    except VerifyError as error:
        print(f"corpus: {error}", file=sys.stderr)
        return 2
    if given.list:
        for entry in entries:
            print(entry.name, getattr(entry, "version", corpus.source.version))
        return 0
    shim = given.shim or os.environ.get("ISOLATE_EXT_SHIM")
    options = Options(
        cache=given.cache.resolve(),
        results=given.results.resolve(),
        migrate=given.migrate_command,
        shim=Path(shim).resolve() if shim else None,
        stdlib_source=given.stdlib_source,
        pythons=tuple(given.python or ()),
        tests=not given.no_tests,
        cycles=given.cycles,
    )
    options.results.mkdir(parents=True, exist_ok=True)
    try:
        rows = _all(entries, corpus, options, given)
    except KeyboardInterrupt:
        print("corpus: interrupted; the same command with --resume goes on", file=sys.stderr)
        return INTERRUPTED
    _publish(rows, options.results)
    if any(row["verdict"] == "error" for row in rows):
        return INTERNAL
    return max((EXIT[row["verdict"]] for row in rows), default=0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="corpus", description=__doc__)
    add = parser.add_argument
    add("--only", action="append", metavar="NAME", help="this extension (repeatable)")
    add("--first", action="store_true", help="the first goal's extensions alone")
    add("--list", action="store_true", help="print the chosen extensions and stop")
    add(
        "--cache",
        type=Path,
        default=ROOT / ".cache" / "corpus",
        metavar="DIR",
        help="sdists, environments, builds and results of earlier runs (%(default)s)",
    )
    add(
        "--results",
        type=Path,
        default=ROOT / ".cache" / "corpus-results",
        metavar="DIR",
        help="where the table and one JSON file an extension go (%(default)s)",
    )
    add(
        "--shim",
        metavar="DIR",
        help="headers that let 3.9 sources build on newer versions; "
        "default: the environment variable ISOLATE_EXT_SHIM",
    )
    add("--stdlib-source", type=Path, metavar="DIR", help="an unpacked source tree of CPython 3.9")
    add(
        "--migrate-command",
        default=migrating.DEFAULT,
        metavar="CMD",
        help="with {paths}; 'none' compares the originals with themselves (%(default)s)",
    )
    add("--python", action="append", metavar="X.Y", help="only this version (repeatable)")
    add("--cycles", type=int, default=200, help="import/destroy cycles (%(default)s)")
    add("--jobs", type=int, default=2, help="extensions at a time (%(default)s)")
    add("--no-tests", action="store_true", help="leave the projects' own tests out")
    add("--resume", action="store_true", help="keep rows of an earlier run in the results folder")
    add("--manifest", type=Path, default=manifest.MANIFEST, metavar="FILE", help=argparse.SUPPRESS)
    return parser


def _chosen(corpus: Manifest, given: argparse.Namespace) -> list[Package | StdlibModule]:
    everything: list[Package | StdlibModule] = [*corpus.modules, *corpus.packages]
    if given.only:
        by_name = {entry.name.lower(): entry for entry in everything}
        unknown = [name for name in given.only if name.lower() not in by_name]
        if unknown:
            raise VerifyError(f"not in the manifest: {', '.join(unknown)}")
        return [by_name[name.lower()] for name in given.only]
    return [entry for entry in everything if entry.first or not given.first]


def _all(
    entries: list[Package | StdlibModule],
    corpus: Manifest,
    options: Options,
    given: argparse.Namespace,
) -> list[dict[str, Any]]:
    printing = threading.Lock()

    def one(entry: Package | StdlibModule) -> dict[str, Any]:
        path = options.results / f"{entry.name}.json"
        if given.resume and path.exists():
            kept: dict[str, Any] = json.loads(path.read_text())
            return kept
        started = time.monotonic()

        def say(text: str) -> None:
            with printing:
                print(f"{entry.name}: {text}", file=sys.stderr, flush=True)

        try:
            row = pipeline.run(entry, corpus, options, say)
        except Exception:
            row = _broken(entry, traceback.format_exc())
        row["seconds"] = round(time.monotonic() - started, 1)
        path.write_text(json.dumps(row, indent=1))
        say(f"{row['verdict']} after {row['seconds']} s")
        for line in row["reasons"][:SHOWN]:
            say(f"  {line}")
        if len(row["reasons"]) > SHOWN:
            say(f"  and {len(row['reasons']) - SHOWN} more: {path}")
        return row

    with ThreadPoolExecutor(max(1, given.jobs)) as pool:
        return list(pool.map(one, entries))


def _broken(entry: Package | StdlibModule, report: str) -> dict[str, Any]:
    """The row of an extension over which the harness itself failed."""
    return {
        "name": entry.name,
        "kind": "stdlib" if isinstance(entry, StdlibModule) else "package",
        "version": getattr(entry, "version", ""),
        "note": entry.note,
        "first": entry.first,
        "pythons": {},
        "problems": [],
        "verdict": "error",
        "reasons": ["internal error: " + report.strip().splitlines()[-1]],
        "report": report,
    }


def _publish(rows: list[dict[str, Any]], results: Path) -> None:
    title = f"Measured on {time.strftime('%Y-%m-%d')}. {table.summary(rows)}."
    (results / "table.md").write_text(table.markdown(rows, title))
    (results / "compact.md").write_text(table.compact(rows, title))
    (results / "table.json").write_text(json.dumps(rows, indent=1))
    print(table.text(rows))
    print(table.summary(rows))
