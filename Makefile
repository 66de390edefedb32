# Tongke: `make run` serves the product, `make test` proves it. Both set up what they need, once.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
TOOLS := build/tools
# Every file that pip takes must have a hash that the lock knows.
LOCKED := install --quiet --disable-pip-version-check --require-hashes -r
# A Node that is new enough, or the wheel that brings one into the virtual environment.
NODE_OK := $(shell node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' >/dev/null 2>&1 && echo yes)
export PATH := $(if $(NODE_OK),,$(CURDIR)/$(BIN):)$(PATH)
# Compiled modules are kept, whatever the environment says: tests start the server a hundred times.
export PYTHONDONTWRITEBYTECODE :=
# Tests run side by side, but for those that watch how long the loop is busy, and those in tests/interop
# whose media must have the machine for themselves, and the cluster, whose cells must not stand still.
WORKERS ?= 2
MEDIA := demo dynacast ffmpeg firefox ladder lesson page_excess page_troubles page_truth recording_crash relay_chromium sound_chromium sound_off_stage
ALONE := $(MEDIA:%=tests/interop/test_%.py) tests/cluster/test_city.py tests/cluster/test_upgrade.py $(shell find tests -name test_loop_time.py)
WEB_SOURCES := $(shell find web_client -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

CORE_SOURCES := $(shell find relay/core relay/api relay/compiled.py relay/compile_core.py -name '*.py' 2>/dev/null)

.PHONY: help setup run demo check test test-python test-web slow-line fuzz bench bench-upload bench-search bars bench-harvest test-cluster-long interop-ffmpeg interop-gst qoe captions test-captions test-deploy lock sbom house picture format clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(STAMPS)/python $(STAMPS)/core $(STAMPS)/web  ## virtual environment, compiled media path, web client

run: setup  ## serve the product on embedded defaults, with a demo county
	exec $(BIN)/tongke serve --seed-demo

demo: $(STAMPS)/python  ## a whole lesson by itself: publish, watch, stage, record, check
	$(BIN)/tongke demo $(ARGS)

check: $(STAMPS)/python $(STAMPS)/node_modules  ## lint, types, import contracts, locks, generated files
	$(BIN)/python .ci/check_locks.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	PYTHONPATH=.ci $(BIN)/python -m house check
	$(BIN)/python -m signaling.command.typescript --check
	cd web_client && npm run --silent typecheck
	cd web_client && npm run --silent lint

test: test-web test-python  ## everything that passes or fails

test-web: $(STAMPS)/node_modules
	cd web_client && npm run --silent test

# The files that take long come first, so that the workers end together.
test-python: setup $(STAMPS)/system $(STAMPS)/versitygw
	@$(BIN)/python -m relay.compile_core >> $(STAMPS)/core.log
	TMPDIR="$$(.ci/test-folder)" $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests/interop tests/integration tests $(ALONE:%=--ignore=%)
	TMPDIR="$$(.ci/test-folder)" $(BIN)/pytest $(ALONE)

# Races that a fast machine hides: the page acts between an answer and the one after it.
SLOW := $(filter-out $(MEDIA:%=tests/interop/test_%.py),$(wildcard tests/interop/test_*.py))
slow-line: setup $(STAMPS)/system  ## browser tests whose answers take 50-600 ms (TONGKE_SLOW_LINE=2 draws others)
	TONGKE_SLOW_LINE=$${TONGKE_SLOW_LINE:-1} $(BIN)/pytest -n $(WORKERS) --dist loadfile $(SLOW)

# Other examples each time; what is found becomes an @example of its property.
fuzz: $(STAMPS)/python  ## properties with TONGKE_EXAMPLES (3000) random examples, fuzz tests for TONGKE_FUZZ_SECONDS (120)
	TONGKE_EXAMPLES=$${TONGKE_EXAMPLES:-3000} $(BIN)/pytest -n $(WORKERS) -m hypothesis tests/unit tests/integration
	TONGKE_FUZZ_SECONDS=$${TONGKE_FUZZ_SECONDS:-120} $(BIN)/pytest tests/fuzz

bench: setup  ## cost of forwarding, time to first frame, churn (prints JSON lines)
	$(BIN)/python -m load_tests fanout --viewers 20 --pps 300 --seconds 12
	$(BIN)/python -m load_tests join --times 20
	$(BIN)/python -m load_tests churn --sessions 300

bench-upload: setup  ## a film of 2 GB over five cuts and kills: byte-identical, and with how much memory (slow)
	$(BIN)/python -m load_tests upload $(ARGS)

bench-search: setup $(STAMPS)/system  ## search over a million records in SQLite and PostgreSQL: times, and recall against LIKE (slow once)
	$(BIN)/python -m load_tests search $(ARGS)
	$(BIN)/python -m load_tests search --database postgresql $(ARGS)

bars: setup $(STAMPS)/system  ## the timed promises of the product, in real Chromium (slow)
	$(BIN)/pytest --timeout=0 -m bench -p no:cacheprovider tests/bars

bench-harvest: setup  ## 100,000 records harvested by OAI-PMH while the server is killed three times
	$(BIN)/pytest --timeout=0 -m bench -p no:cacheprovider tests/bars/test_harvest.py

test-cluster-long: setup $(STAMPS)/system $(STAMPS)/versitygw  ## a cluster whose cells, Redis and PostgreSQL fail for as long as in life (root; slow)
	TMPDIR="$$(.ci/test-folder)" $(BIN)/pytest --timeout=0 -m cluster_long -p no:cacheprovider tests/cluster

interop-ffmpeg: setup  ## FFmpeg's WHIP muxer as the camera, against the real server
	$(BIN)/pytest tests/interop/test_ffmpeg.py

interop-gst: setup $(STAMPS)/system $(STAMPS)/gstreamer  ## GStreamer as camera and as player, against the real server
	$(BIN)/pytest -m gstreamer tests/interop/gstreamer

qoe: setup $(STAMPS)/system  ## what a classroom sees over poor links: all profiles, beside a direct call (root; slow)
	$(BIN)/python -m load_tests qoe $(ARGS)
	$(BIN)/python -m load_tests qoe-report

captions: $(STAMPS)/captions  ## 自动字幕 for `make run`: faster-whisper and a model, 440 MB (docs/operations.md)

test-captions: setup $(STAMPS)/captions $(STAMPS)/system  ## the real model on speech and on silence; not part of make test
	.ci/install-speech
	$(BIN)/pytest -m captions tests/captions

test-deploy: setup $(STAMPS)/system $(STAMPS)/versitygw $(STAMPS)/deploy-tools  ## chart, alarms and configuration of docs/deploy, by helm and promtool
	$(BIN)/pytest -m 'deploy_tools or not deploy_tools' tests/deploy

lock: $(STAMPS)/tools  ## requirements/*.lock anew from pyproject.toml (ARGS=--upgrade takes newer versions)
	PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" .ci/lock $(ARGS)

sbom: $(STAMPS)/tools $(if $(NODE_OK),,$(STAMPS)/python)  ## what the server and the web client are made of: CycloneDX files in build/sbom
	PYTHON="$(PYTHON)" .ci/sbom

house: $(STAMPS)/python  ## figures of the code and its words: packages, circles, lengths, sentences (ROOT=another checkout)
	PYTHONPATH=.ci $(BIN)/python -m house report $(if $(ROOT),--root "$(ROOT)") $(ARGS)

picture: $(STAMPS)/python  ## the wings of each package, drawn from the code into docs/images
	PYTHONPATH=.ci $(BIN)/python -m house picture

format:  ## put the Python code into its canonical form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(STAMPS)/python: pyproject.toml requirements/development.lock requirements/node.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip $(LOCKED) requirements/development.lock
	$(if $(NODE_OK),,$(BIN)/pip $(LOCKED) requirements/node.lock)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

# An extra that `make run` then has: versions are those of the other locks, but for what it brings.
$(STAMPS)/captions: requirements/captions.lock | $(STAMPS)/python
	$(BIN)/pip $(LOCKED) requirements/captions.lock
	@mkdir -p $(STAMPS) && touch $@

# Apart from the server's own environment: their dependencies are not its.
$(STAMPS)/tools: requirements/tools.lock
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip $(LOCKED) requirements/tools.lock
	@mkdir -p $(STAMPS) && touch $@

# The media path as machine code (docs/adr/0007). Who has no C compiler is told so, and goes on without;
# `make test` does not.
$(STAMPS)/core: $(STAMPS)/python $(CORE_SOURCES)
	@echo "compiling relay.core (a minute)"
	@$(BIN)/python -m relay.compile_core > $(STAMPS)/core.log && touch $@ || true

$(STAMPS)/node_modules: web_client/package.json web_client/package-lock.json | $(STAMPS)/python
	cd web_client && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/web: $(STAMPS)/node_modules $(WEB_SOURCES)
	cd web_client && npm run --silent build
	@mkdir -p $(STAMPS) && touch $@

# Chromium and PostgreSQL, real ones: installed when we may, else said plainly.
$(STAMPS)/system: .ci/install-system | $(STAMPS)/python
	.ci/install-system
	@mkdir -p $(STAMPS) && touch $@

# A real S3 server, built from its Go module.
$(STAMPS)/versitygw: .ci/install-versitygw
	.ci/install-versitygw
	@mkdir -p $(STAMPS) && touch $@

# helm is built from its Go module; promtool is Debian's.
$(STAMPS)/deploy-tools: .ci/install-deploy-tools
	.ci/install-deploy-tools
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/gstreamer: .ci/install-gstreamer
	.ci/install-gstreamer
	@mkdir -p $(STAMPS) && touch $@

clean:  ## forget everything that set-up made (the data folder stays)
	rm -rf $(STAMPS) $(VENV) build web_client/node_modules web_client/dist
