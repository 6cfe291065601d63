#!/bin/sh
# 20 steps on aarch64, under qemu, from a corpus that was prepared on the machine that this runs on: all
# products are made by the kernels that were asked for, and the losses are those that this machine's program
# comes to, in float32 but for the order of sums, in bfloat16 up to rounding. A CPU without BFMMLA refuses its
# kernels. (make check-aarch64)
#
# From the environment: EMULATOR, what runs a program for aarch64; NATIVE, the folder of a build for this
# machine.
. "$(dirname "$0")/../lib.sh"
: "${EMULATOR:?}" "${NATIVE:?}"
NATIVE=$(cd "$ROOT" && cd "$NATIVE" && pwd)
unset LAMBERT_ISA LAMBERT_GEMM

LAMBERT=$NATIVE/lambert
make_corpus

# on CPU ISA RANKS FOLDER WORDS...: 20 steps; ISA "" for what is chosen by itself
on() {
    on_cpu=$1 on_isa=$2 on_ranks=$3 on_folder=$4
    shift 4
    : >log.txt
    QEMU_CPU=$on_cpu LAMBERT_ISA=$on_isa train "$on_ranks" "$on_folder" run.threads=1 phase.one.steps=12 \
        phase.two.steps=8 "$@" || { cat log.txt >&2; fail "train, $on_cpu $on_isa"; }
}

# made_by KERNELS TYPE ROWS FOLDER: who makes products, and the rest, by the start of the log; and who made them
made_by() {
    grep -qE "^matrix products: .* by $1[ ;]" log.txt && grep -q "; row kernels: $3;" log.txt ||
        { cat log.txt >&2; fail "$4: not by $1 and $3"; }
    made_share "$4" "$1" "$2" || fail "$4: $(grep products log.txt)"
}

on "" "" 1 native

LAMBERT=$WORK/emulated
cat >"$LAMBERT" <<SCRIPT
#!/bin/sh
exec $EMULATOR "$BUILD/lambert" "\$@"
SCRIPT
chmod +x "$LAMBERT"

# Neoverse N1 and others before Armv8.6 have no BFMMLA; max has all that qemu knows.
on cortex-a72 "" 1 float32
made_by NEON float32 neon float32
for loss in mlm_loss nsp_loss gradient_norm; do
    field $loss native >one.txt
    field $loss float32 >two.txt
    agree 0.00001 one.txt two.txt || fail "$loss of another instruction set"
done

on cortex-a72 "" 1 rounded train.compute_type=bfloat16
made_by NEON bfloat16 neon rounded
near native rounded

on max neon-bf16 1 bfmmla train.compute_type=bfloat16
made_by BFMMLA bfloat16 neon-bf16 bfmmla
near native bfmmla

on max neon-bf16 2 ranks train.compute_type=bfloat16
made_by BFMMLA bfloat16 neon-bf16 ranks
near native ranks

expect 1 "LAMBERT_ISA=neon-bf16: this CPU or this build has no such kernels; one of plain, neon, or" \
    env QEMU_CPU=cortex-a72 LAMBERT_ISA=neon-bf16 "$LAMBERT" bench kernels
