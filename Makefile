# Marketday. Every target sets up what it needs; `make` alone lists them.

PYTHON ?= python3
SOURCES ?= simulated
PORT ?= 3000
BIN := .venv/bin
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: help run env test check lint format lock clean faketime

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

run: .venv/run.stamp ## start everything (SOURCES=live for the real sources, PORT=3000), stop it with Ctrl-C
	@exec $(BIN)/marketday run --sources $(SOURCES) --port $(PORT)

env: .venv/run.stamp ## print what `dagster` needs in another terminal: eval "$(make env)"
	@exec $(BIN)/marketday env

test: .venv/dev.stamp faketime ## run all tests (TESTS=tests/domain for some)
	@exec $(BIN)/pytest $(TESTS)

# The whole-stack tests move the clock of every process that they start.
faketime:
	@ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Setting up: Debian's faketime ..."; apt-get -qq update && apt-get -qq install -y faketime >/dev/null; \
	  else \
	    echo "The tests in tests/e2e need libfaketime: sudo apt-get install faketime. Without: make test TESTS='tests --ignore=tests/e2e'"; \
	  fi; }

check: lint test ## everything that must be green before a commit: format, lint, types, import rules, tests

lint: .venv/dev.stamp ## format check, lint, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/marketday check

format: .venv/dev.stamp ## format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: .venv/tools.stamp ## resolve the dependencies anew (Python 3.11 to 3.13, hashes, no host named)
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) --extra dev --constraint requirements.lock pyproject.toml --output-file requirements-dev.lock
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

clean: ## remove the environment and the private folder: database, store and logs
	rm -rf .venv .marketday

# The environment, in three steps: a pinned installer, what runs, what develops.
.venv/tools.stamp: tools.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else f"found Python {v.major}.{v.minor}, expected 3.11 to 3.13; try: make PYTHON=python3.11")'
	@echo "Setting up: a Python environment in .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement tools.lock
	@touch $@

.venv/run.stamp: .venv/tools.stamp requirements.lock pyproject.toml
	@echo "Setting up: the locked dependencies (about 120 MB the first time) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.lock
	@echo "Setting up: what the tests and linters need ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements-dev.lock
	@touch $@
