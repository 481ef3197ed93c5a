# Needs make and Python 3.11, 3.12 or 3.13; everything else is installed into $(VENV) from requirements.lock.

VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test doctest lint format bench documents lock environment clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed ## fit data sets that ship with the package and write reports
	$(BIN)/thetahat demo

test: $(VENV)/.installed ## run every test and every docstring example (JOBS=2 side by side)
	$(BIN)/python -m pytest -n $(JOBS)

doctest: $(VENV)/.installed ## run the docstring examples alone
	$(BIN)/python -m pytest src

lint: $(VENV)/.installed ## check style, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.installed ## mend style and formatting where that is mechanical
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.installed-bench ## time thetahat side by side with its peers (FULL=1: longer, with 800 MB of Parquet)
	$(BIN)/python benchmarks $(if $(FULL),--full)

documents: $(VENV)/.installed ## rewrite the outputs and included files in README.md and CONTRIBUTING.md, and docs/families.md
	$(BIN)/python scripts/refresh_documents.py

lock: $(VENV)/.installed ## resolve the dependencies again, to the newest that pyproject.toml allows
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --upgrade --group dev pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --upgrade --group bench --constraint requirements.lock --output-file requirements-bench.lock

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"

environment: $(VENV)/.installed ## make the environment and nothing else

clean: ## remove the environment, caches and built files
	rm -rf $(VENV) build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find src tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV)/.installed: requirements.lock pyproject.toml scripts/make_environment.sh
	@sh scripts/make_environment.sh $(VENV)
	@touch $@

$(VENV)/.installed-bench: requirements-bench.lock $(VENV)/.installed
	$(BIN)/python -m pip --disable-pip-version-check install -qq --require-hashes --no-deps --only-binary=:all: \
		-r requirements-bench.lock
	@touch $@
