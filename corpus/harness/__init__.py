"""The harness that tries isolate-ext on real extensions; see ``python corpus/harness --help``."""
