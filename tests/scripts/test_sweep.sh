#!/bin/sh
# scripts/sweep: rows and grids become runs, each of which is made once, however often the sweep is stopped; those
# that fail or diverge are recorded and stop no other. Once with the program, else with a stand-in.
. "$(dirname "$0")/../lib.sh"
sweep=$ROOT/scripts/sweep
export PYTHONDONTWRITEBYTECODE=1

# The stand-in: show config prints what the words come to; train writes metrics with a loss that its rate decides.
cat >fake <<'PYTHON'
#!/usr/bin/env python3
import json, os, signal, sys, time
if sys.argv[1:3] == ["show", "config"]:
    keys = dict(word.split("=", 1) for word in sys.argv[3:] if "=" in word)
    keys.setdefault("train.log_every", "10")
    if "phase.one.rate" in keys:
        sys.exit("unknown key phase.one.rate")
    for key, value in keys.items():
        section, name = key.rsplit(".", 1)
        print(f"[{section.replace('.', ' ')}]\n{name} = {value}")
    sys.exit(0)
assert sys.argv[1] == "train", sys.argv
keys = dict(word.split("=", 1) for word in sys.argv[2:] if "=" in word and not word.startswith("-"))
with open("calls", "a") as file:
    file.write(f"{' '.join(sys.argv[1:])} on {sorted(os.sched_getaffinity(0))}\n")
rate = float(keys["phase.one.learning_rate"])
folder = keys["run.folder"]
if os.path.exists("locked"):
    sys.exit(75)
os.makedirs(folder, exist_ok=True)
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(76))
def write(**record):
    with open(folder + "/metrics.jsonl", "a") as file:
        file.write(json.dumps(record) + "\n")
if os.path.exists("slow"):
    write(kind="step", seconds=1.0, total_step=1, total_tokens=100)
    open("waiting", "w").close()
    time.sleep(60)
write(kind="evaluation", mlm_loss=9.0, mlm_accuracy=0.0, nsp_loss=0.7, unigram_loss=7.0)
write(kind="step", seconds=2.0, total_step=2, total_tokens=200)
if rate == 0.7:
    sys.exit("lambert: the disk is full")
if rate == 0.9:
    sys.exit("step 2 of phase one: the gradient is not finite, first in tensor x. It did not reach the weights")
write(kind="evaluation", mlm_loss=9.5 if rate == 0.8 else 5 + rate, mlm_accuracy=0.2, nsp_loss=0.6, unigram_loss=7.0)
PYTHON
chmod +x fake
printf '# rates\nname\tphase.one.learning_rate\trun.seed\n\nlow\t0.1\t\nfull\t0.7\t2\nrises\t0.8\t2\nbursts\t0.9\t2\nhigh\t0.2\t2\n' >runs.tsv
fake_sweep() {
    "$sweep" out my.ini --lambert ./fake "$@"
}
# ends CODE COMMAND...: with this exit code; what it said is in said.txt
ends() {
    ends_code=$1 seen=0
    shift
    "$@" >said.txt 2>&1 || seen=$?
    [ $seen = "$ends_code" ] || fail "'$*' ended with $seen, not $ends_code: $(cat said.txt)"
}
state() {
    sed -n 's/^ "state": "\(.*\)",$/\1/p' "out/$1.json"
}

# A table: in order, each recorded as it ended, an empty cell no word.
ends 1 fake_sweep data.corpus=c --table runs.tsv
for run in "low done" "full failed" "rises diverged" "bursts diverged" "high done"; do
    [ "$(state ${run% *})" = "${run#* }" ] || fail "$run is $(state ${run% *})"
done
grep -q '^train my.ini data.corpus=c phase.one.learning_rate=0.1 run.folder=out/low --resume ' calls || fail "$(cat calls)"
! grep "out/low" calls | grep -q run.seed || fail "an empty cell is a word"
grep -q '^2 of 5, full: failed, MLM loss 9.0000 (guessing by frequency 7.0000), .*: lambert: the disk is full; 3 to begin, about' said.txt ||
    fail "$(cat said.txt)"
grep -qx 'done: 2; diverged: 2; failed: 1' said.txt || fail "$(cat said.txt)"

# Once more: nothing is made again, but what failed where that is asked for.
: >calls
ends 1 fake_sweep data.corpus=c --table runs.tsv
[ ! -s calls ] || fail "made again: $(cat calls)"
grep -q "^5 runs, 5 of them made before" said.txt || fail "$(cat said.txt)"
ends 1 fake_sweep data.corpus=c --table runs.tsv --again
[ "$(grep -c . calls)" = 3 ] || fail "--again: $(cat calls)"
printf 'new\t0.3\t\n' >>runs.tsv
: >calls
ends 1 fake_sweep data.corpus=c --table runs.tsv
[ "$(grep -c . calls)" = 1 ] && [ "$(state new)" = "done" ] || fail "a row more: $(cat calls)"
fake_sweep data.corpus=c --table runs.tsv --list >list.tsv
[ "$(sed -n 2p list.tsv)" = "$(printf 'low\t0.1\t\tdone\t2\t200\t2.0\t5.1\t7.0')" ] || fail "$(cat list.tsv)"
expect 1 "out/low was made with another data.corpus: " fake_sweep data.corpus=d --table runs.tsv

# A grid, alone and with a table; an array's task.
[ "$(fake_sweep --grid phase.one.learning_rate=0.1,0.2 --grid run.seed=1,2,3 --count)" = 6 ] || fail "a grid's count"
[ "$(fake_sweep --table runs.tsv --grid optimizer.name=lamb,lans --count)" = 12 ] || fail "a table times a grid"
: >calls
ends 0 fake_sweep --grid phase.one.learning_rate=0.1,0.2 --grid run.seed=1,2 --task 3
[ -d "out/phase.one.learning_rate=0.2,run.seed=1" ] && [ "$(grep -c . calls)" = 1 ] || fail "task 3: $(cat calls)"
expect 1 "the runs have the numbers 1 to 4" fake_sweep --grid phase.one.learning_rate=0.1,0.2 --grid run.seed=1,2 --task 5

# What is wrong is said before any run.
: >calls
printf 'phase.one.learning_rate\tphase.one.rate\n0.1\t\n0.2\t3\n' >bad.tsv
expect 1 "phase.one.learning_rate=0.2,phase.one.rate=3: unknown key" fake_sweep --table bad.tsv
printf 'phase.one.learning_rate\n0.1\t2\n' >bad.tsv
expect 1 "bad.tsv:2: 2 cells stand under 1 names" fake_sweep --table bad.tsv
printf 'rate\n0.1\n' >bad.tsv
expect 1 "bad.tsv:1: 'rate' is no key" fake_sweep --table bad.tsv
printf 'name\trun.seed\na\t1\na\t2\n' >bad.tsv
expect 1 "two runs are called 'a'" fake_sweep --table bad.tsv
printf 'name\trun.seed\n../a\t1\n' >bad.tsv
expect 1 "'../a' is no name of a run" fake_sweep --table bad.tsv
expect 1 "run.folder is not for the table to give" fake_sweep --grid run.folder=a,b
expect 1 "run.seed is in the table and in the grid" fake_sweep --table runs.tsv --grid run.seed=1
expect 1 "KEY=VALUE,VALUE... is wanted" fake_sweep --grid run.seed=
expect 1 "there is no|No such file" fake_sweep --table nowhere.tsv
expect 2 "says which runs are wanted" fake_sweep
[ ! -s calls ] || fail "a run was made: $(cat calls)"

# A sweep that is told to end: its run saves, has no record, and goes on the next time. What another process is at
# work on is left to it.
: >slow
"$sweep" out my.ini --lambert ./fake --grid phase.one.learning_rate=0.41,0.42 >said.txt 2>&1 &
job=$! seen=0
wait_until 60 [ -e waiting ] || fail "no run began: $(cat said.txt)"
kill -TERM $job
wait $job || seen=$?
[ $seen = 76 ] || fail "exit code $seen of a sweep that was stopped: $(cat said.txt)"
grep -q "=0.41: stopped; it goes on the next time" said.txt && ! grep -q 0.42 said.txt || fail "$(cat said.txt)"
[ -d out/phase.one.learning_rate=0.41 ] && [ ! -e out/phase.one.learning_rate=0.41.json ] || fail "a record of a half"
rm slow
: >locked
ends 75 fake_sweep --grid phase.one.learning_rate=0.41,0.42
grep -q "=0.41: another process is at work on it" said.txt || fail "$(cat said.txt)"
rm locked
ends 76 fake_sweep --grid phase.one.learning_rate=0.41,0.42 --max-hours 0
: >calls
ends 0 fake_sweep --grid phase.one.learning_rate=0.41,0.42 --max-hours 1
grep -q -- "=0.41 --resume --stopped-code 76 --max-hours 0.99" calls || fail "$(cat calls)"
[ "$(state phase.one.learning_rate=0.41)" = "done" ] || fail "what was stopped"

# Several at once, on cores of their own; no more than there are.
cores=$(python3 -c 'import os, sys; sys.path.insert(0, sys.argv[1]); import sweeping
print(len(sweeping.cores_of(os.sched_getaffinity(0))))' "$ROOT/scripts")
expect 1 "a job wants one of its own" fake_sweep --grid phase.one.learning_rate=0.5 --jobs $((cores + 1))
: >calls
ends 0 fake_sweep --grid phase.one.learning_rate=0.51,0.52,0.53,0.54 --jobs "$cores"
[ "$(grep -c . calls)" = 4 ] || fail "jobs: $(cat calls)"
python3 - "$ROOT/scripts" <<'PYTHON' || fail "cores"
import sys
sys.path.insert(0, sys.argv[1])
import sweeping
assert sweeping.shares_of([[0, 4], [1, 5], [2, 6], [3, 7]], 2) == [[0, 1, 4, 5], [2, 3, 6, 7]]
assert sweeping.shares_of([[0], [1], [2]], 2) == [[0], [1, 2]]

# What another's end asks for is made, by whoever waited for it; a fault ends all, and is told.
import threading, time
sweeping.cores_of = lambda processors: [[0], [1]]
queue, seen, both = ["first", "second"], [], threading.Barrier(2)
def make(what, processors):
    if what in ("third", "fourth"):
        both.wait(10)  # of two workers
    time.sleep(0.3 if what == "first" else 0)
    if what == "broken":
        raise sweeping.Failure("broken")
    return what
def done(what):
    seen.append(what)
    queue.extend({"first": ["third", "fourth"], "fourth": ["broken", "never"]}.get(what, []))
def work(over=lambda: False):
    sweeping.work_on(2, lambda: queue.pop(0) if queue else None, make, done, over)
try:
    work()
except sweeping.Failure as fault:
    assert str(fault) == "broken" and seen[0] == "second" and set(seen[1:]) >= {"first", "third", "fourth"}, seen
else:
    raise AssertionError(seen)
queue, seen = ["first", "second"], []
work(over=lambda: "second" in seen)
assert set(seen) == {"first", "second"} and queue == ["third", "fourth"], (seen, queue)
mpirun = "log\nerror: the disk is full\n---\nmpirun: a process exited with code 1\n----\n"
assert sweeping.sentence_of(mpirun) == "error: the disk is full" and sweeping.sentence_of("a\nb\n---\n") == "b"
PYTHON

# A job of an array: the run of its number under mpirun; back into the queue where it was stopped.
mkdir bin
cat >bin/mpirun <<'PYTHON'
#!/bin/sh
while [ "$1" != ./fake ]; do shift; done
exec "$@"
PYTHON
printf '#!/bin/sh\necho "$*" >>requeued\n' >bin/scontrol
cat >lambert <<PYTHON
#!/bin/sh
[ "\$1" = help ] && { echo "$ROOT"; exit 0; }
exec ./fake "\$@"
PYTHON
sed -i 's,!= ./fake,!= ./lambert,' bin/mpirun
chmod +x bin/* lambert
array() {
    env PATH="$WORK/bin:$PATH" LAMBERT=./lambert SLURM_JOB_ID=17 SLURM_CPUS_PER_TASK=1 SLURM_ARRAY_TASK_ID="$1" \
        "$ROOT/scripts/sweep.sbatch" array my.ini --grid phase.one.learning_rate=0.1,0.2 >job.log 2>&1
}
array 2 || fail "a task: $(cat job.log)"
[ -e array/phase.one.learning_rate=0.2.json ] && [ ! -e array/phase.one.learning_rate=0.1 ] || fail "$(cat job.log)"
[ ! -e requeued ] || fail "a task that is done went back"
rm -f waiting
: >slow
env PATH="$WORK/bin:$PATH" LAMBERT=./lambert SLURM_JOB_ID=17 SLURM_CPUS_PER_TASK=1 SLURM_ARRAY_TASK_ID=1 \
    "$ROOT/scripts/sweep.sbatch" array my.ini --grid phase.one.learning_rate=0.1,0.2 >job.log 2>&1 &
job=$!
wait_until 60 [ -e waiting ] || fail "the task did not begin: $(cat job.log)"
kill -USR1 $job
wait $job || fail "a task before its time limit: $(cat job.log)"
[ "$(cat requeued)" = "requeue 17" ] || fail "it did not go back: $(cat job.log)"
rm slow
array 1 || fail "$(cat job.log)"
[ -e array/phase.one.learning_rate=0.1.json ] || fail "the task that went back"
ends 2 env -u SLURM_ARRAY_TASK_ID LAMBERT=./lambert "$ROOT/scripts/sweep.sbatch" array my.ini --grid run.seed=1

# With the program itself: runs that differ, a rate at which nothing stays finite, and a record of each.
make_corpus
"$sweep" real "$ROOT/configs/tiny.ini" data.corpus=corpus phase.one.steps=3 phase.two.steps=1 --lambert "$LAMBERT" \
    --grid optimizer.name=lamb,sgd --grid phase.one.learning_rate=0.01,1e3 optimizer.max_grad_norm=0 >said.txt 2>&1 ||
    fail "$(cat said.txt)"
grep -q "^4 of 4, " said.txt && grep -q "diverged: " said.txt || fail "$(cat said.txt)"
run=real/optimizer.name=lamb,phase.one.learning_rate=0.01
grep -q '"state": "done"' $run.json && grep -q '"steps": 4,' $run.json || fail "$(cat $run.json)"
grep -q '"phase.two.steps": "1"' $run.json && [ -e $run/config.ini ] || fail "$(cat $run.json)"
