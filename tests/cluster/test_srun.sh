#!/bin/sh
# srun as the launcher, in each flavour that this Slurm has: two ranks on each of two hosts train as under mpirun where
# the MPI knows the flavour, and end with one sentence where it does not. That of build/mpich is tried where it was built.
. "$(dirname "$0")/lib.sh"
. "$CLUSTER/slurm.sh"
hosts_up 3 100 1gbit
make_corpus >/dev/null
words="data.corpus=corpus phase.one.steps=2 phase.two.steps=1"
export LAMBERT_END_SECONDS=10 # of MPICH on several hosts, which does not always end by itself
# shellcheck disable=SC2086
train 1 whole $words || { cat log.txt; fail "the run on one host"; }
slurm_up "h1 h2"
flavours=$(in_host h0 srun --mpi=list 2>&1)
has() {
    echo "$flavours" | grep -qw "$1"
}

# starts FLAVOUR PROGRAM OPTIONS...: its run is in the folder `run`, what it says in srun.log, its exit code $code
starts() {
    flavour=$1 program=$2
    shift 2
    rm -rf run
    code=0
    # shellcheck disable=SC2086
    in_host h0 timeout 120 srun --mpi="$flavour" -N 2 "$@" "$program" train "$ROOT/configs/tiny.ini" $words \
        run.folder=run >srun.log 2>&1 || code=$?
}

# trains FLAVOUR PROGRAM RANKS
trains() {
    starts "$1" "$2" -n "$3"
    [ $code = 0 ] || { tail -n 20 srun.log slurm/slurmd.*.log; fail "srun --mpi=$1 of $2: exit code $code"; }
    grep -q "^$3 rank(s) on 2 node(s)" srun.log || fail "srun --mpi=$1: $(grep 'node(s)' srun.log)"
    same_losses whole run
    echo "srun --mpi=$1: $3 ranks of $(grep -o '[A-Z][A-Za-z ]*MPI[A-Z]* [^;]*' srun.log | head -n 1) train"
}

# refuses FLAVOUR PROGRAM CURE: one sentence, and no page of the MPI's
refuses() {
    starts "$1" "$2" -n 4
    [ $code = 1 ] || { cat srun.log; fail "srun --mpi=$1 of $2: exit code $code"; }
    [ "$(grep -vc '^srun: ' srun.log)" = 1 ] || { cat srun.log; fail "srun --mpi=$1: not one line"; }
    grep -q "^error: lambert train: 4 processes were started by srun, and .* does not know it: .*$3" srun.log ||
        { cat srun.log; fail "srun --mpi=$1: another sentence"; }
    [ ! -e run ] || fail "there is a run"
    echo "srun --mpi=$1: one sentence"
}

refuses none "$LAMBERT" "srun --mpi=pmix"
if has pmix; then
    trains pmix "$LAMBERT" 4
else
    echo "srun --mpi=pmix was not tried: this Slurm has it not"
fi
if has pmi2; then
    refuses pmi2 "$LAMBERT" "srun --mpi=pmix"
else
    echo "srun --mpi=pmi2 was not tried: this Slurm has it not"
fi

mpich=$ROOT/build/mpich/lambert
if [ -x "$mpich" ]; then
    refuses none "$mpich" "srun --mpi=pmi2"
    ! has pmix || refuses pmix "$mpich" "srun --mpi=pmi2"
    ! has pmi2 || trains pmi2 "$mpich" 2
else
    echo "MPICH was not tried: there is no build/mpich (make MPI=mpich)"
fi
