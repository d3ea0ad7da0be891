"""Views of one result: text, diff, JSON."""
