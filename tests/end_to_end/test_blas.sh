#!/bin/sh
# Where the products are OpenBLAS's, and it would run its oldest kernels, the program starts itself again with better
# ones, says so, and leaves the user's own choice alone.
. "$(dirname "$0")/../lib.sh"
export LAMBERT_GEMM=blas

grep -q avx2 /proc/cpuinfo || { echo "skipped: this CPU has no AVX2, nothing to mend"; exit 0; }
ldd "$LAMBERT" | grep -q openblas || { echo "skipped: another BLAS than OpenBLAS is linked"; exit 0; }

make_corpus
words="phase.one.steps=1 phase.two.steps=1"

# The user's choice stays, even a poor one.
OPENBLAS_CORETYPE=Prescott train 1 chosen $words || { tail -n 5 log.txt; fail "with OPENBLAS_CORETYPE"; }
grep -qi "core type prescott" log.txt || { grep BLAS log.txt; fail "OPENBLAS_CORETYPE was not respected"; }

# Left alone, the program ends up with kernels for what the CPU has.
: >log.txt
env -u OPENBLAS_CORETYPE sh -c ". '$ROOT/scripts/mpi-test-env.sh'; mpirun -n 1 '$LAMBERT' train \
    '$ROOT/configs/tiny.ini' data.corpus=corpus run.folder=found $words" >log.txt 2>&1 ||
    { tail -n 5 log.txt; fail "without OPENBLAS_CORETYPE"; }
grep -qiE "core type (haswell|zen|skylakex|cooperlake|sapphirerapids)" log.txt ||
    { grep BLAS log.txt; fail "old kernels on this CPU"; }
