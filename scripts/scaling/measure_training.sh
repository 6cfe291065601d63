#!/bin/sh
# What scripts/scaling/loss.py compares: steps of a model as a configuration has it, one rank and thread
# a host.
#
#     scripts/scaling/measure_training.sh BUILD CONFIG CORPUS WHERE HOSTS LENGTH BATCH STEPS WORDS...
#
# CONFIG and CORPUS are absolute paths. WHERE is `apart`: as many jobs of one rank each, with its part of
# the batch, side by side, which exchange nothing; `together`: all ranks on one host, through its
# memory; or RATE:DELAY, hosts joined by links of so many Mbit/s, and microseconds each way. LENGTH is of
# the sequences of the one phase that is trained, BATCH the global one; WORDS are keys of the
# configuration. Prints watch_steps.py's JSON object; on stderr, what memory the run said it takes.
. "$(dirname "$0")/../../tests/cluster/lib.sh"
config=$2 corpus=$3 where=$4 hosts=$5 length=$6 batch=$7 steps=$8
shift 8
sed '/^\[phase/,$d' "$config" >run.ini
cat >>run.ini <<END
[phase one]
sequence_length = $length
max_predictions_per_sequence = $((length * 20 / 128))
global_batch = $batch
steps = $steps
learning_rate = 1e-4
END
switch_process=0
# No checkpoint and next to no evaluation at the end: it is over when the steps are.
set -- run.ini data.corpus="$corpus" train.evaluate_every=0 train.evaluate_sequences=1 \
    train.checkpoint_every=0 "$@"

# part NUMBER WORDS...: a job of one rank
part() {
    part_number=$1
    shift
    mpirun -n 1 --bind-to none "$LAMBERT" train "$@" run.folder="run$part_number" \
        run.seed="$((part_number + 1))" phase.one.global_batch=$((batch / hosts))
}

parts() {
    for number in $(seq 0 $((hosts - 1))); do
        part "$number" "$@" >"log$number.txt" 2>&1 &
    done
    wait
}

together() {
    mpirun -n "$hosts" --bind-to none "$LAMBERT" train "$@" run.folder=run >log.txt 2>&1
}

spread() {
    seq 0 $((hosts - 1)) | sed 's/.*/h& slots=1/' >hostfile
    on_hosts hostfile --bind-to none "$LAMBERT" train "$@" run.folder=run >log.txt 2>&1
}

folders=run
case $where in
apart)
    folders=$(seq -f 'run%.0f' 0 $((hosts - 1)))
    parts "$@" &
    ;;
together) together "$@" & ;;
*)
    hosts_up "$hosts" "${where#*:}" "${where%:*}mbit" >&2
    spread "$@" &
    ;;
esac
job=$!
# shellcheck disable=SC2086
python3 "$ROOT/scripts/scaling/watch_steps.py" "$steps" "$switch_process" $folders &
watch=$!
while kill -0 $watch 2>/dev/null && kill -0 $job 2>/dev/null; do sleep 0.2; done
sleep 1
kill $watch 2>/dev/null || : # a run that has ended makes no more steps
wait $watch || { tail -n 5 log*.txt >&2; fail "not $steps steps"; }
grep -h "memory" log*.txt >&2 || :
