# Needs Python 3.11, 3.12 or 3.13 with pip and venv, make and git; everything else goes into .venv (as root, the tests
# install PostgreSQL and chromium from Debian's packages where they are missing).
# Another interpreter: make test PYTHON=/path/to/python3.12

# The tests start hundreds of processes; each starts a quarter of a second sooner with compiled modules.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-long test-all check screenshots bench accuracy audit hashes sbom clean programs static warm interpreted \
	counted uncounted computing acceptance alone coverage bounds

VENV := .venv
BIN := $(VENV)/bin
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadgroup
# Those on the path, and those that pyenv keeps beside it.
PYTHONS ?= python3.12 python3.13 $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.1[23].*/bin/python3)
CAN_RUN := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	"$$name" -c '$(CAN_RUN)' >/dev/null 2>&1 && { command -v "$$name"; break; }; done)

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## make the founding sample and forecast it, 13 sites in 13 partitions
	$(BIN)/batchcast warm
	@mkdir -p demo
	$(BIN)/batchcast sample alldemand_augjul demo/alldemand_augjul.csv
	$(BIN)/batchcast run demo/alldemand_augjul.csv -o demo/forecast.csv --batch-mode on
	@echo "The first rows of demo/forecast.csv:"
	@head -n 8 demo/forecast.csv

serve: $(VENV)/.runtime ## start the service: API on port 9571, page on 9572; Ctrl-C stops it and loses nothing
	$(BIN)/batchcast warm
	@exec $(BIN)/batchcast serve

# Tests that wait for servers and browsers run beside tests that compute: two processes each, which end at about the same time
# on two cores.
test: $(VENV)/bin/python ## check everything and run every test but the long ones
	@$(MAKE) --no-print-directory --jobs 3 programs static warm
	@$(MAKE) --no-print-directory --jobs 2 computing acceptance
	@$(MAKE) --no-print-directory alone

# Only the files that have such tests are collected: collecting all takes longer than they do.
alone: $(VENV)/.dev
	@echo "Tests that count what their process has started or measure time, and so run where nothing else does:"
	$(PYTEST) -q $(COUNTING) -m "alone and not long" $$(grep -rl --include='test_*.py' 'mark\.alone' tests)

test-long: $(VENV)/bin/python ## run the long tests (20,000 mutated files, a server killed at every point, every state of every page, large batches, many clients, every index of compiled kernels)
	@$(MAKE) --no-print-directory --jobs 2 programs warm
	$(PYTEST) -q -m long tests/property tests/integration
	$(PYTEST) -q -m long tests/acceptance
	@$(MAKE) --no-print-directory bounds

# Compiled code reads beside an array without a word. With its indices checked it is several times slower, and compiled apart.
bounds: $(VENV)/.dev
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(CURDIR)/$(VENV)/.kernels-with-bounds $(PYTEST) -q -m "not long" tests/unit/forecast tests/integration/forecast

# Counting doubles what a test computes, so it is done once, apart. It is judged over the short tests alone: the long ones run
# the same lines again, in processes that are killed.
coverage: $(VENV)/.dev ## count the lines that the short tests run
	@$(MAKE) --no-print-directory --jobs 2 interpreted warm
	@$(MAKE) --no-print-directory counted
	@$(MAKE) --no-print-directory alone COUNTING="--cov --cov-append --cov-report=term"

# Each in an environment of its own, .venv-3.12 and so on. Without coverage: it is the same on each.
test-all: ## run the tests of make test on each Python of PYTHONS (3.12 and 3.13) that is on this machine
	@tested=""; \
	for name in $(PYTHONS); do \
		"$$name" -c '$(CAN_RUN)' >/dev/null 2>&1 || continue; \
		version=$$("$$name" -c 'import sys; print("{}.{}".format(*sys.version_info))'); \
		case "$$tested" in *"$$version"*) continue;; esac; \
		tested="$$tested $$version"; \
		echo "The tests on Python $$version:"; \
		$(MAKE) --no-print-directory VENV=".venv-$$version" PYTHON="$$name" uncounted || exit 1; \
	done; \
	echo "Tested on Python:$${tested:- none of $(PYTHONS) is on this machine with its venv module}"

uncounted: programs warm
	@$(MAKE) --no-print-directory --jobs 2 computing acceptance
	@$(MAKE) --no-print-directory alone

# Compiled lines can't be counted, so the unit tests of the models run once interpreted. Overflow of whole numbers is
# meant where compiled code hashes; interpreted, numpy warns of it.
interpreted: $(VENV)/.dev
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q --cov --cov-report= --cov-fail-under=0 \
		-W ignore::RuntimeWarning -m "not compiled" tests/unit/forecast

computing: $(VENV)/.dev
	$(PYTEST) -q $(COUNTING) -m "not alone and not long" tests/unit tests/property tests/integration

counted: COUNTING := --cov --cov-append --cov-report= --cov-fail-under=0
counted: computing

# Batchcast as people use it; its lines are counted elsewhere. A run of its own, because the browser's driver keeps an
# event loop at work in its process, where no other test can start one.
acceptance: $(VENV)/.dev
	$(PYTEST) -q -m "not alone and not long" tests/acceptance

# Debian's packages, installed where they are missing and make runs as root; otherwise a test that needs one says what is missing.
programs: $(VENV)/bin/python
	$(BIN)/python tests/plugins/debian.py

warm: $(VENV)/.dev
	$(BIN)/batchcast warm

check: static ## check format, lint, types, imports, structure and docs
	$(BIN)/python -m pytest tests/unit/docs tests/acceptance/docs

static: $(VENV)/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_structure.py

screenshots: $(VENV)/.dev ## take a picture of every state of every page, in both languages, into screenshots/
	SCREENSHOTS=screenshots $(BIN)/python -m pytest -n 2 -q tests/acceptance/page/test_every_state.py

bench: $(VENV)/.dev ## measure speed and memory, and write the table of docs/benchmarks.md
	$(BIN)/python benchmarks/all.py

accuracy: $(VENV)/.accuracy ## measure accuracy against peers on the real data sets in BATCHCAST_DATA or ../shared/data; SET=carparts
	cd benchmarks && ../$(BIN)/python -m accuracy $(SET)
	$(if $(SET),,cd benchmarks && ../$(BIN)/python -m accuracy.few)

audit: $(VENV)/.audit ## look up known faults of every pinned package, where their list can be reached
	$(BIN)/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

hashes: $(VENV)/.dev ## write the hashes of the files of every pinned package into constraints.txt, after a pin was changed
	$(BIN)/python tools/pin_hashes.py constraints.txt

sbom: $(VENV)/.audit ## build the wheel into dist/, and beside it what it installs and under which licences, as CycloneDX
	rm -rf dist build/installed
	$(BIN)/python -m pip wheel -q --no-deps --build-constraint constraints.txt --wheel-dir dist .
	$(BIN)/python -m venv build/installed
	build/installed/bin/python -m pip install -qq --require-hashes --requirement $(VENV)/pip.txt
	$(BIN)/python tools/list_requirements.py postgresql s3 oidc otel ray > build/needed.txt
	build/installed/bin/python -m pip install -qq --constraint constraints.txt --requirement build/needed.txt
	build/installed/bin/python -m pip install -qq --no-deps "$$(ls dist/*.whl)"
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON \
		-o dist/batchcast.cdx.json build/installed/bin/python
	$(BIN)/python tools/list_licences.py dist/batchcast.cdx.json > docs/licences.md

$(VENV)/.audit: $(VENV)/.dev
	$(BIN)/python -m pip install -qq --constraint constraints.txt --group audit
	@touch $@

$(VENV)/.accuracy: $(VENV)/.dev
	$(BIN)/python -m pip install -qq --constraint constraints.txt --group accuracy
	@touch $@

clean: ## remove everything that make made
	rm -rf $(VENV) .venv-3.1? src/batchcast/api/static/swagger src/batchcast/web/static/vendor demo screenshots build dist .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "batchcast needs Python 3.11, 3.12 or 3.13 with its venv module, and none was found;" \
		"install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

# Each file must have one of the hashes of the constraints. The pip that comes with Python does not look for them there.
$(VENV)/.pip: constraints.txt | $(VENV)/bin/python
	@sed -n '/^pip==/,/[^\\]$$/p' constraints.txt > $(VENV)/pip.txt
	$(BIN)/python -m pip install -qq --require-hashes --requirement $(VENV)/pip.txt
	@touch $@

# The checkout is a folder, which has no hash: so what it needs comes first, by hashes.
$(VENV)/.runtime: pyproject.toml hatch_build.py package-lock.json $(VENV)/.pip
	$(BIN)/python tools/list_requirements.py > $(VENV)/needed.txt
	$(BIN)/python -m pip install -qq --constraint constraints.txt --requirement $(VENV)/needed.txt
	$(BIN)/python -m pip install -qq --no-deps --build-constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(BIN)/python -m pip install -qq --no-compile --constraint constraints.txt --group dev
	@touch $@
