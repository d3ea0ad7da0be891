"""isolate-ext: migrate legacy CPython C extensions to isolated ones."""

__version__ = "0.1.0"
