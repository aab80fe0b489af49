# Needed beforehand: Python 3.11 or newer with venv, and make. Everything else is installed here.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet \
	--require-hashes --no-deps --only-binary :all: --requirement
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header

.PHONY: up test lint lock browser bench faults soak

up: .venv/prod.stamp  ## everything from nothing, then the whole product in this terminal
	@$(BIN)/python manage.py up

test: .venv/dev.stamp  ## everything from nothing, then the whole suite
	@$(BIN)/python -m tests.run

lint: .venv/dev.stamp  ## style and strict types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

browser: .venv/dev.stamp  ## only the tests in a real Chromium
	@$(BIN)/python -m pytest -m browser

bench: .venv/dev.stamp  ## the table of docs/benchmarks.md; ARGS="--freqtrade PYTHON" for its rival
	@$(BIN)/python manage.py bench $(ARGS)

faults: .venv/dev.stamp  ## kill -9 at every step and at random, on both databases; ARGS="--part alerts"
	@$(BIN)/python -m tests.faults $(ARGS)

soak: .venv/dev.stamp  ## two hours of the watch on a compressed clock; ARGS="--hours 24" for more
	@$(BIN)/python -m tests.faults.soak $(ARGS)

lock: .venv/dev.stamp  ## renew both locks; --upgrade by `make lock UV="--upgrade"`
	$(LOCK) $(UV) --output-file requirements/prod.txt pyproject.toml
	$(LOCK) $(UV) --output-file requirements/dev.txt --group dev --constraint requirements/prod.txt pyproject.toml

.venv/prod.stamp: requirements/prod.txt | .venv/bin/python
	@echo "Installing what the product needs ..."
	@$(INSTALL) $<
	@touch $@

.venv/dev.stamp: requirements/dev.txt | .venv/bin/python
	@echo "Installing what the tests need ..."
	@$(INSTALL) $<
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	@echo "Making the virtual environment ..."
	@$(PYTHON) -m venv .venv
