# Needs python3 (3.11 or later) with venv and headers, make, a C compiler and git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2

.PHONY: demo test lint corpus bench clean

demo: $(VENV)/.installed
	$(BIN)/python corpus/demo.py

test: $(VENV)/.dev
	$(BIN)/python .ci/interpreters.py
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n $(JOBS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Fetches and builds what it measures: see "python corpus/harness --help".
corpus: $(VENV)/.dev
	$(BIN)/python corpus/harness --first $(ARGS)

# make bench ARGS="--source DIR", with an unpacked source tree of CPython 3.9
bench: $(VENV)/.dev
	$(BIN)/python tests/bench $(ARGS)

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "error: $(PYTHON) is older than 3.11; name another: make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@ $(VENV)/.installed
