#!/bin/sh
# File systems that lack locks, shared maps or fsync serve, with one warning each; one whose locks fail is told as it is; a
# lock that somebody of another host left is waited for; a file that is cut short under a run or an export is named.
. "$(dirname "$0")/../lib.sh"
make_corpus
holder=
trap '[ -z "$holder" ] || kill -KILL "$holder" 2>/dev/null || :; rm -rf "$WORK"' EXIT
${CC:-cc} -shared -fPIC -o file_faults.so "$ROOT/tests/end_to_end/file_faults.c" || fail "no shim"
short="phase.one.steps=2 phase.two.steps=1"

# faulty FAULTS COMMAND...
faulty() {
    faults=$1
    shift
    env LD_PRELOAD="$WORK/file_faults.so" FILE_FAULTS="$faults" ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

# warned COUNT: so many warnings are in err.txt that are about file systems
warned() {
    [ "$(grep -cE 'warning: .*(has no locks|maps no files|cannot be synced)' err.txt)" = "$1" ] ||
        { cat err.txt; fail "not $1 warnings"; }
}

# --- what is lacking -----------------------------------------------------------------------------

# shellcheck disable=SC2086
expect 0 "done in" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=whole $short
for faults in "lock=95 map=19 sync=22 sync_folder=9" "lock=524 map=22 sync=38 sync_folder=5"; do
    rm -rf run prepared
    # shellcheck disable=SC2086
    expect 0 "done in" faulty "$faults" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run \
        $short
    warned "$(echo "$faults" | wc -w)"
    # (The same configuration is kept in it, and the same numbers follow.)
    cmp whole/checkpoints/step-00000003.checkpoint run/checkpoints/step-00000003.checkpoint || fail "$faults: other bits"
    expect 0 . faulty "$faults" "$LAMBERT" prep --vocabulary vocab.txt --output prepared --heldout 0.1 text.txt
    cmp corpus/train-00000.shard prepared/train-00000.shard || fail "$faults: another corpus"
done

# --- what fails --------------------------------------------------------------------------------------

rm -rf run prepared
expect 1 "cannot be locked \(run.lock=no does without.*: cannot lock run/lock: " faulty lock=5 \
    "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run
! grep -q "another" err.txt || fail "nobody is at work there"
# shellcheck disable=SC2086
expect 0 "done in" faulty lock=5 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.folder=run run.lock=no $short
expect 1 "--no-lock does without.*cannot lock prepared/prep.lock: " faulty lock=5 \
    "$LAMBERT" prep --vocabulary vocab.txt --output prepared text.txt
expect 0 . faulty lock=5 "$LAMBERT" prep --no-lock --vocabulary vocab.txt --output prepared --heldout 0.1 \
    text.txt
cmp corpus/train-00000.shard prepared/train-00000.shard || fail "--no-lock: another corpus"
expect 1 "cannot write .*Input/output error" faulty sync=5 "$LAMBERT" prep --vocabulary vocab.txt --output unsynced \
    text.txt

# --- a lock that somebody has ------------------------------------------------------------------------

# hold NAME: a process has the lock of the folder `run`, and has written NAME into it
hold() {
    rm -f held
    python3 -c 'import fcntl, sys, time
lock = open("run/lock", "a+")
fcntl.lockf(lock, fcntl.LOCK_EX)
lock.truncate(0)
lock.write(sys.argv[1])
lock.flush()
open("held", "w")
time.sleep(600)' "$1" &
    holder=$!
    wait_until 10 test -e held || fail "the lock is not held"
}

let_go() {
    kill -KILL $holder
    wait $holder 2>/dev/null || :
    holder=
}

hold "n17 4711"
expect 75 "another run uses this folder: run/lock is locked: .*process 4711 on host n17, for .*run.lock=no" \
    mpirun -n 2 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run run.lock_seconds=1 --resume
grep -q "process 4711 on host n17, for 0:0.*waited for, up to 0:01" err.txt || fail "no word of waiting"
# shellcheck disable=SC2086
mpirun -n 2 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run train.watchdog_seconds=2 \
    $short phase.two.steps=2 --resume --accept phase.two.steps >wait.txt 2>&1 &
job=$!
wait_until 20 grep -q "it is waited for" wait.txt || fail "it does not wait: $(cat wait.txt)"
sleep 3 # longer than the watchdog allows to stand still
let_go
wait $job || { cat wait.txt; fail "the lock was free, and was not taken"; }
grep -q "resumed from run" wait.txt || fail "not resumed"

hold "n17 4711"
rm wait.txt
"$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run --resume >wait.txt 2>&1 &
job=$!
wait_until 20 grep -q "it is waited for" wait.txt || fail "it does not wait: $(cat wait.txt)"
kill -TERM $job
wait $job || { cat wait.txt; fail "stopped while it waited, and that failed"; }
let_go

# A run of this host that lives is not waited for: one of this start of the host.
hold "$(hostname) $$ $(cat /proc/sys/kernel/random/boot_id)"
started=$(date +%s)
expect 1 "another run uses this folder: .*process $$ on host $(hostname)" "$LAMBERT" train "$ROOT/configs/tiny.ini" \
    data.corpus=corpus run.folder=run --resume
[ $(($(date +%s) - started)) -lt 60 ] || fail "it was waited for"
let_go

# --- files that are cut short --------------------------------------------------------------------------

strides() {
    [ "$(grep -sc '"kind":"step"' cut/metrics.jsonl)" -gt 5 ] 2>/dev/null || ! kill -0 $job 2>/dev/null
}
nobody_left() {
    ! pgrep -f "lambert train .*run.folder=cut " >/dev/null
}
cp -r corpus torn
mpirun -n 2 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=torn run.folder=cut phase.one.steps=1000000 \
    train.checkpoint_every=2 >cut.txt 2>&1 &
job=$!
wait_until 60 strides || fail "no steps: $(cat cut.txt)"
: >torn/train-00000.shard
code=0
wait $job || code=$?
[ $code = 1 ] || { cat cut.txt; fail "exit code $code"; }
grep -qE 'error: torn/train-00000.shard cannot be read any more at byte [0-9]+ of [0-9]+: it was cut short' cut.txt ||
    { cat cut.txt; fail "the shard is not named"; }
wait_until 10 nobody_left || fail "ranks are left"
cp corpus/train-00000.shard torn/
steps=$(field total_step cut | tail -n 1)
expect 0 "resumed from cut" mpirun -n 2 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=torn run.folder=cut \
    phase.one.steps=$((steps + 1)) phase.two.steps=1 --resume --accept phase.one.steps,phase.two.steps

# A checkpoint that is open already: under an export, as it writes the weights, and under an evaluation, as it opens what
# it evaluates on.
newest=$(ls cut/checkpoints/*.checkpoint | tail -n 1)
cp "$newest" newest.checkpoint
# cut_under CUT_AT RANKS WORDS...: the command ends, and names the checkpoint
cut_under() {
    cut_at=$1 ranks=$2
    shift 2
    cp newest.checkpoint "$newest"
    expect 1 "error: .*$newest cannot be read any more at byte [0-9]+ of [0-9]+: it was cut short" \
        mpirun -n "$ranks" env LD_PRELOAD="$WORK/file_faults.so" CUT_FILE="$newest" CUT_AT="$cut_at" \
        ASAN_OPTIONS=verify_asan_link_order=0 "$LAMBERT" "$@"
    [ "$(wc -c <"$newest")" = 100 ] || fail "$1: nothing was cut"
}
cut_under model.safetensors 1 export --checkpoint cut --output exported
[ ! -e exported ] || fail "half of an export is left: $(ls exported)"
for ranks in 1 2; do
    cut_under heldout-00000.shard $ranks eval "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=cut
done
cp newest.checkpoint "$newest"
expect 0 "" "$LAMBERT" export --checkpoint cut --output exported
