#!/bin/sh
# A named pipe that nobody writes to, in the place of any file that is read: no command waits for it for ever, and each
# names it. One that somebody writes to serves where a file is read once.
. "$(dirname "$0")/../lib.sh"
make_corpus >/dev/null
tiny=$ROOT/configs/tiny.ini
printf 'sentence\tgood\nThe king.\tyes\nThe river.\tno\n' >task.tsv
train 1 base phase.one.steps=2 phase.two.steps=1 || fail "the model: $(cat log.txt)"
mkdir pipes
started=

# silent NAME COMMAND...: it is begun, and is to name pipes/NAME; all of them wait at the same time
silent() {
    name=$1
    shift
    started="$started $name"
    {
        code=0
        timeout 60 "$@" >"$name.txt" 2>&1 </dev/null || code=$?
        echo $code >"$name.code"
    } &
}

for name in config included words vocabulary text examples task start; do
    mkfifo pipes/$name
done
silent config mpirun -n 2 "$LAMBERT" train pipes/config
{
    echo "include = pipes/included"
    echo "[phase two]"
    echo "steps = 1"
} >including.ini
silent included mpirun -n 2 "$LAMBERT" train including.ini
silent words "$LAMBERT" train "$tiny" data.corpus=corpus run.folder=r1 data.vocabulary=pipes/words
silent vocabulary "$LAMBERT" prep --vocabulary pipes/vocabulary --output c1 text.txt
silent text "$LAMBERT" prep --vocabulary vocab.txt --output c2 pipes/text
tune="task.kind=classification task.text=sentence task.label=good run.start_from=base phase.tune.steps=1
    phase.tune.learning_rate=0.01 phase.tune.sequence_length=32"
: >tune.ini
# shellcheck disable=SC2086
silent examples "$LAMBERT" finetune tune.ini run.folder=r2 task.train=pipes/examples $tune
# shellcheck disable=SC2086
silent task "$LAMBERT" finetune tune.ini run.folder=r3 task.train=task.tsv task.evaluate=pipes/task $tune
silent start "$LAMBERT" train "$tiny" data.corpus=corpus run.folder=r4 run.start_from=pipes/start

# What a folder is to have.
cp -r corpus pipes/corpus
for name in corpus.json train-00000.shard; do
    mkdir pipes/of-$name
    cp corpus/* pipes/of-$name/
    rm pipes/of-$name/$name
    mkfifo pipes/of-$name/$name
    silent of-$name "$LAMBERT" train "$tiny" data.corpus=pipes/of-$name run.folder=r-$name
done
cp -r base pipes/run
rm pipes/run/metrics.jsonl
mkfifo pipes/run/metrics.jsonl
silent run "$LAMBERT" train "$tiny" data.corpus=corpus run.folder=pipes/run phase.one.steps=2 phase.two.steps=2 --resume \
    --accept phase.two.steps
cp -r base pipes/saved
rm pipes/saved/checkpoints/*
mkfifo pipes/saved/checkpoints/step-00000003.checkpoint
silent saved "$LAMBERT" eval "$tiny" data.corpus=corpus run.folder=pipes/saved
wait

for name in $started; do
    [ "$(cat "$name.code")" = 1 ] || { cat "$name.txt"; fail "$name: exit code $(cat "$name.code")"; }
    grep -q "^error: .*pipes/$name" "$name.txt" || { cat "$name.txt"; fail "pipes/$name is not named"; }
done

# Somebody who is slow to write.
{
    sleep 1
    cat "$tiny"
} >pipes/config &
expect 0 "done in" "$LAMBERT" train pipes/config data.corpus=corpus run.folder=piped phase.one.steps=1 phase.two.steps=1
wait

# One reader gets what is in a pipe, and mpirun gives what it reads to rank 0: the configuration is that of all ranks.
short="phase.one.steps=1 phase.two.steps=1"
cat "$tiny" >pipes/config &
# shellcheck disable=SC2086
expect 0 "done in" mpirun -n 3 "$LAMBERT" train pipes/config data.corpus=corpus run.folder=shared $short
wait

# One that is included, by a file or by another pipe.
cat "$tiny" >pipes/included &
expect 0 "done in" mpirun -n 3 "$LAMBERT" train including.ini data.corpus=corpus run.folder=included phase.one.steps=1
wait
sed 's,pipes/,,' including.ini >pipes/config &
cat "$tiny" >pipes/included &
expect 0 "done in" mpirun -n 3 "$LAMBERT" train pipes/config data.corpus=corpus run.folder=both phase.one.steps=1
wait
[ "$(field total_step included | tail -n 1) $(field total_step both | tail -n 1)" = "2 2" ] || fail "what is behind the include does not count"
for command in "train --resume" eval; do
    # shellcheck disable=SC2086
    mpirun -n 3 "$LAMBERT" $command /dev/stdin data.corpus=corpus run.folder=shared $short train.evaluate_sequences=8 \
        <"$tiny" >log.txt 2>&1 || fail "$command: $(cat log.txt)"
done

# Somebody who has it open, and never writes: he is waited for, with a word, and a signal ends that.
sleep 1000 >pipes/config &
writer=$!
trap 'kill $writer; rm -rf "$WORK"' EXIT
: >log.txt
"$LAMBERT" train pipes/config data.corpus=corpus run.folder=never --stopped-code 75 >log.txt 2>&1 &
job=$!
waited_for() {
    grep -q "^pipes/config is a pipe that somebody has open, and nothing came for 5 seconds: it is waited for" log.txt
}
wait_until 60 waited_for || fail "no word of the wait: $(cat log.txt)"
kill -TERM $job
over() {
    ! kill -0 $job 2>/dev/null
}
wait_until 30 over || { kill -KILL $job; fail "a signal does not end the wait"; }
code=0
wait $job || code=$?
[ $code = 75 ] || fail "exit code $code: $(cat log.txt)"
grep -q "warning: rank 0 on .* is told to end, .*: reading the configuration; nothing is lost" log.txt || fail "$(cat log.txt)"
