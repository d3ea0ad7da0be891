"""What a class is called in a report."""


def full_name(kind):
    """The name with the module; a heap type may lack one."""
    return f"{getattr(kind, '__module__', None)}.{kind.__qualname__}"
