# Everything a developer or an operator does with the project; `make help` lists it.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv --quiet pip
INTO := --python $(BIN)/python
LOCKED := --constraint requirements.lock --build-constraint requirements.lock

# Every process that the tests start would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run dev reset serve test test-everywhere test-newest lint lock upgrade spec spec-diff fuzz migration clients pictures bench soak

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/development ## Make .venv and install everything

# `/version` tells it.
run dev serve: export APP_COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)

ifeq ($(STORE),sanity-standin) # the store for Sanity, over the tests' stand-in of Sanity
run: .venv/development
	@$(BIN)/python -m tests.content_lake
else
run: .venv/runtime ## Serve on 127.0.0.1:8000 with sample data and a development sign-in
	@$(BIN)/python -m app.development.$(if $(RELOAD),reload,run)
endif

dev: .venv/runtime ## The same; it starts anew when you change the code
	@$(BIN)/python -m app.development.reload

reset: .venv/runtime ## Bring the sample data back, also under a running server
	@$(BIN)/python -m app.development.reset

serve: .venv/runtime ## Serve in production; the environment decides everything
	@exec $(BIN)/workout-log-api serve

test: .venv/development ## Run every test
	@$(BIN)/python -m tests.programs
	@$(BIN)/python -m tests.node
	@# Files with few tests take the longest: by default xdist would start them last.
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_OPTIONS)

test-everywhere: .venv/development ## Run every test eight times, as on other machines: about two hours
	@$(BIN)/python -m tests.programs
	@$(BIN)/python -m tests.node
	@tests/everywhere.sh

test-newest: .venv/development ## Run unit, contract and API tests with the newest dependencies
	@.ci/newest

lint: .venv/development ## Check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

spec: .venv/development ## Write openapi.yaml from the code
	$(BIN)/workout-log-api spec openapi.yaml

bench: .venv/development ## Measure beside a thin proxy and a FastAPI peer; writes BENCHMARKS.md
	$(BIN)/python -m bench --json build/bench.json --page BENCHMARKS.md

SOAK_SECONDS ?= 600
soak: .venv/development ## Traffic with faults and restarts for SOAK_SECONDS: nothing lost, doubled or growing
	@$(BIN)/python -m tests.soak $(SOAK_SECONDS)

clients: .venv/development ## Generate clients in six languages, compile them, run a log's life with each
	@$(BIN)/python -m tests.spec.generated_clients $(LANGUAGES)

pictures: .venv/development ## Take the README's pictures anew
	@$(BIN)/python -m tests.browser.pictures

spec-diff: .venv/development ## Fail on a breaking change since the last release without a major version
	@$(BIN)/python -m tests.spec.diff

fuzz: .venv/development ## Ask each operation 1,000 made-up requests, on both stores
	FUZZ_EXAMPLES=1000 $(BIN)/pytest -o timeout=3600 tests/spec/test_fuzz.py -k "promises or life"

migration: .venv/development ## Migrate 20,000 made-up old documents on both stores
	MIGRATION_DOCUMENTS=20000 $(BIN)/pytest tests/upkeep/test_migration.py -k old_documents

lock: .venv/bin/uv ## Add what setup.cfg has newly required to requirements.lock
upgrade: .venv/bin/uv ## Renew requirements.lock with the newest versions that setup.cfg allows
upgrade: UPGRADE := --upgrade
lock upgrade:
	@$(UV) compile setup.cfg --all-extras --universal --python-version 3.11 $(UPGRADE) \
	  --custom-compile-command "make $@" --output-file requirements.lock > /dev/null
	@$(MAKE) --no-print-directory setup

# The stamps below stand for what is installed; a change of the dependencies installs anew.
.venv/bin/uv:
	@echo "Installing into .venv …"
	@$(PYTHON) -m venv .venv || { \
	  echo "python3 -m venv failed: on Debian and Ubuntu, install the package python3-venv."; \
	  exit 1; }
	@$(BIN)/python -m pip install --quiet --constraint requirements.lock uv

.venv/runtime: setup.cfg pyproject.toml requirements.lock | .venv/bin/uv
	@$(UV) install $(INTO) $(LOCKED) -e .
	@touch $@

.venv/development: setup.cfg pyproject.toml requirements.lock | .venv/bin/uv
	@$(UV) sync $(INTO) --build-constraint requirements.lock requirements.lock
	@$(UV) install $(INTO) $(LOCKED) -e '.[otel,test,lint,bench,build]'
	@touch $@ .venv/runtime
