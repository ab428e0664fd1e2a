# `make` lists the commands. Everything is installed into .venv from pinned, hash-checked requirement files.
SHELL := /bin/bash
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE  # without bytecode every Airflow process pays 5-15 CPU-seconds

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && command -v $$p && break; done)
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo up test test-long test-soak check docs format lock clean

help:  ## this list
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: .venv/base  ## one whole round through a real Airflow, then a summary; DATA=file.parquet takes your own table
	@$(BIN)/decai demo $(if $(DATA),--data "$(DATA)")

up: .venv/base  ## the same, and keeps the pages running until Ctrl-C
	@$(BIN)/decai up $(if $(DATA),--data "$(DATA)")

test: .venv/dev  ## the tests of every change, in less than 20 minutes (those that need the real orders skip without them)
	@$(BIN)/python -m pytest -n 2 --dist worksteal

test-long: .venv/dev .venv/foreign/made .venv/evm/made .venv/lineage/made  ## real stacks: a running Airflow and a browser, SuperLink and SuperNodes (skip where Chromium is absent)
	@$(BIN)/python -m pytest -m long

test-soak: .venv/dev  ## before an issue is closed: tables of faults, long fuzzing, random kills
	@$(BIN)/python -m pytest -m soak

bench-%: .venv/dev  ## one comparison with its peer (bench-contracts); the result lies in benchmarks/results
	@PYTHONPATH=benchmarks $(BIN)/python benchmarks/$*.py

.venv/foreign/made: tests/ledger/foreign/requirements.txt
	@echo "Installing the foreign verifiers into .venv/foreign"
	@$(BIN)/python -m pip install -q --no-deps --require-hashes --ignore-requires-python --target .venv/foreign --upgrade -r $<
	@touch $@

.venv/evm/made: tests/ledger/evm/requirements.txt
	@echo "Installing a chain and a compiler of contracts into .venv/evm"
	@$(PYTHON) -m venv .venv/evm
	@.venv/evm/bin/python -m pip install -q --no-deps --require-hashes -r $<
	@touch $@

.venv/lineage/made: tests/ledger/lineage/requirements.txt
	@echo "Installing Airflow's OpenLineage provider into .venv/lineage"
	@$(BIN)/python -m pip install -q --no-deps --require-hashes --target .venv/lineage --upgrade -r $<
	@touch $@

bench-forecast: .venv/peers-forecast/made
bench-federation: .venv/peers-federation/made
bench-simulation: .venv/peers-simulation/made

.venv/peers-%/made: benchmarks/peers/%.txt
	@echo "Installing the peers of the $* benchmark into .venv/peers-$*"
	@$(PYTHON) -m venv .venv/peers-$*
	@.venv/peers-$*/bin/python -m pip install -q --no-deps --require-hashes -r $<
	@touch $@

check: .venv/dev  ## ruff, mypy, the import rules, docker-compose, the lock files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml docker-compose.coordinator.yaml
	@$(BIN)/python -m pip check
	@! grep -nE '(index-url|https?://[^ ]*/simple)' requirements/*.txt benchmarks/peers/*.txt

docs: .venv/dev  ## writes the pages of docs/ that are made from the code
	@$(BIN)/python scripts/make-docs

format: .venv/dev  ## formats the code
	@$(BIN)/ruff check --fix-only . && $(BIN)/ruff format .

lock: .venv/dev  ## writes the requirement files anew from pyproject.toml
	@for group in base dev; do $(BIN)/uv pip compile pyproject.toml requirements/build.in --extra roles $$([ $$group = dev ] && echo --group dev) \
		--universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header -q \
		-o requirements/$$group.txt; done
	@for peers in forecast federation simulation; do $(BIN)/uv pip compile benchmarks/peers/$$peers.in --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-header -q -o benchmarks/peers/$$peers.txt || exit 1; done
	@$(BIN)/uv pip compile tests/ledger/evm/requirements.in --universal --python-version 3.11 --prerelease allow \
		--generate-hashes --no-strip-extras --no-header -q -o tests/ledger/evm/requirements.txt
	@$(BIN)/uv pip compile tests/ledger/lineage/requirements.in --no-deps --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-header -q -o tests/ledger/lineage/requirements.txt

clean:  ## removes the environment and the networks made here
	rm -rf .venv .decai .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build *.egg-info

.venv/base: requirements/base.txt pyproject.toml
	@scripts/system-check "$(PYTHON)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (about 190 packages, one to three minutes)"
	@$(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements/base.txt
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/dev: requirements/dev.txt .venv/base
	@echo "Installing what the tests need into .venv"
	@$(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib decai_forecast || true  # once, and not by every process that imports it first
	@touch $@
