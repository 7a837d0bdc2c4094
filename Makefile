# `make eval` and `make test` set everything up by themselves; nothing but Python 3.11 or later is needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
READY  := $(VENV)/.ready
SUITES ?= extract-city answer-from-context extract-order

.DEFAULT_GOAL := help
.PHONY: help setup eval test lint format bench lock wheel clean

help:  ## What can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

setup: $(READY)  ## The environment, from the hashed lock

$(READY): requirements/lock.txt requirements/uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "promptops needs Python 3.11 or later; name one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --no-deps -r requirements/lock.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

eval: $(READY)  ## Compare our own prompts with their last versions, on the embedded model
	$(BIN)/promptops eval $(SUITES)

test: $(READY)  ## All tests but the long ones, and how much of the code they run
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 --dist worksteal -m "not slow" $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: $(READY)  ## Style, types, the law of the house, our own prompts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/promptops lint

format: $(READY)  ## Put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## Speed and memory, and the long tests
	$(BIN)/python -m pytest tests/benchmarks -s -m "slow or not slow" $(ARGS)
	$(BIN)/python -m pytest -m slow --ignore=tests/benchmarks $(ARGS)

lock: $(READY)  ## Resolve the dependencies anew
	$(UV) pip compile pyproject.toml --all-extras --group test --group lint --group build --group weights \
	  --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements/lock.txt
	echo 'uv' | $(UV) pip compile - --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements/uv.txt

wheel: $(READY)  ## Build the wheel
	$(UV) build --wheel --no-build-isolation --python $(BIN)/python --out-dir dist

clean:  ## Remove the environment and everything built
	rm -rf $(VENV) .venv-wheel dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.*
