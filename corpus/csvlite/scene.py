"""The scene of the csv bug: import csvlite, forget it, import it again, and use the first copy.

Exits with 0 if the first copy still raises its own Error, with 1 if it raises another's.
"""

import sys

import csvlite as old_csvlite

del sys.modules["csvlite"]
import csvlite as new_csvlite  # noqa: E402

print("old_csvlite is new_csvlite:            ", old_csvlite is new_csvlite)
print("old_csvlite.Error is new_csvlite.Error:", old_csvlite.Error is new_csvlite.Error)
try:
    old_csvlite.reader(1)
except old_csvlite.Error as error:
    print("old_csvlite.reader(1) raised", repr(error) + ",")
    print("  and `except old_csvlite.Error` caught it.")
except Exception as error:
    print("old_csvlite.reader(1) raised", repr(error) + ",")
    print("  and `except old_csvlite.Error` did not catch it.")
    sys.exit(1)
