"""Profiles a few calls."""


def work(module):
    profiler = module.Profiler()
    profiler.enable(subcalls=True)
    sorted([3, 1, 2], key=lambda value: -value)
    profiler.disable()
    found = profiler.getstats()
    assert any(entry.callcount == 3 for entry in found)
    assert all(type(entry).__name__ == "profiler_entry" for entry in found)
    profiler.clear()


def specimens(module):
    profiler = module.Profiler()
    profiler.enable(subcalls=True)
    sorted([3, 1, 2], key=lambda value: sum((value, 1)))
    profiler.disable()
    entries = profiler.getstats()
    return [entries[0], *(entry.calls[0] for entry in entries if entry.calls)]
