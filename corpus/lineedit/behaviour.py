"""What lineedit does, as Python code sees it."""

import gc
import sys
import threading
import unittest
import weakref

import lineedit


class LineTests(unittest.TestCase):
    def setUp(self):
        lineedit.clear_history()
        self.addCleanup(lineedit.set_completer)
        self.addCleanup(lineedit.set_startup_hook)

    def test_edit(self):
        self.assertEqual(lineedit.edit("> ", "hello you"), "hello you")
        self.assertEqual(lineedit.get_line_buffer(), "hello you")
        for bad in ((), (1, "a"), ("> ",), ("> ", "a\0b")):
            with self.assertRaises((TypeError, ValueError)):
                lineedit.edit(*bad)

    def test_completion(self):
        words = ["import", "input"]

        def complete(text, number):
            return ([word for word in words if word.startswith(text)] + [None])[number]

        lineedit.set_completer(complete)
        self.assertIs(lineedit.get_completer(), complete)
        self.assertEqual(lineedit.edit("> ", "do inp\t now"), "do input now")
        self.assertEqual(lineedit.get_begidx(), 3)
        self.assertEqual(lineedit.edit("> ", "x\t"), "x")
        self.assertEqual(lineedit.get_begidx(), 0)

    def test_completer_sees_the_line(self):
        seen = []
        lineedit.set_completer(lambda text, number: seen.append((text, lineedit.get_line_buffer())))
        lineedit.edit("> ", "a b\tc")
        self.assertEqual(seen, [("b", "a b")])

    def test_errors_in_the_completer(self):
        lineedit.set_completer(lambda text, number: 1 / 0)
        self.assertEqual(lineedit.edit("> ", "a\tb"), "ab")
        lineedit.set_completer(lambda text, number: 1)
        self.assertEqual(lineedit.edit("> ", "a\tb"), "ab")

    def test_remove_the_completer(self):
        class Complete:
            def __call__(self, text, number):
                return text * 2

        complete = Complete()
        watch = weakref.ref(complete)
        lineedit.set_completer(complete)
        del complete
        self.assertEqual(lineedit.edit("> ", "ab\t"), "abab")
        lineedit.set_completer(None)
        gc.collect()
        self.assertIsNone(watch())
        self.assertIsNone(lineedit.get_completer())
        self.assertEqual(lineedit.edit("> ", "ab\t"), "ab")

    def test_bad_hooks(self):
        for function in (lineedit.set_completer, lineedit.set_startup_hook):
            with self.assertRaisesRegex(TypeError, "must be callable"):
                function(1)
            with self.assertRaises(TypeError):
                function(len, len)

    def test_startup_hook(self):
        lineedit.set_startup_hook(lambda: lineedit.insert_text("sudo "))
        self.assertEqual(lineedit.edit("> ", "ls"), "sudo ls")
        lineedit.set_startup_hook(lambda: 1 / 0)
        self.assertEqual(lineedit.edit("> ", "ls"), "ls")

    def test_from_another_thread(self):
        lineedit.set_completer(lambda text, number: threading.current_thread().name)
        lines = []
        thread = threading.Thread(
            target=lambda: lines.append(lineedit.edit("> ", "a\t")), name="other"
        )
        thread.start()
        thread.join()
        self.assertEqual(lines, ["other"])

    def test_history(self):
        lineedit.edit("> ", "one")
        lineedit.edit("> ", "")
        lineedit.set_auto_history(False)
        try:
            lineedit.edit("> ", "two")
        finally:
            lineedit.set_auto_history(True)
        lineedit.edit("> ", "three")
        self.assertEqual(lineedit.history(), ["one", "three"])
        lineedit.clear_history()
        self.assertEqual(lineedit.history(), [])

    def test_limits(self):
        with self.assertRaisesRegex(lineedit.LineError, "at most 255 bytes"):
            lineedit.edit("> ", "x" * 300)
        with self.assertRaisesRegex(lineedit.LineError, "full"):
            lineedit.insert_text("x" * 300)
        for _ in range(256):
            lineedit.edit("> ", "x")
        with self.assertRaisesRegex(lineedit.LineError, "history is full"):
            lineedit.edit("> ", "x")
        self.assertEqual(len(lineedit.history()), 256)

    def test_error_type(self):
        self.assertEqual(lineedit.LineError.__bases__, (OSError,))
        self.assertEqual(lineedit.LineError.__module__, "lineedit")

    def test_references_of_a_hook(self):
        def hook():
            pass

        before = sys.getrefcount(hook)
        for _ in range(20):
            lineedit.set_startup_hook(hook)
            lineedit.edit("> ", "")
        lineedit.set_startup_hook()
        self.assertEqual(sys.getrefcount(hook), before)


if __name__ == "__main__":
    unittest.main()
