#!/bin/sh
# Stopped by each signal, in each phase, and resumed: on the same layout bit for bit what an
# undisturbed run makes, on another number of ranks the same up to rounding.
. "$(dirname "$0")/../lib.sh"
make_corpus
# Global batches that make a step long enough for a signal to come in time on a busy machine.
words="phase.one.steps=60 phase.two.steps=40 train.checkpoint_every=25 train.checkpoint_keep=2
    phase.one.global_batch=64 phase.two.global_batch=64"

last_step() {
    step=$(field total_step "$1" 2>/dev/null | tail -n 1)
    echo "${step:-0}"
}

# The step to stop at, or the end of a run that came to it before.
reached() {
    [ "$(last_step "$stop_folder")" -ge "$stop_step" ] || ! kill -0 $job 2>/dev/null
}

# stop_at STEP SIGNAL FOLDER RANKS WORDS...: start (or resume), and signal at that step or, when the
# run was resumed behind it, at the next
stop_at() {
    stop_step=$1 stop_signal=$2 stop_folder=$3 stop_ranks=$4
    shift 4
    done_before=$(last_step "$stop_folder")
    [ "$done_before" -lt "$stop_step" ] || stop_step=$((done_before + 1))
    train "$stop_ranks" "$stop_folder" "$@" &
    job=$!
    wait_until 60 reached || fail "no step $stop_step in 60 s: $(tail -n 5 log.txt)"
    # To one rank itself: the others must follow.
    pid=$(pgrep -f "lambert train .*run.folder=$stop_folder" | tail -n 1) || fail "the run was over"
    kill -"$stop_signal" "$pid" || fail "the run was over before the signal"
    code=0
    wait $job || code=$?
    [ $code = 0 ] || { tail -n 5 log.txt; fail "exit code $code after SIG$stop_signal"; }
    grep -q "stopped by" log.txt || { tail -n 5 log.txt; fail "no word of stopping"; }
}

last_of() {
    ls "$1"/checkpoints/*.checkpoint | tail -n 1
}

train 2 whole $words || { cat log.txt; fail "the undisturbed run"; }

: >log.txt
stop_at 20 TERM parts 2 $words
: >log.txt
stop_at 45 INT parts 2 $words --resume
: >log.txt
stop_at 75 USR1 parts 2 $words --resume
train 2 parts $words --resume || { tail -n 5 log.txt; fail "the last part"; }
cmp "$(last_of whole)" "$(last_of parts)" || fail "the resumed run's checkpoint differs"
field mlm_loss whole >whole.loss
field mlm_loss parts >parts.loss
cmp whole.loss parts.loss || fail "the resumed run's metrics differ"
[ "$(ls parts/checkpoints | wc -l)" = 2 ] || fail "not two checkpoints kept: $(ls parts/checkpoints)"

# Other ranks for each part.
: >log.txt
stop_at 20 TERM other 1 $words --resume
grep -q "a new run begins" log.txt || fail "a first run with --resume did not say so"
: >log.txt
stop_at 75 TERM other 3 $words --resume
train 2 other $words --resume || { tail -n 5 log.txt; fail "the last part on other ranks"; }
field mlm_loss other >other.loss
agree 1e-3 whole.loss other.loss || fail "losses on other ranks differ"

# Nothing is left to do, and that is fine; a run without --resume does not touch it.
: >log.txt
train 1 other $words --resume || fail "resuming a finished run"
grep -q "nothing is left to do.*--accept phase.two.steps" log.txt || fail "no word of nothing to do"
expect 1 "already holds a run" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.folder=whole $words

# Nor is it where there is nothing to evaluate on: no evaluation is owed then.
"$LAMBERT" prep --vocabulary vocab.txt --output unjudged --heldout 0 text.txt 2>log.txt || fail "prep: $(cat log.txt)"
for part in begins ends; do
    : >log.txt
    train 1 unjudged-run data.corpus=unjudged phase.one.steps=2 phase.two.steps=1 --resume || fail "a run that $part"
done
grep -q "nothing is left to do" log.txt || { cat log.txt >&2; fail "a run without held-out text owes an evaluation"; }
! grep -q "^phase two" log.txt || { cat log.txt >&2; fail "a phase that is done is opened"; }

# While somebody else holds the folder nothing is touched.
mkfifo ready
python3 -c 'import fcntl, time
lock = open("whole/lock", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
open("ready", "w").close()
time.sleep(300)' &
holder=$!
cat ready
cp whole/metrics.jsonl kept.jsonl
expect 75 "another run uses this folder: whole/lock" "$LAMBERT" train "$ROOT/configs/tiny.ini" \
    data.corpus=corpus run.folder=whole $words phase.two.steps=45 --resume --accept phase.two.steps \
    run.lock_seconds=0
kill $holder
cmp whole/metrics.jsonl kept.jsonl || fail "the metrics of a locked folder were touched"

# A changed rate is refused by name, and accepted by name.
expect 1 "phase.two.learning_rate" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.folder=whole $words phase.two.learning_rate=0.5 --resume
train 1 whole $words phase.two.learning_rate=0.5 --resume --accept phase.two.learning_rate ||
    { tail -n 5 log.txt; fail "--accept"; }

# More steps for the last phase: it goes on behind its end.
train 2 other $words phase.two.steps=45 --resume --accept phase.two.steps ||
    { tail -n 5 log.txt; fail "more steps in the last phase"; }
field phase_step other | tail -n 6 | tr '\n' ' ' >steps.txt
[ "$(cat steps.txt)" = "40 41 42 43 44 45 " ] || fail "more steps gave: $(cat steps.txt)"

# The newest checkpoint is damaged: the one before it is used, and the end is the same.
cp "$(last_of whole)" wanted.checkpoint
printf 'x' | dd of="$(last_of parts)" bs=1 seek=3000 conv=notrunc 2>/dev/null
: >log.txt
train 2 parts $words --resume || { tail -n 5 log.txt; fail "with a damaged checkpoint"; }
grep -q "warning: .*checkpoint" log.txt || fail "no word of the damaged checkpoint"
cmp "$(last_of parts)" wanted.checkpoint || fail "after a damaged checkpoint the end differs"

# All are damaged: nothing begins anew over them.
for checkpoint in parts/checkpoints/*.checkpoint; do
    printf 'x' | dd of="$checkpoint" bs=1 seek=3000 conv=notrunc 2>/dev/null
done
cp parts/metrics.jsonl kept.jsonl
expect 1 "none of the 2 checkpoint.s. in parts/checkpoints can be read" mpirun -n 2 "$LAMBERT" train \
    "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=parts $words --resume
cmp parts/metrics.jsonl kept.jsonl || fail "metrics of a run that could be rescued were touched"

# Another model is refused by its keys, not by a tensor.
expect 1 "model.hidden_size" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.folder=whole $words phase.two.learning_rate=0.5 model.hidden_size=64 --resume
expect 1 "4 attention heads|2 attention heads, model.num_attention_heads is 4" "$LAMBERT" eval \
    "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=whole model.num_attention_heads=4
