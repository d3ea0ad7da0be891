"""``python tests/verify/controls``: the interpreter's own modules, and published legacy builds."""

import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve()
    sys.path[0] = str(here.parents[1])
    sys.path.insert(1, str(here.parents[3] / "corpus"))
    from controls.cli import main

    sys.exit(main(sys.argv[1:]))
