# `make` lists the commands. Everything is installed from pinned, hash-checked requirement files: Airflow's environment into .venv,
# Flower's (the node environment) into .venv/node; what tests need is added to .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE  # without bytecode every Airflow process pays 5-15 CPU-seconds

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && command -v $$p && break; done)
BIN := .venv/bin
LOCK = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header -q
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

test-long: .venv/dev .venv/foreign/made .venv/evm/made .venv/lineage/made .venv/superlink-http/made  ## real stacks: a running Airflow and a browser, SuperLink and SuperNodes (skip where Chromium is absent)
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

.venv/superlink-http/made: providers/flower/tests/superlink.txt
	@test -x .venv/superlink-http/bin/python || $(PYTHON) -m venv --without-pip .venv/superlink-http
	@echo "Installing a SuperLink that speaks HTTP into .venv/superlink-http"
	@$(BIN)/python -m pip --python .venv/superlink-http/bin/python install -q --no-deps --require-hashes -r $<
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
	@$(BIN)/python -m pip --python .venv/node/bin/python check
	@! grep -nE '(index-url|https?://[^ ]*/simple)' requirements/*.txt benchmarks/peers/*.txt

docs: .venv/dev  ## writes the pages of docs/ that are made from the code
	@$(BIN)/python scripts/make-docs

format: .venv/dev  ## formats the code
	@$(BIN)/ruff check --fix-only . && $(BIN)/ruff format .

lock: .venv/dev  ## writes the requirement files anew from pyproject.toml
	@$(LOCK) pyproject.toml requirements/build.in --extra airflow --extra roles --extra node --extra ets --group dev -o requirements/dev.txt
	@$(LOCK) pyproject.toml requirements/build.in --extra airflow --extra roles -c requirements/dev.txt -o requirements/airflow.txt
	@$(LOCK) pyproject.toml requirements/build.in --extra node -c requirements/dev.txt -o requirements/node.txt
	@$(LOCK) providers/flower/tests/superlink.in -o providers/flower/tests/superlink.txt
	@for peers in forecast federation simulation; do $(LOCK) benchmarks/peers/$$peers.in -o benchmarks/peers/$$peers.txt || exit 1; done
	@$(LOCK) tests/ledger/evm/requirements.in --prerelease allow -o tests/ledger/evm/requirements.txt
	@$(LOCK) tests/ledger/lineage/requirements.in --no-deps -o tests/ledger/lineage/requirements.txt

clean:  ## removes the environment and the networks made here
	rm -rf .venv .decai .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build *.egg-info

.venv/base: requirements/airflow.txt pyproject.toml .venv/node/made
	@echo "Installing Airflow's environment into .venv (about 190 packages, one to three minutes)"
	@$(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements/airflow.txt
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/node/made: requirements/node.txt pyproject.toml
	@scripts/system-check "$(PYTHON)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x .venv/node/bin/python || $(PYTHON) -m venv --without-pip .venv/node
	@echo "Installing Flower's environment into .venv/node (about 90 packages, half a minute to two minutes)"
	@$(BIN)/python -m pip --python .venv/node/bin/python install -q --no-deps --require-hashes -r requirements/node.txt
	@$(BIN)/python -m pip --python .venv/node/bin/python install -q --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/dev: requirements/dev.txt .venv/base
	@echo "Installing what the tests need into .venv"
	@$(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib decai_forecast || true  # once, and not by every process that imports it first
	@touch $@
