# `make test` and `make demo` do all their own set-up, in .venv; nothing global is touched.
PYTHON ?= python3
VENV ?= .venv
PYTEST_OPTIONS ?= -n 2 --dist loadfile

BIN := $(VENV)/bin
BASE := $(VENV)/.installed-base
DEV := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test lint slow clean

help:
	@echo "make demo        paint a galaxy, truth beside prediction: out/demo.png"
	@echo "make test        style, types and all tests but the slow ones"
	@echo "make slow        the tests that take minutes"
	@echo "make clean       remove what these commands made"

demo: $(BASE)
	$(BIN)/python examples/demo.py -o out

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_OPTIONS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

slow: $(DEV)
	$(BIN)/python -m pytest -m slow

clean:
	rm -rf $(VENV) out .pytest_cache .ruff_cache .mypy_cache .hypothesis

# The stamps say that an install is as pyproject.toml and constraints.txt ask for.
$(BASE): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	touch $@

# The development install holds the base one.
$(DEV): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e ".[dev]"
	touch $(BASE) $@
