#!/bin/sh
# data.stage_folder: corpora are read from a copy, which is there while the run goes on, and gone when it has ended, or is found
# and removed by the next run where it was killed; the numbers are the same.
# shellcheck disable=SC2086 # words
. "$(dirname "$0")/../lib.sh"
make_corpus
job=
trap '[ -z "$job" ] || kill -KILL "$job" 2>/dev/null || :; rm -rf "$WORK"' EXIT
short="phase.one.steps=3 phase.two.steps=2 phase.two.corpus=other"
cp -r corpus other
train 2 whole $short || { tail log.txt; fail "without a stage"; }

empty() {
    [ -z "$(ls -A stage 2>/dev/null)" ] || fail "$1 left $(ls -A stage)"
}
train 2 staged $short data.stage_folder=stage || { tail log.txt; fail "with a stage"; }
grep -q "the corpora are on the hosts' disks, and checked" log.txt || fail "no word of the copy"
cmp whole/checkpoints/step-00000005.checkpoint staged/checkpoints/step-00000005.checkpoint || fail "other bits"
empty "a run"
"$LAMBERT" eval "$ROOT/configs/tiny.ini" run.folder=staged data.corpus=corpus data.stage_folder=stage --json >eval.txt \
    2>log.txt || { cat log.txt; fail "eval"; }
"$LAMBERT" eval "$ROOT/configs/tiny.ini" run.folder=staged data.corpus=corpus --json 2>/dev/null | cmp - eval.txt ||
    fail "eval says something else"
empty "eval"

# What fails leaves nothing, and a damaged shard does not pass.
expect 1 "data.stage_folder: cannot open nowhere/corpus.json" "$LAMBERT" train "$ROOT/configs/tiny.ini" \
    data.corpus=nowhere run.folder=r data.stage_folder=stage
empty "a failure"
cp -r corpus damaged
python3 -c 'bytes = bytearray(open("damaged/train-00000.shard", "rb").read())
bytes[len(bytes) // 2] ^= 1
open("damaged/train-00000.shard", "wb").write(bytes)'
expect 1 "data.stage_folder: .*the copy of damaged/train-00000.shard: .*damaged" mpirun -n 2 "$LAMBERT" train \
    "$ROOT/configs/tiny.ini" data.corpus=damaged run.folder=r data.stage_folder=stage
empty "a damaged shard"
expect 1 "data.stage_folder" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=r \
    data.stage_folder=text.txt

# A folder that is in use is refused before anything is copied.
expect 1 "staged already holds a run .*--resume" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.folder=staged data.stage_folder=stage
! grep "copying the corpora" err.txt || fail "it copied for a run that it refused"

# While one goes on, its original may go; another has a copy of its own; and when it is killed the next one cleans up.
strides() {
    [ "$(grep -sc '"kind":"step"' "$1/metrics.jsonl")" -gt 2 ] 2>/dev/null || ! kill -0 "$job" 2>/dev/null
}
cp -r corpus going
"$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=going run.folder=long phase.one.steps=1000000 \
    data.stage_folder=stage >long.txt 2>&1 &
job=$!
wait_until 60 strides long || fail "no steps: $(cat long.txt)"
expect 1 "another run uses this folder" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=long \
    data.stage_folder=stage
! grep "copying the corpora" err.txt || fail "it copied for a folder that is locked"
rm -r going
kept=$(ls -d stage/lambert-stage-*[0-9])
train 1 beside $short data.stage_folder=stage || { tail log.txt; fail "beside another"; }
[ "$(ls -d stage/lambert-stage-*[0-9])" = "$kept" ] || fail "after the second run there is $(ls stage), not $kept"
kill -0 $job 2>/dev/null || { cat long.txt; fail "the first run has ended"; }
kill -KILL $job
wait $job 2>/dev/null || :
job=
[ -d "$kept" ] || fail "who removed $kept?"
mkdir stage/somebodys && touch stage/somebodys/file
# Other hosts' (the name of one begins as this one's does), what is no lock, and a lock whose folder is gone.
for name in another-host-17.lock "$(hostname)-.lock" "$(hostname)-2-17.lock" "$(hostname)-7.lock2"; do
    touch "stage/lambert-stage-$name"
done
others=$(printf "%s\n" stage/* | sed "s,.*/,," | grep -v "^$(basename "$kept")")
touch "stage/lambert-stage-$(hostname)-99999999.lock"
train 1 after $short data.stage_folder=stage || { tail log.txt; fail "after a killed one"; }
grep -q "warning: $kept is of a run that was killed, and is removed" log.txt || fail "no word of what was left"
! grep -q 99999999 log.txt || fail "a folder that is not there is said to be removed"
[ "$(ls stage)" = "$others" ] || fail "there is $(ls stage)"

# A signal: nothing stays.
"$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=signal phase.one.steps=1000000 \
    data.stage_folder=stage >signal.txt 2>&1 &
job=$!
wait_until 60 strides signal || fail "no steps: $(cat signal.txt)"
kill -TERM $job
wait $job || { cat signal.txt; fail "stopped by a signal"; }
job=
[ "$(ls stage)" = "$others" ] || fail "a signal leaves $(ls stage)"

# A signal while a disk is slow: the copy is not made to its end.
cat >slow.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
int open(const char *path, int flags, ...)
{
    va_list mode;
    va_start(mode, flags);
    const int bits = flags & O_CREAT ? va_arg(mode, int) : 0;
    va_end(mode);
    if (strstr(path, "/lambert-stage-") && flags & O_CREAT && !strstr(path, ".lock")) {
        struct timespec left = {.tv_sec = 1, .tv_nsec = 500000000};
        while (nanosleep(&left, &left) != 0)
            ;
    }
    return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, bits);
}
C
${CC:-cc} -shared -fPIC -o slow.so slow.c -ldl || fail "the shim"
copies() {
    ls -d stage/lambert-stage-*[0-9]/0 >/dev/null 2>&1 || ! kill -0 $job 2>/dev/null
}
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" LD_PRELOAD=$WORK/slow.so "$LAMBERT" train \
    "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=slow data.stage_folder=stage >slow.txt 2>&1 &
job=$!
wait_until 60 copies || fail "nothing is copied: $(cat slow.txt)"
kill -TERM $job
wait $job || { cat slow.txt; fail "stopped by a signal while corpora are copied"; }
job=
grep -q "^stopped by SIGTERM before training: nothing was to be saved" slow.txt || { cat slow.txt; fail "no word of it"; }
! grep -q "the corpora are on the hosts' disks" slow.txt || { cat slow.txt; fail "all was copied first"; }
[ "$(ls stage)" = "$others" ] || fail "it leaves $(ls stage)"

# A disk without the room, where a small one can be made.
mkdir small
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=4k tmpfs small 2>/dev/null; then
    trap 'umount small; rm -rf "$WORK"' EXIT
    expect 1 "data.stage_folder: the corpora take 0.0 MB, and small on host .* has 0.0 MB free" "$LAMBERT" train \
        "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=r data.stage_folder=small
    [ -z "$(find small -name '*.shard')" ] || fail "it was copied"
else
    echo "no small disk can be made here: it was not tried"
fi
