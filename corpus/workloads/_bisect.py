"""Positions in sorted lists, and insertion into a list and into what only behaves like one."""


class Spy(list):
    """A list with its own insert."""

    def insert(self, position, item):
        """Insert as ever."""
        super().insert(position, item)


def work(module):
    numbers = list(range(0, 100, 3))
    assert module.bisect_left(numbers, 9) == 3 and module.bisect_right(numbers, 9) == 4
    for kind in (list, Spy):
        items = kind(numbers)
        module.insort_left(items, 10)
        module.insort_right(items, 10)
        assert items == sorted(items) and items.count(10) == 2
