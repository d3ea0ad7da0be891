"""Runtimes that are made for the proof: a host that starts and ends one again, a debug Python."""
