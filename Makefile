# Thin targets: each is a line or two that you can type yourself.
# Windows, or without make:  python -m venv .venv
#                            .venv\Scripts\pip install -c constraints.txt -e ".[dev]"
#                            .venv\Scripts\tunefold search digits

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# The search of `make demo`, about 3 minutes on 2 cores.
DEMO ?= --engine optuna --cv kfold:3 --epochs 8 --trials 10

# Pages of which the commands write parts.
GENERATED := README.md docs/techniques.md docs/reference.md

.DEFAULT_GOAL := help
.PHONY: help audit env data demo ui check lint test test-slow fix docs smoke pins clean bench-curves \
	bench bench-full faults

help:
	@echo "make demo       set up, fetch the data, search on Fashion-MNIST, show the leaderboard"
	@echo "make ui         look at the trials in MLflow"
	@echo "make test       quick tests; test-slow: those that train networks"
	@echo "make check      lint, then test; fix: repair what can be; docs: rewrite generated text"
	@echo "make env        only the environment in .venv; data: only the data"
	@echo "make bench      against peers, some minutes; bench-full: hours, goes on where it was"
	@echo "make faults     kill everything, take the server away, load it, damage its input: hours"
	@echo "make bench-curves  train the table of curves that replays search, an hour"
	@echo "make audit      known weaknesses of the pinned dependencies"
	@echo "make smoke      a fresh install without extras; pins: new constraints.txt"
	@echo "make clean      remove caches; keeps .venv and what was searched"

env: .venv/installed

# Done again when the requirements change. Compiled on all cores, and here, for where
# PYTHONDONTWRITEBYTECODE is set every process would compile what it imports.
.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] < (3, 14) else "tunefold needs Python 3.11, 3.12 or 3.13; name it: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --no-compile -c constraints.txt -e ".[dev]"
	$(BIN)/python -m compileall -q -j 0 .venv || true
	@touch $@

data:
	bash scripts/data.sh

demo: env data
	$(BIN)/tunefold search fashion_mnist $(DEMO)

ui: env
	$(BIN)/tunefold ui

check: lint test

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/cog --check $(GENERATED)
	@awk '!/^[a-z0-9-]+==[A-Za-z0-9.]+$$/ { print FILENAME ":" FNR ": not name==version: " $$0; bad = 1 } END { exit bad }' constraints.txt

test: env
	$(BIN)/pytest -m "not slow" -n logical --dist worksteal

# A file stays in one process: its tests share studies.
test-slow: env
	$(BIN)/pytest -m slow -n logical --dist loadfile

fix: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: env
	$(BIN)/cog -r $(GENERATED)

bench: env
	$(BIN)/python benchmarks/bench.py short

# An hour, needed once; stopped, it goes on where it was.
bench-curves: env
	$(BIN)/python benchmarks/curves.py

# Kills, an outage, load, damaged input: about two hours; done parts are not repeated.
faults: env
	$(BIN)/python benchmarks/faults/fuzz.py 10000
	$(BIN)/python benchmarks/faults/outage.py
	$(BIN)/python benchmarks/faults/load.py
	$(BIN)/python benchmarks/faults/kills.py 200

bench-full: env
	$(BIN)/python benchmarks/bench.py full

audit:
	PYTHON=$(PYTHON) bash scripts/audit.sh

# From outside the checkout, so that only what was packaged is there.
smoke:
	rm -rf .venv-smoke
	$(PYTHON) -m venv .venv-smoke
	.venv-smoke/bin/python -m pip install --quiet -c constraints.txt .
	cd .venv-smoke && bin/tunefold --help
	rm -rf .venv-smoke

pins: env
	$(BIN)/python scripts/pins.py

clean:
	rm -rf build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find spaces pipelines search tests scripts -name __pycache__ -prune -exec rm -rf {} +
