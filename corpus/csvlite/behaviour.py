"""What csvlite does, as Python code sees it."""

import gc
import sys
import unittest
import weakref

import csvlite


class Thing:
    """Something that can be in a cycle and be watched."""


class Text(str):
    """A string that can be so, too."""


def alive(kind):
    """How many instances the collector knows."""
    gc.collect()
    return sum(type(it) is kind for it in gc.get_objects())


def rows(text, *args, **options):
    return list(csvlite.reader(text.splitlines(True), *args, **options))


class ReaderTests(unittest.TestCase):
    def test_fields(self):
        self.assertEqual(rows('a,b,c\r\n1,"2,3",\n'), [["a", "b", "c"], ["1", "2,3", ""]])

    def test_doubled_quote(self):
        self.assertEqual(rows('"say ""no""",x'), [['say "no"', "x"]])

    def test_quoted_newline_spans_lines(self):
        reader = csvlite.reader(['"one\n', 'two",3\n', "4\n"])
        self.assertEqual(next(reader), ["one\ntwo", "3"])
        self.assertEqual(reader.line_num, 2)
        self.assertEqual(list(reader), [["4"]])

    def test_blank_lines(self):
        self.assertEqual(rows("a\n\nb\n"), [["a"], [""], ["b"]])
        self.assertEqual(rows("a\n\nb\n", skip_blank=True), [["a"], ["b"]])

    def test_wide_characters(self):
        self.assertEqual(
            rows("\u00e9\u2192\U0001f40d\u2192z", delimiter="\u2192"),
            [["\u00e9", "\U0001f40d", "z"]],
        )

    def test_strict(self):
        self.assertEqual(rows('"a"b,c'), [["ab", "c"]])
        with self.assertRaisesRegex(csvlite.Error, "line 1: text after a closing quote"):
            rows('"a"b,c', strict=True)
        with self.assertRaisesRegex(csvlite.Error, "inside quotes"):
            rows('"a', strict=True)

    def test_not_iterable(self):
        with self.assertRaisesRegex(csvlite.Error, "not int"):
            csvlite.reader(1)

    def test_line_of_wrong_type(self):
        with self.assertRaisesRegex(csvlite.Error, "not bytes"):
            next(csvlite.reader([b"a"]))

    def test_errors_of_the_source_pass_through(self):
        def broken():
            yield "a\n"
            raise LookupError("gone")

        reader = csvlite.reader(broken())
        self.assertEqual(next(reader), ["a"])
        with self.assertRaises(LookupError):
            next(reader)

    def test_no_instances_but_by_the_function(self):
        kind = type(csvlite.reader([]))
        with self.assertRaises(TypeError):
            kind()
        with self.assertRaises(TypeError):
            kind.__new__(kind)
        with self.assertRaises(TypeError):
            type("Sub", (kind,), {})

    def test_names(self):
        kind = type(csvlite.reader([]))
        self.assertEqual((kind.__module__, kind.__name__), ("csvlite", "Reader"))
        self.assertEqual(kind.__doc__, "An iterator over the rows of an iterable of lines.")
        self.assertFalse(hasattr(csvlite, "Reader"))


class WriterTests(unittest.TestCase):
    def write(self, row, *args, **options):
        out = []
        csvlite.writer(out.append, *args, **options).writerow(row)
        return "".join(out)

    def test_row(self):
        self.assertEqual(self.write(["a", 1, None, 2.5]), "a,1,,2.5\r\n")

    def test_quotes(self):
        self.assertEqual(
            self.write(["x,y", 'q"q', "n\nn"], terminator="\n"), '"x,y","q""q","n\nn"\n'
        )

    def test_without_quotechar(self):
        self.assertEqual(self.write(["a", "b"], quotechar=None, delimiter=";"), "a;b\r\n")
        with self.assertRaisesRegex(csvlite.Error, "needs quotes"):
            self.write(["a;b"], quotechar=None, delimiter=";")

    def test_result_of_the_callback(self):
        self.assertEqual(csvlite.writer(len).writerow("abc"), 7)

    def test_dialect(self):
        writer = csvlite.writer(len, delimiter="|")
        self.assertEqual(writer.dialect.delimiter, "|")
        with self.assertRaises(AttributeError):
            writer.dialect = None

    def test_errors(self):
        with self.assertRaisesRegex(csvlite.Error, "not int"):
            csvlite.writer(len).writerow(1)
        with self.assertRaises(TypeError):
            csvlite.writer(1)
        with self.assertRaises(ZeroDivisionError):
            csvlite.writer(lambda line: 1 / 0).writerow("a")

    def test_no_instances_but_by_the_function(self):
        kind = type(csvlite.writer(len))
        with self.assertRaises(TypeError):
            kind()
        self.assertIsNone(kind.__doc__)

    def test_round_trip(self):
        table = [["a", "b,c", 'd"', ""], ["\n", "\u20ac", "1", "2"]]
        out = []
        writer = csvlite.writer(out.append)
        for row in table:
            writer.writerow(row)
        self.assertEqual(rows("".join(out)), table)


class DialectTests(unittest.TestCase):
    def test_defaults(self):
        dialect = csvlite.Dialect()
        self.assertEqual(
            (dialect.delimiter, dialect.quotechar, dialect.terminator), (",", '"', "\r\n")
        )
        self.assertIs(dialect.strict, False)
        self.assertIsNone(dialect.note)

    def test_options_over_a_base(self):
        base = csvlite.Dialect(delimiter="|", strict=True, note=[1])
        copy = csvlite.Dialect(base, quotechar=None)
        self.assertEqual((copy.delimiter, copy.quotechar, copy.strict), ("|", None, True))
        self.assertIs(copy.note, base.note)

    def test_bad_options(self):
        for options in ({"delimiter": "ab"}, {"quotechar": 1}, {"nonsense": 1}, {"terminator": 1}):
            with self.assertRaises(TypeError):
                csvlite.Dialect(**options)
        with self.assertRaisesRegex(csvlite.Error, "of its own"):
            csvlite.Dialect(delimiter='"')
        with self.assertRaisesRegex(csvlite.Error, "list is not a dialect"):
            csvlite.Dialect([])

    def test_members(self):
        dialect = csvlite.Dialect()
        dialect.note = "kept"
        self.assertEqual(dialect.note, "kept")
        for name in ("terminator", "strict", "delimiter", "other"):
            with self.assertRaises(AttributeError):
                setattr(dialect, name, 1)

    def test_subclass(self):
        class Piped(csvlite.Dialect):
            def __new__(cls, **options):
                return super().__new__(cls, delimiter="|", **options)

        piped = Piped(strict=True)
        self.assertEqual(rows("a|b", piped), [["a", "b"]])
        self.assertIs(csvlite.reader([], piped).dialect, piped)
        with self.assertRaises(csvlite.Error):
            Piped(quotechar="|")

    def test_registry(self):
        csvlite.register_dialect("tabs", delimiter="\t")
        try:
            self.assertIn("tabs", csvlite.list_dialects())
            self.assertIn("tabs", csvlite._dialects)
            self.assertEqual(rows("a\tb", "tabs"), [["a", "b"]])
            self.assertIs(
                csvlite.reader([], csvlite.get_dialect("tabs")).dialect, csvlite.get_dialect("tabs")
            )
        finally:
            csvlite.unregister_dialect("tabs")
        self.assertNotIn("tabs", csvlite.list_dialects())
        for function in (csvlite.get_dialect, csvlite.unregister_dialect, csvlite.Dialect):
            with self.assertRaisesRegex(csvlite.Error, "unknown dialect 'tabs'"):
                function("tabs")
        with self.assertRaises(TypeError):
            csvlite.register_dialect(1)

    def test_type_is_closed(self):
        if sys.version_info >= (3, 10):
            with self.assertRaises(TypeError):
                csvlite.Dialect.extra = 1
        with self.assertRaises(TypeError):
            weakref.ref(csvlite.Dialect())


class ModuleTests(unittest.TestCase):
    def test_field_limit(self):
        old = csvlite.field_limit()
        self.assertEqual(old, 128 * 1024)
        self.assertEqual(csvlite.field_limit(3), old)
        try:
            self.assertEqual(rows("abc,def"), [["abc", "def"]])
            with self.assertRaisesRegex(csvlite.Error, "line 1: field longer than 3"):
                rows("abcd")
            with self.assertRaises(TypeError):
                csvlite.field_limit("4")
            with self.assertRaises(OverflowError):
                csvlite.field_limit(1 << 80)
            self.assertEqual(csvlite.field_limit(), 3)
        finally:
            csvlite.field_limit(old)

    def test_error(self):
        self.assertEqual(csvlite.Error.__module__, "csvlite")
        self.assertEqual(csvlite.Error.__bases__, (Exception,))
        self.assertEqual(csvlite.__doc__, "Rows of separated values.")


class MemoryTests(unittest.TestCase):
    def assert_collected(self, make):
        thing = Thing()
        thing.held = make(thing)
        watch = weakref.ref(thing)
        del thing
        gc.collect()
        self.assertIsNone(watch())

    def test_cycles(self):
        def lines(thing):
            yield thing

        self.assert_collected(lambda thing: csvlite.Dialect(note=thing))
        self.assert_collected(lambda thing: csvlite.reader([], csvlite.Dialect(note=thing)))
        self.assert_collected(lambda thing: csvlite.writer(lambda line: thing))
        self.assert_collected(lambda thing: csvlite.writer(len, csvlite.Dialect(note=thing)))
        self.assert_collected(lambda thing: csvlite.reader(lines(thing)))

    def test_cycles_of_nothing_else(self):
        before = alive(csvlite.Dialect)
        dialect = csvlite.Dialect()
        dialect.note = dialect
        text = Text("\n")
        text.held = csvlite.Dialect(terminator=text)
        watch = weakref.ref(text)
        del dialect, text
        self.assertEqual(alive(csvlite.Dialect), before)
        self.assertIsNone(watch())

    def test_types_do_not_gain_references(self):
        def work():
            dialect = csvlite.Dialect()
            for _ in range(50):
                csvlite.reader(["a,b\n"], dialect).__next__()
                csvlite.writer(len).writerow("ab")
                csvlite.Dialect(dialect)
                for bad in ({"delimiter": "ab"}, {"delimiter": '"'}):
                    try:
                        csvlite.reader([], **bad)
                    except (TypeError, csvlite.Error):
                        pass

        kinds = [csvlite.Dialect, type(csvlite.reader([])), type(csvlite.writer(len))]
        work()
        before = [sys.getrefcount(kind) for kind in kinds]
        work()
        self.assertEqual([sys.getrefcount(kind) for kind in kinds], before)


if __name__ == "__main__":
    unittest.main()
