#!/bin/sh
# Word embeddings of more than a bucket: between nodes, the rows that are looked up go apart from the
# matrix. The same samples and losses as on one node, whether micro-batches are one or many, or none on
# some ranks; and the same bits whether or not checkpoints and evaluation want all weights in between.
. "$(dirname "$0")/../lib.sh"
make_corpus
seq -f '[unused%.0f]' 1000 33800 >>vocab.txt # V x H is 4.2 M: four buckets, between two nodes
"$LAMBERT" prep --vocabulary vocab.txt --output corpus --heldout 0.1 --overwrite text.txt 2>log.txt ||
    fail "prep: $(cat log.txt)"
words="model.hidden_size=128 model.intermediate_size=512 phase.one.steps=12 phase.two.steps=8 phase.one.global_batch=10
    train.micro_batch_tokens=512 train.checkpoint_every=0"
apart="rows of the word embeddings that are looked up go apart"

# run NAME RANKS WORDS...: losses and norms of the run to NAME.mlm_loss and NAME.gradient_norm
run() {
    run_name=$1 run_ranks=$2
    shift 2
    : >log.txt
    train "$run_ranks" "run-$run_name" $words "$@" || { cat log.txt; fail "$run_name"; }
    for name in mlm_loss gradient_norm tokens; do
        field $name "run-$run_name" >"$run_name.$name"
    done
    [ "$(wc -l <"$run_name.mlm_loss")" = 20 ] || fail "$run_name: not 20 steps"
}

same() {
    grep -q "$apart" log.txt || fail "$1: no rows go apart"
    cmp one.tokens "$1.tokens" || fail "$1 saw other samples"
    agree 1e-4 one.mlm_loss "$1.mlm_loss" || fail "MLM losses of $1 differ"
    agree 1e-3 one.gradient_norm "$1.gradient_norm" || fail "gradient norms of $1 differ"
}

run one 2
grep -q "$apart" log.txt && fail "rows go apart inside a node"
run two 2 train.ranks_per_node=1
same two
run three 3 train.ranks_per_node=1
same three
run two-of-two 4 train.ranks_per_node=2
same two-of-two
run many 4 train.ranks_per_node=1 train.micro_batch_tokens=64
same many

# A global batch of three on four ranks.
run fewer-one 1 phase.one.global_batch=3 phase.two.global_batch=3
run fewer 4 phase.one.global_batch=3 phase.two.global_batch=3 train.ranks_per_node=1
agree 1e-4 fewer-one.mlm_loss fewer.mlm_loss || fail "a rank without sequences changes losses"

run bfloat16 2 train.ranks_per_node=1 train.gradient_wire=bfloat16
agree 0.02 one.mlm_loss bfloat16.mlm_loss || fail "MLM losses with bfloat16 gradients differ"

# Fixed point adds up each gradient in one go.
run fixed 2 train.ranks_per_node=1 train.reproducible=yes
grep -q "$apart" log.txt && fail "rows go apart in fixed point"
agree 1e-4 one.mlm_loss fixed.mlm_loss || fail "MLM losses in fixed point differ"

last_of() {
    ls "run-$1"/checkpoints/*.checkpoint | tail -n 1
}

for type in float32 bfloat16; do
    often="train.ranks_per_node=1 train.weight_type=$type train.checkpoint_every=7
        train.evaluate_every=3 train.checkpoint_keep=9"
    run plain-$type 3 train.ranks_per_node=1 train.weight_type=$type
    grep -q "$apart" log.txt || fail "$type: no rows go apart"
    run whole-$type 3 $often
    cmp "$(last_of plain-$type)" "$(last_of whole-$type)" ||
        fail "$type: checkpoints and evaluation change weights"
    mkdir -p run-resumed-$type/checkpoints
    cp "$(ls run-whole-$type/checkpoints/*.checkpoint | head -n 1)" run-resumed-$type/checkpoints
    train 3 run-resumed-$type $words $often --resume || { cat log.txt; fail "$type: resuming"; }
    cmp "$(last_of whole-$type)" "$(last_of resumed-$type)" ||
        fail "$type: the resumed run ends elsewhere"
done
# Rounded rows are what the same weights are on a node, where none go apart.
run node-bfloat16 2 train.weight_type=bfloat16
grep -q "$apart" log.txt && fail "rounded rows go apart inside a node"
agree 2e-6 node-bfloat16.mlm_loss plain-bfloat16.mlm_loss || fail "rows are rounded otherwise"
run shared-bfloat16 4 train.ranks_per_node=2 train.weight_type=bfloat16 train.evaluate_every=3
agree 1e-4 plain-bfloat16.mlm_loss shared-bfloat16.mlm_loss ||
    fail "weights of bfloat16 that ranks share give other losses"
