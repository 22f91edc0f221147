# Two commands do all of their own set-up:
#
#     make demo                 a throw-away library of sample photos, searched, labelled and shown
#     make demo PHOTOS=folder   the same with photos of yours
#     make test                 lint, types, import contract and every test
#
# Others: make lint, make format, make bench, make soak, make package, make clean. PYTHON=python3.12 chooses the
# Python, KILLS=1000 how often make soak kills PhotoClip at random, FLIPS=50000 how many damaged files it reads.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-input --constraint constraints.txt
INSTALLED := $(VENV)/.installed
BENCH ?=
KILLS ?= 200
FLIPS ?= 5000

.PHONY: demo test lint format bench soak package clean

demo: $(INSTALLED)
	$(BIN)/photoclip demo $(if $(PHOTOS),"$(PHOTOS)")

test: lint
	$(BIN)/python -m pytest

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)
	$(BIN)/python -m tests.bench $(BENCH)

soak: $(INSTALLED)
	$(BIN)/python -m tests.library.crash $(KILLS)
	$(BIN)/python -m tests.library.hostile $(FLIPS)

package: $(INSTALLED)
	$(PIP) --editable ".[package]"
	$(BIN)/python packaging/build.py

clean:
	rm -rf build dist photoclip.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(INSTALLED): pyproject.toml constraints.txt packaging/system-packages.sh
	sh packaging/system-packages.sh "$(PYTHON)"
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(PIP) --editable ".[demo,test]"
	touch $@
