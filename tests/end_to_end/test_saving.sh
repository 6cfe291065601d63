#!/bin/sh
# When a run saves, and what it does when saving is slow or the place is gone: by the clock, for good, in time before
# its time is over; beside training; in a folder that is moved, removed, or leads elsewhere.
. "$(dirname "$0")/../lib.sh"
make_corpus >/dev/null
long="phase.one.steps=1000000 train.checkpoint_every=0"
job=
trap '[ -z "$job" ] || kill -KILL $job 2>/dev/null || :; rm -rf "$WORK"' EXIT

# alone FOLDER WORDS...: a run on one rank, which is $job
alone() {
    folder=$1
    shift
    : >log.txt
    "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder="$folder" run.threads=1 "$@" \
        >>log.txt 2>&1 &
    job=$!
}

# ends CODE: the job does, so
ends() {
    code=0
    wait $job || code=$?
    [ $code = "$1" ] || { tail -n 5 log.txt; fail "$folder: exit code $code, not $1"; }
}

stopped_or() {
    kill -0 $job 2>/dev/null || return 0
    "$@"
}

saved() {
    [ "$(ls "$1"/checkpoints/*.checkpoint 2>/dev/null | wc -l)" -ge "$2" ]
}

steps_of() {
    (cd "$1/checkpoints" && ls ./*.checkpoint | sed 's/[^0-9]//g; s/^0*//')
}

# --- by the clock ---------------------------------------------------------------------------------------

# shellcheck disable=SC2086
mpirun -n 2 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=clock $long \
    train.checkpoint_minutes=0.002 >log.txt 2>&1 &
job=$! folder=clock
wait_until 60 stopped_or saved clock 3 || fail "no three checkpoints by the clock: $(tail -n 5 log.txt)"
kill -USR1 $job || fail "it is over: $(tail -n 5 log.txt)"
ends 0

# --- for good -----------------------------------------------------------------------------------------

train 1 kept phase.one.steps=30 phase.two.steps=2 train.checkpoint_every=4 train.checkpoint_keep=2 \
    train.checkpoint_keep_every=10 || { tail -n 5 log.txt; fail "checkpoints for good"; }
[ "$(steps_of kept | tr '\n' ' ')" = "10 20 28 30 32 " ] || fail "kept are $(steps_of kept)"

# --- in time ------------------------------------------------------------------------------------------

# The run ends by itself, and says by its exit code that it was not through.
begun=$(date +%s)
# shellcheck disable=SC2086
alone hours $long --max-hours 0.003 --stopped-code 75
ends 75
[ $(($(date +%s) - begun)) -le 20 ] || fail "--max-hours 0.003 took $(($(date +%s) - begun)) s"
grep -q "^stopped by --max-hours after step [0-9]*" log.txt || fail "no word of --max-hours"
saved hours 1 || fail "--max-hours left no checkpoint"
# shellcheck disable=SC2086
SLURM_JOB_END_TIME=$(($(date +%s) + 20)) alone slurm $long
ends 0
grep -q "^stopped by SLURM_JOB_END_TIME after step" log.txt || { tail -n 3 log.txt; fail "no word of the job's end"; }
saved slurm 1 || fail "the end of the job left no checkpoint"
# The first step is given up where the time ends in it.
alone giant phase.one.steps=1 phase.one.global_batch=262144 phase.two.steps=1 model.num_hidden_layers=16 --max-hours 0.002 \
    --stopped-code 75
ends 75
grep -qE "^stopped by --max-hours before (training|there was a step): nothing was to be saved" log.txt ||
    { tail -n 3 log.txt; fail "no word of an end in the first step"; }
# A time that is over is another job's, and stops nothing.
SLURM_JOB_END_TIME=1000000000 alone over phase.one.steps=2 phase.two.steps=1 --stopped-code 75
ends 0
grep -q "^warning: SLURM_JOB_END_TIME (1000000000) is over" log.txt || fail "no word of a job that is over"

# --- beside training ------------------------------------------------------------------------------------

# A file system on which it takes a second until a checkpoint is safe.
cat >slow.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
int fsync(int descriptor)
{
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, ".checkpoint.tmp-"))
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(descriptor);
}
C
${CC:-cc} -shared -fPIC -o slow.so slow.c -ldl || fail "the shim"
small="model.hidden_size=8 model.num_hidden_layers=1 model.intermediate_size=8 train.log_every=100000"
words="$small phase.one.steps=3000 phase.two.steps=1"
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
writes() {
    ls "$folder"/checkpoints/*.tmp-* >/dev/null 2>&1
}
# shellcheck disable=SC2086
LD_PRELOAD=$WORK/slow.so alone beside $words train.checkpoint_every=1000
wait_until 60 stopped_or writes || fail "nothing is written"
kill -0 $job || { tail -n 5 log.txt; fail "the run is over"; }
before=$(field total_step beside | tail -n 1)
wait_until 60 stopped_or saved beside 1 || fail "nothing was written"
after=$(field total_step beside | tail -n 1)
[ "$after" -gt $((before + 50)) ] || fail "training stood still from step $before to $after while a checkpoint was written"
grep -q '"kind":"checkpoint".*"total_step":1000,.*"write_seconds":[1-9]' beside/metrics.jsonl ||
    wait_until 5 grep -q '"kind":"checkpoint".*"total_step":1000,.*"write_seconds":[1-9]' beside/metrics.jsonl ||
    fail "the metrics do not have the time of writing: $(grep checkpoint beside/metrics.jsonl)"
# Killed while the next is written: the one before serves.
wait_until 60 stopped_or writes || fail "no second one is written"
kill -KILL $job
ends 137
[ "$(steps_of beside)" = 1000 ] || fail "there are $(steps_of beside)"
# shellcheck disable=SC2086
alone beside $words train.checkpoint_every=1000 --resume
ends 0
grep -q "resumed from beside/checkpoints/step-00001000.checkpoint" log.txt || fail "not resumed"
# shellcheck disable=SC2086
alone still $words train.checkpoint_every=1000 train.checkpoint_beside=no
ends 0
cmp beside/checkpoints/step-00003001.checkpoint still/checkpoints/step-00003001.checkpoint ||
    fail "written beside training, or not, a checkpoint differs"
[ "$(ls beside/checkpoints | wc -l)" = 3 ] || fail "left are: $(ls beside/checkpoints)"

# --- another place --------------------------------------------------------------------------------------

# goes COMMAND...: a run, when the command has done what it does to its folder; more than a checkpoint of it is lost
goes() {
    # shellcheck disable=SC2086
    alone moving $small $long train.checkpoint_every=500 train.checkpoint_keep_every=500
    wait_until 60 stopped_or saved moving 1 || fail "no checkpoint"
    "$@"
    ends 1
}
goes mv moving moved
grep -qE "error: .*the run folder moving was moved while training ran; a checkpoint after step [0-9]+ is in .*/moved, and the run ends" log.txt ||
    { tail -n 3 log.txt; fail "no word of a folder that was moved"; }
[ ! -e moving ] || fail "the old folder is there again: $(find moving)"
said=$(sed -nE 's/.*a checkpoint after step ([0-9]+) is in.*/\1/p' log.txt)
[ "$(steps_of moved | tail -n 1)" = "$said" ] || fail "said is step $said, there are $(steps_of moved)"
# shellcheck disable=SC2086
alone moved $small phase.one.steps=1000000 --resume --max-hours 0.0007
ends 0
grep -q "resumed from moved/checkpoints/step-0*$said.checkpoint" log.txt || fail "not resumed where it was moved to"

writes_last() {
    ls moving/checkpoints/step-00000101.checkpoint.tmp-* >/dev/null 2>&1
}
# Moved while its last checkpoint is written, which lies there then, and not in a new folder of the old name.
# shellcheck disable=SC2086
LD_PRELOAD=$WORK/slow.so alone moving $small phase.one.steps=100 phase.two.steps=1 train.checkpoint_every=0
wait_until 60 stopped_or writes_last || fail "nothing is written at the end"
rm -rf moved && mv moving moved
ends 1
grep -qE "error: .*the run folder moving was moved while training ran; a checkpoint after step 101 is in .*/moved, and the run ends" log.txt ||
    { tail -n 3 log.txt; fail "no word of a folder that was moved at the end"; }
[ ! -e moving ] || fail "the old folder is there again: $(find moving)"
[ "$(steps_of moved | tail -n 1)" = 101 ] || fail "there are $(steps_of moved)"
# shellcheck disable=SC2086
alone moving $small phase.one.steps=100 phase.two.steps=1 train.checkpoint_every=0
ends 0
cmp moved/checkpoints/step-00000101.checkpoint moving/checkpoints/step-00000101.checkpoint ||
    fail "the checkpoint of a folder that was moved is another one"
rm -rf moving

# In the run's eyes at once: it stands still meanwhile.
removed() {
    kill -STOP $job
    rm -rf moving
    "$@"
    kill -CONT $job
}
goes removed
grep -qE "error: .*the run folder moving was removed while training ran; a checkpoint after step [0-9]+ is in moving," log.txt ||
    { tail -n 3 log.txt; fail "no word of a folder that was removed"; }
saved moving 1 && [ -e moving/config.ini ] || fail "a run whose folder was removed is not saved"
rm -rf moving

goes removed mkdir moving
grep -q "error: .*cannot be saved.*another folder is in its place" log.txt ||
    { tail -n 3 log.txt; fail "no word of another folder"; }
[ -z "$(ls moving)" ] || fail "another folder was written into: $(ls moving)"

# The lock alone is removed, as old files are from a disk: the run goes on, and the folder stays its own.
# shellcheck disable=SC2086
alone unlocked $small $long train.checkpoint_every=500
wait_until 60 stopped_or saved unlocked 1 || fail "no checkpoint"
rm unlocked/lock
wait_until 60 stopped_or test -e unlocked/lock && kill -0 $job || { tail -n 3 log.txt; fail "it is not locked again"; }
expect 1 "another run uses this folder" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.folder=unlocked $small phase.one.steps=1000000 --resume
kill -TERM $job
ends 0
grep -q "^warning: the lock of the run folder unlocked was removed while training ran: it is locked again" log.txt ||
    { tail -n 3 log.txt; fail "no word of a lock that was removed"; }

# Links to somebody else's.
mkdir linked other-place
ln -s ../other-place/lock linked/lock
expect 1 "error: .*linked/lock is a symbolic link" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.folder=linked phase.one.steps=1 phase.two.steps=1
rm linked/lock
ln -s ../kept/checkpoints linked/checkpoints
expect 1 "linked/checkpoints is a symbolic link" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.folder=linked phase.one.steps=30 phase.two.steps=2 --resume
[ -z "$(ls other-place)" ] || fail "made elsewhere: $(ls other-place)"

# Large files elsewhere: a link to a folder of the run's own.
mkdir large split
ln -s ../large split/checkpoints
train 1 split phase.one.steps=4 phase.two.steps=2 train.checkpoint_every=2 train.checkpoint_keep=2 ||
    { tail -n 5 log.txt; fail "checkpoints on another disk"; }
[ "$(ls large | tr '\n' ' ')" = "step-00000004.checkpoint step-00000006.checkpoint " ] || fail "there are $(ls large)"
train 1 split phase.one.steps=4 phase.two.steps=2 train.checkpoint_every=2 --resume || fail "not resumed"
grep -q "resumed from split/checkpoints/step-00000006.checkpoint" log.txt || fail "not resumed from another disk"
