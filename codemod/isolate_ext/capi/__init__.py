"""Data about the C API.  Imports nothing of this project."""
