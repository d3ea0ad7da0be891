"""What interpreters of one process tell of themselves, compared: nothing shared, nothing disturbed.

Numbers in brackets are rows of the handbook's table of field bugs.
"""

from probe.ownership import describe, immutable


def objects(ownership, module, done):
    """Address and description of all that belongs to the extension in this interpreter."""
    found = ownership.reach(module, done.types.values())
    found.update({id(item): item for item in done.containers.values()})
    return {
        str(key): describe(item)
        for key, item in found.items()
        if key not in ownership.before_ids and not immutable(item)
    }


def shared(answers):
    """What has one address in two interpreters that live at the same time [25]."""
    seen, twice = set(), {}
    for answer in answers:
        twice.update({key: what for key, what in answer["objects"].items() if key in seen})
        seen.update(answer["objects"])
    return [f"round: shared by interpreters: {what}" for what in sorted(set(twice.values()))]


def disturbed(crowded, lone):
    """Calls that end otherwise while others work than they do every time alone [26]."""
    if not lone:
        return []
    always = set(lone[0]["outcomes"].items())
    for answer in lone:
        always &= set(answer["outcomes"].items())
    alone = dict(always)
    found = {
        f"{key} {text} beside other interpreters, {alone[key]} alone"
        for answer in crowded
        for key, text in answer["outcomes"].items()
        if key in alone and text != alone[key]
    }
    return [f"all: {line}" for line in sorted(found)]
