"""What dbwrap does, as Python code sees it."""

import gc
import sys
import unittest
import weakref

import dbwrap


class Thing:
    """Something that can be in a cycle and be watched."""


def pairs(connection, *args):
    return [tuple(row) for row in connection.select(*args)]


class ConnectionTests(unittest.TestCase):
    def test_put_delete_select(self):
        connection = dbwrap.connect({2: "two"})
        connection.put(1, "one")
        connection.put((3, "three"))
        connection.put(dbwrap.Row(4, "four"))
        connection.put(2, "zwei")
        connection.delete(3)
        self.assertEqual(pairs(connection), [(1, "one"), (2, "zwei"), (4, "four")])
        self.assertEqual((len(connection), connection.changes), (3, 6))

    def test_predicate(self):
        connection = dbwrap.connect({key: "x" * key for key in range(5)})
        self.assertEqual(pairs(connection, lambda key, text: key % 2), [(1, "x"), (3, "xxx")])
        self.assertEqual(len(pairs(connection, None)), 5)
        with self.assertRaises(ZeroDivisionError):
            connection.select(lambda key, text: 1 / 0)

    def test_missing_record(self):
        with self.assertRaisesRegex(dbwrap.Error, "no record 7"):
            dbwrap.connect().delete(7)

    def test_closed(self):
        connection = dbwrap.connect({1: "a", 2: "b"})
        cursor = connection.select()
        self.assertEqual(next(cursor).key, 1)
        connection.close()
        connection.close()
        for use in (
            lambda: next(cursor),
            connection.select,
            lambda: len(connection),
            lambda: connection.put(1, "a"),
            lambda: connection.delete(1),
            lambda: connection.set_hook(len),
            lambda: dbwrap.copy(connection, connection),
        ):
            with self.assertRaisesRegex(dbwrap.ClosedError, "closed"):
                use()

    def test_bad_arguments(self):
        connection = dbwrap.connect()
        for use in (
            lambda: connection.put(),
            lambda: connection.put("a", "b"),
            lambda: connection.put((1,)),
            lambda: connection.delete("a"),
            lambda: connection.set_hook(1),
            lambda: dbwrap.Connection([]),
            lambda: dbwrap.Connection(nonsense=1),
        ):
            with self.assertRaises(TypeError):
                use()

    def test_subclass(self):
        class Loud(dbwrap.Connection):
            def put(self, *args):
                self.seen = getattr(self, "seen", 0) + 1
                return super().put(*args)

        loud = Loud({1: "a"})
        loud.put(2, "b")
        self.assertEqual((loud.seen, len(loud)), (2, 2))
        self.assertEqual(dbwrap.copy(loud, loud), 2)
        with self.assertRaises(dbwrap.Error):
            loud.put(3, object())
        loud.close()
        with self.assertRaises(dbwrap.ClosedError):
            loud.select()

    def test_copy(self):
        source, target = dbwrap.connect({1: "a", 2: "b"}), dbwrap.connect({2: "old"})
        self.assertEqual(dbwrap.copy(source, target), 2)
        self.assertEqual(pairs(target), pairs(source))
        with self.assertRaisesRegex(dbwrap.Error, "cannot copy into list"):
            dbwrap.copy(source, [])
        with self.assertRaises(TypeError):
            dbwrap.copy([], source)

    def test_row_factory(self):
        connection = dbwrap.connect({1: "a"}, row_factory=lambda key, text: {text: key})
        self.assertEqual(list(connection.select()), [{"a": 1}])


class HookTests(unittest.TestCase):
    def test_calls_and_veto(self):
        seen = []
        connection = dbwrap.connect({1: "a"})
        connection.set_hook(lambda *args: seen.append(args))
        connection.put(2, "b")
        connection.delete(1)
        self.assertEqual(seen, [("put", 2), ("delete", 1)])
        connection.set_hook(lambda action, key: action != "delete")
        with self.assertRaisesRegex(dbwrap.VetoError, "of 2 was vetoed"):
            connection.delete(2)
        connection.set_hook(None)
        connection.delete(2)
        self.assertEqual(len(connection), 0)

    def test_hook_replaced_while_it_runs(self):
        connection = dbwrap.connect()
        connection.set_hook(lambda action, key: connection.set_hook(None))
        connection.put(1, "a")
        connection.put(2, "b")
        self.assertEqual(len(connection), 2)

    def test_error_in_hook(self):
        caught = []
        connection = dbwrap.connect()
        connection.set_hook(lambda action, key: 1 / 0)
        old, sys.unraisablehook = sys.unraisablehook, lambda info: caught.append(info.exc_type)
        try:
            connection.put(1, "a")
            self.assertEqual(caught, [])
            dbwrap.enable_trace(True)
            connection.put(2, "b")
        finally:
            dbwrap.enable_trace(False)
            sys.unraisablehook = old
        self.assertEqual(caught, [ZeroDivisionError])


class CursorTests(unittest.TestCase):
    def test_iterate(self):
        connection = dbwrap.connect({1: "a", 2: "b", 3: "c"})
        cursor = connection.select()
        self.assertIs(iter(cursor), cursor)
        self.assertIs(cursor.connection, connection)
        self.assertIs(type(next(cursor)), dbwrap.Row)
        self.assertEqual(cursor.fetchall(), [dbwrap.Row(2, "b"), dbwrap.Row(3, "c")])
        self.assertEqual(cursor.fetchall(), [])

    def test_compare(self):
        connection = dbwrap.connect({1: "a"})
        one, other = connection.select(), connection.select()
        self.assertTrue(one == other)
        next(one)
        self.assertTrue(one != other)
        self.assertFalse(one == 1)
        self.assertFalse(one == dbwrap.connect().select())

    def test_no_instances_but_by_select(self):
        kind = type(dbwrap.connect().select())
        self.assertEqual((kind.__module__, kind.__qualname__), ("dbwrap", "Cursor"))
        with self.assertRaises(TypeError):
            kind()
        with self.assertRaises(TypeError):
            kind.__new__(kind)
        with self.assertRaises(TypeError):
            type("Sub", (kind,), {})
        self.assertFalse(hasattr(dbwrap, "Cursor"))


class RowTests(unittest.TestCase):
    def test_row(self):
        row = dbwrap.Row(1, "a")
        self.assertEqual((row.key, row.value, len(row), row[0], row[-1]), (1, "a", 2, 1, "a"))
        self.assertEqual(repr(row), "<Row 1: 'a'>")
        self.assertEqual(hash(row), hash(dbwrap.Row(1, "a")))
        with self.assertRaises(IndexError):
            row[2]
        with self.assertRaises(AttributeError):
            row.key = 2
        with self.assertRaises(TypeError):
            dbwrap.Row(1, value="a")

    def test_compare(self):
        row = dbwrap.Row(1, "a")
        self.assertTrue(row == dbwrap.Row(1, "a") and row != dbwrap.Row(1, "b"))
        self.assertFalse(row == (1, "a"))
        with self.assertRaises(TypeError):
            row < row

    def test_subclass(self):
        class Named(dbwrap.Row):
            name = property(lambda self: self.value.title())

        named = Named(1, "a")
        self.assertEqual(named.name, "A")
        self.assertEqual(named, dbwrap.Row(1, "a"))
        connection = dbwrap.connect(row_factory=Named)
        connection.put(named)
        self.assertEqual(next(connection.select()).name, "A")

    def test_signature(self):
        self.assertEqual(dbwrap.Row.__doc__, "One record.")
        if sys.version_info >= (3, 10):
            self.assertEqual(dbwrap.Row.__text_signature__, "(key, value)")


class AdapterTests(unittest.TestCase):
    def test_registered(self):
        connection = dbwrap.connect()
        dbwrap.register_adapter(float, lambda value: "%.1f" % value)
        try:
            self.assertIn(float, dbwrap.adapters)
            connection.put(1, 2.25)
            dbwrap.register_adapter(float, lambda value: 1)
            with self.assertRaisesRegex(dbwrap.Error, "not int"):
                connection.put(1, 2.25)
        finally:
            del dbwrap.adapters[float]
        self.assertEqual(pairs(connection), [(1, "2.2")])
        with self.assertRaisesRegex(dbwrap.Error, "no adapter for float"):
            connection.put(1, 2.25)

    def test_own_method(self):
        class Word:
            def __adapt__(self):
                return "word"

        connection = dbwrap.connect({1: Word()})
        self.assertEqual(pairs(connection), [(1, "word")])

    def test_join(self):
        self.assertEqual(dbwrap.join(["a", "b"]), "a, b")


class ModuleTests(unittest.TestCase):
    def test_errors(self):
        self.assertTrue(issubclass(dbwrap.ClosedError, dbwrap.Error))
        self.assertTrue(issubclass(dbwrap.VetoError, dbwrap.Error))
        self.assertEqual(dbwrap.VetoError.__module__, "dbwrap")
        self.assertEqual(dbwrap.version, "2.1")
        self.assertEqual(dbwrap.Connection.__doc__, "Connection(records={}, row_factory=Row)")

    def test_types_are_closed(self):
        if sys.version_info >= (3, 10):
            for kind in (dbwrap.Connection, dbwrap.Row, type(dbwrap.connect().select())):
                with self.assertRaises(TypeError):
                    kind.extra = 1

    def test_cycles_and_weakrefs(self):
        for make in (
            lambda thing: dbwrap.Connection(row_factory=lambda *args: thing),
            lambda thing: dbwrap.Row(1, thing),
        ):
            thing = Thing()
            thing.held = make(thing)
            watch = weakref.ref(thing)
            del thing
            gc.collect()
            self.assertIsNone(watch())

    def test_cycles_of_nothing_else(self):
        def alive():
            gc.collect()
            return sum(type(it) is dbwrap.Connection for it in gc.get_objects())

        before = alive()
        for tie in (lambda it: it.set_hook(it.put), lambda it: it.__init__({}, it.put)):
            connection = dbwrap.connect()
            tie(connection)
            watch = weakref.ref(connection)
            del connection
            self.assertEqual(alive(), before)
            self.assertIsNone(watch())

    def test_types_do_not_gain_references(self):
        def work():
            for _ in range(50):
                connection = dbwrap.connect({1: "a"})
                connection.select().fetchall()
                dbwrap.Row(1, "a")
                try:
                    connection.select(lambda key, text: 1 / 0)
                except ZeroDivisionError:
                    pass

        kinds = [dbwrap.Connection, dbwrap.Row, type(dbwrap.connect().select())]
        work()
        gc.collect()
        before = [sys.getrefcount(kind) for kind in kinds]
        work()
        gc.collect()
        self.assertEqual([sys.getrefcount(kind) for kind in kinds], before)


if __name__ == "__main__":
    unittest.main()
