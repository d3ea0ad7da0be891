"""References to the extension's objects, counted against those that traverse functions show.

A reference that none shows keeps a cycle alive once an object is part of one: an unvisited member
of the module state, instances that do not visit their type, a reference that was never given back.
One that is shown and not owned frees an object too early.
"""

import gc
import sys

from probe.ownership import describe
from probe.surface import SCENERY

HEAP = 1 << 9
CONTAINERS = (dict, list, set)


def run(setting):
    """Work, let go of every instance, and compare the counts of all that the module leads to."""
    subject = setting.subject
    subject.alone()
    module = subject.load()
    setting.workload.work(module)
    items = _led_to(setting, module, setting.exercise(module).types.values())
    sys.setprofile(None)
    sys.settrace(None)
    subject.forget()
    del module
    for _ in range(3):
        gc.collect()
    problems = sorted({_told(item, count) for item, count in _unbalanced(items) if count})
    return {"ok": not problems, "problems": problems, "items": len(items)}


def _led_to(setting, module, types):
    """The module, its heap types, and containers that stand in its dict or its state."""
    own = setting.ownership
    found = {id(kind): kind for kind in types if _counts(kind)}
    named = {id(value) for name, value in vars(module).items() if name in SCENERY}
    members = [*vars(module).values(), *gc.get_referents(module)]
    for item in members:
        if item is vars(module) or id(item) in own.before_ids or id(item) in named:
            continue
        heap = isinstance(item, type) and _counts(item) and own.owns_type(item)
        if heap or type(item) in CONTAINERS:
            found[id(item)] = item
    return [module, *found.values()]


def _counts(kind):
    """Heap types, but for struct sequences, whose instances the interpreter does not track."""
    return kind.__flags__ & HEAP and not hasattr(kind, "n_sequence_fields")


def _unbalanced(items):
    """(item, references that are not shown; less than 0 for those shown and not owned)."""
    items.append(type("Control", (), {}))
    shown = _shown(items)
    counts = [sys.getrefcount(items[index]) - shown[index] for index in range(len(items))]
    control = counts.pop()
    items.pop()
    return [(items[index], counts[index] - control) for index in range(len(items))]


def _shown(items):
    """How often each item is among the referents of what the garbage collector knows."""
    index_of = {id(item): index for index, item in enumerate(items)}
    shown = [0] * len(items)
    for container in gc.get_objects():
        for referent in gc.get_referents(container):
            index = index_of.get(id(referent))
            if index is not None:
                shown[index] += 1
    return shown


def _told(item, count):
    name = f"module {item.__name__}" if type(item).__name__ == "module" else describe(item)
    if count > 0:
        return f"{name}: {count} references that no traverse shows"
    return f"{name}: {-count} references are shown that nobody owns"
