#!/bin/sh
# One to eight ranks of one configuration, with one thread or two, on as many nodes as they can be
# divided into: the same samples, the same losses up to rounding.
. "$(dirname "$0")/../lib.sh"
make_corpus
words="phase.one.steps=30 phase.two.steps=20 phase.one.global_batch=10"

# run NAME RANKS THREADS WORDS...: metrics of the run to mlm_loss.NAME and the like
run() {
    run_name=$1 run_ranks=$2 run_threads=$3
    shift 3
    : >log.txt
    train "$run_ranks" "run$run_name" $words run.threads="$run_threads" "$@" ||
        { cat log.txt; fail "$run_name"; }
    for name in mlm_loss nsp_loss gradient_norm tokens masked communication_bytes; do
        field $name "run$run_name" >$name.$run_name
    done
    [ "$(wc -l <mlm_loss.$run_name)" = 50 ] || fail "$run_name: $(wc -l <mlm_loss.$run_name) steps"
}

# same NAME TOLERANCE-OF-LOSSES TOLERANCE-OF-NORMS
same() {
    cmp tokens.1x1 tokens.$1 && cmp masked.1x1 masked.$1 || fail "$1 saw other samples"
    agree $2 mlm_loss.1x1 mlm_loss.$1 || fail "MLM losses of $1 differ"
    agree $2 nsp_loss.1x1 nsp_loss.$1 || fail "NSP losses of $1 differ"
    agree $3 gradient_norm.1x1 gradient_norm.$1 || fail "gradient norms of $1 differ"
}

run 1x1 1 1
for layout in 1x2 2x1 3x2 4x1 8x1; do
    run $layout ${layout%x*} ${layout#*x}
    same $layout 1e-4 1e-3
    [ "$(sort -u communication_bytes.$layout)" = 0 ] || fail "$layout: messages inside a node"
done

# The same ranks as several nodes, which send each other (N - 1) / N of all gradients and weights.
run 4x1of2 4 1 train.ranks_per_node=2
grep -q "divided into 2 nodes" log.txt || fail "no word of two nodes: $(cat log.txt)"
same 4x1of2 1e-4 1e-3
run 4x1of1 4 1 train.ranks_per_node=1
same 4x1of1 1e-4 1e-3
awk '$1 <= 0 { exit 1 }' communication_bytes.4x1of1 || fail "four nodes sent nothing"
paste communication_bytes.4x1of2 communication_bytes.4x1of1 | tail -n 20 |
    awk '$1 * 3 != $2 { print "two nodes sent " $1 " bytes, four " $2; bad = 1 } END { exit bad }' ||
    fail "the bytes are not (N - 1) / N each way"

# bfloat16 between nodes: half the gradients' bytes, and losses that differ a little.
run bfloat16 4 1 train.ranks_per_node=1 train.gradient_wire=bfloat16
same bfloat16 0.02 0.1
cmp -s mlm_loss.4x1of1 mlm_loss.bfloat16 && fail "bfloat16 changes nothing"
paste communication_bytes.bfloat16 communication_bytes.4x1of1 | tail -n 20 |
    awk '$1 * 4 != $2 * 3 { print $1 " bytes, not 3/4 of " $2; bad = 1 } END { exit bad }' ||
    fail "bfloat16 does not halve the gradients"

# Weights of bfloat16: the same on all layouts, and with both half of all bytes.
run weights 1 1 train.weight_type=bfloat16
same weights 0.02 0.1
cmp -s mlm_loss.1x1 mlm_loss.weights && fail "weights of bfloat16 change nothing"
for layout in 3x2 4x1of1; do
    run weights-$layout ${layout%%x*} 2 train.weight_type=bfloat16 train.ranks_per_node=1
    agree 1e-4 mlm_loss.weights mlm_loss.weights-$layout || fail "MLM losses of weights-$layout differ"
done
# In the first step of a phase weights travel twice: whole ones for evaluation were the last.
paste communication_bytes.weights-4x1of1 communication_bytes.4x1of1 | tail -n 19 |
    awk '$1 * 4 != $2 * 3 { print $1 " bytes, not 3/4 of " $2; bad = 1 } END { exit bad }' ||
    fail "bfloat16 does not halve the weights"

expect 1 "train.ranks_per_node .3. does not divide" mpirun -n 4 "$LAMBERT" train \
    "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=no train.ranks_per_node=3

# What cannot fit is refused before it is taken.
expect 1 "would hold [0-9]+ MB, and it has [0-9]+ MB available" mpirun -n 2 "$LAMBERT" train \
    "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=no train.micro_batch_tokens=16777216

# Micro-batches of any size change nothing but rounding either.
run small 1 1 train.micro_batch_tokens=64
same small 1e-4 1e-3
