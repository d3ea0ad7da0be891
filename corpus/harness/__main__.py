"""``python corpus/harness``: the real corpus, before and after the migration."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from harness.cli import main

    sys.exit(main(sys.argv[1:]))
