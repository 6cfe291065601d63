#!/bin/sh
# Hugging Face folders of fine-tuned models come in and go out: the task, its labels and its head, in
# checkpoint, folder, model card and what is shown. (transformers itself: make check-numerics.)
. "$(dirname "$0")/../lib.sh"
make_corpus
words="data.corpus=corpus phase.one.steps=2 phase.two.steps=1"
train 1 run $words || { tail -n 5 log.txt; fail "the run"; }
"$LAMBERT" export --checkpoint run --output base 2>log.txt || fail "export: $(cat log.txt)"

# of NAME ARCHITECTURE MEMBERS: the folder NAME, whose config.json says that it is of such a class. It has
# no head for it yet, so that import begins one.
of() {
    cp -r base "$1" && rm "$1/README.md"
    sed -e "s/\"BertForPreTraining\"/\"$2\"/" -e "s/^{/{ $3/" base/config.json >"$1/config.json"
}
of classes BertForSequenceClassification '"id2label": {"1": "bad \\"film\\"", "0": "good"},'
of value BertForSequenceClassification '"num_labels": 1,'
of labels BertForSequenceClassification \
    '"problem_type": "multi_label_classification", "id2label": {"0": "joy", "1": "fear"},'
of tags BertForTokenClassification '"id2label": {"0": "O", "1": "B-PER", "2": "I-PER"},'
of span BertForQuestionAnswering ''

# there NAME KIND ARCHITECTURE PIPELINE HEAD POOLER
there() {
    "$LAMBERT" import --from "$1" --output "$1.checkpoint" 2>log.txt || fail "import $1: $(cat log.txt)"
    grep -q "has no $5.weight, $5.bias: initialised afresh" log.txt || fail "a fresh head of $1: $(cat log.txt)"
    grep -q "left out:.* cls.predictions, cls.seq_relationship" log.txt || fail "heads of $1: $(cat log.txt)"
    grep -q "it is for $2 ($3)" log.txt || fail "what $1 is for: $(cat log.txt)"
    if grep -q warning log.txt; then fail "warnings of $1: $(cat log.txt)"; fi

    "$LAMBERT" show checkpoint "$1.checkpoint" >shown.txt 2>&1 || fail "show $1: $(cat shown.txt)"
    grep -q "^task: $2\$" shown.txt || fail "shown of $1: $(cat shown.txt)"
    grep -q "^  $5.weight " shown.txt || fail "$1 has no $5"
    ! grep -q "^  cls\." shown.txt || fail "$1 has heads of pre-training"
    [ "$(grep -c "^  bert.pooler" shown.txt)" = "$6" ] || fail "the pooler of $1"

    "$LAMBERT" export --checkpoint "$1.checkpoint" --output "$1-out" 2>log.txt || fail "$(cat log.txt)"
    grep -q "\"$3\"" "$1-out/config.json" || fail "$1-out: $(cat "$1-out/config.json")"
    grep -q "^pipeline_tag: $4\$" "$1-out/README.md" || fail "the card of $1: $(cat "$1-out/README.md")"
    grep -q "for \`$3\`" "$1-out/README.md" || fail "the card of $1: $(cat "$1-out/README.md")"

    # In and out again: the same bytes
    "$LAMBERT" import --from "$1-out" --output "$1-2.checkpoint" 2>log.txt || fail "$(cat log.txt)"
    if grep -q "afresh" log.txt; then fail "$1-out has no head: $(cat log.txt)"; fi
    "$LAMBERT" export --checkpoint "$1-2.checkpoint" --output "$1-2" 2>log.txt || fail "$(cat log.txt)"
    diff -r "$1-out" "$1-2" || fail "$1-2 is another folder"
    cmp "$1.checkpoint" "$1-2.checkpoint" || fail "$1-2.checkpoint is another checkpoint"
    "$LAMBERT" export --strip --checkpoint "$1.checkpoint" --output "$1-3.checkpoint" 2>log.txt ||
        fail "$(cat log.txt)"
    cmp "$1.checkpoint" "$1-3.checkpoint" || fail "stripping changed what has no moments"
}
there classes classification BertForSequenceClassification text-classification classifier 2
there value regression BertForSequenceClassification text-classification classifier 2
there labels multilabel BertForSequenceClassification text-classification classifier 2
there tags tagging BertForTokenClassification token-classification classifier 0
there span questions BertForQuestionAnswering question-answering qa_outputs 0

# Labels
"$LAMBERT" show checkpoint classes.checkpoint | sed -n '/^2 labels/,/^configuration/p' >labels.txt
printf '2 labels:\n  good\n  bad "film"\nconfiguration:\n' | cmp - labels.txt || fail "$(cat labels.txt)"
"$LAMBERT" show checkpoint tags.checkpoint --json >tags.json
grep -q '"task":"tagging","labels":\["O","B-PER","I-PER"\]' tags.json || fail "$(cat tags.json)"
"$LAMBERT" show checkpoint span.checkpoint --json | grep -q '"labels"' && fail "questions have labels"
"$LAMBERT" show checkpoint run --json | grep -q '"task"' && fail "pre-training has a task"
grep -q '"1":.*"bad \\"film\\""' classes-out/config.json || fail "$(cat classes-out/config.json)"
grep -q '"problem_type":.*"regression"' value-out/config.json || fail "$(cat value-out/config.json)"
grep -q '2 labels: `good`, `bad "film"`.' classes-out/README.md || fail "$(cat classes-out/README.md)"

# Asked, the folder says what the checkpoint says
printf 'text\tpair\nThe old king saw.\tThe river.\nThe city.\tA bird.\n' >texts.tsv
printf 'The\nold\nking\n\nsaw\n' >words.txt
printf 'The X\nold Y\nking Z\n\nsaw X\n' >tagged.txt # tags that the model has not: they are not looked at
cat >asked.json <<JSON
{"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "The old king saw the river.",
 "qas": [{"id": "q", "question": "what did the king see", "answers": []}]}]}]}
JSON
# asked NAME INPUT OUTPUT LINES WORDS...
asked() {
    asked_name=$1 asked_input=$2 asked_form=$3 asked_lines=$4
    shift 4
    for from in "$asked_name-out" "$asked_name.checkpoint"; do
        "$LAMBERT" predict --model "$from" --input "$asked_input" --output "$from.$asked_form" "$@" \
            2>log.txt || fail "$from: $(cat log.txt)"
    done
    said=$asked_name-out.$asked_form
    cmp "$said" "$asked_name.checkpoint.$asked_form" || fail "$asked_name-out says something else"
    [ "$(grep -c . "$said")" = "$asked_lines" ] || fail "$asked_name says: $(cat "$said")"
}
asked classes texts.tsv tsv 3 --text text --pair pair
asked value texts.tsv tsv 3 --text text --pair pair
asked labels texts.tsv tsv 3 --text text --pair pair
head -n 1 labels-out.tsv | grep -q "prediction.*joy.*fear" || fail "$(cat labels-out.tsv)"
asked tags words.txt conll 4
asked tags tagged.txt tagged 4
cmp tags-out.conll tags-out.tagged || fail "tags of the input were looked at"
asked span asked.json json 3

# A seed of the head
"$LAMBERT" import --from classes --output other.checkpoint --seed 2 2>log.txt || fail "$(cat log.txt)"
"$LAMBERT" show checkpoint classes.checkpoint other.checkpoint >differ.txt
grep -q "classifier.weight" differ.txt || fail "another seed is the same head: $(cat differ.txt)"
! grep -q "bert.encoder" differ.txt || fail "another seed is another encoder: $(cat differ.txt)"

# The folder of a run that fine-tuned: its best, what it was trained on, and what its metrics say
mkdir films && printf 'text\tlabel\nThe old king saw.\tgood\nThe river.\tbad\nThe city.\tgood\n' >films/dev.tsv
cp films/dev.tsv films/train.tsv
"$LAMBERT" finetune /dev/stdin run.folder=tuned run.start_from=classes-out 2>log.txt <<INI || fail "$(cat log.txt)"
[task]
kind = classification
text = text
label = label
train = films/train.tsv
evaluate = films/dev.tsv
metric = loss
[train]
evaluate_every = 2
[phase tune]
sequence_length = 32
global_batch = 2
steps = 4
learning_rate = 0.01
INI
"$LAMBERT" show checkpoint tuned >shown.txt || fail "show checkpoint tuned"
grep -q "^tuned/best.checkpoint: whole" shown.txt || fail "not the best one: $(head -n 3 shown.txt)"
best=$(sed -n 's/^best evaluation so far: .*, after step \(.*\)$/\1/p' shown.txt)
"$LAMBERT" export --checkpoint tuned --output tuned-out 2>log.txt || fail "$(cat log.txt)"
for line in "After step $best, on 3 examples of \`films/dev.tsv\`:" '| metric | value |' \
    "$(grep '"kind":"evaluation"' tuned/metrics.jsonl | grep "\"total_step\":$best," |
        sed -E 's/.*"accuracy":([0-9.]*).*/\1/' | awk '{ printf "| accuracy | %.4f |\n", $1 }')"; do
    grep -qxF "$line" tuned-out/README.md || fail "the card has no '$line': $(cat tuned-out/README.md)"
done
grep -q 'of fine-tuning for classification on `films/train.tsv`, from `classes-out`' tuned-out/README.md ||
    fail "the card: $(cat tuned-out/README.md)"

# A new pre-training run from a fine-tuned model begins its heads anew
train 1 from-tags $words run.start_from=tags-out || { tail -n 5 log.txt; fail "starting from tags"; }
grep -q "left out: classifier" log.txt || fail "$(cat log.txt)"

# Refused, in a sentence
sed 's/"B-PER"/"O"/' tags-out/config.json >twice.json
cp -r tags-out twice && mv twice.json twice/config.json
expect 1 "twice/config.json.*O" "$LAMBERT" import --from twice --output nothing
cp -r classes-out three
sed 's/"0":/"2": "so-so", "0":/' classes-out/config.json >three/config.json
expect 1 "of 3 label.s., but classifier.weight is \[2, 32\]" "$LAMBERT" import --from three --output nothing
of ranks BertForSequenceClassification '"problem_type": "regression", "num_labels": 3,'
expect 1 "ranks/config.json: regression of 3 label" "$LAMBERT" import --from ranks --output nothing
[ ! -e nothing ] || fail "something half-written: $(ls)"
