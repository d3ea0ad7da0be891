"""The standard suite of migration rules."""

SUITE: tuple[object, ...] = ()
