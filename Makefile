# What a user and a contributor type. Every target first installs what is missing (scripts/setup.sh).
#
#   make mnist            train the guide's digit classifier; options: make mnist ARGS="--epochs 1"
#   make test             all tests: no network, no PyTorch, no GPU
#   make python           the library for Python: PYTHONPATH=Python python3 -c 'import swift_torch'
#   make bench            the table of times against PyTorch
#   make check            before a commit: format, build, tests
#   make fixtures         values of real PyTorch again, for the tests
#   make clean

SWIFT ?= swift
ARGS ?=
# One release build serves the programs and the tests; with testable imports everything would be built twice.
BUILD := $(SWIFT) build -c release
TEST := $(SWIFT) test -c release --disable-testable-imports --disable-xctest --no-parallel
# The Python that has PyTorch: only `bench` and `fixtures` need it, `bench-setup` makes one.
TORCH_PYTHON ?= $(CURDIR)/.venv-torch/bin/python

.PHONY: mnist test python bench bench-setup check format fixtures clean setup

setup:
	@scripts/setup.sh

mnist: setup
	@$(BUILD) --product mnist
	@"$$($(BUILD) --show-bin-path)/mnist" $(ARGS)

test: setup
	@$(BUILD) --build-tests
	@$(TEST) --skip-build $(ARGS)

python: setup
	@$(BUILD) --product TorchC
	@ln -sfr "$$($(BUILD) --show-bin-path)/libTorchC.so" Python/swift_torch/libTorchC.so

bench: setup
	@TORCH_PYTHON="$(TORCH_PYTHON)" Benchmarks/run.sh $(ARGS)

bench-setup:
	python3 -m venv .venv-torch
	.venv-torch/bin/pip install --quiet torch torchvision numpy safetensors gguf

check: setup
	@$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Examples
	@$(MAKE) --no-print-directory test

format:
	@$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests Examples

fixtures:
	@for script in $(wildcard scripts/make_*_fixtures.py Fixtures/make*.py Fixtures/*/make*.py); do \
	  echo "$$script"; "$(TORCH_PYTHON)" "$$script" || exit 1; done

clean:
	@$(SWIFT) package clean
