"""The one exception of this package: a user's mistake, or an environment that is not fit."""

from __future__ import annotations

from collections.abc import Sequence

USAGE = 2
INCOMPLETE = 3
ENVIRONMENT = 5


class ProjectError(Exception):
    """One clear line for the user. `path` is the file or folder at fault; `exit_code` 2 or 5."""

    def __init__(self, message: str, path: str, exit_code: int = USAGE) -> None:
        super().__init__(f"{path}: {message}")
        self.message = message
        self.path = path
        self.exit_code = exit_code

    @property
    def lines(self) -> list[str]:
        """All there is to say, a line each."""
        return [str(self)]


class Mistakes(ProjectError):
    """Several mistakes of the user: lines that begin with their places, at least one."""

    def __init__(self, lines: Sequence[str]) -> None:
        path, _, message = lines[0].partition(": ")
        super().__init__(message, path)
        self._lines = list(lines)

    @property
    def lines(self) -> list[str]:
        return self._lines
