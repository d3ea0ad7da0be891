"""What halfway does, as Python code sees it."""

import gc
import sys
import unittest
import weakref

import halfway
from halfway import Grid, GridError


class Thing:
    """Something that can be in a cycle and be watched."""


class GridTests(unittest.TestCase):
    def test_cells(self):
        grid = Grid()
        grid[2, 1] = "a"
        cell = grid[2, 1]
        self.assertEqual((cell.x, cell.y, cell.value), (2, 1, "a"))
        self.assertEqual(repr(cell), "<cell 2,1: 'a'>")
        self.assertEqual(grid[0, 0].value, "empty")
        self.assertEqual((len(grid), halfway.count(grid)), (1, 1))
        grid[5, 5] = cell
        self.assertEqual(grid[5, 5].value, "a")
        del grid[5, 5]
        self.assertEqual(len(grid), 1)

    def test_errors(self):
        grid = Grid()
        with self.assertRaisesRegex(GridError, "nothing at 1,2"):
            del grid[1, 2]
        with self.assertRaisesRegex(GridError, "a place is a pair, not 1"):
            grid[1]
        with self.assertRaisesRegex(GridError, "grids within grids"):
            grid[1, 2] = Grid()
        with self.assertRaises(TypeError):
            grid[1, "a"]
        with self.assertRaises(TypeError):
            halfway.count([])
        for rows in (1, [1]):
            with self.assertRaisesRegex(GridError, "list of lists"):
                Grid.from_rows(rows)
        self.assertEqual((GridError.__module__, GridError.__bases__), ("halfway", (LookupError,)))

    def test_iterate(self):
        grid = Grid.from_rows([["a", "b"], ["c"]])
        self.assertEqual(list(grid), ["a", "c", "b"])
        iterator = iter(grid)
        self.assertIs(iter(iterator), iterator)
        self.assertEqual((next(iterator), list(iterator)), ("a", ["c", "b"]))

    def test_on_change(self):
        seen = []
        grid = Grid(on_change=lambda grid, cell: seen.append((len(grid), cell.value)))
        grid[0, 0] = "a"
        self.assertEqual(seen, [(1, "a")])
        grid = Grid(lambda grid, cell: 1 / 0)
        with self.assertRaises(ZeroDivisionError):
            grid[0, 0] = "a"

    def test_subclass(self):
        class Board(Grid):
            def __getitem__(self, place):
                return super().__getitem__(place).value

        board = Board.from_rows([["x"]])
        self.assertIs(type(board), Board)
        self.assertEqual((board[0, 0], board[7, 7]), ("x", "empty"))
        self.assertEqual(halfway.count(board), 1)
        with self.assertRaises(GridError):
            board[0]
        with self.assertRaises(GridError):
            board[0, 0] = board

    def test_limit(self):
        self.assertEqual(halfway.limit(1), 1000)
        try:
            grid = Grid.from_rows([["x"]])
            with self.assertRaisesRegex(GridError, "more than 1 cells"):
                grid[1, 1] = "y"
            self.assertEqual(halfway.limit(), 1)
        finally:
            halfway.limit(1000)


class TypeTests(unittest.TestCase):
    def test_not_instantiable(self):
        for kind in (type(Grid()[0, 0]), type(iter(Grid()))):
            self.assertEqual(kind.__module__, "halfway")
            with self.assertRaises(TypeError):
                kind()
            with self.assertRaises(TypeError):
                type("Sub", (kind,), {})
            self.assertFalse(hasattr(halfway, kind.__name__))

    def test_doc(self):
        self.assertIn("pairs of integers", Grid.__doc__)
        self.assertEqual(halfway.__doc__, "Sparse grids.")

    def test_cycles(self):
        for tie in (lambda thing: Grid(lambda grid, cell: thing),):
            thing = Thing()
            thing.held = tie(thing)
            watch = weakref.ref(thing)
            del thing
            gc.collect()
            self.assertIsNone(watch())

    def test_types_do_not_gain_references(self):
        def work():
            for _ in range(50):
                grid = Grid.from_rows([["a", "b"], ["c"]])
                list(grid), grid[0, 0], grid[9, 9]
            gc.collect()

        kinds = [Grid, type(Grid()[0, 0]), type(iter(Grid()))]
        work()
        before = [sys.getrefcount(kind) for kind in kinds]
        work()
        self.assertEqual([sys.getrefcount(kind) for kind in kinds], before)


if __name__ == "__main__":
    unittest.main()
