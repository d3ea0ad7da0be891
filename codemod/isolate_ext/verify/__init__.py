"""Proves the isolation of a built extension: builds, probes, compares, and says what it saw."""
