#!/bin/sh
# What train says at its start of the machine: threads, cores and binding, whose matrix products, the
# row kernels, the BLAS, the memory it will take; and its warning of threads that have to take turns.
. "$(dirname "$0")/../lib.sh"
make_corpus
unset LAMBERT_ISA LAMBERT_GEMM

# begin [VARIABLE=VALUE]... COMMAND...: train's first words into log.txt
begin() {
    rm -rf run
    env "$@" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run phase.one.steps=1 \
        phase.two.steps=1 >log.txt 2>&1 || { cat log.txt >&2; fail "train, $*"; }
}

# says PATTERN, says_not PATTERN: grep -E in log.txt
says() {
    grep -qE -- "$1" log.txt || { cat log.txt >&2; fail "train did not say '$1'"; }
}
says_not() {
    ! grep -E -- "$1" log.txt >&2 || fail "train said '$1'"
}

# The parts of the memory plan, rounded to megabytes each, are the sum it gives.
adds_up() {
    sed -n 's/^memory a rank: //p' log.txt | awk '{
        while (match($0, /[0-9]+ MB( in all)?/)) {
            word = substr($0, RSTART, RLENGTH); parts++
            if (word ~ /all/) total = word + 0; else sum += word
            $0 = substr($0, RSTART + RLENGTH)
        } } END { exit !(parts >= 8 && sum - total <= parts / 2 && total - sum <= parts / 2) }' ||
        { cat log.txt >&2; fail "the memory plan does not add up"; }
}

core=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
cores=$(getconf _NPROCESSORS_ONLN)

begin OMP_NUM_THREADS=1 taskset -c "$core" "$LAMBERT"
says "rank 0: .*, 1 of [0-9]+ cores \($core\), 1 thread\(s\)"
says "matrix products: .*; row kernels: (plain|v3|v4); BLAS: [^ ;]+"
says_not "take turns"

begin OMP_NUM_THREADS=2 taskset -c "$core" "$LAMBERT"
says "warning: 2 threads on 1 bound core\(s\) \($core\): they will take turns.* run.threads=1"

begin OMP_NUM_THREADS=1 mpirun -n 2 --bind-to core:overload-allowed "$LAMBERT"
says "2 rank\(s\) on 1 node\(s\).*, 1 of [0-9]+ cores"

# More threads than the machine has cores, though each rank has enough of them.
begin OMP_NUM_THREADS="$cores" mpirun -n 2 --bind-to none "$LAMBERT"
says "warning: 2 ranks of $cores threads on a machine of [0-9]+ cores: they will take turns"

begin OMP_NUM_THREADS=1 LAMBERT_ISA=plain "$LAMBERT"
says "matrix products: the BLAS's; row kernels: plain"

begin OMP_NUM_THREADS=1 LAMBERT_GEMM=blas "$LAMBERT"
says "matrix products: the BLAS's; row kernels: "
says "matrix products 0 MB"
adds_up

if grep -q avx2 /proc/cpuinfo; then
    begin OMP_NUM_THREADS=1 LAMBERT_ISA=v3 "$LAMBERT"
    says "matrix products: Lambert's own; row kernels: v3"
    says "matrix products [1-9][0-9]* MB"
    adds_up
fi
