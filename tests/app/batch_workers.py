"""Work for the pool that goes wrong in the ways that work goes wrong."""

from __future__ import annotations

import os
import time

from isolate_ext.app import batch_worker
from isolate_ext.app.options import MigrateOptions
from isolate_ext.report.views import BatchRow


def dies_on_bad(name: str, options: MigrateOptions, timeout: float) -> BatchRow:
    """End the process at a project named bad; a moment later for the others."""
    if name.endswith("bad"):
        os._exit(1)
    time.sleep(0.2)
    return BatchRow(name, "isolated", 0.2)


def hangs_on_bad(name: str, options: MigrateOptions, timeout: float) -> BatchRow:
    """Sleep through the time-out at a project named bad."""
    real = batch_worker.migrate
    if name.endswith("bad"):
        batch_worker.migrate = lambda options: time.sleep(60)  # type: ignore[assignment]
        timeout = 1
    try:
        return batch_worker.one_project(name, options, timeout)
    finally:
        batch_worker.migrate = real
