"""What dualsum and dualtext do, as Python code sees it; on Python 2.7 too."""

import binascii
import gc
import sys
import unittest

import dualsum
import dualtext


class SumTests(unittest.TestCase):
    def test_against_zlib(self):
        for data in (b"", b"a", b"checksum", bytes(bytearray(range(256)))):
            self.assertEqual(dualsum.sum(data).value, binascii.crc32(data) & 0xFFFFFFFF)

    def test_update_and_copy(self):
        whole = dualsum.sum(b"one two")
        part = dualsum.sum(b"one")
        copy = part.copy()
        self.assertIsNone(part.update(b" two"))
        self.assertTrue(part == whole and copy != whole)
        self.assertEqual(part.hexdigest(), "%08x" % whole.value)
        self.assertEqual(repr(copy), "<sum %s>" % copy.hexdigest())
        self.assertFalse(part == 1)
        with self.assertRaises(TypeError):
            part.update(1)

    def test_owner(self):
        seen = []
        owned = dualsum.sum(b"", lambda it: seen.append(it.value))
        owned.copy().update(b"a")
        self.assertEqual(seen, [dualsum.sum(b"a").value])
        with self.assertRaises(dualsum.SumError):
            dualsum.sum(b"", 1)

    def test_polynomial(self):
        before = dualsum.sum(b"a").value
        old = dualsum.use_polynomial(0x82F63B78)
        try:
            self.assertEqual(dualsum.sum(b"a").hexdigest(), "c1d04330")
        finally:
            self.assertEqual(dualsum.use_polynomial(old), 0x82F63B78)
        self.assertEqual(dualsum.sum(b"a").value, before)
        with self.assertRaises(dualsum.SumError):
            dualsum.use_polynomial(0)

    def test_alive(self):
        gc.collect()
        before = dualsum.alive()
        sums = [dualsum.sum() for _ in range(5)]
        sums.append(sums[0].copy())
        self.assertEqual(dualsum.alive(), before + 6)
        del sums
        self.assertEqual(dualsum.alive(), before)

    def test_type(self):
        self.assertIs(type(dualsum.sum()), dualsum.Sum)
        self.assertEqual((dualsum.Sum.__module__, dualsum.Sum.__name__), ("dualsum", "Sum"))
        self.assertEqual(dualsum.Sum.__doc__, "A running checksum.")
        for use in (
            dualsum.Sum,
            lambda: dualsum.Sum.__new__(dualsum.Sum),
            lambda: type("Sub", (dualsum.Sum,), {}),
            lambda: hash(dualsum.sum()),
        ):
            with self.assertRaises((TypeError, AttributeError)):
                use()
        if sys.version_info >= (3, 10):
            with self.assertRaises(TypeError):
                dualsum.Sum.extra = 1

    def test_type_does_not_gain_references(self):
        def work():
            for _ in range(50):
                dualsum.sum(b"a").copy().update(b"b")

        work()
        before = sys.getrefcount(dualsum.Sum)
        work()
        self.assertEqual(sys.getrefcount(dualsum.Sum), before)


class TextTests(unittest.TestCase):
    def setUp(self):
        dualtext.forget()

    def test_split(self):
        self.assertEqual(
            dualtext.split("to be or not to be"), ["to", "be", "or", "not", "to", "be"]
        )
        self.assertEqual(dualtext.split("a,b c", b","), ["a", "b c"])
        self.assertEqual(dualtext.split(""), [])

    def test_counts(self):
        dualtext.split("to be or not to be")
        self.assertEqual(dualtext.counts(), {"to": 2, "be": 2, "or": 1, "not": 1})
        dualtext.counts().clear()
        self.assertEqual(len(dualtext.counts()), 4)
        self.assertEqual(dualtext.longest(), 3)
        dualtext.forget()
        self.assertEqual((dualtext.counts(), dualtext.longest()), ({}, 0))

    def test_errors(self):
        with self.assertRaises(dualtext.Error):
            dualtext.split("a  b")
        for bad in ((), (1,), ("a", "bc")):
            with self.assertRaises(TypeError):
                dualtext.split(*bad)
        self.assertEqual(dualtext.Error.__module__, "dualtext")
        self.assertTrue(issubclass(dualtext.Error, Exception))


if __name__ == "__main__":
    unittest.main()
