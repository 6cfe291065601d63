#!/bin/sh
# A run, or an evaluation, in which something hangs ends, with a code, and each rank that lives says where it is; one that
# is slow, or that was suspended, goes on.
. "$(dirname "$0")/../lib.sh"
make_corpus
host=$(hostname)
child='' pid0='' pid1='' pid2=''
children= # to be ended in any case, though they be stopped
trap 'for child in $children; do kill -KILL $child 2>/dev/null || :; done; rm -rf "$WORK"' EXIT

# strides FOLDER: has made more than five steps, or is over
strides() {
    [ "$(grep -sc . "$1/metrics.jsonl")" -gt 5 ] 2>/dev/null || ! kill -0 $job 2>/dev/null
}

nobody_left() {
    ! pgrep -f "lambert train .*run.folder=$folder " >/dev/null
}

# begin FOLDER WORDS...: starts a run on 3 ranks, and waits until it is in its stride. Sets job (to wait
# for) and pid0, pid1, pid2.
begin() {
    folder=$1
    shift
    : >log.txt
    train 3 "$folder" phase.one.global_batch=64 "$@" &
    job=$!
    wait_until 60 strides "$folder" && kill -0 $job 2>/dev/null || fail "no steps: $(tail -n 5 log.txt)"
    for pid in $(pgrep -f "lambert train .*run.folder=$folder "); do
        rank=$(rank_of $pid)
        [ -z "$rank" ] || eval "pid$rank=$pid"
        children="$children $pid"
    done
}

# ends_by_itself: with a code, soon, without leaving anybody behind
ends_by_itself() {
    started=$(date +%s) code=0
    wait $job || code=$?
    seconds=$(($(date +%s) - started))
    [ $code -ne 0 ] || { cat log.txt; fail "exit code 0"; }
    [ $seconds -lt 30 ] || fail "it took $seconds s"
    wait_until 5 nobody_left || fail "ranks are left: $(pgrep -af "run.folder=$folder ")"
    grep -q "the run stands still and is ended" log.txt || { cat log.txt; fail "no word of the end"; }
    grep -q "^warning: no progress for 0:0.: step .* the run is ended" log.txt ||
        { cat log.txt; fail "no warning"; }
}

# says RANK PATTERN
says() {
    grep -qE "error: rank $1 on $host made no progress for 0:0[3-9]: $2" log.txt ||
        { cat log.txt; fail "rank $1 did not say '$2'"; }
}

# eval ends as well: of a checkpoint that never comes, rank 0 waits for its bytes and rank 1 for rank 0.
${CC:-cc} -shared -fPIC -o hanging_map.so "$ROOT/tests/end_to_end/hanging_map.c" || fail "no shim"
echo >never.checkpoint
code=0
export UCX_MEM_EVENTS=n # MPICH's UCX would put an mmap() of its own before that of the shim
timeout 60 mpirun -n 2 env LD_PRELOAD="$WORK/hanging_map.so" ASAN_OPTIONS=verify_asan_link_order=0 "$LAMBERT" eval \
    "$ROOT/configs/tiny.ini" --checkpoint never.checkpoint data.corpus=corpus run.folder=none train.watchdog_seconds=2 >log.txt 2>&1 || code=$?
[ $code -eq 1 ] || { cat log.txt; fail "eval: exit code $code"; }
grep -qE "error: rank [01] on $host made no progress for 0:0[2-9]: reading the checkpoint" log.txt ||
    { cat log.txt; fail "eval did not say where it was"; }
grep -q "the run stands still and is ended.*Evaluate once more" log.txt || { cat log.txt; fail "eval's end"; }

# A named pipe is no checkpoint, and its writer is not waited for.
mkfifo pipe
expect 1 "pipe is not a regular file" "$LAMBERT" eval "$ROOT/configs/tiny.ini" --checkpoint pipe data.corpus=corpus \
    run.folder=none

# A rank that is stopped, the others wait for it.
begin stopped phase.one.steps=1000000 train.watchdog_seconds=3
kill -STOP $pid1
ends_by_itself
says 0 "step [0-9]+, .*waiting in (MPI_|the exchange)"
says 2 "step [0-9]+, .*waiting in (MPI_|the exchange)"
! grep -q "rank 1 on" log.txt || fail "a stopped rank spoke"

# The thread that reads the corpus is stopped (by a tracer, as a debugger does), its rank lives.
begin starved phase.one.steps=1000000 train.watchdog_seconds=3
cat >stop_thread.py <<'PYTHON'
import ctypes, os, sys
SEIZE, INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000
pid = sys.argv[1]
threads = os.listdir(f"/proc/{pid}/task")
thread, = [int(t) for t in threads if open(f"/proc/{pid}/task/{t}/comm").read() == "batches\n"]
libc = ctypes.CDLL(None, use_errno=True)
for request in SEIZE, INTERRUPT:
    if libc.ptrace(request, thread, None, None) != 0:
        sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")
while os.WIFSTOPPED(os.waitpid(thread, WALL)[1]):
    pass
PYTHON
python3 stop_thread.py $pid1 2>tracer.txt &
tracer=$!
children="$children $tracer"
stopped_or_refused() {
    grep -qs "^State:.*tracing stop" /proc/$pid1/task/*/status || ! kill -0 $tracer 2>/dev/null
}
wait_until 10 stopped_or_refused || fail "the data thread was not stopped"
if kill -0 $tracer 2>/dev/null; then
    ends_by_itself
    says 0 "step [0-9]+, counting the losses' terms, waiting in (MPI_|the exchange)"
    says 1 "step [0-9]+, waiting for data$"
    says 2 "step [0-9]+, counting the losses' terms, waiting in (MPI_|the exchange)"
elif grep -q "ptrace: Operation not permitted" tracer.txt; then
    echo "this machine lets no process trace another: a data thread that hangs was not tried"
    kill -TERM $pid0
    wait $job || fail "the run could not be stopped"
else
    cat tracer.txt
    fail "the data thread was not stopped"
fi

# Slow, but alive: one rank runs now and then only, for less than the watchdog's time.
begin slow phase.one.steps=600 phase.two.steps=1 train.watchdog_seconds=2
rests=0
while kill -0 $pid1 2>/dev/null && [ $rests -lt 4 ]; do
    kill -STOP $pid1
    sleep 1
    kill -CONT $pid1
    sleep 0.1
    rests=$((rests + 1))
done
kill -0 $pid1 2>/dev/null || fail "the run was over after $rests rests"
# The whole job is suspended for longer than that.
kill -STOP $pid0 $pid1 $pid2
sleep 5
kill -CONT $pid0 $pid1 $pid2
wait $job || { cat log.txt; fail "a slow run was ended"; }
! grep -q "made no progress" log.txt || { cat log.txt; fail "a slow run was reported"; }
[ "$(field total_step slow | tail -n 1)" = 601 ] || fail "the slow run did not come to its end"
