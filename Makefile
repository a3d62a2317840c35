# `make demo` or `make test` is all that is needed on a fresh machine: each does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-demo demo test check bench screens pictures lock assets docs translations clean

# a linked environment (git worktrees) belongs to another checkout: SETUP=0 leaves it as it is
SETUP ?= 1
BIN := .venv/bin
export PYTHONPATH := src:.

help:
	@echo "make demo     a running clinic on http://127.0.0.1:8000 (sets everything up)"
	@echo "make test     the whole suite, on SQLite, MariaDB and in a browser (sets everything up)"
	@echo "make check    lint, types, import contracts, generated documents, schema"
	@echo "make bench    requests per second, latency and CPU against a bare route"
	@echo "make screens  a picture of every page, phone and desktop, Chinese and English"
	@echo "make docs translations pictures assets lock clean"

setup:
	@[ "$(SETUP)" = 0 ] || tools/setup.sh dev

setup-demo:
	@[ "$(SETUP)" = 0 ] || tools/setup.sh demo

demo: setup-demo
	@$(BIN)/suwen demo
	@exec $(BIN)/suwen serve

test: setup
	@tools/test.sh

check: setup
	@tools/check.sh

bench: setup
	@tools/system.sh bench
	@$(BIN)/python bench/run.py

screens: setup
	@$(BIN)/python tools/screens.py

pictures: setup
	@$(BIN)/python tools/pictures.py

lock: setup
	@tools/lock.sh

assets:
	@$(BIN)/python tools/assets.py

docs:
	@$(BIN)/python tools/docs.py --write

translations:
	@$(BIN)/python tools/translations.py --write

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +
