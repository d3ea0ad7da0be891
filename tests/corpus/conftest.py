"""The harness and `check.py` of the original corpus as importable modules."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "corpus"))
