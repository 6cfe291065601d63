#!/bin/sh
# A phase in hours: its schedule follows the time that was worked, on all ranks alike and through an interruption; what it
# wrote down of its rates makes the same run again, bit for bit, on any number of ranks. And phases without an end.
. "$(dirname "$0")/../lib.sh"
make_corpus
common="train.checkpoint_every=10 train.checkpoint_keep=1000 train.reproducible=yes run.threads=1 phase.one.warmup_ratio=0.2
    phase.two.steps=5"
words="$common phase.one.steps=0 phase.one.hours=0.003 phase.one.global_batch=64"
seconds=10.8

last_step() {
    step=$(field total_step "$1" 2>/dev/null | tail -n 1)
    echo "${step:-0}"
}
reached() {
    [ "$(last_step "$1")" -ge "$2" ] || ! kill -0 $job 2>/dev/null
}
# stop_at FOLDER STEP: the run of that folder, which is $job, is told to end there
stop_at() {
    wait_until 60 reached "$1" "$2" || fail "no step $2 in 60 s"
    pid=$(pgrep -f "$LAMBERT train .*run.folder=$1 " | tail -n 1) || fail "the run was over"
    kill -USR1 "$pid" || fail "the run was over before the signal"
    wait $job || fail "exit code $?: $(tail -n 5 log.txt)"
    grep -q "stopped by" log.txt || { tail -n 5 log.txt; fail "no word of stopping"; }
}

train 2 clock $words &
job=$!
stop_at clock 3
sleep 3
train 2 clock $words --resume || { tail -n 5 log.txt; fail "the second part"; }
grep -qE "phase one: sequences of up to 32, 11 s of steps of 64, peak rate 0.02, warm-up 2 s; an epoch has [0-9]+ samples$" log.txt ||
    { cat log.txt; fail "no word of the phase"; }
grep -qE "phase one, step [0-9]+, [0-9]+ s of 11 s: .*[0-9]+ s left of the phase, .* of the run" log.txt ||
    { cat log.txt; fail "no word of its time"; }

# Rates are those of the time that was over when the step before ended; the pause is in none of them.
python3 - $seconds <<'PYTHON' || fail "rates and times"
import json, sys
lines = [json.loads(line) for line in open("clock/metrics.jsonl")]
steps = [line for line in lines if line["kind"] == "step" and line["phase"] == "one"]
length, warmup = 3600 * 0.003, 0.2 * (3600 * 0.003)
before = 0
for step in steps:
    factor = min(before / warmup, 1) if before < warmup else (length - before) / (length - warmup)
    assert before < length and step["learning_rate"] == 0.02 * factor, (before, step)
    assert before < step["phase_seconds"] < before + 2, (before, step)
    before = step["phase_seconds"]
assert before >= length == float(sys.argv[1])
assert [line["phase_step"] for line in lines if line["kind"] == "step" and line["phase"] == "two"] == [1, 2, 3, 4, 5]
assert sum(line["kind"] == "run" for line in lines) == 2
print(len(steps), "steps")
PYTHON
end=$(last_step clock)
# A page knows when such a run is done: by the steps of the last phase here, or by its time.
"$ROOT/scripts/run-page.py" clock --output page.html >log.txt 2>&1 || { cat log.txt; fail "its page"; }
grep -q ">complete<" page.html || { grep -o "<[a-z]*[^>]*>\(complete\|stopped\|going on\)<" page.html; fail "its page does not say that it is complete"; }

at() {
    printf '%s/checkpoints/step-%08d.checkpoint' "$1" "$2"
}
same() {
    "$LAMBERT" show checkpoint "$1" "$2" --json >compared.json || fail "show checkpoint"
    python3 - <<'PYTHON' || fail "$1 and $2 differ"
import json
compared = json.load(open("compared.json"))
assert compared["differences"] == [] and compared["same_moments"], compared
PYTHON
}

# Made again, from a folder or a file, and in two parts.
again="$common phase.one.steps=0 phase.one.global_batch=64"
for ranks in 1 3; do
    train $ranks again-$ranks $again phase.one.rates=clock || { tail -n 5 log.txt; fail "made again on $ranks"; }
    same "$(at clock "$end")" "$(at again-$ranks "$end")"
done
field learning_rate clock >wanted.rates
field learning_rate again-3 >seen.rates
cmp wanted.rates seen.rates || fail "rates of what is made again"
middle=$((end / 2))
middle=$((middle - middle % 10))
for checkpoint in again-3/checkpoints/*; do
    [ "$checkpoint" = "$(at again-3 $middle)" ] || rm "$checkpoint"
done
cp clock/metrics.jsonl record.jsonl
train 2 again-3 $again phase.one.rates=record.jsonl --resume --accept phase.one.rates ||
    { tail -n 5 log.txt; fail "what is made again does not resume"; }
same "$(at clock "$end")" "$(at again-3 "$end")"

# A branch of it may be in steps: the time is gone from its checkpoints.
"$LAMBERT" show checkpoint "$(at clock $middle)" --json | grep -q '"phase_seconds":' || fail "no time in a checkpoint"
"$LAMBERT" show checkpoint "$(at clock $middle)" | grep -qE "the phase, given in hours, was worked in for 0\.00 h" || fail "no word of the time"
train 1 counted $common phase.one.global_batch=64 phase.one.steps=$((middle + 2)) phase.two.steps=1 run.branch_from="$(at clock $middle)" ||
    { tail -n 5 log.txt; fail "a branch in steps"; }
"$LAMBERT" show checkpoint "$(at counted $((middle + 3)))" --json | grep -q '"phase_step":1' || fail "its end"
! grep -q phase_seconds "$(at counted $((middle + 3)))" || fail "a time in a phase in steps"

# A record that goes on behind the steps that are taken of it is the same; one of the same name with other rates is not.
cp record.jsonl grown.jsonl
train 1 grown $common phase.one.steps=4 phase.one.rates=grown.jsonl || { tail -n 5 log.txt; fail "a part of a record"; }
sed -n '/"phase_step":4,/ { s/"phase_step":4,/"phase_step":1000,/; p; }' record.jsonl >>grown.jsonl
train 1 grown $common phase.one.steps=4 phase.one.rates=grown.jsonl --resume || { tail -n 5 log.txt; fail "a record that grew"; }
train 1 grown $common phase.one.steps=4 phase.two.steps=6 phase.one.rates=grown.jsonl --resume --accept phase.two.steps ||
    { tail -n 5 log.txt; fail "a record that grew, and one more step"; }
sed -n "s/\"learning_rate\":[^,]*/\"learning_rate\":0.001/; p" record.jsonl >other.jsonl
mv other.jsonl record.jsonl
expect 1 "the rates that a phase takes from a record .rates. were others" "$LAMBERT" train "$ROOT/configs/tiny.ini" \
    data.corpus=corpus run.folder=again-3 $again phase.one.rates=record.jsonl --resume

# A branch that is given less time than was worked is refused; behind the phase that is no question.
expect 1 "it has worked [0-9.e-]+ hours in phase one, and phase.one.hours is 1e-06; give the branch more" \
    "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=refused $common phase.one.steps=0 \
    phase.one.global_batch=64 phase.one.hours=0.000001 run.branch_from="$(at clock $middle)"
train 1 behind $words run.branch_from="$(at clock $((end - 5)))" || { tail -n 5 log.txt; fail "a branch behind the phase"; }

# Rates of one's own.
printf '0.01\n0.03\n\n2e-2\n' >mine.txt
train 1 mine $common phase.one.steps=0 phase.one.rates=mine.txt || { tail -n 5 log.txt; fail "rates of a file"; }
[ "$(field learning_rate mine | head -n 4 | tr '\n' ' ')" = "0.01 0.029999999999999999 0.02 0.01 " ] ||
    fail "rates: $(field learning_rate mine)"
refuse() {
    pattern=$1
    shift
    expect 1 "$pattern" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=refused $common "$@"
}
refuse "mine.txt has no rate of step 4 of the phase, which has 4" phase.one.steps=4 phase.one.rates=mine.txt
printf '0.01\nx\n' >bad.txt
refuse "phase.one.rates: bad.txt: line 2 has no rate that a step can have" phase.one.steps=0 phase.one.rates=bad.txt
refuse "phase.one.batch_changes changes the batch after step 3, and the phase ends with phase.one.steps .3." \
    phase.one.steps=0 phase.one.rates=mine.txt phase.one.batch_changes=3:8
refuse "phase.one.rates: .*nothing.*No such file" phase.one.steps=0 phase.one.rates=nothing
refuse "corpus/corpus.json: line 2 has no rate" phase.one.steps=0 phase.one.rates=corpus/corpus.json

# Without steps a phase at a constant rate goes on until it is told to end; a decay is branched off it.
: >log.txt
endless="$common phase.two.steps=0 phase.two.schedule=trapezoid phase.two.warmup_ratio=0 phase.two.warmup_steps=2 phase.one.steps=3"
train 1 endless $endless &
job=$!
stop_at endless 12
grep -qE "phase two, step [0-9]+: .*; it goes on until it is told to end" log.txt || { cat log.txt; fail "no word of no end"; }
done_there=$(field phase_step endless | tail -n 1)
train 2 decayed $common phase.one.steps=3 phase.two.schedule=trapezoid phase.two.warmup_ratio=0 phase.two.warmup_steps=2 \
    phase.two.steps=$((done_there + 4)) phase.two.decay_steps=4 run.branch_from=endless || { cat log.txt; fail "its decay"; }
[ "$(field learning_rate decayed | tr '\n' ' ')" = "0.01 0.0074999999999999997 0.0050000000000000001 0.0025000000000000001 " ] ||
    fail "rates of the decay: $(field learning_rate decayed)"
