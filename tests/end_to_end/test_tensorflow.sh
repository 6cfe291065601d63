#!/bin/sh
# A model of TensorFlow's files (tests/golden/tensorflow) comes in wherever a Hugging Face folder does: imported, started
# from, asked; and is the same model in all of them. (TensorFlow itself: make check-numerics.)
. "$(dirname "$0")/../lib.sh"
golden=$ROOT/tests/golden/tensorflow

# In, out, and in again
for name in bert_model sharded; do
    "$LAMBERT" import --from "$golden/$name.ckpt" --output $name.checkpoint 2>log.txt || fail "import: $(cat log.txt)"
    grep -q "1 layers, width 4, vocabulary 9, .* uncased" log.txt || fail "import says: $(cat log.txt)"
    "$LAMBERT" export --checkpoint $name.checkpoint --output $name 2>log.txt || fail "export: $(cat log.txt)"
done
cmp bert_model.checkpoint sharded.checkpoint || fail "one data file and three give other models"
cmp bert_model/vocab.txt "$golden/vocab.txt" || fail "another vocabulary"
"$LAMBERT" import --from bert_model --output again.checkpoint 2>log.txt || fail "import: $(cat log.txt)"
cmp bert_model.checkpoint again.checkpoint || fail "another model by way of Hugging Face"

# A config.json beside it, as people copy one there, makes no other model of it.
mkdir copied
cp "$golden"/bert_* "$golden/vocab.txt" copied
cp copied/bert_config.json copied/config.json
"$LAMBERT" import --from copied --output copied.checkpoint 2>log.txt || fail "import: $(cat log.txt)"
cmp bert_model.checkpoint copied.checkpoint || fail "another model where there is a config.json"
grep -q "gelu is the exact form" log.txt || fail "which gelu it is was not said: $(cat log.txt)"
rm copied/bert_config.json
expect 1 "there is no copied/bert_config.json; put the model's" "$LAMBERT" import --from copied --output nothing

# Asked
for model in "$golden/bert_model.ckpt" "$golden/sharded.ckpt.index" bert_model again.checkpoint; do
    "$LAMBERT" fill --model "$model" 'the [MASK]' 2>log.txt >fill.txt || fail "fill: $(cat log.txt)"
    [ -f first.txt ] || cp fill.txt first.txt
    cmp fill.txt first.txt || fail "$model answers otherwise"
done

# Started from: pre-training and a task
i=0
while [ $i -lt 200 ]; do
    printf 'the kings\nthe the king the\nkings the\n\n'
    i=$((i + 1))
done >few.txt
"$LAMBERT" prep --vocabulary "$golden/vocab.txt" --output few --heldout 0 --lines-are-sentences few.txt >report.txt 2>log.txt ||
    fail "prep: $(cat log.txt)"
words="data.corpus=few model.hidden_size=4 model.intermediate_size=6 model.num_hidden_layers=1
    model.max_position_embeddings=8 phase.one.sequence_length=8 phase.two.sequence_length=8 phase.one.steps=2
    phase.two.steps=1 train.evaluate_sequences=1"
train 2 run $words run.start_from="$golden/bert_model.ckpt" || { tail -n 5 log.txt; fail "starting from TensorFlow"; }
train 2 same $words run.start_from=bert_model || { tail -n 5 log.txt; fail "starting from Hugging Face"; }
field mlm_loss run >run.loss
field mlm_loss same >same.loss
cmp run.loss same.loss || fail "other losses by way of Hugging Face"
printf 'text\tlabel\nthe king\ta\nkings\tb\nthe\ta\n' >task.tsv
mpirun -n 1 "$LAMBERT" finetune /dev/stdin run.folder=task run.start_from="$golden/sharded.ckpt" <<INI >log.txt 2>&1 ||
[task]
kind = classification
train = task.tsv
text = text
label = label
[phase tune]
sequence_length = 8
global_batch = 2
epochs = 1
learning_rate = 0.001
INI
    { tail -n 5 log.txt; fail "a task"; }
grep -q "has no classifier.weight" log.txt || fail "a task's head came from somewhere"

# Refused, in a sentence
expect 1 "has several checkpoints of TensorFlow .bert_model.ckpt, sharded.ckpt." "$LAMBERT" import --from "$golden" \
    --output nothing
expect 1 "cannot start from .*: .*several checkpoints" mpirun -n 2 "$LAMBERT" train "$ROOT/configs/tiny.ini" $words \
    run.folder=none run.start_from="$golden"
mkdir cut
cp "$golden"/bert_* "$golden/vocab.txt" cut
head -c 500 "$golden/bert_model.ckpt.index" >cut/bert_model.ckpt.index
expect 1 "cut/bert_model.ckpt.index is no index of a TensorFlow checkpoint" "$LAMBERT" import --from cut --output nothing
expect 1 "again.checkpoint is Lambert's own already" "$LAMBERT" import --from again.checkpoint --output nothing
[ ! -e nothing ] || fail "something half-written"
