"""``python tests/verify/mutants``: mistakes made on purpose, and the rungs that catch them."""

import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve()
    sys.path[0] = str(here.parents[1])
    sys.path.insert(1, str(here.parents[3] / "corpus"))
    from mutants.cli import main

    sys.exit(main(sys.argv[1:]))
