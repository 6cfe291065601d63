#!/bin/bash
# A disk, or a file server, that answers no more at all, under a run that is told to end, by a signal or as its time is over:
# what was trained is saved, and the process leaves with the code of a run that was stopped, wherever it was reading.
. "$(dirname "$0")/../lib.sh"
make_corpus >/dev/null
job=
trap '[ -z "$job" ] || kill -KILL $job $(ranks_of) 2>/dev/null || :; rm -rf "$WORK"' EXIT
${CC:-cc} -shared -fPIC -o silent.so "$ROOT/tests/end_to_end/silent_disk.c" -ldl || fail "no shim"
words="data.corpus=corpus phase.one.steps=3 phase.two.steps=2 train.checkpoint_every=0 train.evaluate_sequences=8"

command="train $ROOT/configs/tiny.ini"

ranks_of() {
    pgrep -f "^$LAMBERT (train|finetune) .*run.folder=$folder " || :
}

# begin RANKS FOLDER SILENT WORDS...: a run, with these variables of the shim; it is $job
begin() {
    ranks=$1 folder=$2 silent=$3
    shift 3
    : >log.txt
    rm -f silent
    # shellcheck disable=SC2086
    mpirun -n "$ranks" env LD_PRELOAD="$WORK/silent.so" ASAN_OPTIONS=verify_asan_link_order=0 $silent \
        "$LAMBERT" $command run.folder="$folder" $words "$@" >>log.txt 2>&1 &
    job=$!
}

# ends CODE [STEP]: it ends so, within a minute, and what is saved is after that step
ends() {
    over() { ! kill -0 $job 2>/dev/null; }
    wait_until 60 over || { cat log.txt; fail "$folder: it does not end"; }
    code=0
    wait $job || code=$?
    job=
    [ $code = "$1" ] || { cat log.txt; fail "$folder: exit code $code"; }
    [ $# = 1 ] || [ "$(printf '%s\n' "$folder"/checkpoints/* | tail -n 1)" = "$folder/checkpoints/step-0000000$2.checkpoint" ] ||
        { cat log.txt; fail "$folder: saved are $(ls "$folder/checkpoints")"; }
    [ $# = 2 ] || [ ! -e "$folder/checkpoints" ] || fail "$folder: something is saved"
}

# tell: SIGTERM to the last rank, when the disk does not answer it
tell() {
    wait_until 60 [ -e silent ] || { cat log.txt; fail "$folder: nobody waits for the disk"; }
    kill -TERM "$(ranks_of | tail -n 1)" || { cat log.txt; fail "$folder: nobody to signal"; }
}

says() {
    grep -qE "$1" log.txt || { cat log.txt; fail "$folder: no '$1'"; }
}
# --- the next batch, which a thread reads ahead -------------------------------------------------------------

# Of the second phase, which reads another corpus.
cp -r corpus other
words="$words phase.two.corpus=other"
for ranks in 1 2; do
    begin $ranks batch-$ranks "SILENT_THREAD=batches SILENT_RANK=$((ranks - 1))"
    tell
    ends 0 3
    says "^step 4 is given up: the run is told to end"
    says "warning: the disk or file server of .* does not answer rank $((ranks - 1)) on .*: a read of the next batch does not come back"
    says "^stopped by .* after step 3 "
    begin $ranks batch-$ranks "" --resume
    ends 0 5
done

# In its time, which nobody but the run itself keeps.
begin 2 in-time "SILENT_THREAD=batches SILENT_RANK=1" --max-hours 0.006 --stopped-code 75
ends 75 3
says "^stopped by --max-hours after step 3 "

# From a copy, which stays until the next run on this host.
begin 1 staged "SILENT_THREAD=batches" data.stage_folder=stage --stopped-code 75
tell
ends 75 3
says "warning: stage/lambert-stage-.* stays"
[ -n "$(ls stage)" ] || fail "the copy is gone"
begin 1 staged "" data.stage_folder=stage --resume
ends 0 5
[ -z "$(ls stage)" ] || fail "there is still $(ls stage)"

# --- held-out text ---------------------------------------------------------------------------------------------

# After the last step, which is not saved yet.
for ranks in 1 2; do
    begin $ranks heldout-$ranks "SILENT_THREAD=heldout SILENT_RANK=$((ranks - 1))" --stopped-code 75
    tell
    ends 75 5
    says "^the evaluation after step 5 is given up"
    says "a read of held-out text does not come back"
done

# --- before training: nothing is lost ----------------------------------------------------------------------------

# The main thread waits itself, for a corpus, for a part of it that it copies, or for the examples of a task.
# early NAME RANKS PATH WORDS...
early() {
    name=$1 ranks=$2 path=$3
    shift 3
    begin "$ranks" "$name" "SILENT_PATH=$path SILENT_RANK=$((ranks - 1))" "$@" --stopped-code 75
    tell
    ends 75
    says "warning: rank $((ranks - 1)) on .* is told to end, and has made no progress for 0:.*: .*; nothing is lost"
}
early opened 2 other/corpus.json
early copied 1 other/train-00000.shard data.stage_folder=stage
printf 'sentence\tgood\nThe king.\tyes\nThe river.\tno\n' >task.tsv
: >tune.ini
command="finetune tune.ini"
words="task.kind=classification task.text=sentence task.label=good run.start_from=batch-1 phase.tune.steps=1
    phase.tune.learning_rate=0.01 phase.tune.sequence_length=32"
early tuned 2 task.tsv task.train=task.tsv
