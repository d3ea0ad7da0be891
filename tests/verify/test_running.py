"""Programs that end together, and the ends of what they said."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from isolate_ext.verify.running import KEPT, Running, Stopped


def ask(running, code, folder, timeout=60.0):
    command = [sys.executable, "-S", "-c", code]
    return running.ask(command, cwd=folder, environment=os.environ, timeout=timeout)


def test_what_a_program_said_and_how_it_ended(tmp_path):
    assert ask(Running(), "import sys; sys.exit('no')", tmp_path) == (1, "no\n")
    status, said = ask(Running(), "import os; os.write(2, b'x' * 9_000_000 + b'end')", tmp_path)
    assert (status, said[-3:], len(said) < 3 * KEPT) == (0, "end", True)


def test_out_of_time_ends_what_it_started_too(tmp_path):
    code = (
        "import subprocess, sys, time; from pathlib import Path;"
        "Path('pid').write_text(str(subprocess.Popen(['sleep', '600']).pid)); time.sleep(600)"
    )
    assert ask(Running(), code, tmp_path, timeout=2.0)[0] is None
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 30
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def test_an_exception_ends_all_and_starts_no_more(tmp_path):
    running = Running()
    started = time.monotonic()

    def work():
        with ThreadPoolExecutor(1) as pool, running.stopped_on_interrupt():
            for number in range(3):
                code = f"open('{number}', 'w').close(); import time; time.sleep(600)"
                pool.submit(ask, running, code, tmp_path)
            while not (tmp_path / "0").exists():
                time.sleep(0.05)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert time.monotonic() - started < 60
    assert [path.name for path in tmp_path.iterdir()] == ["0"]
    with pytest.raises(Stopped):
        ask(running, "pass", tmp_path)


def _alive(pid):
    """Whether it runs; what only waits for its parent's question does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
