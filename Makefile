# On a machine with only Python 3.11+ and make: `make demo` and `make test` build .venv themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test coverage check fix gallery bench bench-crash clean

demo: $(VENV)/installed
	$(BIN)/newsletter demo

test: $(VENV)/installed
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup

# The same tests, a third slower, and which lines they never reach.
coverage: $(VENV)/installed
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest --numprocesses auto --dist loadgroup
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

check: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fix: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A picture of every letter, on var/gallery/index.html; with OPTIONS=--docs those few that docs/gallery keeps.
gallery: $(VENV)/installed
	$(BIN)/python -m tests.look.gallery $(OPTIONS)

# With OPTIONS=--quick it takes a minute, and its figures mean nothing.
bench: $(VENV)/installed
	$(BIN)/python -m tests.bench.compose
	$(BIN)/python -m tests.bench.check
	$(BIN)/python -m tests.bench.classify
	$(BIN)/python -m tests.bench.run $(OPTIONS)

bench-crash: $(VENV)/installed
	$(BIN)/python -m tests.bench.crash $(OPTIONS)

clean:
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
