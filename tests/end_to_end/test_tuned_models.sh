#!/bin/sh
# What a fine-tuned model is used for afterwards, and what it cannot be used for.
. "$(dirname "$0")/../lib.sh"
make_corpus
train 1 base phase.one.steps=1 phase.two.steps=1 || { cat log.txt; fail "the model to start from"; }
make_text sentences.txt 4
grep . sentences.txt | awk 'BEGIN { print "sentence\tlabel\tother\tsame\tmark" }
    { print $0 "\t" NR % 2 "\t" (NR % 2 ? "odd" : "even") "\t1\t" }' >rows.tsv
cat >task.ini <<'END_OF_TASK'
[run]
start_from = base

[task]
kind = classification
text = sentence
label = label
train = rows.tsv
evaluate = rows.tsv

[optimizer]
name = adamw

[train]
micro_batch_tokens = 256

[phase tune]
sequence_length = 32
global_batch = 4
steps = 2
learning_rate = 0.003
END_OF_TASK

# finetune FOLDER WORDS...
finetune() {
    tuned=$1
    shift
    "$LAMBERT" finetune task.ini run.folder="$tuned" "$@" 2>log.txt || { tail -n 5 log.txt; fail "$tuned"; }
}
# says PATTERN FILE
says() {
    grep -qE -- "$1" "$2" || { cat "$2"; fail "$2 does not say '$1'"; }
}
says_not() {
    ! grep -qE -- "$1" "$2" || { cat "$2"; fail "$2 says '$1'"; }
}

finetune zero-one run.seed=7 # so that its head is not a fresh one of the other runs
says '^2 labels: 0, 1$' log.txt

# A head is taken over by the same task with the same labels alone, though others have as many.
finetune same run.start_from=zero-one
says_not 'not taken over|afresh' log.txt
grep -A 1 'step 0, rows.tsv' log.txt >first.txt # its head has learned: the first evaluation counts
says 'the best so far' first.txt
finetune words run.start_from=zero-one task.label=other
says 'its head is not taken over' log.txt
grep -A 1 'step 0, rows.tsv' log.txt >first.txt # and here it has not
says_not 'the best so far' first.txt
finetune marks run.start_from=zero-one task.kind=multilabel
says 'its head is not taken over' log.txt
[ "$(field classes_loss same | head -n 1)" != "$(field classes_loss words | head -n 1)" ] ||
    fail "it begins with the head of other labels"

# The best is looked for anew where values cannot be compared, and where it is gone.
finetune best task.metric=accuracy
finetune best task.metric=loss phase.tune.steps=4 --resume --accept phase.tune.steps
says 'best/best.checkpoint was chosen by another metric' log.txt
says 'the best so far by loss .0\.' log.txt
rm best/best.checkpoint
finetune best task.metric=loss phase.tune.steps=6 --resume --accept phase.tune.steps
says 'best/best.checkpoint is gone' log.txt
[ -e best/best.checkpoint ] || fail "no best was kept"
truncate -s 1000 best/best.checkpoint
expect 1 "best weights so far cannot be read .remove that file" "$LAMBERT" finetune task.ini run.folder=best \
    task.metric=loss phase.tune.steps=6 --resume

# What has a corpus is not for it.
for command in eval "show batch" "show balance"; do
    expect 1 "is for fine-tuning .task.kind = classification" "$LAMBERT" $command task.ini run.folder=same
done

# Nothing to learn, or nothing to read it by.
tune="$LAMBERT finetune task.ini run.folder=bad"
expect 1 "rows.tsv has no label in any row" $tune task.kind=multilabel task.label=mark
expect 1 "rows.tsv has only the label '1'" $tune task.label=same
echo 1 >labels.txt
expect 1 "labels.txt has only the label '1'" $tune task.label=same task.label_file=labels.txt
expect 1 "tune.sequence_length .200. is more than the 128 positions" $tune phase.tune.sequence_length=200
awk 'BEGIN { print "sentence\tlabel"; for (i = 0; i < 1001; i++) print "The old king.\t" i % 2 }' >many.tsv
echo '{"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": " ", "qas": [{"id": "1",
    "question": "What?", "is_impossible": true, "answers": []}]}]}]}' >nothing.json
expect 1 "nothing.json: no question has a paragraph" "$LAMBERT" finetune task.ini run.folder=bad \
    task.kind=questions task.train=nothing.json task.question_length=8
expect 1 "task.metric = loss is not for questions" $tune task.kind=questions task.metric=loss
expect 1 "tune.epochs .1e.06. are [0-9]* steps" $tune phase.tune.steps=0 phase.tune.epochs=1000000 \
    phase.tune.global_batch=1 task.train=many.tsv
[ ! -e bad ] || fail "something was done all the same"

# predict
predict="$LAMBERT predict --model zero-one --input rows.tsv"
cp rows.tsv kept.tsv
expect 2 "--output would write over --input" $predict --output ./rows.tsv
cmp rows.tsv kept.tsv || fail "the input is gone"
expect 2 "--sequence-length 7 is too short" $predict --output out.tsv --sequence-length 7
expect 1 "zero-one answers no questions .*--n-best-output" $predict --output out.tsv --n-best-output best.json
expect 1 "base was not fine-tuned for a task" "$LAMBERT" predict --model base --input rows.tsv --output out.tsv
[ ! -e out.tsv ] || fail "something was written all the same"
