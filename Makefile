# SPDX-License-Identifier: Apache-2.0
# Thin: each target is one command that a person could type. `make help` lists them.
# Recipes run under plain /bin/sh; .venv is made by flows/env/setup.py (standard library only).
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL: # `make -j train export` means one after the other; tools use the cores themselves
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
NET ?= tfc
CFG ?= $(if $(filter cnv,$(NET)),$(if $(DATA),cnv_cifar_cpu,cnv_fashion),tfc_w1a1)
RUN ?= build/$(if $(MODEL),$(basename $(notdir $(MODEL))),$(CFG))
BOARD ?= pynq-z1
TARGET_FPS ?= $(if $(filter cnv,$(NET)),3000,1000000)
JOBS ?= 2

# What another virtual environment may have left must not reach ours.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHONNOUSERSITE := 1
PY := .venv/bin/python
# Verilator's makefiles call `python`; setup itself runs on the machine's own.
machine_path := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(PATH)

define path_error
error[path-space]: the folder name has a space in it, which make cannot handle
  where  $(CURDIR)
  try    mv the folder to a path without spaces, then: make setup
endef
ifneq ($(words $(CURDIR)),1)
$(error $(path_error))
endif

# MODEL: a QONNX file of yours in place of a network trained here; its run is build/<its name>.
goal = $(if $(MAX),--max,--target-fps $(TARGET_FPS))
packed = $(if $(PACKED),$(if $(filter 0,$(PACKED)),--no-packed,--packed))
build_args = --run $(RUN) --board $(BOARD) $(goal) $(packed) $(if $(MODEL),--model $(MODEL))
# $(call given,NAME,words): the words where the user gave NAME, nothing where it has its value from here
given = $(if $(filter file,$(origin $(1))),,$(2))
# what the user asks of a run; the rest is as the run has it
asked = $(call given,BOARD,--board $(BOARD)) $(if $(MAX)$(call given,TARGET_FPS,1),$(goal)) $(packed) \
  $(if $(MODEL),--model $(MODEL))
# NET=cnv: DATA names a folder of CIFAR-10 images (train/<class>/, test/<class>/); without it Fashion-MNIST
cnv_args = $(if $(DATA),--model zoo:cnv_cifar10 --images folder --data $(DATA),--model zoo:cnv_fashion)
seed_arg = $(if $(SEED),--seed $(SEED))
kernels = $(patsubst sim/test_%.py,%,$(wildcard sim/test_*.py))

.PHONY: help setup doctor boards demo data train export build bitstream report deploy wheel cosim lint format test test-armhf sim bench-kernels bench-networks bench-methods bench-host bench-train results prove clean distclean

help: ## list the targets
	@echo "usage: make TARGET [NET=tfc|cnv] [CFG=$(CFG)] [RUN=$(RUN)] [BOARD=$(BOARD)] [DATA=folder]"
	@echo "                   [TARGET_FPS=$(TARGET_FPS) | MAX=1] [PACKED=1] [MODEL=file.onnx|zoo:name] [SEED=n]"
	@echo "                   [PNR=vivado|openxc7] [ALLOW_SLACK=1] [WAVES=1] [PYTHON=python3.12]"
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/\1|\2/p' Makefile | sed 's/%/<kernel>/' | \
	  while IFS='|' read -r name text; do printf '  %-15s %s\n' "$$name" "$$text"; done
	@echo "kernels: $(kernels)"

setup: ## make or repair .venv with everything that is needed; ends at once when it is up to date
	@PATH="$(machine_path)"; command -v $(PYTHON) >/dev/null || { printf '%s\n' \
	  "error[python-missing]: $(PYTHON) is not installed" "  where  PATH=$$PATH" \
	  "  try    apt-get install python3, or: make setup PYTHON=/path/to/python3.11" >&2; exit 2; }; \
	  $(PYTHON) -m flows.env.setup --quiet $(if $(UNLOCKED),--unlocked)

doctor: ## check tools and versions, and say what to do about what is not right
	@if test -x $(PY); then $(PY) -m flows.env.doctor; else $(PYTHON) -m flows.env.doctor; fi

boards: setup ## list the boards: part, clock, memory, ports, budget, what makes their bitstream
	@$(PY) -m flows.bitstream.boards

demo: data ## train TFC, compile, prove on 10,000 images, synthesise, report; NET=cnv: a trained CNV
ifeq ($(NET),cnv)
	$(PY) -m flows.build --run build/demo-cnv --board $(BOARD) $(goal) $(packed) $(cnv_args)
	@echo "report: $(CURDIR)/build/demo-cnv/report.md, report.html, report.json"
else
	$(PY) -m training.train --config training/configs/tfc_w1a1.toml --run build/demo $(seed_arg)
	$(PY) -m flows.export --run build/demo
	$(PY) -m flows.build --run build/demo --board $(BOARD) --target-fps $(TARGET_FPS) $(packed)
	@echo "report: $(CURDIR)/build/demo/report.md, report.html, report.json"
endif

data: setup ## get Fashion-MNIST into data/, sums checked
	@$(PY) -m training.fetch fashion-mnist

train: setup ## train CFG into RUN (goes on from a checkpoint when there is one)
	$(PY) -m training.train --config training/configs/$(CFG).toml --run $(RUN) $(seed_arg) \
	  $(if $(DATA),--data $(DATA))

export: setup ## export the trained network of RUN to QONNX and check it
	$(PY) -m flows.export --run $(RUN) $(if $(DATA),--data $(DATA))

build: setup ## compile RUN, or MODEL=file.onnx, to proved RTL with a report
	$(PY) -m flows.build $(build_args)

bitstream: setup ## RUN, or MODEL, as a bitstream, compiled first if need be (PNR=vivado|openxc7, ALLOW_SLACK=1)
	$(if $(strip $(asked)),$(PY) -m flows.build --if-changed \
	  $(if $(wildcard $(RUN)/flow.json),--run $(RUN) $(asked),$(build_args)))
	$(PY) -m flows.bitstream --run $(RUN) $(if $(PNR),--pnr $(PNR)) $(if $(ALLOW_SLACK),--allow-slack)

report: setup ## write the report of RUN again
	$(PY) -m flows.report --run $(RUN)

deploy: setup ## what a board or NumPy needs to run RUN: driver, network, vectors, .hwh
	$(PY) -m flows.deploy --run $(RUN)

wheel: deploy ## RUN's deploy folder as a wheel for pip, a PYNQ overlay
	PYTHONPATH=hw/host $(PY) hw/host/make_wheel.py --deploy $(RUN)/deploy

cosim: setup ## the shipped driver and a user's script against the RTL of RUN's whole system
	$(PY) -m sim.system.cosim --run $(RUN)

test-armhf: setup ## the driver under 32-bit ARM emulation: every byte as on this machine (fetches 84 MB once)
	$(PY) -m tests.armhf.run $(call given,RUN,--run $(RUN)) $(seed_arg)

lint: setup ## ruff (rules and format) and mypy
	$(PY) -m ruff check --no-cache .
	$(PY) -m ruff format --check --no-cache .
	$(PY) -m mypy

format: setup ## format the Python sources
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

test: setup ## all tests that need neither GPU, nor Vivado, nor a board
	@$(PY) -m training.fetch fashion-mnist || \
	  echo "make test: Fashion-MNIST could not be had; the tests that use it will be SKIPPED" >&2
	$(PY) -m pytest -n $(JOBS)

sim: setup ## the RTL simulations only
	$(PY) -m pytest -n $(JOBS) sim

sim-%: setup ## the simulation of one kernel, e.g. sim-bnn_mvu
	@test -f sim/test_$*.py || { printf '%s\n' "error[kernel-unknown]: there is no kernel $*" \
	  "  where  sim/test_$*.py" "  try    one of: $(kernels)" >&2; exit 2; }
	$(PY) -m pytest sim/test_$*.py

bench-kernels: setup ## LUT and FF of every kernel, of rivals and whole networks; CHECK=1: none grew
ifdef CHECK
	$(PY) -m hw.bench.measure --check
else
	$(PY) -m hw.bench.measure
	$(PY) -m sim.bench_tops
	$(PY) -m hw.bench.rivals
	$(PY) -m hw.bench.report
endif

bench-networks: setup ## rate, area, buffers of CNV, VGG-Small and ResNets (ONLY="cnv", DATA=)
	$(PY) -m sim.bench_networks $(ONLY) $(if $(DATA),--data $(DATA))

bench-methods: setup ## what each method costs in hardware: the zoo's TFC and CNV, proved and synthesised (ONLY=)
	$(PY) -m sim.bench_methods $(ONLY)

bench-train: setup ## images/s of each method beside the plain network, in one run
	$(PY) -m training.bench

results: setup ## make the missing results and the tables of training/README.md (GPU=1, DATA=, ONLY=, MINUTES=)
	$(PY) -m training.results $(if $(GPU),--gpu) $(if $(DATA),--data $(DATA)) \
	  $(if $(ONLY),--only $(ONLY)) $(if $(MINUTES),--minutes $(MINUTES))

prove: setup ## formal proofs of the AXI masters and the registers by yosys
	$(PY) -m hw.system.formal.prove

bench-host: setup ## what the driver costs: a call, and packing beside FINN's
	PYTHONPATH=hw/host $(PY) hw/host/bench.py

clean: ## remove build/
	rm -rf build

distclean: clean ## remove build/, data/ and .venv
	rm -rf data .venv .pytest_cache .mypy_cache .ruff_cache
