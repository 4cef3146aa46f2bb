# Every verb of the project; `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

SWIFT ?= swift
PYTHON ?= python3
BUILD := $(SWIFT) build -c release
PROGRAM := .build/release/gqimg
DEMO := build/demo
VENV := .venv

# Debian 12 packages that the build needs beside Swift.
APT_PACKAGES := libpng-dev libjpeg-dev libdnnl-dev python3

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## Install what the build needs (Debian packages; asks for nothing when all is there)
	@missing=$$(for p in $(APT_PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $$missing; \
	fi

build: setup ## Build the program
	$(BUILD) --product gqimg

demo: build ## Compress and restore a sample photograph; print bits per pixel, PSNR and times
	@mkdir -p $(DEMO)/pictures && cp -f testdata/sample.png $(DEMO)/pictures/
	$(PROGRAM) compress --force testdata/sample.png $(DEMO)/sample.gqz
	$(PROGRAM) decompress --force $(DEMO)/sample.gqz $(DEMO)/sample.png
	$(PROGRAM) info $(DEMO)/sample.gqz
	$(PROGRAM) report $(DEMO)/pictures --output $(DEMO)/report --rates 0.25,0.5,1.0 --force 2>/dev/null
	@echo "The restored picture is $(DEMO)/sample.png"

test: setup ## Run all tests
	$(SWIFT) test -c release

lint: ## Check formatting
	git ls-files -z '*.swift' | xargs -0 $(SWIFT) format lint --strict

format: ## Format all Swift files
	git ls-files -z '*.swift' | xargs -0 $(SWIFT) format --in-place

bench: build ## Times beside libjpeg's in the same run, with ratios: make bench [DIR=testdata]
	$(PROGRAM) report $(or $(DIR),testdata) --output build/bench --rates 0.25,0.5,1.0 --force 2>/dev/null

faults: build ## Full disks, read-only folders, no memory, kills: make faults [ROUNDS=10]
	$(PYTHON) tools/faults.py --program $(PROGRAM) --rounds $(or $(ROUNDS),10)

memory: build ## Peak memory by picture size, and refusals of huge claims
	$(PYTHON) tools/memory.py --program $(PROGRAM)

same-everywhere: build ## Decode with every instruction set: make same-everywhere [PICTURES=...]
	$(PYTHON) tools/same_everywhere.py --program $(PROGRAM) $(PICTURES)

fuzz: setup ## Fuzz all readers: make fuzz [TIME=60] [HARNESSES="container pixels"], seconds each
	Fuzz/run.sh $(or $(TIME),60) $(HARNESSES)

thread-sanitizer: setup ## One model used by many tasks, under the thread sanitizer
	TSAN_OPTIONS="suppressions=$(CURDIR)/tools/tsan.txt" $(SWIFT) test -c release --sanitize=thread \
	  --scratch-path .build/thread-sanitizer --filter ThreadSafetyTests

report: build ## Rate and distortion over a folder: make report DIR=pictures [OUT=build/report] [RATES=0.25,0.5,1.0]
	@[ -n "$(DIR)" ] || { echo "usage: make report DIR=pictures"; exit 64; }
	$(PROGRAM) report $(DIR) --output $(or $(OUT),build/report) --uniform --posterior-samples --force \
	  $(if $(RATES),--rates $(RATES))

$(VENV)/bin/python: training/pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq python3-venv; }
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet -e training
	@touch $@

train: $(VENV)/bin/python ## Train, or resume: make train DATA=dir [VALIDATION=dir] [RUN=runs/default] [HOURS=2.1]
	@[ -n "$(DATA)" ] || { echo "usage: make train DATA=folder-of-pictures"; exit 64; }
	OMP_NUM_THREADS=1 nice $(VENV)/bin/torchrun --nproc-per-node=$$(nproc) -m gqtrain.train \
	  --data $(DATA) $(if $(VALIDATION),--validation $(VALIDATION)) \
	  --output $(or $(RUN),runs/default) $(if $(HOURS),--hours $(HOURS))

export: $(VENV)/bin/python ## Put the weights of a run into the program: make export [RUN=runs/default]
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m gqtrain.export --checkpoint $(or $(RUN),runs/default)/checkpoint.pt \
	  --output Sources/Model/Resources/gqimg.safetensors \
	  --golden Tests/ModelTests/Golden/activations.safetensors --picture testdata/sample.png

test-training: $(VENV)/bin/python ## Run the tests of the training code
	$(VENV)/bin/python -m unittest discover -s training/tests -t training

.PHONY: help setup build demo test lint format bench report train export test-training \
  faults memory same-everywhere fuzz thread-sanitizer
