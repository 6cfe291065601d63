#!/bin/sh
# A run whose metrics can no longer be written ends, on all ranks, with the sentence of rank 0: in the
# next step at the latest, or before the evaluation and the checkpoint that would follow.
. "$(dirname "$0")/../lib.sh"
make_corpus
# Beyond its limit a write is to fail, as on a full disk, and not to end the rank. (mpirun resets what
# signals do.)
cat >lambert.sh <<END
#!/bin/sh
trap '' XFSZ
exec "$LAMBERT" "\$@"
END
chmod +x lambert.sh
LAMBERT=$WORK/lambert.sh
children= # to be ended in any case
end_children() {
    for child in $children; do
        kill -KILL "$child" 2>/dev/null || :
    done
    rm -rf "$WORK"
}
trap end_children EXIT

ranks_of() {
    pgrep -f "lambert train .*run.folder=$1 " || :
}

# strides FOLDER: has made more than five steps, or is over
strides() {
    [ "$(grep -sc '"kind":"step"' "$1/metrics.jsonl")" -gt 5 ] 2>/dev/null || ! kill -0 $job 2>/dev/null
}

is_over() {
    ! kill -0 $job 2>/dev/null
}

nobody_left() {
    [ -z "$(ranks_of "$1")" ]
}

# fills FOLDER BYTES WORDS...: from some step on, no file of rank 0 of two may grow beyond that. Sets
# logged and written, the last step that was made and the last whose line is whole.
fills() {
    folder=$1 bytes=$2
    shift 2
    : >log.txt
    train 2 "$folder" phase.one.steps=1000000 train.watchdog_seconds=0 train.log_every=1 "$@" &
    job=$!
    wait_until 60 strides "$folder" && kill -0 $job 2>/dev/null || fail "no steps: $(tail -n 5 log.txt)"
    children="$children $(ranks_of "$folder")"
    for pid in $(ranks_of "$folder"); do
        [ "$(rank_of "$pid")" = 0 ] || continue
        python3 -c 'import resource, sys
limits = int(sys.argv[2]), resource.RLIM_INFINITY
resource.prlimit(int(sys.argv[1]), resource.RLIMIT_FSIZE, limits)' "$pid" "$bytes" ||
            fail "no limit for rank 0"
    done
    wait_until 30 is_over || fail "it goes on: $(tail -n 5 log.txt)"
    code=0
    wait $job || code=$?
    [ $code -ne 0 ] || fail "exit code 0"
    wait_until 5 nobody_left "$folder" || fail "ranks are left: $(ranks_of "$folder")"
    grep -qE "error: lambert train: rank 0: cannot write $folder/metrics.jsonl: File too large" log.txt ||
        { tail -n 5 log.txt; fail "$folder: no word of the file"; }
    logged=$(sed -nE 's/^phase one, step ([0-9]+) of .*/\1/p' log.txt | tail -n 1)
    written=$(grep '"kind":"step".*}$' "$folder/metrics.jsonl" | sed -E 's/.*"total_step":([0-9]+),.*/\1/' | tail -n 1)
}

# Nothing but steps: the one after that of the lost line is not made.
fills steps 1 train.evaluate_every=0 train.checkpoint_every=0
[ "$logged" = $((written + 1)) ] || fail "step $logged was made, and $written is the last that is written"
[ -z "$(ls steps/checkpoints 2>/dev/null)" ] || fail "a checkpoint was written"

# With an evaluation after each step it is that step, or its evaluation, that ends the run.
fills evaluations 1 train.evaluate_every=1 train.checkpoint_every=0
[ "$logged" = "$written" ] || [ "$logged" = $((written + 1)) ] ||
    fail "step $logged was made, and $written is the last that is written"

# A checkpoint of a step whose line is lost is not written, though there would be room for it. Once
# there is room for lines too the run goes on, and half a line is dropped.
small="model.hidden_size=8 model.num_hidden_layers=1 model.intermediate_size=8"
fills checkpoints 150000 $small train.evaluate_every=0 train.checkpoint_every=1
# (The lost line may be that of the checkpoint, which is written by then.)
[ "$logged" = "$written" ] || [ "$logged" = $((written + 1)) ] || fail "step $logged was made, and $written is the last that is written"
newest=$(ls checkpoints/checkpoints/*.checkpoint | tail -n 1)
[ "$(wc -c <"$newest")" -lt 100000 ] || fail "checkpoints are too large for this test"
checkpoint_of() {
    printf 'checkpoints/checkpoints/step-%08d.checkpoint' "$1"
}
# (Or the one before, where what is lost is the line of that, which comes behind the step's.)
[ "$newest" = "$(checkpoint_of "$written")" ] || [ "$newest" = "$(checkpoint_of $((written - 1)))" ] ||
    fail "the newest checkpoint is $newest, and step $written the last that is written"
train 2 checkpoints $small phase.one.steps=$((written + 2)) phase.two.steps=1 --resume \
    --accept phase.one.steps,phase.two.steps || { tail -n 5 log.txt; fail "it cannot go on"; }
field total_step checkpoints >steps.txt
seq $((written + 3)) | cmp - steps.txt || fail "lines are missing"
python3 -c 'import json; [json.loads(line) for line in open("checkpoints/metrics.jsonl")]' ||
    fail "a line is not whole"
