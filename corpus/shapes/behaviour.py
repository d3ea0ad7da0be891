"""What shapes does, as Python code sees it."""

import gc
import sys
import unittest
import weakref

import shapes
from shapes import Canvas, Circle, Figure, Polygon, ShapeError, Square


def triangle(**options):
    return Polygon([(0, 0), (4, 0), (0, 3)], **options)


class HierarchyTests(unittest.TestCase):
    def test_bases(self):
        gc.collect()
        self.assertEqual(Square.__mro__, (Square, Polygon, Figure, object))
        self.assertEqual(Circle.__mro__, (Circle, Figure, object))
        self.assertEqual(set(Figure.kinds()), {Polygon, Circle})
        self.assertEqual(Polygon.kinds(), [Square])
        self.assertEqual([], triangle().kinds()[1:])

    def test_names_and_docs(self):
        for kind in (Figure, Polygon, Square, Circle, Canvas, ShapeError):
            self.assertEqual(kind.__module__, "shapes")
            self.assertEqual(kind.__qualname__, kind.__name__)
        self.assertEqual(Figure.__doc__, "What all figures share.")
        self.assertEqual(ShapeError.__doc__, "A figure that cannot be.")
        self.assertIsNone(Circle.__doc__)

    def test_abstract(self):
        with self.assertRaisesRegex(ShapeError, "of some kind"):
            Figure()

        class Point(Figure):
            pass

        point = Point()
        with self.assertRaisesRegex(ShapeError, "Point has no area"):
            point.area()
        with self.assertRaisesRegex(ShapeError, "Polygon has no area"):
            Polygon.__new__(Polygon).area()

    def test_subclassable(self):
        for kind in (Figure, Polygon, Square, Canvas):
            type("Sub", (kind,), {})
        with self.assertRaises(TypeError):
            type("Sub", (Circle,), {})

    def test_types_are_closed(self):
        if sys.version_info >= (3, 10):
            for kind in (Figure, Polygon, Square, Circle, Canvas):
                with self.assertRaises(TypeError):
                    kind.extra = 1
        with self.assertRaises(TypeError):
            triangle().__class__ = Square

    def test_constants(self):
        self.assertEqual(
            (Figure.DIMENSIONS, Square.DIMENSIONS, Circle.PI), (2, 2, 3.14159265358979)
        )
        self.assertIs(type(Square.UNIT), Square)
        self.assertEqual(Square.UNIT.area(), 1.0)
        self.assertNotIn("DIMENSIONS", vars(Square))

    def test_counter(self):
        before = shapes.made()
        triangle(), Circle(1), Square(1)
        self.assertEqual(shapes.made(), before + 3)


class FigureTests(unittest.TestCase):
    def test_area(self):
        self.assertEqual(triangle().area(), 6.0)
        self.assertEqual(Square(3).area(), 9.0)
        self.assertAlmostEqual(Circle(2).area(), 12.566370614)
        self.assertEqual(Polygon([]).area(), 0.0)

    def test_area_through_a_subclass(self):
        class Coarse(Square):
            PI = 3.0

        self.assertEqual(Coarse(2).area(), 4.0)
        self.assertEqual(repr(Coarse(2)), "Coarse(2.0)")
        self.assertEqual(repr(Square(2)), "shapes.Square(2.0)")

    def test_larger(self):
        class Big(Figure):
            def area(self):
                return 1000

        self.assertIs(Square(3).larger(triangle()), True)
        self.assertIs(Circle(1).larger(Big()), False)
        self.assertIs(Big().larger(Big()), False)
        with self.assertRaisesRegex(TypeError, "not a figure: 1"):
            Circle(1).larger(1)

    def test_class_and_static_methods(self):
        class Sub(Square):
            pass

        self.assertIs(type(Sub.of(2)), Sub)
        self.assertIs(type(Square(1).of(2)), Square)
        self.assertEqual(Figure.distance((0, 0), (3, 4)), 25.0)
        self.assertEqual(Square(1).distance((1, 1), (1, 1)), 0.0)

    def test_getset_with_closure(self):
        self.assertEqual((triangle().width, triangle().height), (4.0, 3.0))
        with self.assertRaises(AttributeError):
            triangle().width = 1

    def test_bad_arguments(self):
        with self.assertRaisesRegex(ShapeError, "corner 1 is not a pair"):
            Polygon([(0, 0), 1])
        with self.assertRaises(ValueError):
            Square(-1)
        for use in (
            lambda: Polygon(),
            lambda: Polygon(1),
            lambda: Square("a"),
            lambda: Polygon([("a", "b")]).area(),
            lambda: Circle(1, 2, 3),
        ):
            with self.assertRaises(TypeError):
                use()

    def test_label_and_dict(self):
        figure = triangle(label="t")
        self.assertEqual(figure.label, "t")
        del figure.label
        self.assertIsNone(figure.label)
        for figure in (triangle(), Square(1), Circle(1)):
            figure.colour = "red"
            self.assertEqual(figure.__dict__, {"colour": "red"})
            figure.__dict__ = {"shade": 1}
            self.assertEqual(figure.shade, 1)
            self.assertFalse(hasattr(figure, "colour"))
        with self.assertRaises(AttributeError):
            Canvas().colour = "red"

    def test_circle(self):
        circle = Circle(1.0, centre="middle")
        self.assertEqual((circle.radius, circle.centre), (1.0, "middle"))
        del circle.centre
        with self.assertRaises(AttributeError):
            circle.centre
        self.assertTrue(circle == Circle(1) and circle < Circle(2) and circle != Square(1))
        with self.assertRaises(TypeError):
            circle < 1
        with self.assertRaises(TypeError):
            hash(circle)


class CanvasTests(unittest.TestCase):
    def test_add(self):
        class Own(Figure):
            pass

        canvas = Canvas()
        own = Own()
        self.assertIs(canvas.add(own), canvas)
        canvas.add(Circle(1))
        self.assertEqual(len(canvas), 2)
        self.assertIn(own, canvas)
        self.assertIn(Circle(1), canvas)
        self.assertNotIn(1, canvas)
        with self.assertRaises(TypeError):
            canvas.add(1)

    def test_finalizer_runs_once(self):
        seen, kept = [], []

        def keep(canvas):
            seen.append(len(canvas))
            kept.append(canvas)

        Canvas(keep).add(Circle(1))
        self.assertEqual((seen, len(kept[0])), ([1], 1))
        kept.clear()
        self.assertEqual(seen, [1])

    def test_finalizer_of_a_subclass_in_a_cycle(self):
        class Sub(Canvas):
            pass

        seen = []
        canvas = Sub(lambda canvas: seen.append(type(canvas).__name__))
        canvas.me = canvas
        del canvas
        gc.collect()
        self.assertEqual(seen, ["Sub"])

    def test_no_weak_references(self):
        with self.assertRaises(TypeError):
            weakref.ref(Canvas())


class MemoryTests(unittest.TestCase):
    def test_weak_references(self):
        for make in (triangle, lambda: Square(1), lambda: Circle(1)):
            figure, seen = make(), []
            watch = weakref.ref(figure, seen.append)
            self.assertIs(watch(), figure)
            del figure
            self.assertIsNone(watch())
            self.assertEqual(seen, [watch])

    def test_cycles(self):
        def by_dict(figure):
            figure.me = figure

        def by_label(figure):
            figure.label = figure

        def by_corners(figure):
            figure.corners.append((figure, 1))

        def by_centre(figure):
            figure.centre = figure

        def by_canvas(figure):
            figure.label = Canvas().add(figure)

        class Sub(Square):
            pass

        for make, ties in (
            (triangle, (by_dict, by_label, by_corners, by_canvas)),
            (lambda: Square(1), (by_dict, by_label, by_corners, by_canvas)),
            (lambda: Sub(1), (by_dict, by_label, by_corners, by_canvas)),
            (lambda: Circle(1), (by_dict, by_label, by_centre, by_canvas)),
        ):
            for tie in ties:
                figure = make()
                tie(figure)
                watch = weakref.ref(figure)
                del figure
                gc.collect()
                self.assertIsNone(watch(), tie.__name__)

    def test_cycles_of_nothing_else(self):
        def alive(kind):
            gc.collect()
            return sum(type(it) is kind for it in gc.get_objects())

        for kind, make in (
            (Polygon, triangle),
            (Square, lambda: Square(1)),
            (Circle, lambda: Circle(1)),
        ):
            before = alive(kind)
            figure = make()
            figure.label = figure
            del figure
            self.assertEqual(alive(kind), before)
        circle = Circle(1)
        circle.centre = circle
        before = alive(Circle)
        del circle
        self.assertEqual(alive(Circle), before - 1)

    def test_cycle_through_a_finalizer(self):
        class Thing:
            pass

        def tie():
            thing = Thing()
            thing.held = Canvas(lambda canvas: thing)
            return weakref.ref(thing)

        watch = tie()
        gc.collect()
        gc.collect()
        self.assertIsNone(watch())

    def test_subclasses_go_away(self):
        for base, args in ((Polygon, ([],)), (Square, (1,)), (Canvas, ())):
            sub = type("Sub", (base,), {})
            sub(*args)
            watch = weakref.ref(sub)
            del sub
            gc.collect()
            self.assertIsNone(watch())

    def test_types_do_not_gain_references(self):
        def work():
            for _ in range(50):
                Canvas().add(triangle()).add(Square(1)).add(Circle(1, Circle(2)))
                for bad in (lambda: Square(-1), lambda: Polygon([1]), Figure):
                    try:
                        bad()
                    except ShapeError:
                        pass
            gc.collect()

        kinds = [Figure, Polygon, Square, Circle, Canvas]
        work()
        before = [sys.getrefcount(kind) for kind in kinds]
        work()
        self.assertEqual([sys.getrefcount(kind) for kind in kinds], before)


if __name__ == "__main__":
    unittest.main()
