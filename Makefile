# Builds Lambert and its tests. `make help` says what there is; what those who work on Lambert need besides
# (sanitizers, coverage, a cluster, fuzzing, benchmarks) is in scripts/workshop.mk.

CC     := $(if $(filter default,$(origin CC)),gcc,$(CC))
# The MPI: its compiler wrapper, and its launcher (which only tests call). With MPI=NAME those that Debian calls
# mpicc.NAME and mpirun.NAME, unless MPICC and MPIRUN say others, and a build folder of their own.
MPICC  ?= mpicc$(MPI:%=.%)
MPIRUN ?= mpirun$(MPI:%=.%)
# The build folder. With SAN=address,undefined (or another list that -fsanitize takes) all is built with
# sanitizers, with COV=1 to count which lines run; each in a folder of its own.
comma := ,
BUILD ?= build$(MPI:%=/%)$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))$(if $(COV),/coverage)

# --- how to compile and link -------------------------------------------------------------------
# Yours, from the command line or the environment: CC, MPICC, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS.
CFLAGS ?= $(if $(SAN)$(COV),-O1,-O3) -g
WARNINGS = -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wpedantic $(if $(DEV),-Werror)
INSTRUMENT = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
  $(if $(COV),--coverage)

# Libraries as pkg-config knows them (PKG_CONFIG_PATH is how a cluster's modules say where theirs are), or
# else -lNAME: each as PACKAGE:NAME. The cblas to link is any library with the standard cblas interface;
# all declare the same in cblas.h, so that OpenBLAS's header serves for any, and without OpenBLAS
# BLAS_INCLUDE='-isystem FOLDER'.
PKG_CONFIG ?= pkg-config
BLAS       ?= openblas
PACKAGES    = libutf8proc:utf8proc inih:inih libcjson:cjson libxxhash:xxhash libisal:isal \
  libprotobuf-c:protobuf-c zlib:z libzstd:zstd liblzma:lzma bzip2:bz2
compiling_with = $(shell for each in $(1); do $(PKG_CONFIG) --cflags $${each%:*}; done 2>/dev/null)
linking_with   = $(shell for each in $(1); do $(PKG_CONFIG) --libs $${each%:*} || echo -l$$(echo $$each | cut -d: -f2); done 2>/dev/null)
BLAS_INCLUDE  := $(or $(BLAS_INCLUDE),$(shell $(PKG_CONFIG) --cflags-only-I openblas 2>/dev/null))
BLAS_LIBS     := $(or $(BLAS_LIBS),$(call linking_with,$(BLAS):$(BLAS)))
PACKAGE_FLAGS := $(call compiling_with,$(PACKAGES))
PACKAGE_LIBS  := $(call linking_with,$(PACKAGES))
CMOCKA_LIBS   := $(call linking_with,cmocka:cmocka)

FLAGS = -std=c11 -D_XOPEN_SOURCE=700 -Iinclude -I$(BUILD)/gen -fopenmp -fno-math-errno $(WARNINGS) \
  $(CPPFLAGS) $(BLAS_INCLUDE) $(PACKAGE_FLAGS) $(CFLAGS) $(INSTRUMENT)
LIBS  = $(if $(SAN),scripts/sanitizers/keep_modules.c -Wl$(comma)--export-dynamic-symbol=dlclose) \
  $(LDFLAGS) $(BLAS_LIBS) $(PACKAGE_LIBS) -lm -ldl $(LDLIBS)

# --- layers --------------------------------------------------------------------------------------
# The layers, each with what it may use: itself and what stands to the right. scripts/check-layers
# reads this table too, and a test links only the layers that the folder it tests may use.
LAYERS = base batch config kernels text corpus prepare sample examples score features model dist optim store \
  trainer run plan doctor command bench
USES_base    =
USES_batch   = base
USES_config  = sample batch examples optim kernels base
USES_kernels = base
USES_text    = base
USES_corpus  = text base
USES_prepare = corpus text base
USES_sample  = corpus batch text base
USES_examples = text base
USES_score   = examples text base
USES_features = score examples batch text base
USES_model   = kernels batch base
USES_dist    = base
USES_optim   = dist model kernels batch base
USES_store   = optim dist model kernels batch examples text base
USES_trainer = store optim dist model kernels batch examples text base
USES_run     = trainer store optim dist model kernels sample corpus features score examples batch text config base
USES_plan    = run trainer store optim dist model kernels sample corpus features score examples batch text config base
USES_doctor  = run trainer store optim dist model kernels sample corpus features score examples batch text config base
USES_command = dist base
USES_bench   = command run trainer store optim dist model kernels sample prepare corpus features score examples batch text config base
USES_cli     = bench command doctor plan run trainer store optim dist model kernels sample prepare corpus features score examples batch text config base

# `make V=1` shows the commands; otherwise a word and the file.
Q = $(if $(V),,@)
SAY = @$(if $(V),:,echo)

.SECONDEXPANSION:
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all check demo docs man completion tests clean help packages install uninstall dist

all: $(BUILD)/lambert $(if $(MPI),$(BUILD)/launcher/mpirun)

# What is missing gets a sentence here, once in a build folder, before the compiler says "no such file".
$(BUILD)/found/%:
	@mkdir -p $(@D)
	@CC='$(CC)' MPICC='$(MPICC)' FLAGS='$(FLAGS)' LIBS='$(if $(filter tests,$*),$(CMOCKA_LIBS)) $(LIBS)' \
	  scripts/check-libraries $(@D) $*
	@touch $@

# Tests call mpirun: of a build with MPI=NAME that of this MPI, which scripts/mpi-test-env.sh puts first in PATH. (Not a
# link: a launcher looks for its parts beside the file that it was called as.)
$(BUILD)/launcher/mpirun:
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec %s "$$@"\n' '$(MPIRUN)' >$@
	@chmod +x $@

# --- objects ---------------------------------------------------------------------------------
# Files named *_vector.c are compiled once for each instruction set of VECTOR_ISAS, those named *_amx.c or
# *_bfmmla.c for the one of AMX_ISAS or BFMMLA_ISAS; which there are depends on the machine that the
# compiler compiles for. The tile of neon-bf16 is the one of BFMMLA.
MACHINE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))
VECTOR_ISAS_x86_64  = v3 v4 v4-bf16
AMX_ISAS_x86_64     = v4-amx
VECTOR_ISAS_aarch64 = neon neon-bf16
BFMMLA_ISAS_aarch64 = neon-bf16
LEFT_OUT_neon-bf16  = src/kernels/tile_vector.c
VECTOR_ISAS = $(VECTOR_ISAS_$(MACHINE))
AMX_ISAS    = $(AMX_ISAS_$(MACHINE))
BFMMLA_ISAS = $(BFMMLA_ISAS_$(MACHINE))
ISA_FLAGS_v3 = -march=x86-64-v3 -mprefer-vector-width=256
ISA_FLAGS_v4 = -march=x86-64-v4 -mprefer-vector-width=512
ISA_FLAGS_v4-bf16 = $(ISA_FLAGS_v4) -mavx512bf16
ISA_FLAGS_v4-amx = $(ISA_FLAGS_v4-bf16) -mamx-tile -mamx-bf16
# (Moving loads forward before registers are given out, gcc runs out of them in the inner loops of tiles.)
ISA_FLAGS_neon = -fno-schedule-insns
ISA_FLAGS_neon-bf16 = $(ISA_FLAGS_neon) -march=armv8.2-a+bf16

vector_sources = $(wildcard src/$(1)/*_vector.c)
amx_sources    = $(wildcard src/$(1)/*_amx.c)
bfmmla_sources = $(wildcard src/$(1)/*_bfmmla.c)
plain_sources  = $(filter-out $(vector_sources) $(amx_sources) $(bfmmla_sources),$(wildcard src/$(1)/*.c))
# src/LAYER/NAME.proto is compiled to NAME.pb-c.c and NAME.pb-c.h, which sources of that layer include
# as <LAYER/NAME.pb-c.h>. Where there is no protoc-c, the tarball of make dist has them in generated/LAYER.
protos = $(wildcard src/$(1)/*.proto)
generated_of = $(patsubst src/%.proto,$(BUILD)/gen/%.pb-c.h,$(protos))
objects_of = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(plain_sources)) \
  $(patsubst src/%.proto,$(BUILD)/obj/%.pb-c.o,$(protos)) \
  $(foreach isa,$(VECTOR_ISAS),$(patsubst src/%.c,$(BUILD)/obj/%.$(isa).o,$(filter-out $(LEFT_OUT_$(isa)),$(vector_sources)))) \
  $(foreach isa,$(AMX_ISAS),$(patsubst src/%.c,$(BUILD)/obj/%.$(isa).o,$(amx_sources))) \
  $(foreach isa,$(BFMMLA_ISAS),$(patsubst src/%.c,$(BUILD)/obj/%.$(isa).o,$(bfmmla_sources)))
# In double precision: the plain kernels and the BLAS's products only.
double_objects_of = $(patsubst src/%.c,$(BUILD)/double/%.o,$(filter-out src/kernels/gemm_tiles.c,$(plain_sources))) \
  $(patsubst src/%.proto,$(BUILD)/obj/%.pb-c.o,$(protos))

ALL_SOURCES := $(foreach layer,$(LAYERS) cli,$(wildcard src/$(layer)/*.c))

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(SAY) '  CC    $@'
	$(Q)$(if $(filter src/dist/%,$<),$(MPICC),$(CC)) $(FLAGS) -MMD -MP -c $< -o $@

# Which binary this is (base/build.h): looked at each time, and written only when it says something else.
$(BUILD)/gen/cli/build.h: FORCE
	@CC='$(CC)' CHOSEN_FLAGS='$(CPPFLAGS) $(CFLAGS) $(INSTRUMENT) $(LDFLAGS)' scripts/build-info $@

.PHONY: FORCE
FORCE:

$(BUILD)/obj/cli/this_build.o: $(BUILD)/gen/cli/build.h

.PRECIOUS: $(BUILD)/gen/%.pb-c.c
$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h &: src/%.proto | $(BUILD)/found/program
	@mkdir -p $(BUILD)/gen
	$(SAY) '  PROTO $(BUILD)/gen/$*.pb-c.c'
	$(Q)if [ -e generated/$*.pb-c.c ] && ! command -v protoc-c >/dev/null; then \
	  mkdir -p $(@D) && cp generated/$*.pb-c.[ch] $(@D)/; \
	else protoc-c --proto_path=src --c_out=$(BUILD)/gen $<; fi

$(BUILD)/obj/%.pb-c.o: $(BUILD)/gen/%.pb-c.c
	@mkdir -p $(@D)
	$(SAY) '  CC    $@'
	$(Q)$(CC) $(FLAGS) -MMD -MP -c $< -o $@

define vector_rule
$(BUILD)/obj/%.$(1).o: src/%.c
	@mkdir -p $$(@D)
	$(SAY) '  CC    $$@'
	$(Q)$(CC) $(FLAGS) $(ISA_FLAGS_$(1)) -ffp-contract=fast -MMD -MP -c $$< -o $$@
endef
$(foreach isa,$(VECTOR_ISAS) $(AMX_ISAS),$(eval $(call vector_rule,$(isa))))

$(BUILD)/double/%.o: src/%.c
	@mkdir -p $(@D)
	$(SAY) '  CC    $@'
	$(Q)$(if $(filter src/dist/%,$<),$(MPICC),$(CC)) $(FLAGS) -DLAMBERT_DOUBLE -MMD -MP -c $< -o $@

define layer_rules
$$(filter-out %.pb-c.o,$$(call objects_of,$(1)) $$(call double_objects_of,$(1))): | $(BUILD)/found/program $$(call generated_of,$(1))
# (A folder changes when a source is taken away: its object must leave the library, though no other is newer.)
$(BUILD)/lib/lib$(1).a: $$(call objects_of,$(1)) $$(wildcard src/$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)ar rcs $$@ $$(filter %.o,$$^)
$(BUILD)/lib/libdouble_$(1).a: $$(call double_objects_of,$(1)) $$(wildcard src/$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)ar rcs $$@ $$(filter %.o,$$^)
endef
$(foreach layer,$(LAYERS) cli,$(eval $(call layer_rules,$(layer))))

libraries_of = $(foreach layer,$(1) $(USES_$(1)),$(BUILD)/lib/lib$(layer).a)
test_libraries_of = $(foreach layer,$(TEST_USES_$(1)) $(1) $(USES_$(1)),$(BUILD)/lib/lib$(layer).a)
double_libraries_of = $(foreach layer,$(1) $(USES_$(1)),$(BUILD)/lib/libdouble_$(layer).a)

# The linker is mpicc wherever dist is linked in.
linker_of = $(if $(filter dist,$(1) $(USES_$(1))),$(MPICC),$(CC))

$(BUILD)/lambert: $(call libraries_of,cli)
	$(SAY) '  LINK  $@'
	$(Q)$(MPICC) -fopenmp $(CFLAGS) $(INSTRUMENT) -Wl,--whole-archive $(BUILD)/lib/libcli.a -Wl,--no-whole-archive \
	  $(filter-out $(BUILD)/lib/libcli.a,$^) $(LIBS) -o $@

# --- tests -----------------------------------------------------------------------------------
# tests/LAYER/test_NAME.c tests src/LAYER/NAME.c; test_NAME_double.c does so in double precision.
# tests/LAYER/*.c of other names are helpers linked into all tests of that layer, and of those that
# share them, and tests/lib/*.c into every test. A test sees the private headers of src as <LAYER/NAME.h>.
TEST_FLAGS = -Isrc -Itests
TEST_SOURCES := $(wildcard tests/*/test_*.c)
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SOURCES))
test_layer = $(word 3,$(subst /, ,$(1)))
HELPERS_prepare = tests/corpus/fixture.c
HELPERS_sample  = tests/corpus/fixture.c
HELPERS_score   = tests/examples/files.c
HELPERS_trainer = tests/model/random_batch.c tests/store/sample.c
HELPERS_run     = tests/store/sample.c tests/features/fixture.c
# What tests of a layer need besides what the layer itself may use: a corpus to read is made first.
TEST_USES_corpus = prepare
TEST_USES_run    = prepare
test_helpers = $(filter-out $(wildcard tests/$(1)/test_*.c),$(wildcard tests/$(1)/*.c)) $(HELPERS_$(1)) \
  $(wildcard tests/lib/*.c)
# Kernels are tested on a CPU that has what they are compiled for, in software if need be
# (tests/kernels/emulated_cpu.h), and so is the program.
EMULATED = $(addprefix -Wl$(comma)--wrap=,cpu_has_avx512_bf16 cpu_has_amx_bf16 cpu_permit_amx)
TEST_LINK_kernels = $(EMULATED)
test_objects_of = $(patsubst tests/%.c,$(BUILD)/obj/tests/%.o,$(1))
double_test_objects_of = $(patsubst tests/%.c,$(BUILD)/double/tests/%.o,$(1))
TEST_OBJECTS = $(call test_objects_of,$(wildcard tests/*/*.c)) $(call double_test_objects_of,$(wildcard tests/*/*.c))
.SECONDARY: $(TEST_OBJECTS)

$(BUILD)/obj/tests/%.o: tests/%.c | $(call generated_of,prepare) $(call generated_of,store) $(BUILD)/found/tests
	@mkdir -p $(@D)
	$(SAY) '  TEST  $@'
	$(Q)$(call linker_of,$(firstword $(subst /, ,$*))) $(FLAGS) $(TEST_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/double/tests/%.o: tests/%.c | $(call generated_of,prepare) $(call generated_of,store) $(BUILD)/found/tests
	@mkdir -p $(@D)
	$(SAY) '  TEST  $@'
	$(Q)$(call linker_of,$(firstword $(subst /, ,$*))) $(FLAGS) $(TEST_FLAGS) -DLAMBERT_DOUBLE -MMD -MP -c $< -o $@

$(filter %_double,$(TESTS)): $(BUILD)/tests/%: $(BUILD)/double/tests/%.o \
    $$(call double_test_objects_of,$$(call test_helpers,$$(firstword $$(subst /, ,$$*)))) \
    $$(call double_libraries_of,$$(firstword $$(subst /, ,$$*)))
	@mkdir -p $(@D)
	$(SAY) '  LINK  $@'
	$(Q)$(call linker_of,$(firstword $(subst /, ,$*))) $(FLAGS) $(TEST_LINK_$(firstword $(subst /, ,$*))) $(filter %.o,$^) \
	  $(filter %.a,$^) $(CMOCKA_LIBS) $(LIBS) -o $@

$(filter-out %_double,$(TESTS)): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o \
    $$(call test_objects_of,$$(call test_helpers,$$(firstword $$(subst /, ,$$*)))) \
    $$(call test_libraries_of,$$(firstword $$(subst /, ,$$*)))
	@mkdir -p $(@D)
	$(SAY) '  LINK  $@'
	$(Q)$(call linker_of,$(firstword $(subst /, ,$*))) $(FLAGS) $(TEST_LINK_$(firstword $(subst /, ,$*))) $(filter %.o,$^) \
	  $(filter %.a,$^) $(CMOCKA_LIBS) $(LIBS) -o $@

# tests/fuzz/fuzz_NAME.c without libFuzzer: tests/text/test_fuzz_corpus.sh calls it for its corpus.
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_HELPERS = $(addprefix tests/text/,random_strings.c slow_tokenizer.c tokenizer_pair.c)
REPLAYS := $(addprefix $(BUILD)/tests/fuzz/,$(FUZZERS))

$(REPLAYS): $(BUILD)/tests/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(FUZZ_HELPERS) \
    $(call libraries_of,text)
	@mkdir -p $(@D)
	$(SAY) '  TEST  $@'
	$(Q)$(CC) $(FLAGS) -MMD -MP $(filter %.c,$^) $(filter %.a,$^) $(LIBS) -o $@

# The program, for scripts that run its kernels on any CPU with AVX-512.
$(BUILD)/tests/lambert-emulated: $(call test_objects_of,tests/kernels/emulated_cpu.c tests/kernels/emulator.c) \
    $(call libraries_of,cli)
	@mkdir -p $(@D)
	$(SAY) '  LINK  $@'
	$(Q)$(MPICC) -fopenmp $(CFLAGS) $(INSTRUMENT) $(EMULATED) $(filter %.o,$^) -Wl,--whole-archive $(BUILD)/lib/libcli.a \
	  -Wl,--no-whole-archive $(filter-out $(BUILD)/lib/libcli.a,$(filter %.a,$^)) $(LIBS) -o $@

# The model of a step's time for scripts/scaling.
$(BUILD)/scaling/step-time: scripts/scaling/step_time.c $(call libraries_of,plan)
	@mkdir -p $(@D)
	$(SAY) '  LINK  $@'
	$(Q)$(MPICC) $(FLAGS) -MMD -MP $(filter %.c,$^) $(filter %.a,$^) $(LIBS) -o $@

tests: $(TESTS) $(REPLAYS) $(BUILD)/lambert $(BUILD)/tests/lambert-emulated $(BUILD)/scaling/step-time

# PATTERN: only tests whose name matches it (grep -E).
PATTERN ?= .

check: packages
	@$(MAKE) --no-print-directory -j$$(nproc) all tests
	@scripts/check-layers
	@$(SANITIZED) scripts/run-tests $(BUILD) '$(PATTERN)'

# --- the rest ----------------------------------------------------------------------------------
# Debian packages that are lacking are installed, and named, when make runs as root. NO_INSTALL=1 forbids
# it: they are named only, as to other users.
export NO_INSTALL

packages:
	@scripts/install-packages

demo:
	@scripts/install-packages build demo
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@scripts/demo $(BUILD)

docs: $(BUILD)/lambert
	$(BUILD)/lambert show config --markdown > docs/config.md

man: $(BUILD)/lambert
	$(BUILD)/lambert help --man $(BUILD)/man

completion: $(BUILD)/lambert
	$(BUILD)/lambert help --completion > $(BUILD)/lambert-completion.bash

# PREFIX is where it is going to lie, DESTDIR stands before that for packages. Both may hold spaces, so the
# script has them from the environment.
PREFIX  ?= /usr/local
DESTDIR ?=
install uninstall: export PREFIX := $(PREFIX)
install uninstall: export DESTDIR := $(DESTDIR)

# What was built is installed as it is, for `sudo make install` may be another user, whose compiler, flags and git are
# others. Something is built only where there is nothing yet, or where other goals say so: make all install.
BUILT_ALREADY = $(if $(filter-out install,$(MAKECMDGOALS)),,$(wildcard $(BUILD)/lambert))
install: $(if $(BUILT_ALREADY),,$(BUILD)/lambert)
	@scripts/install $(BUILD)

uninstall:
	@scripts/install --remove

# The commit that is checked out, and what protoc-c makes of it, as a tarball whose bytes follow from the commit (and
# protoc-c's version). git writes the commit's name into scripts/commit.
GENERATED = $(foreach layer,$(LAYERS),$(call generated_of,$(layer)))

# (What would be made of other .proto files than the commit's is not of the commit.)
dist: $(GENERATED)
	@changed=$$(git status --porcelain -- 'src/*.proto') && [ -z "$$changed" ] || { printf '%s\n%s\n' "$$changed" \
	  'dist: commit these or put them back first: what is made of them goes into the tarball' >&2; exit 1; }
	@git diff --quiet HEAD || echo 'dist: what is not committed is not in it' >&2
	@mkdir -p $(BUILD)
	@version=$$(git show HEAD:include/lambert/base/version.h | sed -n 's/^#define LAMBERT_VERSION "\(.*\)"/\1/p') && \
	  tarball=$(BUILD)/lambert-$$version.tar && \
	  git -c tar.umask=0022 archive --format=tar -o $$tarball \
	    $(foreach file,$(GENERATED) $(GENERATED:.h=.c), \
	      --prefix=lambert-$$version/generated/$(patsubst $(BUILD)/gen/%,%,$(dir $(file))) --add-file=$(file)) \
	    --prefix=lambert-$$version/ HEAD && \
	  gzip -9nf $$tarball && echo $$tarball.gz

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile scripts/workshop.mk

#: make demo [CORPUS=DIR] [QUICK=1]   text to a trained BERT in 5 minutes (DIR: your text; 1: in one)
#: make check [PATTERN=^text/]   build and run all tests, or those whose name matches
#: make             build build/lambert
#: make MPI=mpich   with Debian's mpicc.mpich, in build/mpich; of another MPI: make MPI=NAME MPICC=its compiler wrapper
#: make docs        write docs/config.md anew from the key table
#: make man         write the man pages (sections 1 and 5) to build/man
#: make completion  write build/lambert-completion.bash, which bash reads to complete lambert's words
#: make install [PREFIX=/usr/local] [DESTDIR=]   install the program as it was built, man pages, completion,
#:                  configurations, recipes, scripts for schedulers, docs; make uninstall with the same words takes them away
#: make dist        write build/lambert-VERSION.tar.gz of the commit that is checked out
#: make clean       delete build/

include scripts/workshop.mk

-include $(patsubst src/%.c,$(BUILD)/obj/%.d,$(ALL_SOURCES)) $(patsubst src/%.c,$(BUILD)/double/%.d,$(ALL_SOURCES))
-include $(foreach isa,$(VECTOR_ISAS) $(AMX_ISAS),$(patsubst src/%.c,$(BUILD)/obj/%.$(isa).d,$(ALL_SOURCES)))
-include $(TEST_OBJECTS:.o=.d) $(addsuffix .d,$(REPLAYS))
