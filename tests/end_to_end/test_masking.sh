#!/bin/sh
# Masking rates of phases: how much is masked, the same samples on any number of ranks and after a resume, and what is
# refused.
. "$(dirname "$0")/../lib.sh"
make_corpus
export TINY="$ROOT/configs/tiny.ini"

# shown PHASE FIRST COUNT WORDS...: samples of the phase as JSON lines
shown() {
    shown_phase=$1 shown_first=$2 shown_count=$3
    shift 3
    "$LAMBERT" show batch "$TINY" data.corpus=corpus run.folder=none --phase "$shown_phase" --first "$shown_first" \
        --count "$shown_count" --json phase.one.sequence_length=100 "$@"
}

# masked LINES: what share of its tokens each sample masks. Sequences of up to 100 tokens have all sorts of lengths, so that
# rounding to whole tokens leaves a hundredth at most
masked() {
    python3 -c '
import json, sys
samples = [json.loads(line) for line in sys.stdin]
print(sum(len(s["masked_positions"]) for s in samples) / sum(len(s["input_ids"]) for s in samples))' <"$1"
}

# is SHARE WANTED
is() {
    awk -v share="$1" -v wanted="$2" 'BEGIN { d = share - wanted; exit !(d < 0.01 && d > -0.01) }' ||
        fail "$1 of the tokens are masked, not $2"
}

# --- how much: the tiny phase one has 40 steps of 16 sequences ---------------------------------------------------

for rate in 0.15 0.2 0.3 0.4; do
    shown one 0 640 phase.one.masked_lm_probability=$rate >seen.txt || fail "show batch"
    is "$(masked seen.txt)" $rate
done
change="phase.one.masked_lm_probability=0.4 phase.one.masked_lm_probability_end=0.2"
shown one 0 640 $change >seen.txt
for part in 1:0.39 6:0.29 9:0.23; do # of ten, each of 64 samples
    tail -n +$((${part%:*} * 64 - 63)) seen.txt | head -n 64 >part.txt
    is "$(masked part.txt)" ${part#*:}
done
shown two 0 160 $change >seen.txt # the other phase is masked as [data] says
is "$(masked seen.txt)" 0.15
# A phase of its own rate is one of that rate in [data].
shown one 0 50 phase.one.masked_lm_probability=0.3 >seen.txt
shown one 0 50 data.masked_lm_probability=0.3 | cmp - seen.txt || fail "the key of the phase and that of [data] differ"

# --- the same on any number of ranks, and resumed -----------------------------------------------------------------

words="train.reproducible=yes run.threads=1 $change phase.two.masked_lm_probability=0.3 phase.one.steps=12
    phase.two.steps=5"
: >log.txt
for ranks in 1 2 3; do
    train $ranks ranks$ranks $words || { tail -n 5 log.txt; fail "$ranks ranks"; }
    for name in step-00000012 step-00000017; do
        cmp "ranks1/checkpoints/$name.checkpoint" "ranks$ranks/checkpoints/$name.checkpoint" ||
            fail "$ranks ranks: $name differs"
    done
done
grep -q 'phase one: 40% of the tokens are masked at its beginning, 20% at its end' log.txt || fail "$(cat log.txt)"
grep -q 'phase two: 30% of the tokens are masked$' log.txt || fail "$(cat log.txt)"
field masked ranks1 >wanted.txt
# What a step masks is what show batch shows of its samples.
shown one 32 16 $words phase.one.sequence_length=32 >seen.txt
python3 -c 'import json, sys; print(sum(len(json.loads(line)["masked_positions"]) for line in sys.stdin))' \
    <seen.txt >got.txt
sed -n 3p wanted.txt | cmp - got.txt || fail "step 3 masked other tokens than show batch shows"

# Stopped on two ranks in the middle of the change, and gone on with on three.
mpirun -n 2 "$LAMBERT" train "$TINY" data.corpus=corpus run.folder=stopped $words train.checkpoint_every=1 \
    train.checkpoint_keep=100 >>log.txt 2>&1 || fail "$(tail -n 5 log.txt)"
find stopped/checkpoints -name 'step-*' ! -name step-00000005.checkpoint -delete
train 3 stopped $words --resume || { tail -n 5 log.txt; fail "resumed"; }
grep -q 'resumed from .*step-00000005.checkpoint' log.txt || fail "did not resume in the middle: $(cat log.txt)"
field masked stopped | cmp - wanted.txt || fail "a resumed run masked otherwise"
cmp ranks1/checkpoints/step-00000017.checkpoint stopped/checkpoints/step-00000017.checkpoint ||
    fail "a resumed run has other weights"

# Another rate is another run, and so is another length of one whose rate changes.
expect 1 "phase.one.masked_lm_probability_end = 0.3, was 0.2" "$LAMBERT" train "$TINY" data.corpus=corpus \
    run.folder=stopped $words phase.one.masked_lm_probability_end=0.3 --resume
# A checkpoint of a run without such keys does not name them.
train 1 plain phase.one.steps=1 phase.two.steps=1 || fail "$(tail -n 5 log.txt)"
"$LAMBERT" show checkpoint plain >config.txt 2>err.txt || fail "$(cat err.txt)"
[ "$(grep -c masked_lm_probability config.txt)" = 1 ] || fail "$(cat config.txt)"

# --- several corpora: a rate goes by the number in the phase ------------------------------------------------------

cp -r corpus other
shown one 0 640 data.corpus=corpus,other data.weights=9,1 $change >mixed.txt
grep '"corpus":"other"' mixed.txt >rare.txt
[ "$(wc -l <rare.txt)" = 64 ] || fail "not a tenth of the samples is of the other corpus"
tail -n 6 rare.txt >part.txt # the last tenth
awk -v share="$(masked part.txt)" 'BEGIN { exit !(share > 0.17 && share < 0.25) }' ||
    fail "the rare corpus masks $(masked part.txt) at the end of the phase, not about 0.21"

# --- evaluations: at 15%, 80/10/10, however the run is trained ----------------------------------------------------

# evaluated WORDS...: what lambert eval says of the checkpoint of ranks1, by the configuration of these words
evaluated() {
    "$LAMBERT" eval "$TINY" data.corpus=corpus run.folder=none --checkpoint ranks1 --json "$@" 2>err.txt ||
        fail "eval: $(cat err.txt)"
}
evaluated >usual.txt
grep -q '"masked_lm_probability":0.15,' usual.txt || fail "$(cat usual.txt)"
for other in data.masked_lm_probability=0.3 "data.mask_replace_prob=1 data.random_replace_prob=0" "$change" \
    "phase.two.masked_lm_probability=0.1 phase.two.max_predictions_per_sequence=7"; do
    evaluated $other | cmp - usual.txt || fail "$other shows in an evaluation"
done
# That is what the run found, which was trained at 30% in its last phase.
loss=$(sed -E 's/.*("mlm_loss":[^,]*,"mlm_accuracy":[^,]*).*/\1/' usual.txt)
grep '"kind":"evaluation"' ranks1/metrics.jsonl | tail -n 1 | grep -qF "$loss" || fail "the run found another loss"
grep -q 'step 17, held-out, masked at 15%: MLM loss' log.txt || fail "$(grep held-out log.txt)"
evaluated train.evaluate_masked_lm_probability=0.4 >more.txt
grep -q '"masked_lm_probability":0.4,' more.txt || fail "$(cat more.txt)"
sed -E 's/.*"masked":([0-9]+).*/\1/' usual.txt more.txt | tr '\n' ' ' >counts.txt
awk '!($2 > 2 * $1 && $2 < 3 * $1) { exit 1 }' counts.txt || fail "masked at 15% and at 40%: $(cat counts.txt)"
"$LAMBERT" eval "$TINY" data.corpus=corpus run.folder=none --checkpoint ranks1 >out.txt 2>err.txt ||
    fail "eval: $(cat err.txt)"
grep -q 'masked tokens (15%), products' out.txt || fail "$(cat out.txt)"
# Held-out samples are shown as they are evaluated.
shown two 0 19 --split heldout phase.two.sequence_length=64 phase.two.masked_lm_probability=0.3 >seen.txt ||
    fail "show batch"
python3 -c 'import json, sys; print(sum(len(json.loads(line)["masked_positions"]) for line in sys.stdin))' \
    <seen.txt >got.txt
[ "$(cat got.txt)" = "${wanted:=$(cut -d ' ' -f 1 counts.txt)}" ] || fail "$(cat got.txt) are masked, not $wanted"
