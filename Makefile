# Lambert. `make demo` runs the demonstration, `make check` the tests, `make help` lists the rest.

CC      ?= gcc
MPICC   ?= mpicc
BUILD   ?= build
# The cblas to link: any library with the standard cblas interface.
BLAS    ?= openblas
# Where the header cblas.h lies, when the compiler does not find it by itself. All libraries declare the
# same in it, so that OpenBLAS's serves for any; without OpenBLAS: BLAS_INCLUDE='-isystem FOLDER'.
BLAS_INCLUDE ?= $(shell pkg-config --cflags-only-I openblas 2>/dev/null)
BLAS_LIBS    ?= -l$(BLAS)

WARNINGS = -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wpedantic
ifdef DEV
WARNINGS += -Werror
endif
CFLAGS  ?= -O3 -g
FLAGS    = -std=c11 -D_XOPEN_SOURCE=700 -Iinclude -I$(BUILD)/gen -fopenmp -fno-math-errno $(WARNINGS) $(BLAS_INCLUDE)
LIBS     = $(BLAS_LIBS) -lutf8proc -linih -lcjson -lxxhash -lisal -lprotobuf-c -lz -lm -ldl

ARCH := $(shell uname -m)

# The layers, each with what it may use: itself and what stands to the right. scripts/check-layers
# reads this table too, and a test links only the layers that the folder it tests may use.
LAYERS = base batch config kernels text corpus prepare sample model dist optim store trainer run command bench
USES_base    =
USES_batch   = base
USES_config  = sample optim kernels base
USES_kernels = base
USES_text    = base
USES_corpus  = text base
USES_prepare = corpus text base
USES_sample  = corpus batch text base
USES_model   = kernels batch base
USES_dist    = base
USES_optim   = dist model kernels batch base
USES_store   = optim dist model kernels batch text base
USES_trainer = optim dist model kernels batch base
USES_run     = trainer store optim dist model kernels sample corpus batch text config base
USES_command = dist base
USES_bench   = command run trainer store optim dist model kernels sample prepare corpus batch text config base
USES_cli     = bench command run trainer store optim dist model kernels sample prepare corpus batch text config base

# `make V=1` shows the commands; otherwise a word and the file.
Q = $(if $(V),,@)
SAY = @$(if $(V),:,echo)

.SECONDEXPANSION:
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all check check-cluster check-isa check-numerics demo docs fuzz tests clean help packages format

all: $(BUILD)/lambert

# --- objects ---------------------------------------------------------------------------------
# Files named *_vector.c are compiled once for each instruction set of VECTOR_ISAS.
ifeq ($(ARCH),x86_64)
VECTOR_ISAS = v3 v4
endif
ISA_FLAGS_v3 = -march=x86-64-v3 -mprefer-vector-width=256
ISA_FLAGS_v4 = -march=x86-64-v4 -mprefer-vector-width=512

vector_sources = $(wildcard src/$(1)/*_vector.c)
plain_sources  = $(filter-out $(vector_sources),$(wildcard src/$(1)/*.c))
# src/LAYER/NAME.proto is compiled to NAME.pb-c.c and NAME.pb-c.h, which sources of that layer include
# as <LAYER/NAME.pb-c.h>.
protos = $(wildcard src/$(1)/*.proto)
generated_of = $(patsubst src/%.proto,$(BUILD)/gen/%.pb-c.h,$(protos))
objects_of = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(plain_sources)) \
  $(patsubst src/%.proto,$(BUILD)/obj/%.pb-c.o,$(protos)) \
  $(foreach isa,$(VECTOR_ISAS),$(patsubst src/%.c,$(BUILD)/obj/%.$(isa).o,$(vector_sources)))
# In double precision: the plain kernels only.
double_objects_of = $(patsubst src/%.c,$(BUILD)/double/%.o,$(plain_sources)) \
  $(patsubst src/%.proto,$(BUILD)/obj/%.pb-c.o,$(protos))

ALL_SOURCES := $(foreach layer,$(LAYERS) cli,$(wildcard src/$(layer)/*.c))

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(SAY) '  CC    $@'
	$(Q)$(if $(filter src/dist/%,$<),$(MPICC),$(CC)) $(FLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

.PRECIOUS: $(BUILD)/gen/%.pb-c.c
$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h &: src/%.proto
	@mkdir -p $(BUILD)/gen
	$(SAY) '  PROTO $(BUILD)/gen/$*.pb-c.c'
	$(Q)protoc-c --proto_path=src --c_out=$(BUILD)/gen $<

$(BUILD)/obj/%.pb-c.o: $(BUILD)/gen/%.pb-c.c
	@mkdir -p $(@D)
	$(SAY) '  CC    $@'
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

define vector_rule
$(BUILD)/obj/%.$(1).o: src/%.c
	@mkdir -p $$(@D)
	$(SAY) '  CC    $$@'
	$(Q)$(CC) $(FLAGS) $(CFLAGS) $(ISA_FLAGS_$(1)) -ffp-contract=fast -MMD -MP -c $$< -o $$@
endef
$(foreach isa,v3 v4,$(eval $(call vector_rule,$(isa))))

$(BUILD)/double/%.o: src/%.c
	@mkdir -p $(@D)
	$(SAY) '  CC    $@'
	$(Q)$(if $(filter src/dist/%,$<),$(MPICC),$(CC)) $(FLAGS) $(CFLAGS) -DLAMBERT_DOUBLE -MMD -MP -c $< -o $@

define layer_rules
$$(filter-out %.pb-c.o,$$(call objects_of,$(1)) $$(call double_objects_of,$(1))): | $$(call generated_of,$(1))
$(BUILD)/lib/lib$(1).a: $$(call objects_of,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)ar rcs $$@ $$^
$(BUILD)/lib/libdouble_$(1).a: $$(call double_objects_of,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)ar rcs $$@ $$^
endef
$(foreach layer,$(LAYERS) cli,$(eval $(call layer_rules,$(layer))))

libraries_of = $(foreach layer,$(1) $(USES_$(1)),$(BUILD)/lib/lib$(layer).a)
test_libraries_of = $(foreach layer,$(TEST_USES_$(1)) $(1) $(USES_$(1)),$(BUILD)/lib/lib$(layer).a)
double_libraries_of = $(foreach layer,$(1) $(USES_$(1)),$(BUILD)/lib/libdouble_$(layer).a)

# The linker is mpicc wherever dist is linked in.
linker_of = $(if $(filter dist,$(1) $(USES_$(1))),$(MPICC),$(CC))

$(BUILD)/lambert: $(call libraries_of,cli)
	$(SAY) '  LINK  $@'
	$(Q)$(MPICC) -fopenmp $(CFLAGS) -Wl,--whole-archive $(BUILD)/lib/libcli.a -Wl,--no-whole-archive \
	  $(filter-out $(BUILD)/lib/libcli.a,$^) $(LIBS) -o $@

# --- tests -----------------------------------------------------------------------------------
# tests/LAYER/test_NAME.c tests src/LAYER/NAME.c; test_NAME_double.c does so in double precision.
# tests/LAYER/*.c of other names are helpers linked into all tests of that layer, and of those that
# share them. A test sees the private headers of src as <LAYER/NAME.h>.
TEST_FLAGS = -Isrc -Itests
TEST_SOURCES := $(wildcard tests/*/test_*.c)
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SOURCES))
test_layer = $(word 3,$(subst /, ,$(1)))
HELPERS_batch   = tests/base/scratch.c
HELPERS_prepare = tests/corpus/fixture.c
HELPERS_sample  = tests/corpus/fixture.c
# What tests of a layer need besides what the layer itself may use: a corpus to read is made first.
TEST_USES_corpus = prepare
test_helpers = $(filter-out $(wildcard tests/$(1)/test_*.c),$(wildcard tests/$(1)/*.c)) $(HELPERS_$(1))

$(filter %_double,$(TESTS)): $(BUILD)/tests/%: tests/%.c $$(call test_helpers,$$(firstword $$(subst /, ,$$*))) \
    $$(call double_libraries_of,$$(firstword $$(subst /, ,$$*)))
	@mkdir -p $(@D)
	$(SAY) '  TEST  $@'
	$(Q)$(call linker_of,$(firstword $(subst /, ,$*))) $(FLAGS) $(TEST_FLAGS) $(CFLAGS) -DLAMBERT_DOUBLE -MMD -MP $(filter %.c,$^) \
	  $(filter %.a,$^) -lcmocka $(LIBS) -o $@

$(filter-out %_double,$(TESTS)): $(BUILD)/tests/%: tests/%.c $$(call test_helpers,$$(firstword $$(subst /, ,$$*))) \
    $$(call test_libraries_of,$$(firstword $$(subst /, ,$$*)))
	@mkdir -p $(@D)
	$(SAY) '  TEST  $@'
	$(Q)$(call linker_of,$(firstword $(subst /, ,$*))) $(FLAGS) $(TEST_FLAGS) $(CFLAGS) -MMD -MP $(filter %.c,$^) \
	  $(filter %.a,$^) -lcmocka $(LIBS) -o $@

# tests/fuzz/fuzz_NAME.c without libFuzzer: tests/text/test_fuzz_corpus.sh calls it for its corpus.
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_HELPERS = $(addprefix tests/text/,random_strings.c slow_tokenizer.c tokenizer_pair.c)
REPLAYS := $(addprefix $(BUILD)/tests/fuzz/,$(FUZZERS))

$(REPLAYS): $(BUILD)/tests/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(FUZZ_HELPERS) \
    $(call libraries_of,text)
	@mkdir -p $(@D)
	$(SAY) '  TEST  $@'
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -MMD -MP $(filter %.c,$^) $(filter %.a,$^) $(LIBS) -o $@

tests: $(TESTS) $(REPLAYS) $(BUILD)/lambert

check: packages
	@$(MAKE) --no-print-directory -j$$(nproc) all tests
	@scripts/check-layers
	@scripts/run-tests $(BUILD)

# Three times all tests: with the plain kernels, with x86-64-v3, with the BLAS's products.
check-isa: packages
	@$(MAKE) --no-print-directory -j$$(nproc) all tests
	@scripts/check-isa $(BUILD)

# --- a cluster on one machine ------------------------------------------------------------------
# tests/cluster: hosts of their own in network namespaces, and a Slurm on them (docs/cluster.md).
SWITCH = $(BUILD)/tests/cluster/switch

$(SWITCH): tests/cluster/switch.c
	@mkdir -p $(@D)
	$(SAY) '  TEST  $@'
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -MMD -MP $< -o $@

check-cluster:
	@scripts/install-packages build cluster slurm
	@$(MAKE) --no-print-directory -j$$(nproc) all $(SWITCH)
	@scripts/run-tests $(BUILD) '^cluster/'

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

check-numerics:
	@scripts/install-packages build numerics
	@$(MAKE) --no-print-directory -j$$(nproc) all $(NUMERICS)/installed
	$(NUMERICS)/bin/python scripts/numerics/compare.py $(BUILD)
	$(NUMERICS)/bin/python scripts/numerics/clients.py $(BUILD)

# --- benchmarks ------------------------------------------------------------------------------
# docs/performance.md. TEXT is a file or folder of text, VOCABULARY a vocab.txt, for PART=prep.
PEERS = $(BUILD)/peers
PART ?= model
MODEL ?= configs/bert-base-512.ini
TEXT ?=
VOCABULARY ?=
CORPUS ?=
RANKS ?= 2
PEER_SCRIPT = scripts/bench-$(PART)
# The cores of this machine, dealt to RANKS.
ON_RANKS = . scripts/mpi-test-env.sh; \
  mpirun -n $(RANKS) --map-by slot:PE=$$(($$(nproc) / $(RANKS))) --bind-to core
.PHONY: bench bench-peers

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
	$(PEERS)/bin/python $(PEER_SCRIPT) $(BUILD) $(TEXT) $(VOCABULARY) $(CORPUS)

# --- scaling ---------------------------------------------------------------------------------
# docs/scaling.md: a model of step time and the exchange on up to 1,024 simulated hosts. CORPUS is a
# folder that `lambert prep` made. What scripts/scaling/scaling.json holds already is not done again. With what
# `lambert bench model` and `lambert bench net` printed (--json): only a table, of that node and network.
.PHONY: scaling check-scaling
SCALING = scripts/scaling/scaling.json
BENCH ?=
NET ?=

scaling: $(BUILD)/lambert
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
.PHONY: measure-loss
ONLY ?=

measure-loss: $(BUILD)/lambert $(SWITCH)
	@[ -n '$(CORPUS)' ] || { echo 'measure-loss: wanted: CORPUS=DIR, made by lambert prep' >&2; exit 1; }
	@scripts/install-packages build cluster simgrid
	scripts/scaling/loss.py $(BUILD) $(CORPUS) $(SCALING) --only '$(ONLY)'
	/usr/bin/python3 scripts/scaling/report.py $(SCALING)

check-scaling: $(BUILD)/lambert $(SWITCH)
	@scripts/install-packages build cluster
	scripts/scaling/check.py $(BUILD) $(SCALING)

# --- the rest --------------------------------------------------------------------------------
packages:
	@scripts/install-packages

demo:
	@scripts/install-packages build demo
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@scripts/demo $(BUILD)

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(BUILD)

help:
	@echo 'make demo [CORPUS=DIR] [QUICK=1]  text to a trained BERT in 5 minutes (DIR: your text; 1: in one)'
	@echo 'make check              build and run all tests'
	@echo 'make check-isa          the same with other kernels: plain, x86-64-v3, products of the BLAS'
	@echo 'make check-cluster      four hosts in network namespaces, faults, a Slurm (3 minutes)'
	@echo 'make check-numerics     hold the arithmetic against PyTorch and transformers (from PyPI)'
	@echo 'make fuzz [SECONDS=60]  run each fuzz target for so long, with clang and sanitizers'
	@echo 'make                    build build/lambert'
	@echo 'make bench [PART=model] [MODEL=config]   measure (docs/performance.md); other parts: kernels,'
	@echo '                        store, and prep with TEXT=DIR VOCABULARY=FILE'
	@echo 'make bench-peers [PART=model] [CORPUS=DIR]   beside PyTorch, in one run; or'
	@echo '                        PART=prep TEXT=DIR VOCABULARY=FILE, beside tokenizers'
	@echo 'make docs               write docs/config.md anew from the key table'
	@echo 'make scaling CORPUS=DIR      write docs/scaling.md anew (SimGrid; hours); with'
	@echo '                        BENCH=FILE NET=FILE, JSON of lambert bench: its rows for your cluster'
	@echo 'make measure-loss CORPUS=DIR [ONLY=PATTERN]   BERT-Base on 4 hosts with and without a network'
	@echo 'make check-scaling      hold its model against steps on hosts in network namespaces'
	@echo 'make format             clang-format every source file'
	@echo 'make clean              delete build/'
	@echo 'DEV=1 makes warnings errors; BLAS=NAME links lib NAME instead of OpenBLAS.'

docs: $(BUILD)/lambert
	$(BUILD)/lambert show config --markdown > docs/config.md

-include $(patsubst src/%.c,$(BUILD)/obj/%.d,$(ALL_SOURCES)) $(patsubst src/%.c,$(BUILD)/double/%.d,$(ALL_SOURCES))
-include $(foreach isa,v3 v4,$(patsubst src/%.c,$(BUILD)/obj/%.$(isa).d,$(ALL_SOURCES)))
-include $(addsuffix .d,$(TESTS))
-include $(addsuffix .d,$(REPLAYS) $(SWITCH)) $(FUZZ_OBJECTS:.o=.d) $(addprefix $(BUILD)/fuzz/,$(addsuffix .d,$(FUZZERS)))
