#!/bin/sh
# A loss or gradient that is not finite never reaches the weights; the run stops, or skips the step,
# and says which tensor, rank and sample it was. Reports on tensors survive resuming.
. "$(dirname "$0")/../lib.sh"
make_corpus

# fails FOLDER WORDS...: a run on two ranks that must end with an error, said to FOLDER.log
fails() {
    failing=$1
    shift
    : >log.txt
    if train 2 "$failing" "$@"; then fail "$failing: it did not fail"; fi
    mv log.txt "$failing.log"
}

says() {
    grep -qE -- "$2" "$1.log" || { cat "$1.log"; fail "$1 did not say '$2'"; }
}

last_checkpoint() {
    ls "$1"/checkpoints/*.checkpoint | tail -n 1
}

# whole FOLDER STEP: the newest checkpoint is that of STEP, and its numbers are finite
whole() {
    "$LAMBERT" show checkpoint --json "$(last_checkpoint "$1")" >checkpoint.json || fail "$1: show"
    grep -q "\"total_steps\":$2," checkpoint.json || fail "$1: the newest is not of step $2"
    grep -q '"weights":[0-9]' checkpoint.json || fail "$1: no norms"
    ! grep -qE '"(weights|m|v)":(null|[a-z])' checkpoint.json || fail "$1: norms are not finite"
}

# --- it diverges: momentum SGD, without clipping, at the highest rate there is -------------------

diverging="optimizer.name=sgd optimizer.max_grad_norm=0 phase.one.learning_rate=1000
    phase.one.warmup_ratio=0 train.checkpoint_every=1 train.report_every=1"

fails stop $diverging
good=$(field total_step stop | tail -n 1) # the last step that was made
[ "$good" -ge 1 ] || fail "no step before the gradient was too much"
says stop "step $((good + 1)) of phase one: the gradient is (not finite|too long)"
says stop "first in tensor bert.embeddings.word_embeddings.weight"
says stop "learning rate.*--resume --accept phase.one.learning_rate"
whole stop "$good"
! grep -q '"skipped":true' stop/metrics.jsonl || fail "a step was skipped"

fails skip $diverging train.on_nonfinite=skip
says skip "warning: step $((good + 1)) of phase one: .*skipped, 1 in a row"
says skip "error: .*step $((good + 10)) of phase one: .*10th such step in a row"
[ "$(grep -c '"skipped":true' skip/metrics.jsonl)" = 9 ] || fail "not nine steps skipped"
[ "$(field skipped_steps skip | tail -n 1)" = 9 ] || fail "not nine steps counted"
[ "$(field total_sequences skip | tail -n 1)" = $((16 * (good + 9))) ] || fail "samples stood still"
[ "$(grep -c '"kind":"tensors"' skip/metrics.jsonl)" = "$good" ] ||
    fail "reports are not those of the updates"
whole skip "$good"
cmp "$(last_checkpoint stop)" "$(last_checkpoint skip)" || fail "skipping changed the weights"

# --- some samples are at fault: those that reach a position whose row overflows ------------------

train 1 seed phase.one.steps=1 phase.two.steps=1 || { cat log.txt; fail "the seed"; }
"$LAMBERT" export --checkpoint seed --output model 2>log.txt || { cat log.txt; fail "export"; }
python3 - <<'END'
import json
import struct
with open("model/model.safetensors", "r+b") as file:
    size = struct.unpack("<Q", file.read(8))[0]
    header = json.loads(file.read(size))
    tensor = header["bert.embeddings.position_embeddings.weight"]
    width = tensor["shape"][1]
    file.seek(8 + size + tensor["data_offsets"][0] + 4 * width * 24)
    few = width // 4 # too far from the mean, in float: dropout must not take them all away
    file.write(struct.pack(f"<{width}f", *[-3e38] * few, *[3e38] * (width - few)))
END

poisoned="run.start_from=model optimizer.name=adamw optimizer.weight_decay=0
    data.short_sequence_probability=0.6 train.micro_batch_tokens=1 phase.one.global_batch=2
    phase.one.steps=24 phase.two.steps=4 phase.two.sequence_length=16 train.on_nonfinite=skip
    train.checkpoint_every=7 train.report_every=3"

# Of each step's two samples, rank 0 gets the longer one. STEP SAMPLE of those with position 24:
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=skips $poisoned \
    --count 48 --json >samples.jsonl || fail "show batch"
python3 - >wanted.txt <<'END'
import json
lengths = [len(json.loads(line)["input_ids"]) for line in open("samples.jsonl")]
for step in range(24):
    pair = lengths[2 * step:2 * step + 2]
    if max(pair) > 24:
        print(step + 1, 2 * step + pair.index(max(pair)))
END
count=$(wc -l <wanted.txt)
[ "$count" -ge 2 ] && [ "$count" -le 20 ] || fail "$count of 24 steps have a long sample"

: >log.txt
train 2 skips $poisoned || { cat log.txt; fail "the run that skips"; }
sed -nE 's/.*warning: step ([0-9]+) of phase one: .*first in tensor bert.embeddings.word_embeddings.weight; the first loss that is not finite is in the micro-batch of rank 0 that begins with sample ([0-9]+) .sequences: 1.*/\1 \2/p' \
    log.txt >seen.txt
cmp seen.txt wanted.txt || { grep warning log.txt; fail "other samples were at fault"; }
grep '"skipped":true' skips/metrics.jsonl | sed -E 's/.*"phase_step":([0-9]+),.*/\1/' >skipped.txt
cut -d ' ' -f 1 wanted.txt | cmp - skipped.txt || fail "other steps were skipped"
[ "$(field mlm_loss skips | grep -cx null)" = "$count" ] || fail "losses that are no null"
whole skips 28
grep -q "\"updates\":$((28 - count))," checkpoint.json || fail "a skipped step counts as an update"
"$ROOT/scripts/run-summary.py" skips | grep -qE "without an update +$count " || fail "the summary"

# Resumed from the middle it makes the same lines and the same weights.
cp -r skips again
for checkpoint in $(ls again/checkpoints/*.checkpoint | tail -n +2); do rm "$checkpoint"; done
train 2 again $poisoned --resume || { tail -n 5 log.txt; fail "resuming"; }
cmp "$(last_checkpoint skips)" "$(last_checkpoint again)" || fail "the resumed run ends elsewhere"
field skipped_steps skips >skips.counts
field skipped_steps again | cmp - skips.counts || fail "the resumed run counts otherwise"
grep '"kind":"tensors"' skips/metrics.jsonl >skips.tensors
grep '"kind":"tensors"' again/metrics.jsonl | cmp - skips.tensors ||
    fail "the resumed run reports otherwise"

# Weights to compute with are rounded again after a step without an update: evaluation, which has all
# of them sent anew, changes nothing.
for every in 0 1; do
    train 2 rounded-$every $poisoned train.weight_type=bfloat16 train.ranks_per_node=1 \
        train.evaluate_every=$every || { tail -n 5 log.txt; fail "the run with rounded weights"; }
done
grep -q '"skipped":true' rounded-0/metrics.jsonl || fail "no step with rounded weights was skipped"
cmp "$(last_checkpoint rounded-0)" "$(last_checkpoint rounded-1)" ||
    fail "skipping changes weights to compute with"

# --- reports on tensors --------------------------------------------------------------------------

: >log.txt
train 2 reported phase.one.steps=4 phase.two.steps=2 train.report_every=2 run.log_level=debug ||
    { tail -n 5 log.txt; fail "the run with reports"; }
[ "$(grep '"kind":"tensors"' reported/metrics.jsonl | sed -E 's/.*"total_step":([0-9]+),.*/\1/' |
    tr '\n' ' ')" = "2 4 6 " ] || fail "reports of other steps"
grep -qE "debug: step 4, bert.pooler.dense.weight: norms of weights [0-9.]+, gradient" log.txt ||
    fail "no word of the tensors at level debug"
! grep -q '\[rank 1\] debug: step' log.txt || fail "rank 1 repeats it"
# The norm of the gradient is that of its tensors; each has all its numbers.
python3 - <<'END' || fail "reports that do not fit their steps"
import json
import math
records = [json.loads(line) for line in open("reported/metrics.jsonl")]
norms = {r["total_step"]: r["gradient_norm"] for r in records if r["kind"] == "step"}
for record in records:
    if record["kind"] == "tensors":
        tensors = record["tensors"]
        assert len(tensors) == len({t["name"] for t in tensors}) > 40
        assert all(t["weight_norm"] >= 0 and t["update_norm"] > 0 for t in tensors)
        assert any(t["trust_ratio"] != 1 for t in tensors)
        norm = math.sqrt(sum(t["gradient_norm"] ** 2 for t in tensors))
        assert math.isclose(norm, norms[record["total_step"]], rel_tol=1e-9)
END
train 1 silent phase.one.steps=4 phase.two.steps=2 || fail "the run without reports"
! grep -q '"kind":"tensors"' silent/metrics.jsonl || fail "a report that nobody asked for"
