#!/bin/sh
# train.reproducible: the same bits of weights and moments on any number of ranks and threads, however
# they are spread over nodes, and when a run changes ranks halfway.
. "$(dirname "$0")/../lib.sh"
make_corpus
words="train.reproducible=yes train.micro_batch_tokens=96 phase.one.steps=10 phase.two.steps=6
    phase.one.global_batch=22 phase.two.global_batch=9"

# run FOLDER RANKS THREADS WORDS...
run() {
    run_folder=$1 run_ranks=$2 run_threads=$3
    shift 3
    : >log.txt
    train "$run_ranks" "$run_folder" $words run.threads="$run_threads" "$@" ||
        { tail -n 5 log.txt; fail "$run_ranks ranks of $run_threads threads"; }
}

same() {
    for name in step-00000010 step-00000016; do
        cmp "wanted/checkpoints/$name.checkpoint" "$1/checkpoints/$name.checkpoint" ||
            fail "$1: $name differs"
    done
}

run wanted 1 1
for layout in 1x2 2x1 2x2 3x1 3x2 4x1 8x1; do
    run run$layout ${layout%x*} ${layout#*x}
    same run$layout
done
run nodes4x1 4 1 train.ranks_per_node=1
same nodes4x1
run nodes2x2 4 2 train.ranks_per_node=2
same nodes2x2

# The first phase on two ranks, the second on three.
run moved 2 1 phase.two.steps=1
rm moved/checkpoints/step-00000011.checkpoint
run moved 3 2 --resume --accept phase.two.steps
cmp wanted/checkpoints/step-00000016.checkpoint moved/checkpoints/step-00000016.checkpoint ||
    fail "a run that changed ranks differs"

# Without it ranks show in the last bits: what was compared above is no matter of course.
: >log.txt
for ranks in 1 3; do
    train $ranks plain$ranks $words train.reproducible=no || fail "$ranks ranks, plainly"
done
cmp -s plain1/checkpoints/step-00000016.checkpoint plain3/checkpoints/step-00000016.checkpoint &&
    fail "ranks do not show even without train.reproducible"

expect 1 "train.reproducible sums gradients exactly" "$LAMBERT" train "$ROOT/configs/tiny.ini" \
    data.corpus=corpus run.folder=no $words train.gradient_wire=bfloat16
