"""A snippet written for one extension: work that no generic call would do.

The file may define ``work(module)``, which uses the module as its users do and raises where it
misbehaves, and ``errors(module)``, which yields ``(call, exception class)`` pairs: the call must
raise that very class. ``specimens(module)`` returns instances that generic calls cannot make.
"""


class Workload:
    """The snippet at ``path``; without one, nothing happens."""

    def __init__(self, path):
        self.names = {}
        if path:
            with open(path, encoding="utf-8") as file:
                exec(compile(file.read(), path, "exec"), self.names)

    def work(self, module):
        """Do the work once."""
        if "work" in self.names:
            self.names["work"](module)

    def errors(self, module):
        """The scenes in which the module must raise its own exception."""
        return list(self.names["errors"](module)) if "errors" in self.names else []

    def specimens(self, module):
        """Instances for the generic exercise."""
        return list(self.names["specimens"](module)) if "specimens" in self.names else []
