"""What caches does, as Python code sees it."""

import gc
import types
import unittest
import weakref

import caches
from caches import ColourError


class Name(str):
    """A string that can be watched."""


class CachesTests(unittest.TestCase):
    def setUp(self):
        caches.clear()
        self.addCleanup(caches.configure, upper=False, gamma=1.0, limit=4, prefix="#")

    def test_parse(self):
        self.assertEqual(caches.parse("orange"), (255, 165, 0))
        self.assertEqual(caches.parse("#0180fF"), (1, 128, 255))
        for bad in ("", "#12345", "0180ff", "purple", "#00000000"):
            with self.assertRaisesRegex(ColourError, "^not a colour: " + bad):
                caches.parse(bad)
        with self.assertRaisesRegex(ColourError, "not hexadecimal"):
            caches.parse("#0000g0")
        with self.assertRaises(TypeError):
            caches.parse(1)

    def test_shared_tuples(self):
        self.assertIs(caches.parse("#555555"), caches.parse("#555555"))
        self.assertIs(caches.parse("#ffffff"), caches.parse("white"))
        self.assertIs(caches.parse("#000000"), caches.parse("black"))
        self.assertIs(caches.parse("red"), caches.parse("red"))

    def test_write(self):
        self.assertEqual(caches.write(1, 128, 255), "#0180ff")
        with self.assertRaisesRegex(ColourError, "0 to 255"):
            caches.write(1, 256, 0)
        with self.assertRaises(TypeError):
            caches.write(1, 2)

    def test_results_are_not_overwritten(self):
        first = caches.write(1, 2, 3)
        caches.write(4, 5, 6)
        self.assertEqual(first, "#010203")

    def test_name(self):
        self.assertEqual(caches.name((255, 165, 0)), "orange")
        self.assertEqual(
            [caches.name(caches.parse(name)) for name in ("black", "white")], ["black", "white"]
        )
        with self.assertRaisesRegex(ColourError, r"no name for \(1, 2, 3\)"):
            caches.name((1, 2, 3))
        with self.assertRaises(TypeError):
            caches.name([])
        self.assertEqual(caches.NAMED, 6)

    def test_read(self):
        self.assertEqual(caches.read(types.SimpleNamespace(name="blue")), (0, 0, 255))
        self.assertEqual(caches.read(types.SimpleNamespace(red=1, green=2, blue="x")), (1, 2, "x"))
        with self.assertRaises(AttributeError):
            caches.read(types.SimpleNamespace(red=1))
        with self.assertRaises(ColourError):
            caches.read(types.SimpleNamespace(name="nothing"))

    def test_average(self):
        self.assertEqual(caches.average([1, 2, 3]), 2)
        self.assertEqual(caches.average([1, 2]), 1.5)

    def test_tickets(self):
        first = caches.ticket()
        self.assertEqual([caches.ticket(), caches.ticket()], [first + 1, first + 2])

    def test_lru(self):
        for text in ("red", "green", "blue", "white"):
            caches.parse(text)
        self.assertEqual(caches.info(), {"hits": 0, "misses": 4, "size": 4, "problem": ""})
        caches.parse("red")
        caches.parse("black")
        caches.parse("red")
        caches.parse("green")
        self.assertEqual(caches.info(), {"hits": 2, "misses": 6, "size": 4, "problem": ""})

    def test_problem(self):
        with self.assertRaises(ColourError):
            caches.parse("nothing")
        self.assertEqual(caches.info()["problem"], "not a colour: nothing")
        caches.clear()
        self.assertEqual(caches.info()["problem"], "")

    def test_settings(self):
        caches.configure(upper=True, prefix="0x", limit=2)
        self.assertEqual(caches.write(171, 205, 239), "0xABCDEF")
        self.assertEqual(caches.parse("0xabcdef"), (171, 205, 239))
        for text in ("red", "green", "blue"):
            caches.parse(text)
        self.assertEqual(caches.info()["size"], 2)
        for bad in ({"prefix": "12345678"}, {"limit": 0}, {"gamma": 0.5}):
            with self.assertRaises(ValueError):
                caches.configure(**bad)
        self.assertEqual(caches.write(0, 0, 0), "0x000000")

    def test_gamma(self):
        caches.configure(gamma=2.0)
        self.assertEqual(caches.parse("#ff8000"), (255, 64, 0))
        caches.configure(upper=True)
        self.assertEqual(caches.parse("#ff8000"), (255, 64, 0))
        caches.configure(gamma=1.0)
        self.assertEqual(caches.parse("#ff8000"), (255, 128, 0))

    def test_cleared_objects_go_away(self):
        text = Name("#010203")
        watch = weakref.ref(text)
        self.assertEqual(caches.parse(text), (1, 2, 3))
        del text
        gc.collect()
        self.assertIsNotNone(watch())
        caches.clear()
        gc.collect()
        self.assertIsNone(watch())

    def test_error_type(self):
        self.assertEqual(ColourError.__bases__, (ValueError,))
        self.assertEqual(ColourError.__module__, "caches")


if __name__ == "__main__":
    unittest.main()
