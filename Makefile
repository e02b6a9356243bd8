# `make run` and `make test` do all their own set-up; the rest is for developers.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: run test check soak bench fuzz fuzz-files mutants coverage lock docs clean setup

run: $(VENV)/.run
	@$(BIN)/seon quickstart $(ARGS)

test: check
	@tools/need-browser-and-databases
	@tools/test-all $(BIN)/pytest $(ARGS)
	@tools/test-python-3.13

check: $(VENV)/.dev
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: $(VENV)/.dev
	$(BIN)/pytest -m slow --timeout 1800 $(ARGS)

# Or BENCH=journal, the system log.
BENCH ?= run
bench: $(VENV)/.dev
	$(BIN)/python bench/$(BENCH).py $(ARGS)

fuzz: $(VENV)/.dev
	$(BIN)/python tests/fuzz/run.py $(ARGS)
	$(BIN)/python tests/fuzz/run_files.py

# The second part alone, with ARGS.
fuzz-files: $(VENV)/.dev
	$(BIN)/python tests/fuzz/run_files.py $(ARGS)

# Wrong entries in the verifier's tables: the tests must notice each.
mutants: $(VENV)/.dev
	$(BIN)/python tests/mutation/run.py $(ARGS)

coverage: $(VENV)/.dev
	$(BIN)/coverage run -m pytest -q tests/unit/oftp2 tests/property tests/unit/test_documentation.py
	$(BIN)/coverage report

setup: $(VENV)/.dev

$(VENV)/bin/python:
	@tools/make-venv "$(PYTHON)" $(VENV)

$(VENV)/.run: $(VENV)/bin/python locks/run.txt pyproject.toml
	@tools/install $(VENV) locks/run.txt
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python locks/dev.txt pyproject.toml
	@tools/install $(VENV) locks/dev.txt
	@touch $@ $(VENV)/.run

# Needs uv. No registry's address and no path of a machine may stand in a lock.
lock:
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --extra backend --group dev pyproject.toml -o locks/dev.txt
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --extra backend -c locks/dev.txt pyproject.toml locks/build.in -o locks/run.txt
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  -c locks/dev.txt pyproject.toml locks/build.in -o locks/core.txt

# What is drawn from the code: the catalogue of events, the order of commands, and the rules.
docs: $(VENV)/.dev
	$(BIN)/python -c "from seon.events_page import as_markdown; print(as_markdown(), end='')" > docs/events.md
	$(BIN)/python -c "from seon.oftp2.phases import as_markdown; print(as_markdown(), end='')" > docs/state-table.md
	$(BIN)/python -c "from seon.oftp2.rules import as_markdown; print(as_markdown(), end='')" > docs/rules.md
	$(BIN)/python -c "from seon.cli.commands_page import as_markdown; print(as_markdown(), end='')" > docs/commands.md

clean:
	rm -rf $(VENV) seon-run
