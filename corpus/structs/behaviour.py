"""What structs does, as Python code sees it."""

import copy
import datetime
import gc
import pickle
import sys
import unittest

import structs
from structs import CalendarError, Day, Span


class DayTests(unittest.TestCase):
    def test_fields(self):
        day = structs.day(2024, 2, 29)
        self.assertIs(type(day), Day)
        self.assertEqual(tuple(day), (2024, 2, 29, 3))
        self.assertEqual((day.year, day.month, day.day, day.weekday), (2024, 2, 29, 3))
        self.assertEqual(day.ordinal, datetime.date(2024, 2, 29).toordinal())
        self.assertEqual(repr(day), "structs.Day(year=2024, month=2, day=29, weekday=3)")

    def test_against_the_calendar(self):
        for ordinal in range(1, datetime.date.max.toordinal(), 9973):
            expected = datetime.date.fromordinal(ordinal)
            day = structs.from_ordinal(ordinal)
            self.assertEqual(
                tuple(day), (expected.year, expected.month, expected.day, expected.weekday())
            )
            self.assertEqual(day.ordinal, ordinal)
        self.assertEqual(structs.from_ordinal(3652059)[:3], (9999, 12, 31))

    def test_counts(self):
        self.assertEqual((Day.n_sequence_fields, Day.n_fields, Day.n_unnamed_fields), (4, 5, 0))
        self.assertEqual((Span.n_sequence_fields, Span.n_fields), (2, 2))

    def test_no_such_day(self):
        for bad in ((2023, 2, 29), (0, 1, 1), (2000, 13, 1), (2000, 1, 0)):
            with self.assertRaisesRegex(CalendarError, "no day %d-%d-%d" % bad):
                structs.day(*bad)
        for bad in (0, -5, 10**8):
            with self.assertRaisesRegex(CalendarError, "number"):
                structs.from_ordinal(bad)
        with self.assertRaises(TypeError):
            structs.day(2000, 1)
        with self.assertRaises(TypeError):
            structs.from_ordinal("1")

    def test_make_from_python(self):
        day = Day((2000, 1, 2, 6))
        self.assertIsNone(day.ordinal)
        self.assertEqual(Day((2000, 1, 2, 6), {"ordinal": 7}).ordinal, 7)
        with self.assertRaises(TypeError):
            Day((1, 2))
        self.assertEqual(structs.between(day, structs.day(2000, 1, 3)), (0, 1))

    def test_first_weekday(self):
        self.assertEqual(structs.first_weekday(6), 0)
        try:
            self.assertEqual(structs.day(2024, 2, 29).weekday, 4)
            with self.assertRaisesRegex(CalendarError, "seven"):
                structs.first_weekday(7)
            self.assertEqual(structs.first_weekday(), 6)
        finally:
            structs.first_weekday(0)

    def test_pickle_and_copy(self):
        day = structs.day(2024, 2, 29)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(day, protocol))
            self.assertEqual((type(again), again, again.ordinal), (Day, day, day.ordinal))
        self.assertEqual(copy.copy(day), day)


class SpanTests(unittest.TestCase):
    def test_between(self):
        span = structs.between((2024, 1, 1), [2024, 3, 1])
        self.assertIs(type(span), Span)
        self.assertEqual((span.weeks, span.days), (8, 4))
        self.assertEqual(structs.between(structs.day(2024, 1, 1), structs.day(2024, 1, 1)), (0, 0))

    def test_errors(self):
        with self.assertRaisesRegex(CalendarError, "comes first"):
            structs.between((2024, 1, 2), (2024, 1, 1))
        for bad in (((2024, 1), (2024, 1, 1)), (1, 2), ((2024, 1, 1),), (("a", 1, 1), (1, 1, 1))):
            with self.assertRaises(TypeError):
                structs.between(*bad)
        with self.assertRaises(CalendarError):
            structs.between(Day((2024, 2, 30, 0)), (2024, 3, 1))


class TypeTests(unittest.TestCase):
    def test_names_and_docs(self):
        self.assertEqual((Day.__module__, Day.__name__), ("structs", "Day"))
        self.assertEqual(Day.__doc__, "A day of the calendar.")
        self.assertEqual(Day.month.__doc__, "1 to 12")
        self.assertEqual(CalendarError.__bases__, (ValueError,))
        self.assertTrue(issubclass(Day, tuple))

    def test_not_subclassable(self):
        for kind in (Day, Span):
            with self.assertRaises(TypeError):
                type("Sub", (kind,), {})

    def test_version(self):
        self.assertEqual(structs.version_info, (1, 1, 20))
        self.assertEqual(structs.version_info.major, 1)
        kind = type(structs.version_info)
        self.assertEqual(kind.__name__, "version_info")
        with self.assertRaises(TypeError):
            kind((1, 2, 3))

    def test_types_do_not_gain_references(self):
        def work():
            for number in range(1, 50):
                structs.between(structs.from_ordinal(number), structs.day(2000, 1, 1))
            gc.collect()

        work()
        before = sys.getrefcount(Day), sys.getrefcount(Span)
        work()
        self.assertEqual((sys.getrefcount(Day), sys.getrefcount(Span)), before)


if __name__ == "__main__":
    unittest.main()
