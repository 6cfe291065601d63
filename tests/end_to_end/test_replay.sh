#!/bin/sh
# train.replay_every: what is computed twice changes no bit of a run, and a rank whose products are wrong is named with
# its partner and ends the run, or does not (train.replay_action).
. "$(dirname "$0")/../lib.sh"
make_corpus
short="phase.one.steps=6 phase.two.steps=4"

# run RANKS FOLDER WORDS...: a run that ends well, and only its log
run() {
    : >log.txt
    train "$@" || { tail -n 5 log.txt; fail "$*"; }
}
says() {
    grep -qE -- "$1" log.txt || { tail -n 20 log.txt >&2; fail "no word of '$1'"; }
}
same_end() {
    cmp "$1/checkpoints/step-00000010.checkpoint" "$2/checkpoints/step-00000010.checkpoint" ||
        fail "$1 and $2 end with other bits"
}

# --- no trace --------------------------------------------------------------------------------------

# check RANKS NAME WORDS...
check() {
    check_ranks=$1 check_name=$2
    shift 2
    run "$check_ranks" "$check_name-without" $short "$@"
    ! grep -q '"replays"' "$check_name-without/metrics.jsonl" || fail "$check_name: replays that nobody asked for"
    run "$check_ranks" "$check_name" $short train.replay_every=2 "$@"
    says "^replay in step 2: $check_ranks micro-batch\(es\) computed twice by"
    says "^phase one, replays: $((3 * check_ranks)) micro-batches computed twice, in 3 steps, all with the same bits"
    says "^phase two, replays: $((2 * check_ranks)) micro-batches computed twice, in 2 steps, all with the same bits"
    same_end "$check_name-without" "$check_name"
    [ "$(grep -c "\"replays\":$check_ranks,\"replays_different\":0" "$check_name/metrics.jsonl")" = 5 ] ||
        fail "$check_name: not five steps with replays in the metrics"
}
check 1 one
says "1 of 1 ranks have nobody with the same kernels"
check 2 two train.reproducible=yes train.micro_batch_tokens=96
check 3 three train.compute_type=bfloat16 train.weight_type=bfloat16 train.recompute=1 train.ranks_per_node=1
check 3 several train.micro_batch_tokens=80

# Fine-tuning, of sentences that a word of theirs sorts.
grep . text.txt | head -n 60 | awk 'BEGIN { print "sentence\tlabel" } { print $0 "\t" ($3 < "l") }' >task.tsv
cat >task.ini <<'INI'
[task]
kind = classification
text = sentence
label = label
train = task.tsv
evaluate = task.tsv

[train]
micro_batch_tokens = 64

[phase tune]
sequence_length = 32
global_batch = 16
steps = 4
learning_rate = 0.003
INI
for every in 0 2; do
    : >log.txt
    mpirun -n 2 "$LAMBERT" finetune task.ini run.folder=tuned$every run.start_from=one train.replay_every=$every \
        >log.txt 2>&1 || { tail -n 5 log.txt; fail "fine-tuning"; }
done
says "^phase tune, replays: 4 micro-batches computed twice, in 2 steps, all with the same bits"
cmp tuned0/checkpoints/step-00000004.checkpoint tuned2/checkpoints/step-00000004.checkpoint ||
    fail "fine-tuning ends with other bits"

# A rank with other kernels is left to itself, though it rounds otherwise.
if grep -q avx2 /proc/cpuinfo; then
    : >log.txt
    set -- "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=kinds $short train.replay_every=2
    mpirun -n 2 env LAMBERT_ISA=v3 "$@" : -n 1 env LAMBERT_ISA=plain "$@" >log.txt 2>&1 ||
        { tail -n 5 log.txt; fail "ranks with other kernels"; }
    [ "$(grep -c "^warning: .*1 of 3 ranks have nobody with the same kernels" log.txt)" = 1 ] ||
        { cat log.txt >&2; fail "not one rank that says who is left to itself"; }
    says "^phase one, replays: 9 micro-batches computed twice, in 3 steps, all with the same bits"
fi

# --- a rank is wrong -------------------------------------------------------------------------------

ldd "$LAMBERT" | grep -q blas || { echo "the BLAS is no shared library: no wrong rank was tried"; exit 0; }
${CC:-cc} -shared -fPIC -o wrong_products.so "$ROOT/tests/end_to_end/wrong_products.c" || fail "no shim"

# wrong RANKS-THAT-ARE-WRONG EVERY RANKS FOLDER WORDS...: with so many products wrong; the exit code in $code
wrong() {
    wrong_ranks=$1 wrong_every=$2 ranks=$3 folder=$4
    shift 4
    code=0
    mpirun -n "$ranks" env LD_PRELOAD="$WORK/wrong_products.so" LAMBERT_GEMM=blas WRONG_RANKS="$wrong_ranks" \
        WRONG_EVERY="$wrong_every" ASAN_OPTIONS=verify_asan_link_order=0 \
        "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder="$folder" run.threads=1 \
        $short "$@" >log.txt 2>&1 || code=$?
}
host=$(uname -n)

# Wrong all the time, and nobody looks: a run as any other.
wrong 1 1 3 unseen train.checkpoint_every=3 train.checkpoint_keep=9
[ $code = 0 ] || { tail -n 5 log.txt; fail "a wrong processor ended a run without replays"; }

# The step does not reach the weights; what was there before is saved.
wrong 1 1 3 stopped train.replay_every=4
[ $code = 71 ] || { tail -n 5 log.txt; fail "exit code $code, not 71"; }
says "error: .*step 4 of phase one: the micro-batch of rank [01] on $host that begins with sample [0-9]+ \(sequences: [0-9]+\)"
says "was computed twice, the second time by rank [012] on $host, and not with the same bits: the losses and the gradients of [0-9]+ of [0-9]+ tensors \(first bert.embeddings"
says "\(2 of 3 replays\). A processor or the memory of $host is wrong: leave that host out. The step did not reach the weights, and the state before it is saved: --resume"
[ "$(grep -c 'error: ' log.txt)" = 1 ] || fail "more than one rank tells of it"
[ "$(ls stopped/checkpoints)" = step-00000003.checkpoint ] || fail "not the state before step 4: $(ls stopped/checkpoints)"
cmp stopped/checkpoints/step-00000003.checkpoint unseen/checkpoints/step-00000003.checkpoint || fail "another state"
python3 - <<'PYTHON' || fail "the line in the metrics"
import json
lines = [json.loads(line) for line in open("stopped/metrics.jsonl")]
assert [line["total_step"] for line in lines if line["kind"] == "step"] == [1, 2, 3]
(found,) = [line for line in lines if line["kind"] == "replay"]
assert (found["total_step"], found["replays"], found["replays_different"]) == (3, 3, 2), found
assert len(found["differences"]) == 2
for pair in found["differences"]:
    assert 1 in (pair["rank"], pair["checked_by_rank"]) and pair["rank"] != pair["checked_by_rank"]
    assert pair["host"] and pair["checked_by_host"] and pair["sequences"] > 0 and pair["losses_differ"]
    assert pair["tensors_different"] > 10 and pair["first_tensor"]
PYTHON

# Without that processor it goes on.
run 3 stopped $short train.replay_every=4 --resume
says "^phase one, replays: 3 micro-batches computed twice, in 1 steps, all with the same bits"
[ "$(grep -c '"kind":"replay"' stopped/metrics.jsonl)" = 1 ] || fail "what was found is forgotten"

# In the first step there is nothing to save.
wrong 0 1 2 first train.replay_every=1
[ $code = 71 ] || { tail -n 5 log.txt; fail "the first step: exit code $code, not 71"; }
says "error: .*step 1 of phase one: .*rank [01] on $host.* rank [01] on $host.*The step did not reach the weights$"

# Or it goes on with it, as if nobody had looked.
wrong 1 1 3 continued train.replay_every=4 train.replay_action=continue train.checkpoint_every=3
[ $code = 0 ] || { tail -n 5 log.txt; fail "exit code $code with train.replay_action=continue"; }
[ "$(grep -c 'warning: step [24] of phase .*the run goes on with what the first of the two computed$' log.txt)" = 2 ] ||
    { cat log.txt >&2; fail "not two warnings"; }
says "^phase one, replays: 3 micro-batches computed twice, in 1 steps, 2 of them with different bits"
[ "$(grep -c '"replays":3,"replays_different":2}' continued/metrics.jsonl)" = 2 ] || fail "not two steps with differences"
same_end unseen continued

# One rank finds what is wrong now and then.
wrong 0 997 1 alone train.replay_every=1
[ $code = 71 ] || { tail -n 5 log.txt; fail "one rank: exit code $code, not 71"; }
says "the micro-batch of rank 0 on $host .* was computed twice, both times by this rank, and not with the same bits"
