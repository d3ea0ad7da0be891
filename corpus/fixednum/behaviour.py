"""What fixednum does, as Python code sees it."""

import copy
import gc
import pickle
import sys
import unittest

import fixednum
from fixednum import Fixed, FixedOverflow


class Money(Fixed):
    """A subclass with attributes of its own."""

    currency = "EUR"


class Strange:
    """Knows how to be added to anything."""

    def __add__(self, other):
        return "strange +", type(other)

    def __radd__(self, other):
        return "+ strange", type(other)

    def __rpow__(self, other):
        return "** strange"


class ArithmeticTests(unittest.TestCase):
    def check(self, value, expected):
        self.assertIs(type(value), Fixed)
        self.assertEqual(str(value), expected)

    def test_make(self):
        self.check(Fixed(), "0.0000")
        self.check(Fixed(-3), "-3.0000")
        self.check(Fixed(2.00005), "2.0001")
        self.check(Fixed("-0.25"), "-0.2500")
        self.assertEqual(repr(Fixed(1.5)), "Fixed('1.5000')")
        for bad in (None, [], b"1", 1j):
            with self.assertRaises(TypeError):
                Fixed(bad)
        with self.assertRaises(ValueError):
            Fixed("one")

    def test_add_and_subtract(self):
        self.check(Fixed(1.5) + Fixed(2.25), "3.7500")
        self.check(Fixed(1.5) + 1, "2.5000")
        self.check(1 + Fixed(1.5), "2.5000")
        self.check(0.5 + Fixed(1.5), "2.0000")
        self.check(1 - Fixed(1.5), "-0.5000")
        self.check(True - Fixed(0.25), "0.7500")

    def test_multiply_and_divide(self):
        self.check(3 * Fixed(1.5), "4.5000")
        self.check(Fixed(1.5) * 0.5, "0.7500")
        self.check(1 / Fixed(3), "0.3333")
        self.check(Fixed(2) / 3, "0.6667")
        self.check(Fixed(-2) / 3, "-0.6667")
        for zero in (0, 0.0, fixednum.zero):
            with self.assertRaises(ZeroDivisionError):
                Fixed(1) / zero

    def test_power(self):
        self.check(Fixed(1.5) ** 2, "2.2500")
        self.check(Fixed(2) ** Fixed(3), "8.0000")
        self.check(pow(Fixed(2), 0), "1.0000")
        self.assertEqual(Fixed(2) ** Strange(), "** strange")
        with self.assertRaises(ValueError):
            Fixed(2) ** -1
        for use in (
            lambda: pow(Fixed(2), 2, 3),
            lambda: pow(2, 2, Fixed(3)),
            lambda: 2 ** Fixed(2),
            lambda: Fixed(2) ** "2",
            lambda: Fixed(2) ** Fixed(0.5),
        ):
            with self.assertRaises(TypeError):
                use()

    def test_unary(self):
        self.check(-Fixed(1.5), "-1.5000")
        self.check(+Money(1.5), "1.5000")
        self.check(abs(Fixed(-1.5)), "1.5000")
        self.assertEqual((bool(Fixed(0.0001)), bool(Fixed())), (True, False))
        self.assertEqual((int(Fixed(-1.5)), float(Fixed(-1.5))), (-1, -1.5))
        for use in (
            lambda: ~Fixed(1),
            lambda: Fixed(1) % 1,
            lambda: Fixed(1) // 1,
            lambda: [][Fixed(1)],
        ):
            with self.assertRaises(TypeError):
                use()

    def test_foreign_operands(self):
        self.assertEqual(Fixed(1) + Strange(), ("+ strange", Fixed))
        self.assertEqual(Strange() + Fixed(1), ("strange +", Fixed))
        for use in (
            lambda: "1" + Fixed(1),
            lambda: Fixed(1) + "1",
            lambda: None - Fixed(1),
            lambda: Fixed(1) * [],
            lambda: Fixed(1) + 1j,
            lambda: object() / Fixed(1),
        ):
            with self.assertRaises(TypeError):
                use()

    def test_inplace(self):
        value = Fixed(1.5)
        same = value
        value += 1
        self.check(value, "2.5000")
        self.check(same, "1.5000")
        value -= 1
        self.check(value, "1.5000")
        money = Money(1)
        money += 1
        self.assertIs(type(money), Money)
        self.assertEqual((money, money.currency), (2, "EUR"))
        with self.assertRaises(TypeError):
            value += "1"

    def test_subclass_operands(self):
        self.check(Money(1) + Money(2), "3.0000")
        self.check(1 + Money(2), "3.0000")
        self.check(Fixed(1) + Money(2), "3.0000")
        self.check(Money(2) ** Money(2), "4.0000")

    def test_overflow(self):
        big = Fixed(90000000000)
        for use in (
            lambda: big + big,
            lambda: big * big,
            lambda: Fixed(10**30),
            lambda: 1e300 + big,
            lambda: Fixed(float("nan")),
            lambda: Fixed(10) ** 40,
        ):
            with self.assertRaises(FixedOverflow):
                use()
        self.assertTrue(issubclass(FixedOverflow, OverflowError))
        self.assertEqual(FixedOverflow.__module__, "fixednum")

    def test_rounding(self):
        self.assertIs(fixednum.set_rounding(False), True)
        try:
            self.check(Fixed(2) / 3, "0.6666")
            self.check(Fixed(0.00019), "0.0001")
        finally:
            self.assertIs(fixednum.set_rounding(True), False)

    def test_total(self):
        self.check(fixednum.total([1, Fixed(0.5), 0.25]), "1.7500")
        self.assertIs(fixednum.total([]), fixednum.zero)
        with self.assertRaises(TypeError):
            fixednum.total([1, "2"])
        with self.assertRaises(TypeError):
            fixednum.total(1)
        self.assertEqual(fixednum.total([Strange()]), ("+ strange", Fixed))


class CompareTests(unittest.TestCase):
    def test_order(self):
        self.assertTrue(Fixed(1.5) < 2 and Fixed(1.5) < 2 and Fixed(1) == 1.0 and Fixed(1) >= 1)
        self.assertTrue(Fixed(1) != "1" and Money(1) == Fixed(1))
        with self.assertRaises(TypeError):
            Fixed(1) < "1"

    def test_hash(self):
        self.assertEqual(hash(Fixed(7)), hash(7))
        self.assertEqual({Fixed(1.5): "x"}[1.5], "x")
        self.assertEqual(len({Fixed(2), Money(2), 2}), 1)


class ObjectTests(unittest.TestCase):
    def test_singletons(self):
        self.assertIs(Fixed(0), fixednum.zero)
        self.assertIs(Fixed(3) - 2, fixednum.one)
        self.assertIsNot(Money(0), fixednum.zero)
        self.assertEqual((str(fixednum.zero), str(fixednum.one)), ("0.0000", "1.0000"))

    def test_recycling(self):
        for _ in range(3):
            values = [Fixed(2 + i) for i in range(100)]
            self.assertEqual([int(value) for value in values], list(range(2, 102)))
            moneys = [Money(2 + i) for i in range(100)]
            del values
            self.assertEqual([int(value) for value in moneys], list(range(2, 102)))
            self.assertTrue(all(type(value) is Money for value in moneys))
            del moneys

    def test_references_of_the_types(self):
        def work():
            for _ in range(20):
                values = [Fixed(2 + i) + 1 for i in range(40)] + [Money(i) for i in range(40)]
                for use in (lambda: values[0] + "", lambda: values[-1] / 0):
                    try:
                        use()
                    except (TypeError, ZeroDivisionError):
                        pass
            gc.collect()

        work()
        before = sys.getrefcount(Fixed), sys.getrefcount(Money)
        work()
        self.assertEqual((sys.getrefcount(Fixed), sys.getrefcount(Money)), before)

    def test_pickle_and_copy(self):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            value = pickle.loads(pickle.dumps(Fixed(-1.25), protocol))
            self.assertEqual((type(value), str(value)), (Fixed, "-1.2500"))
        self.assertIs(type(copy.copy(Money(2))), Money)

    def test_type(self):
        self.assertEqual((Fixed.__module__, Fixed.__qualname__), ("fixednum", "Fixed"))
        self.assertIn("four decimal places", Fixed.__doc__)
        self.assertFalse(hasattr(Fixed(1), "__dict__"))
        if sys.version_info >= (3, 10):
            with self.assertRaises(TypeError):
                Fixed.extra = 1
        with self.assertRaises(AttributeError):
            Fixed(1).extra = 1


if __name__ == "__main__":
    unittest.main()
