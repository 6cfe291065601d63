#!/bin/sh
# Six steps with kernels for instructions that this CPU may lack: AMX-BF16 and AVX512_BF16 are done in
# software (tests/kernels/emulated_cpu.h), in a copy of the program that is linked for it. All products
# are made by them, and losses are what rounding says; threads change no bit, ranks only rounding. And the
# program as it is refuses what the CPU has not.
. "$(dirname "$0")/../lib.sh"
PLAIN=$LAMBERT
unset LAMBERT_ISA LAMBERT_GEMM

# Who is not on x86-64 with AVX-512 has nothing to emulate upon.
grep -qs 'avx512f.*avx512vl' /proc/cpuinfo || { echo "skipped: this CPU has no AVX-512"; exit 0; }

# on ISA THREADS FOLDER WORDS...: six steps; losses in FOLDER.losses, what is said in log.txt
LAMBERT=$BUILD/tests/lambert-emulated
on() {
    on_isa=$1 on_threads=$2 on_folder=$3
    shift 3
    : >log.txt
    LAMBERT_ISA=$on_isa OMP_NUM_THREADS=$on_threads train "${RANKS:-1}" "$on_folder" phase.one.steps=3 \
        phase.two.steps=3 "$@" || { cat log.txt >&2; fail "train, $on_isa"; }
    field mlm_loss "$on_folder" >"$on_folder.losses"
}
says() {
    grep -qE -- "$1" log.txt || { cat log.txt >&2; fail "train did not say '$1'"; }
}

make_corpus
# Of matrices with no side that is a multiple of a tile's, and heads of 12.
odd="model.hidden_size=36 model.num_attention_heads=3 model.intermediate_size=70"

on v4 1 float32 $odd
for isa in v4-bf16 v4-amx; do
    case $isa in v4-amx) maker=AMX-BF16 ;; *) maker=AVX512_BF16 ;; esac
    on $isa 1 $isa $odd train.compute_type=bfloat16
    says "in bfloat16 by $maker \([0-9]+ GFLOP/s a core"
    says "^phase one, matrix products: 100.00% by $maker on bfloat16$"
    says "^phase two, matrix products: 100.00% by $maker on bfloat16$"
    # A bfloat16 is off by 2^-8 at most, and a loss averages over many of them.
    agree 0.002 float32.losses $isa.losses || fail "$isa: losses in bfloat16 are others than in float32"
done
says "; the speed of AMX was never measured; chosen by LAMBERT_ISA\)"
# What differs between the two is how sums are rounded, and then, now and then, an operand.
agree 0.0002 v4-bf16.losses v4-amx.losses || fail "AMX-BF16 and AVX512_BF16 give other losses"

on v4-amx 3 threads $odd train.compute_type=bfloat16
cmp v4-amx.losses threads.losses || fail "3 threads give other losses than one"
RANKS=2 on v4-amx 1 ranks $odd train.compute_type=bfloat16
agree 0.0002 v4-amx.losses ranks.losses || fail "2 ranks give other losses than one"

# A kernel of Linux that does not know AMX.
: >log.txt
EMULATED_AMX=refused train 1 refused phase.one.steps=1 phase.two.steps=1 train.compute_type=bfloat16 ||
    { cat log.txt >&2; fail "train without permission for AMX"; }
! grep AMX log.txt || fail "AMX was used without permission"
expect 1 "LAMBERT_ISA=v4-amx: this CPU or this build has no such kernels; one of plain, v3, v4, v4-bf16, or" \
    env EMULATED_AMX=refused LAMBERT_ISA=v4-amx "$LAMBERT" bench kernels

# Nothing makes the program itself believe in it.
if ! grep -q amx_bf16 /proc/cpuinfo; then
    expect 1 "LAMBERT_ISA=v4-amx: this CPU or this build has no such kernels" \
        env LAMBERT_ISA=v4-amx "$PLAIN" bench kernels
fi
