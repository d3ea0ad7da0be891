"""``python probe SPEC.json``: runs the one rung that the specification names.

The result goes to the file that the specification names, never to stdout: the judged extension
may write there. No result file means that the process died; its exit status then says how.
"""

import json
import os
import resource
import sys

MEMORY = 6 << 30
FILE = 1 << 30


def main() -> int:
    """Run one rung; the exit status is 0 whenever a result was written."""
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    from probe import rungs

    del sys.path[0]
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    result = rungs.run(spec)
    with open(spec["result"] + ".part", "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.replace(spec["result"] + ".part", spec["result"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
