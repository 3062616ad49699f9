# Everything is installed into .venv; `make` alone says what there is. Keeps to GNU make 3.81.
SHELL := /bin/sh
BIN := .venv/bin
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST := PIPELINE_REQUIRE_ALL=1 $(ONE_THREAD) $(BIN)/python -m pytest
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs
DEMO_OUT := demo
N := 10000

.DEFAULT_GOAL := help
.PHONY: help setup demo test browser test-server first-hour pictures references test-real test-faults fuzz mutation nightly check bench fidelity oracle truth docs lock run-setup

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Install everything that development needs into .venv
	@sh tools/setup.sh dev

run-setup:
	@sh tools/setup.sh run

demo: run-setup ## Make a synthetic cohort, train, predict, and say which files to open (DEMO_OUT=DIR)
	@$(BIN)/dystonia demo --out "$(DEMO_OUT)"

test: setup ## Run the tests and the examples in the documentation, on up to four cores
	$(PYTEST) -n logical --maxprocesses 4 --dist loadfile

test-real: setup ## Run the tests that need real records: make test-real REAL=DIR
	@test -d "$(REAL)" || { echo "make test-real needs a folder of real records: make test-real REAL=DIR" >&2; exit 66; }
	DYSTONIA_REAL_DATA="$$(cd "$(REAL)" && pwd)" $(PYTEST) -m real

references: setup ## Compare features with other packages and with published formulas
	$(PYTEST) -m references tests/references

browser: setup ## Open the report in headless Chromium, narrow and wide, light and dark; screenshots go to .browser/
	$(PYTEST) -m browser tests/browser

first-hour: ## Do all that a newcomer does, in a fresh folder with empty caches, into docs/first-hour.md (TEST=no: without make test)
	@python3 -m tools.first_hour $(if $(filter no,$(TEST)),--no-test)

test-server: ## Train, promote and predict against a tracking server with PostgreSQL and users, and ask it through Spark, into docs/server.md
	@sh tools/setup.sh server
	@sh tools/server_packages.sh
	DYSTONIA_SERVER_PAGE="$(CURDIR)/docs/server.md" $(ONE_THREAD) .venv-server/bin/python -m pytest -m server tests/server

test-faults: setup ## Cut a batch off at every operation on the disk, and kill it forty times, and run it again (20 minutes or more)
	PIPELINE_FAULTS=all $(PYTEST) tests/faults -rP

fuzz: setup ## Give N damaged and hostile files to the readers and the loader of models, into docs/fuzzing.md; goes on where it stopped
	$(ONE_THREAD) $(BIN)/python -m tools.fuzz --count $(N)

mutation: setup ## Measure how many small mistakes in the features the tests find, into docs/mutation.md; goes on where it stopped
	$(ONE_THREAD) $(BIN)/python -m tools.mutation

nightly: setup ## Ask every feature for what it declares with thousands of inputs, into docs/nightly.md; goes on where it stopped
	$(ONE_THREAD) $(BIN)/python -m tools.nightly

check: setup ## Check format, style, types, layers, locks, and that the documentation builds
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	sh tools/locks.sh --check
	$(MKDOCS) build --strict --quiet

bench: setup ## Measure CPU time, beside one fixed job that tells how fast the machine is
	@for each in reference features reading synthetic signals predict; do $(ONE_THREAD) $(BIN)/python -m "benchmarks.$$each" || exit 1; done

fidelity: setup ## Measure generated patients against the published figures and write docs/fidelity.md
	$(ONE_THREAD) $(BIN)/python -m benchmarks.fidelity

oracle: setup ## Measure how exact the oracle is, how hard the cohorts are, and what signals show, into docs/oracle*.md (an hour)
	$(ONE_THREAD) $(BIN)/python -m benchmarks.oracle.signals
	$(ONE_THREAD) $(BIN)/python -m benchmarks.oracle

truth: setup ## Measure how near trained models come to the oracle and write docs/truth.md; goes on where it stopped (hours)
	$(ONE_THREAD) $(BIN)/python -m benchmarks.truth

pictures: setup ## Draw the pictures of README again: the flow, and the demo's report (needs Chromium)
	@$(BIN)/dystonia demo --out "$(DEMO_OUT)"
	$(BIN)/python -m tools.flow_picture
	$(BIN)/python -m tools.report_picture "$(DEMO_OUT)/model/report.html"

docs: setup ## Build the documentation into site/
	$(MKDOCS) build --strict --quiet
	@echo "site/index.html; to search in it: $(BIN)/python -m http.server --directory site"

lock: setup ## Resolve the dependencies again and rewrite all three lock files
	$(BIN)/uv lock
	sh tools/locks.sh
