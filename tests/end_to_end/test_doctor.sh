#!/bin/sh
# lambert doctor: of a healthy job it says that all is well, and leaves nothing behind; faults that are injected one by
# one it names, each with its cure.
. "$(dirname "$0")/../lib.sh"
holder='' neighbours='' segment=/dev/shm/vader_segment.lambert-test-$$
clean_up() {
    for process in $holder $neighbours; do
        kill -KILL "$process" 2>/dev/null || :
    done
    rm -rf "$WORK" $segment
}
trap clean_up EXIT
unset LAMBERT_ISA LAMBERT_GEMM OMP_NUM_THREADS SLURM_JOB_END_TIME PBS_WALLTIME OAR_JOB_WALLTIME_SECONDS
make_corpus
for shim in file_faults clock_ahead; do
    ${CC:-cc} -shared -fPIC -o $shim.so "$ROOT/tests/end_to_end/$shim.c" || fail "no shim"
done
config="$ROOT/configs/tiny.ini data.corpus=corpus run.folder=run"
export ASAN_OPTIONS=verify_asan_link_order=0

# says LEVEL CHECK PATTERN CURE: a finding in out.txt, of that level and check, with that cure behind it (grep -E)
says() {
    grep -A 1 -E "^$1 +$2 +.*($3)" out.txt | grep -qE "^ +cure: .*($4)" ||
        { cat out.txt err.txt >&2; fail "not found: $1 $2: $3; cure: $4"; }
}

# quick WORDS...: the doctor without what takes a while to measure, alone; and on two ranks
quick() {
    "$LAMBERT" doctor --quick "$@"
}
quick_pair() {
    mpirun -n 2 --bind-to none "$LAMBERT" doctor --quick "$@"
}

# examine CODE COMMAND...: it ends with that code; what it says is in out.txt, and in err.txt
examine() {
    examine_code=$1 examine_seen=0
    shift
    "$@" >out.txt 2>err.txt </dev/null || examine_seen=$?
    [ $examine_seen = "$examine_code" ] ||
        { cat out.txt err.txt >&2; fail "'$*' gave exit code $examine_seen, not $examine_code"; }
}

# finds CODE LEVEL CHECK PATTERN CURE COMMAND...: examine, and says
finds() {
    finds_code=$1 finds_level=$2 finds_check=$3 finds_pattern=$4 finds_cure=$5
    shift 5
    examine "$finds_code" "$@"
    says "$finds_level" "$finds_check" "$finds_pattern" "$finds_cure"
}

# rank_1 VARIABLE=VALUE...: a file ./on_rank_1 that starts a program with these on rank 1, and as it is on others
rank_1() {
    printf '#!/bin/sh\n[ "${OMPI_COMM_WORLD_RANK-$PMI_RANK}" != 1 ] || exec env %s "$@"\nexec "$@"\n' "$*" >on_rank_1
    chmod +x on_rank_1
}

# --- a healthy job -------------------------------------------------------------------------------

# What others do on this machine, and tests that were killed have left on it, is none of the job's faults.
touch out.txt err.txt before.txt
find . | sort >before.txt
# shellcheck disable=SC2086
examine 0 mpirun -n 2 --bind-to none "$LAMBERT" doctor $config
find . | sort | cmp - before.txt || fail "something is left behind"
for check in configuration ranks program kernels training-data memory limits job-time run-folder stage clocks network; do
    grep -qE "^ok +$check +[^ ]" out.txt || { cat out.txt >&2; fail "healthy: not ok: $check"; }
done
grep -E '^warn' out.txt | grep -vE '^warn +(speed|shared-memory|threads|disk)' >&2 && fail "healthy: a warning"
seconds=$(sed -n 's/.* failed; \(.*\) s$/\1/p' out.txt)
[ "${seconds%.*}" -lt 10 ] || fail "it took $seconds s"

# A checkpoint has the size that is said.
# shellcheck disable=SC2086
"$LAMBERT" train $config phase.one.steps=1 phase.two.steps=1 2>log.txt || fail "train: $(cat log.txt)"
stat -c %s run/checkpoints/*.checkpoint | awk -v said="$(sed -n 's/.*a checkpoint of \([0-9.]*\) MB.*/\1/p' out.txt)" '
    { d = $1 / 1e6 - said } END { exit !(NR == 2 && d < 0.1 && d > -0.1) }' || fail "another size of a checkpoint"

# shellcheck disable=SC2086
finds 1 FAIL run-folder "run holds a run at step 2 already" "--resume goes on" quick $config
# shellcheck disable=SC2086
examine 0 quick $config --resume --max-hours 3 --stopped-code 75
grep -qE "^ok +run-folder +run holds a run at step 2, which goes on" out.txt || fail "--resume: $(cat out.txt)"
grep -qE "^(ok|warn) +disk +.*run/checkpoints" out.txt || fail "not where checkpoints lie: $(cat out.txt)"
grep -qE "^ok +job-time +the job ends in 3:00:0[0-9] \(--max-hours\)" out.txt || fail "--max-hours: $(cat out.txt)"
grep -qE "^[a-zA-Z]+ +(speed|clocks|network)" out.txt && fail "--quick measures: $(cat out.txt)"
expect 2 "--accept is for --resume" "$LAMBERT" doctor --accept run.seed

# Alone, and without a configuration; as JSON.
examine 0 quick
grep -q "^ok    configuration  none is given" out.txt || fail "without a configuration: $(cat out.txt)"
grep -q "run-folder" out.txt && fail "a run folder without a configuration"
config="$config run.folder=new"
# shellcheck disable=SC2086
examine 0 "$LAMBERT" doctor $config --json
python3 - <<'PYTHON' || fail "JSON: $(cat out.txt)"
import json
lines = [json.loads(line) for line in open("out.txt")]
findings, end = lines[:-1], lines[-1]
assert {f["check"] for f in findings} >= {"ranks", "run-folder", "network"}
assert all(f["level"] in ("ok", "warn", "FAIL") and f["found"] for f in findings)
assert all(("cure" in f) == (f["level"] != "ok") for f in findings)
assert end["warn"] == sum(f["level"] == "warn" for f in findings) and end["fail"] == 0
PYTHON

# --- ranks that differ ---------------------------------------------------------------------------

# Of several faults in one job each is named.
cp "$LAMBERT" another
echo >>another
cat >mixed <<END
#!/bin/sh
[ "\${OMPI_COMM_WORLD_RANK-\$PMI_RANK}" != 1 ] ||
    exec env LAMBERT_ISA=plain LD_PRELOAD="$PWD/clock_ahead.so" ./another "\$@"
exec "$LAMBERT" "\$@"
END
chmod +x mixed
examine 1 mpirun -n 2 ./mixed doctor
says FAIL program "1 rank\(s\) run another program.*rank 1 on " "one build of Lambert"
says warn kernels "1 rank\(s\) compute with other kernels.*rank 1 on .*plain" "LAMBERT_ISA"
says warn clocks "rank 1 on .*its clock is 36[0-9.]+ s ahead" "chronyd"
examine 1 env SLURM_JOB_END_TIME=$(($(date +%s) + 50)) "$LAMBERT" doctor --quick --strict
rank_1 LAMBERT_ISA=abacus
finds 1 FAIL kernels "rank 1 on .*abacus" "unset LAMBERT_ISA" mpirun -n 2 ./on_rank_1 "$LAMBERT" doctor --quick

# Rank 1 in a folder of its own, where the corpus is another one, and then none.
mkdir elsewhere
"$LAMBERT" prep --vocabulary vocab.txt --output elsewhere/corpus --heldout 0.3 text.txt 2>log.txt ||
    fail "prep: $(cat log.txt)"
rank_1 --chdir=elsewhere
# shellcheck disable=SC2086
finds 1 FAIL training-data "not the same on all ranks.*rank 1 on " "the same files" \
    mpirun -n 2 ./on_rank_1 "$LAMBERT" doctor --quick $config
rm -r elsewhere/corpus
# shellcheck disable=SC2086
finds 1 FAIL training-data "rank 1 on .*corpus" "under this path on every host" \
    mpirun -n 2 ./on_rank_1 "$LAMBERT" doctor --quick $config

# Words that only one rank is given, and a key that there is none of.
# shellcheck disable=SC2016
printf '#!/bin/sh\n[ "${OMPI_COMM_WORLD_RANK-$PMI_RANK}" != 1 ] || exec "$@" run.seed=3\nexec "$@"\n' >on_rank_1
# shellcheck disable=SC2086
finds 1 FAIL configuration "the configuration is not the same on all ranks" "the same words" \
    mpirun -n 2 ./on_rank_1 "$LAMBERT" doctor --quick $config
# shellcheck disable=SC2086
finds 1 FAIL configuration "train.stepz" "docs/config.md" quick $config train.stepz=3
# shellcheck disable=SC2086
finds 0 warn configuration "phase.one.global_batch is 1 sequences for 2 ranks" "fewer ranks" \
    quick_pair $config phase.one.global_batch=1

# shellcheck disable=SC2086
finds 1 FAIL configuration "CONFIG is given to some ranks only" "every part of mpirun's line" \
    mpirun -n 1 "$LAMBERT" doctor --quick $config : -n 1 "$LAMBERT" doctor

# Processes that do not know each other: the sentence that every command ends with.
expect 1 "4 processes were started by .*each of them would be a run of its own" \
    env SLURM_JOB_ID=1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0 "$LAMBERT" doctor

# --- the machine ---------------------------------------------------------------------------------

core=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
for _ in 1 2; do
    taskset -c "$core" sh -c 'while :; do :; done' &
    neighbours="$neighbours $!"
done
examine 0 env SLURM_JOB_END_TIME=$(($(date +%s) + 50)) taskset -c "$core" "$LAMBERT" doctor
says warn speed "rank 0 on .* it gets [0-8]?[0-9]% of the time of its 1 core" "what else runs there"
says warn job-time "the job ends in 0:" "more time"
# shellcheck disable=SC2086
kill -KILL $neighbours
neighbours=
# shellcheck disable=SC3045 # every sh that is used has it
several_limits() {
    (ulimit -n 80 && ulimit -v 4000000 && ulimit -f 100 && ulimit -t 3600 && exec "$@")
}
if [ -w /dev/shm ]; then
    : >$segment
    touch -d '10 minutes ago' $segment
fi
# shellcheck disable=SC2086
examine 1 several_limits env OMP_NUM_THREADS=2 SLURM_JOB_END_TIME=soon taskset -c "$core" "$LAMBERT" doctor --quick \
    $config train.micro_batch_tokens=16777216 model.num_hidden_layers=64 model.hidden_size=1024
says warn threads "2 threads on 1 bound core\(s\) \($core\): they will take turns" "run.threads=1"
says FAIL memory "would hold [0-9]+ MB, and it has [0-9]+ MB available" "train.micro_batch_tokens"
says FAIL limits "80 files may be open" "ulimit -n 65536"
says FAIL limits "MB of addresses are allowed" "ulimit -v unlimited"
says FAIL limits "files may have 0.1 MB.*a checkpoint has" "ulimit -f unlimited"
says warn limits "after 3600 s of processors' time" "ulimit -t unlimited"
says warn job-time "SLURM_JOB_END_TIME .soon. is no number" "max-hours"
if [ -w /dev/shm ]; then
    says warn shared-memory "have left [0-9]+ segment" "clean-shared-memory"
    rm $segment
fi

# --- folders -------------------------------------------------------------------------------------

# shellcheck disable=SC2086
finds 1 FAIL run-folder "cannot make a folder in /proc" "where this user may write" \
    quick $config run.folder=/proc/run
# shellcheck disable=SC2086
finds 1 FAIL run-folder "text.txt is no folder" "another run.folder" quick $config run.folder=text.txt/run
# shellcheck disable=SC2086
finds 1 FAIL stage "the corpora take .* MB, and /proc/stage on host .* has 0.0 MB free" "do without data.stage_folder" \
    quick $config data.stage_folder=/proc/stage

# A folder for checkpoints that leads nowhere, and a run folder that does.
mkdir -p linked
ln -s /nowhere linked/checkpoints
# shellcheck disable=SC2086
finds 1 FAIL run-folder "linked/checkpoints" "folder of this run's own" quick $config run.folder=linked
ln -s /nowhere astray
# shellcheck disable=SC2086
finds 1 FAIL run-folder "astray is no folder" "another run.folder" quick $config run.folder=astray

# What is named and is not there: by its key.
# shellcheck disable=SC2086
finds 1 FAIL training-data "train.evaluate_pairs: .*/none" "set train.evaluate_pairs" quick $config \
    train.evaluate_pairs=/none run.start_from=/none
says FAIL training-data "run.start_from: /none" "set run.start_from"
# shellcheck disable=SC2086
finds 1 FAIL training-data "run.start_from: .*text.txt" "set run.start_from" quick $config run.start_from=text.txt
finds 1 FAIL training-data "run.branch_from: .*text.txt" "set run.branch_from" quick $config run.branch_from=text.txt
# shellcheck disable=SC2086
finds 1 FAIL training-data "phase.one.rates: .*text.txt" "set it to a run's folder" quick $config phase.one.rates=text.txt

python3 -c 'import fcntl, sys, time
lock = open("run/lock", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
lock.write("n17 4711")
lock.flush()
open("held", "w")
time.sleep(600)' &
holder=$!
wait_until 10 test -e held || fail "the lock is not held"
# shellcheck disable=SC2086
finds 1 FAIL run-folder "another run uses this folder: .*process 4711 on host n17" "run.lock=no" \
    quick $config run.folder=run
[ "$(cat run/lock)" = "n17 4711" ] || fail "the lock of the other run is not as it was"
kill -KILL $holder
wait $holder 2>/dev/null || :
holder=

# faulty CODE FAULTS: a file system that lacks something, or fails
faulty() {
    # shellcheck disable=SC2086
    examine "$1" env LD_PRELOAD="$PWD/file_faults.so" FILE_FAULTS="$2" "$LAMBERT" doctor --quick $config
}
faulty 0 "lock=95 map=19 sync=22"
says warn run-folder "has no locks" "no second run"
says warn training-data "maps no files" "data.stage_folder"
says warn disk "cannot be synced" "another file system"
faulty 1 "lock=5 sync=5"
says FAIL run-folder "locks fail: .*Input/output error" "run.lock=no"
says FAIL disk "Input/output error" "log of that disk"

# --- a disk that does not answer -------------------------------------------------------------------

# Who is ended meanwhile leaves nothing behind; what was left behind by one that was killed is in nobody's way.
mkdir hangs hangs/.lambert-doctor-"$(hostname)"-1
# shellcheck disable=SC2086
env LD_PRELOAD="$PWD/file_faults.so" FILE_FAULTS=sync_sleeps=600 "$LAMBERT" doctor --quick $config run.folder=hangs \
    >out.txt 2>err.txt &
holder=$!
wait_until 20 sh -c 'ls hangs/.lambert-doctor.*/* >/dev/null 2>&1' || fail "no trial: $(cat out.txt err.txt)"
kill -TERM $holder
code=0
wait $holder || code=$?
holder=
[ $code = 143 ] || fail "SIGTERM gave exit code $code"
ls -d hangs/.lambert-doctor.* 2>/dev/null && fail "a trial is left behind"

# --- a task --------------------------------------------------------------------------------------

printf 'label\ttext\n1\tThe king saw the river.\n0\tThe bird lost the lamp.\n' >task.tsv
cat >task.ini <<END
[run]
folder = new
start_from = run
[task]
kind = classification
text = text
label = label
train = task.tsv
[phase tune]
sequence_length = 32
global_batch = 4
steps = 2
learning_rate = 1e-4
END
examine 0 quick task.ini
grep -qE "^ok +memory +the 1 rank" out.txt || fail "a task: $(cat out.txt)"
finds 1 FAIL training-data "task.evaluate: cannot read /none" "set task.evaluate" quick task.ini \
    task.evaluate=/none run.start_from=/none
says FAIL training-data "run.start_from: /none" "set run.start_from"

# A pipe can be read once.
mkfifo pipe
sh -c 'exec 3<>pipe; printf "label\ttext\n" >&3; : >ready; exec sleep 600' &
holder=$!
wait_until 10 test -e ready || fail "no pipe"
finds 0 warn training-data "task.train: pipe is a pipe" "to a file" quick task.ini task.train=pipe
kill -KILL $holder
wait $holder 2>/dev/null || :
holder=
# Of a large file samples are read, and no plan of memory is made.
truncate -s 100G task.tsv
examine 0 quick task.ini
grep -qE "^ok +training-data +task.tsv" out.txt || fail "a large file: $(cat out.txt)"
