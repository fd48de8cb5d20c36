# A newcomer needs Python 3.11 or newer and make: each target prepares what it needs in .venv/, once.
# ARGS goes to the program behind a target: make test ARGS="-k plates", make demo ARGS="--data mnist.npz".
# PYTHON names the interpreter that .venv/ is made from.

OLD_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
PYTHON ?= $(shell for p in $(CANDIDATES); do "$$p" $(OLD_ENOUGH) 2>/dev/null && echo "$$p" && break; done)
PY := .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test certify certify-all bench bench-peers lint format accept

help: ## print this list
	@echo "usage: make TARGET [ARGS='...'] [PYTHON=python3.12]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

demo: .venv/demo.ready ## train a discrete VAE with four gradient estimators; ARGS=--quick for a short run
	@$(PY) specs/discrete_vae/demo.py $(ARGS)

test: .venv/dev.ready ## run the tests
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q -n auto $(ARGS)

certify: .venv/dev.ready ## prove every estimator right, and write docs/certification.md
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q -n auto -m certify $(ARGS)
	@OMP_NUM_THREADS=1 $(PY) -m tests.certification.matrix

certify-all: certify ## prove every ordered pair of estimators right too, and thousands of random stories
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q -n auto -m certify_all $(ARGS)
	@OMP_NUM_THREADS=1 $(PY) -m tests.certification.matrix --pairs

bench: .venv/dev.ready ## time the generated modules against hand-written PyTorch
	@$(PY) -m tests.bench $(ARGS)

bench-peers: .venv/dev.ready .venv/peers.ready ## the same with the package storchastic beside them
	@$(PY) -m tests.bench --peers $(ARGS)

lint: .venv/dev.ready ## check style (ruff) and types (mypy)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: .venv/dev.ready ## lay out the code and mend what ruff can mend
	@$(PY) -m ruff check --quiet --fix-only .
	@$(PY) -m ruff format .

accept: .venv/dev.ready ## rewrite the golden files with what the tests see now
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q --accept $(ARGS)

.venv/bin/python:
	@test -n "$(PYTHON)" && "$(PYTHON)" $(OLD_ENOUGH) 2>/dev/null || { \
	  echo "storchc needs Python 3.11 or newer, and '$(or $(PYTHON),python3)' is not." >&2; \
	  echo "Install one, or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@rm -rf .venv
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; exit 1; }

.venv/%.ready: .venv/bin/python pyproject.toml constraints.txt
	@echo "preparing .venv for '$*', once: this downloads PyTorch if it is not there, and can take minutes"
	@$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@
