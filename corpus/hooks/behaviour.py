"""What hooks and hooksort do, as Python code sees it."""

import functools
import gc
import sys
import unittest

import hooks
import hooksort


class SubscriptionTests(unittest.TestCase):
    def subscribe(self, *args, **options):
        made = hooks.subscribe(*args, **options)
        self.addCleanup(lambda: made.active and hooks.cancel(made))
        return made

    def test_fire(self):
        seen = []
        made = self.subscribe("ready", lambda *args: seen.append(args))
        self.assertEqual(hooks.fire("ready", 1, 2), 1)
        self.assertEqual(hooks.fire("ready"), 1)
        self.assertEqual(hooks.fire("other"), 0)
        self.assertEqual(seen, [(1, 2), ()])
        self.assertEqual((made.event, made.calls, made.active), ("ready", 2, 1))
        self.assertEqual(repr(made), "<subscription to 'ready', 2 calls>")

    def test_order_and_cancel_while_firing(self):
        seen = []
        first = self.subscribe("go", lambda: (seen.append("first"), hooks.cancel(second)))
        second = self.subscribe("go", lambda: seen.append("second"))
        self.subscribe("go", lambda: seen.append("third"))
        self.assertEqual(hooks.fire("go"), 2)
        self.assertEqual(seen, ["first", "third"])
        self.assertEqual((first.active, second.active), (1, 0))

    def test_once(self):
        made = self.subscribe("go", len, mode="once")
        self.assertEqual(hooks.fire("go", "abc"), 1)
        self.assertEqual(hooks.status()["last"], 3)
        self.assertEqual(hooks.fire("go", "abc"), 0)
        with self.assertRaisesRegex(hooks.HookError, "'go' is over"):
            made("abc")

    def test_call_directly(self):
        made = self.subscribe("go", dict, "always")
        self.assertEqual(made(a=1), {"a": 1})

    def test_status(self):
        before = hooks.status()["fired"]
        hooks.fire("nobody")
        self.assertEqual(hooks.status()["fired"], before + 1)

    def test_error_in_callback(self):
        self.subscribe("go", lambda: 1 / 0)
        with self.assertRaises(ZeroDivisionError):
            hooks.fire("go")

    def test_cancel(self):
        made = self.subscribe("go", len)
        hooks.cancel(made)
        with self.assertRaisesRegex(hooks.HookError, "twice"):
            hooks.cancel(made)
        for bad in (1, None, len, hooks.subscribe):
            with self.assertRaises(TypeError):
                hooks.cancel(bad)

    def test_order(self):
        before = hooks.compared()
        self.assertEqual(hooks.ordered(2, 3, 1), (1, 2, 3))
        self.assertEqual(hooks.ordered(2, 3, 1, True), (3, 2, 1))
        self.assertEqual(hooks.by_size((1, 2), (), (3,)), ((), (3,), (1, 2)))
        self.assertGreater(hooks.compared(), before + 5)

    def test_converters(self):
        one, other = self.subscribe("a", len), self.subscribe("b", len)
        self.assertIs(hooks.same_event(one, one), True)
        self.assertIs(hooks.same_event(one, other), False)
        with self.assertRaisesRegex(TypeError, "1 is not a subscription"):
            hooks.same_event(one, 1)
        with self.assertRaisesRegex(TypeError, "'x' is not a subscription"):
            hooks.same_event("x", one)
        with self.assertRaisesRegex(TypeError, "1 is not callable"):
            hooks.subscribe("a", 1)
        with self.assertRaisesRegex(ValueError, "no mode 'never'"):
            hooks.subscribe("a", len, "never")
        with self.assertRaisesRegex(TypeError, "not int"):
            hooks.subscribe("a", len, 1)
        with self.assertRaises(TypeError):
            hooks.subscribe(1, len)
        with self.assertRaises(TypeError):
            hooks.fire()

    def test_type(self):
        kind = type(self.subscribe("a", len))
        self.assertEqual((kind.__module__, kind.__name__), ("hooks", "subscription"))
        self.assertEqual(kind.__doc__, "What subscribe() gives.")
        with self.assertRaises(TypeError):
            kind()
        with self.assertRaises(TypeError):
            kind.__new__(kind)
        with self.assertRaises(TypeError):
            type("Sub", (kind,), {})
        if sys.version_info >= (3, 10):
            with self.assertRaises(TypeError):
                kind.extra = 1

    def test_type_does_not_gain_references(self):
        def work():
            for _ in range(50):
                made = hooks.subscribe("count", len)
                hooks.fire("count", "")
                hooks.cancel(made)
            gc.collect()

        kind = type(self.subscribe("a", len))
        work()
        before = sys.getrefcount(kind)
        work()
        self.assertEqual(sys.getrefcount(kind), before)


class WalkTests(unittest.TestCase):
    def test_walk(self):
        seen = []
        self.assertEqual(hooks.walk([1, (2, [3]), 4], lambda *args: seen.append(args)), 4)
        self.assertEqual(seen, [(1, 1), (2, 2), (3, 3), (4, 1)])
        self.assertEqual(hooks.walk("leaf", lambda leaf, depth: True), 1)

    def test_stop(self):
        self.assertEqual(hooks.walk([1, [2, 3], 4], lambda leaf, depth: leaf != 2), 2)

    def test_walk_within_a_walk(self):
        inner = []
        count = hooks.walk(
            [1, 2], lambda *args: inner.append(hooks.walk([3, [4]], lambda *a: None))
        )
        self.assertEqual((count, inner), (2, [2, 2]))

    def test_errors(self):
        with self.assertRaises(ZeroDivisionError):
            hooks.walk([1], lambda leaf, depth: 1 / 0)
        with self.assertRaisesRegex(hooks.HookError, "returned 'yes'"):
            hooks.walk([1], lambda leaf, depth: "yes")
        with self.assertRaises(TypeError):
            hooks.walk([1], None)
        self.assertTrue(issubclass(hooks.HookError, RuntimeError))

    def test_depth_and_limit(self):
        self.assertEqual(hooks.depth([1, [2, [3]]]), 3)
        self.assertEqual(hooks.limit(2), 50)
        try:
            with self.assertRaisesRegex(hooks.HookError, "deeper than 2"):
                hooks.depth([1, [2, [3]]])
            self.assertEqual(hooks.limit(), 2)
        finally:
            hooks.limit(50)


class SortTests(unittest.TestCase):
    def test_sorted(self):
        words = ["pear", "fig", "banana", "kiwi!"]
        self.assertEqual(
            hooksort.sorted(words, lambda a, b: len(a) - len(b)), ["fig", "pear", "kiwi!", "banana"]
        )
        self.assertEqual(words[0], "pear")
        self.assertEqual(hooksort.sorted([], len), [])

    def test_reversed(self):
        self.assertEqual(hooksort.sorted(range(50), lambda a, b: b - a), list(range(49, -1, -1)))

    def test_sort_within_a_sort(self):
        def compare(a, b):
            first = hooksort.sorted(a, lambda x, y: x - y)
            second = hooksort.sorted(b, lambda x, y: x - y)
            return (first > second) - (first < second)

        self.assertEqual(
            hooksort.sorted([[9, 2], [3, 1], [8, 1]], compare), [[3, 1], [8, 1], [9, 2]]
        )

    def test_errors(self):
        with self.assertRaises(ZeroDivisionError):
            hooksort.sorted([1, 2, 3], lambda a, b: 1 / 0)
        with self.assertRaises(TypeError):
            hooksort.sorted([1, 2], lambda a, b: "x")
        with self.assertRaises(TypeError):
            hooksort.sorted([1, 2], 1)
        with self.assertRaises(TypeError):
            hooksort.sorted(1, len)
        self.assertEqual(hooksort.sorted([2, 1], lambda a, b: a - b), [1, 2])

    def test_too_deep(self):
        def compare(a, b):
            return len(hooksort.sorted([a, b], compare))

        with self.assertRaisesRegex(hooksort.SortError, "sorts within sorts"):
            hooksort.sorted([1, 2], compare)
        self.assertEqual(hooksort.sorted([2, 1], lambda a, b: a - b), [1, 2])

    def test_references_of_the_items(self):
        item = object()
        before = sys.getrefcount(item)
        hooksort.sorted([item, item, item], functools.partial(lambda a, b: 0))
        self.assertEqual(sys.getrefcount(item), before)


if __name__ == "__main__":
    unittest.main()
