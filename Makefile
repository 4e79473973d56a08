# Two commands on a fresh machine with Python 3.11+ and make: `make demo` and `make test`.
# Each makes .venv and installs what it needs at the versions in constraints.txt.
#
#   make demo FULL=1        all of the census (SKLEARN_PLE_DATA names the folder of a local copy)
#   make test JOBS=4        more workers
#   make PYTHON=python3.13  another interpreter

.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2

# The first of these that is Python 3.11 or later.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

# Threads that wait asleep: on a machine with other work they would else burn the very cores that
# they wait for, and training runs ten times slower.
export OMP_WAIT_POLICY ?= PASSIVE

ifndef SKLEARN_PLE_DATA
ifneq ($(wildcard ../shared/data),)
export SKLEARN_PLE_DATA := $(abspath ../shared/data)
endif
endif

.PHONY: help install demo test check lint format types imports study reliability bench docs clean distclean

help: ## list these verbs
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

install: $(STAMP) ## make .venv with the package (editable) and everything to develop it

$(STAMP): pyproject.toml constraints.txt
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' || { \
		echo 'Python 3.11 or later is needed; say which: make PYTHON=/path/to/python3' >&2; exit 1; }
	test -x $(BIN)/pip || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	$(BIN)/python -m pip install --constraint constraints.txt --group dev --editable .
	@touch $@

demo: $(STAMP) ## compare five architectures on the census and draw which experts they use
	$(BIN)/python examples/demo.py $(if $(filter-out 0,$(FULL)),--full)

# Workers have one thread each: nets in tests are small, and more threads would fight.
test: $(STAMP) ## all tests, doctests and blocks of README and docs
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

check: lint types imports ## all that looks at code without running it

lint: $(STAMP) ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(STAMP) ## ruff: mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(STAMP) ## mypy
	$(BIN)/mypy

imports: $(STAMP) ## import-linter: the floors of docs/architecture.md
	$(BIN)/lint-imports

study: $(STAMP) ## tests that fit on full data, for minutes each
	$(BIN)/python -m pytest -m study

reliability: $(STAMP) ## odd inputs, a thousand fits, threads, full disks, interrupts: for minutes
	OMP_NUM_THREADS=1 SKLEARN_PLE_RELIABILITY=long $(BIN)/python -m pytest -m reliability

bench: $(STAMP) ## training and prediction speed against plain skorch
	$(BIN)/python benchmarks/speed.py

docs: $(STAMP) ## build the site in build/docs and follow its links; a warning is an error
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -W --keep-going -d build/doctrees docs build/docs
	$(BIN)/python docs/building/check_links.py build/docs

clean: ## remove what tools left behind
	rm -rf build dist out docs/gallery docs/project docs/reference .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## remove .venv too
	rm -rf $(VENV) *.egg-info
