# What people and CI run. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help setup serve serve-woodwide test lint bench docs lock clean

BIN := .venv/bin
# Test files that run beside each other; 0 for one after the other. They mostly wait, so that more than there are processors pays.
WORKERS := 4

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready ## Make .venv and install the locked packages (needs Python 3.11 or newer).

serve: .venv/.ready ## Start the service on 127.0.0.1:8000.
	@exec $(BIN)/playproof serve

serve-woodwide: .venv/.ready ## Start the service with a hosted model, without a key: the emulator stands in for Woodwide.
	@exec $(BIN)/python scripts/serve_woodwide.py

test: .venv/.ready-dev ## Run every test (WORKERS=0 for one file after the other).
	@PLAYPROOF_TEST_CHROMIUM=$$(scripts/ensure_chromium.sh) && export PLAYPROOF_TEST_CHROMIUM && $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: .venv/.ready-dev ## Check style, types and the direction of imports.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: .venv/.ready-dev ## Measure speed and print the figures.
	@$(BIN)/python -m bench

docs: .venv/.ready-dev ## Write the generated pages anew.
	$(BIN)/python scripts/pages.py

lock: ## Resolve the locked versions anew (LOCK="--upgrade" for newer ones).
	scripts/lock.sh $(LOCK)

clean: ## Remove what the targets above made.
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find src tests scripts bench -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready: requirements.lock pyproject.toml
	@scripts/setup.sh requirements.lock
	@touch $@

.venv/.ready-dev: requirements-dev.lock pyproject.toml
	@scripts/setup.sh requirements-dev.lock
	@touch $@ .venv/.ready
