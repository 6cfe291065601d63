#!/bin/sh
# Signals of all kinds, to a rank and to mpirun, in training and before it; a log that nobody reads any more; a file
# that may not grow. What was trained is saved, and nothing waits for a reader.
. "$(dirname "$0")/../lib.sh"
make_corpus
long="phase.one.steps=1000000 train.checkpoint_every=0"

# ranks_of FOLDER: the processes that train in it
ranks_of() {
    for pid in $(pgrep -f "lambert train .*run.folder=$1 "); do
        [ "$(cat /proc/"$pid"/comm 2>/dev/null)" != lambert ] || echo "$pid"
    done
}

strides() {
    grep -qs '"total_step":5,' "$folder/metrics.jsonl" || ! kill -0 $job 2>/dev/null
}

# begin FOLDER RANKS WORDS...: a run in its stride, which is $job
begin() {
    folder=$1 ranks=$2
    shift 2
    : >log.txt
    # shellcheck disable=SC2086
    train "$ranks" "$folder" $long "$@" &
    job=$!
    wait_until 60 strides && kill -0 $job || fail "no steps: $(tail -n 5 log.txt)"
}

# saved CODE: the run ends so, and left a checkpoint
saved() {
    code=0
    wait $job || code=$?
    [ $code = "$1" ] || { tail -n 5 log.txt; fail "$folder: exit code $code"; }
    ls "$folder"/checkpoints/*.checkpoint >/dev/null || fail "$folder: nothing is saved"
}

# To one rank; the others follow.
for signal in HUP USR2 XCPU; do
    begin $signal 2
    kill -$signal "$(ranks_of $signal | tail -n 1)"
    saved 0
    grep -q "^stopped by .* with a checkpoint" log.txt || { tail -n 5 log.txt; fail "$signal: no word of it"; }
done

# To mpirun. Open MPI's gives its ranks time (a second, if nothing is said: too little on a busy machine) and reads nothing
# from them meanwhile: more is logged than a pipe holds. It takes twice that time to end, so that is waited for at last,
# and its exit code is its own. MPICH's passes SIGTERM and SIGINT on, and waits; of SIGHUP it dies, and its ranks with it.
cat >mpirun.sh <<END
#!/bin/sh
export OMPI_MCA_odls_base_sigkill_timeout=10
exec mpirun -n 2 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus $long train.log_every=1 "\$@"
END
chmod +x mpirun.sh
ending=
hydra && signals="TERM INT" mpirun_code=0 || signals="TERM INT HUP" mpirun_code=1
for signal in $signals; do
    folder=mpirun-$signal
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL) # which a shell ignores in what it starts beside it
os.execv(sys.argv[1], sys.argv[1:])' ./mpirun.sh run.folder=$folder >$folder.txt 2>&1 &
    job=$!
    wait_until 60 strides && kill -0 $job || fail "no steps: $(tail -n 5 $folder.txt)"
    kill -$signal $job
    ending="$ending $signal:$job"
done

# Before training: as soon as the program can hear it (the handler of SIGTERM, bit 14 of SigCgt, is there).
listens() {
    for pid in $(ranks_of "$folder"); do
        caught=$(sed -n 's/^SigCgt:\t*//p' "/proc/$pid/status" 2>/dev/null)
        [ -z "$caught" ] || [ $((0x${caught#????????} >> 14 & 1)) = 0 ] || return 0
    done
    return 1
}
# early RANKS SIGNAL: such a run, told so early; its exit code is $code
early() {
    # shellcheck disable=SC2086
    mpirun -n "$1" "$LAMBERT" train "$ROOT/configs/tiny.ini" $long data.corpus=corpus run.folder=$folder \
        phase.two.steps=1 >early.txt 2>&1 &
    job=$!
    wait_until 20 listens || fail "no rank listens: $(cat early.txt)"
    kill -"$2" "$pid"
    code=0
    wait $job || code=$?
}
for ranks in 1 2; do
    [ $ranks = 1 ] && signals="TERM INT HUP USR1 USR2 XCPU" || signals="TERM HUP"
    for signal in $signals; do
        for attempt in 1 2 3 4 5; do # on a busy machine the run may be faster than this script
            folder=early-$ranks-$signal-$attempt
            early $ranks $signal
            grep -q "with a checkpoint" early.txt || break
        done
        [ $code = 0 ] || { cat early.txt; fail "SIG$signal to one of $ranks ranks before training: exit code $code"; }
        [ "$(grep -c "^stopped by .* before training: nothing was to be saved$" early.txt)" = 1 ] ||
            { cat early.txt; fail "SIG$signal before training: not one line"; }
    done
done

# In a step that takes a minute of a fast machine, too, so that what mpirun passes on late is in time: it is given up.
# (That nothing of it is left: tests/trainer/test_trainer.c.)
: >log.txt
folder=giant
train 2 giant phase.one.steps=1 phase.one.global_batch=262144 phase.two.steps=1 model.num_hidden_layers=16 &
job=$!
begun() {
    grep -q "^phase one: sequences of" log.txt || ! kill -0 $job 2>/dev/null
}
wait_until 60 begun && kill -0 $job || fail "no step: $(tail -n 5 log.txt)"
kill -TERM "$(ranks_of giant | tail -n 1)"
code=0
wait $job || code=$?
[ $code = 0 ] || { tail -n 5 log.txt; fail "in a long step: exit code $code"; }
grep -qE "^step 1 is given up|before (training|there was a step): nothing" log.txt || { tail -n 5 log.txt; fail "a long step is not given up"; }
[ ! -e giant/checkpoints ] || fail "nothing was trained, and something is saved"

# Who reads the log goes away. The run goes on, and says it where it can.
mkfifo pipe
"$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=unread phase.one.steps=50 phase.two.steps=5 \
    2>pipe &
job=$!
head -n 1 pipe >/dev/null
code=0
wait $job || code=$?
[ $code = 0 ] || fail "without a reader of its log: exit code $code"
[ "$(field total_step unread | tail -n 1)" = 55 ] || fail "without a reader of its log a run did not come to its end"
grep -q '"kind":"log".*"lost_lines":[1-9].*"error":"Broken pipe"' unread/metrics.jsonl ||
    fail "the metrics do not say that the log is lost"

# The limit on a file's size (in units of 512 bytes).
limited() (
    ulimit -f 20000
    exec "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=limited model.hidden_size=512 \
        phase.one.steps=1 phase.two.steps=1
)
expect 1 "error: .*cannot write limited/checkpoints/step-00000001.checkpoint: File too large" limited

for end in $ending; do
    folder=mpirun-${end%:*} job=${end#*:}
    cp "$folder.txt" log.txt
    saved $mpirun_code
done
