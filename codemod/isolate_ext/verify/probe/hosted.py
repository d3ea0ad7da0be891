"""One of several runtimes in one process: the extension is imported and used as if for the first
time, and what it still has of an earlier runtime is looked for.

The host program provides ``_isolate_ext_host``, which knows what memory belongs to which runtime.
"""

import importlib
import json
import os
import sys

from probe.ownership import describe, immutable
from probe.workload import Workload

SHOWN = 20


def run(setting):
    """Import, work, call everything; with ``control`` in the specification, all but the extension.

    ``outcomes`` are to be the same in every runtime, but for those that are ``unsteady`` within
    one, where objects lie elsewhere the second time; ``stale`` are words of static storage,
    ``kept`` objects that the extension leads to.
    """
    import _isolate_ext_host as host

    for name in setting.spec.get("others") or ():
        _import_if_there(name)
    if setting.spec.get("control"):
        return {}
    _own_again(setting)
    known = set(sys.modules)
    host.note("import")
    module = setting.subject.load()
    libraries = _libraries(setting.subject, module)
    others = [name for name in sys.modules if name not in known and not _covers(setting, name)]
    host.note("others " + json.dumps(others))
    host.note("stale " + json.dumps(_stale(host, libraries)))
    host.note("work")
    setting.workload.work(module)
    host.note("exercise")
    journal = os.open(setting.spec["journal"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    first = setting.exercise(module, journal=journal)
    os.close(journal)
    host.note("again")
    outcomes = _kinds(first)
    second = outcomes if host.runtime > 1 else _elsewhere(setting, host, module)
    host.note("look")
    _tell_types(setting, first.types.values())
    stale = _stale(host, libraries)
    host.note("stale " + json.dumps(stale))
    return {
        "outcomes": outcomes,
        "unsteady": [key for key, kind in outcomes.items() if second.get(key) != kind],
        "stale": stale,
        "kept": _kept(host, setting.ownership, module, first),
        "libraries": libraries,
    }


def _elsewhere(setting, host, module):
    """What comes of all calls with objects at other addresses, as another runtime has them."""
    host.move()
    setting.workload = Workload(setting.spec.get("workload"))
    return _kinds(setting.exercise(module))


def _tell_types(setting, types):
    """Later runtimes may find the classes already there."""
    with open(os.path.join(setting.spec["scratch"], "types"), "w", encoding="utf-8") as file:
        json.dump([_name(kind) for kind in types], file)


def _own_again(setting):
    """A static type that an earlier runtime has made ready is the extension's all the same."""
    path = os.path.join(setting.spec["scratch"], "types")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            names = json.load(file)
        own = setting.ownership
        own.types = {kind for kind in own.types if _name(kind) not in names}


def _name(kind):
    return f"{kind.__module__}.{kind.__qualname__}"


def _kept(host, ownership, module, exercise):
    """Mutable objects of an earlier runtime that the module and its types lead to."""
    reached = ownership.reach(module, exercise.types.values()).values()
    old = {
        describe(item)
        for item in reached
        if 0 < host.made_by(item) < host.runtime and not immutable(item)
    }
    return sorted(old)[:SHOWN]


def _stale(host, libraries):
    return [[path, *found] for path in libraries for found in host.stale(path)]


def _libraries(subject, module):
    """The files of the judged package's loaded libraries."""
    loaded = [module, *(item for name, item in sys.modules.items() if subject.covers(name))]
    files = {getattr(item, "__file__", None) or "" for item in loaded}
    return sorted(os.path.realpath(path) for path in files if path.endswith((".so", ".pyd")))


def _covers(setting, name):
    return setting.subject.covers(name) or name.partition(".")[0] == "probe"


def _kinds(exercise):
    return {key: outcome.split(":")[0] for key, outcome in exercise.outcomes.items()}


def _import_if_there(name):
    try:
        importlib.import_module(name)
    except Exception:
        return
