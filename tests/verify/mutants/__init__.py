"""Mutants of migrated extensions: one mistake each, compiled, and taken up the ladder."""
