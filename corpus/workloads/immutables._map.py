"""Maps, their views and their mutations, deep enough for every kind of node."""


class Clash:
    """Keys with equal hashes."""

    def __init__(self, number):
        self.number = number

    def __hash__(self):
        return 42

    def __eq__(self, other):
        return self.number == other.number


def work(module):
    empty = module.Map()
    full = empty
    for number in range(300):
        full = full.set(number, str(number))
    assert len(full) == 300 and full[7] == "7" and full.get(999) is None
    assert len(list(full.keys())) == len(list(full.values())) == len(list(full.items())) == 300
    clashing = module.Map({Clash(number): number for number in range(20)})
    assert clashing.delete(Clash(3)) != clashing and Clash(3) in clashing
    with full.mutate() as mutation:
        mutation["a"] = 1
        del mutation[5]
        changed = mutation.finish()
    assert "a" in changed and 5 not in changed and hash(full) != hash(changed)
    assert "Map" in repr(empty)
