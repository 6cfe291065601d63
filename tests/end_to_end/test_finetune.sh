#!/bin/sh
# Fine-tuning of each kind from a small pre-trained model: it learns, keeps the best weights, is the same on
# any number of ranks, and an interrupted run ends as an undisturbed one.
. "$(dirname "$0")/../lib.sh"
make_corpus
train 1 base phase.two.steps=1 || { cat log.txt; fail "the model to start from"; }

# Sentences of the corpus's grammar: what is said of one is its subject, the third word, most of all.
make_text sentences.txt 60
grep . sentences.txt | awk 'BEGIN { split("king,river,stone,city,bird", early, ",")
        for (i in early) is_early[early[i]] = 1 }
    { about = ""; line = $0
      for (i = 1; i <= NF; i++)
          if ($i ~ /^(near|king|river|city)/) { sub(/\./, "", $i); if (index(about, $i) == 0) about = about "," $i }
      sub(/^,/, "", about)
      printf "%s\t%s\t%d\t%s\t%.1f\n", NR, line, is_early[$3], about, length($0) / 10 }' >all.tsv
{ printf 'id\tsentence\tearly\tabout\tlength\n'; head -n 400 all.tsv; } >train.tsv
{ printf 'id\tsentence\tearly\tabout\tlength\n'; sed -n '401,500p' all.tsv; } >dev.tsv
[ "$(wc -l <dev.tsv)" = 101 ] || fail "too few sentences: $(wc -l <all.tsv)"
tags() {
    tail -n +2 "$1" | cut -f 2 | awk '{ for (i = 1; i <= NF; i++) {
        word = $i; sub(/\.$/, "", word)
        print word, i == 2 ? "B-SUBJECT" : i == 3 ? "I-SUBJECT" : "O" }
        print ". O"; print "" }'
}
tags train.tsv >train.conll
tags dev.tsv >dev.conll
questions() {
    tail -n +2 "$1" | awk -F'\t' 'BEGIN { printf "{\"version\": \"1.1\", \"data\": [{\"title\": \"t\", \"paragraphs\": [" }
        { split($2, w, " "); start = length(w[1]) + length(w[2]) + 2
          printf "%s{\"context\": \"%s\", \"qas\": [{\"id\": \"q%s\", \"question\": \"what is the %s\", ",
              (NR > 1 ? ", " : ""), $2, $1, w[2]
          printf "\"answers\": [{\"text\": \"%s\", \"answer_start\": %d}]}]}", w[3], start }
        END { print "]}]}" }'
}
questions train.tsv >train.json
questions dev.tsv >dev.json

cat >task.ini <<'END'
[task]
text = sentence
label = early
id = id
train = train.tsv
evaluate = dev.tsv

[optimizer]
name = adamw

[train]
micro_batch_tokens = 256
checkpoint_every = 10

[phase tune]
sequence_length = 64
global_batch = 16
learning_rate = 0.003
warmup_ratio = 0.1
END

# finetune RANKS FOLDER WORDS...
finetune() {
    tune_ranks=$1 tune_folder=$2
    shift 2
    mpirun -n "$tune_ranks" "$LAMBERT" finetune task.ini run.folder="$tune_folder" \
        run.start_from=base "$@" >>log.txt 2>&1
}

# metric NAME FOLDER: its value in the last evaluation
metric() {
    grep '"kind":"evaluation"' "$2/metrics.jsonl" | tail -n 1 | sed -E "s/.*\"$1\":([^,}]*).*/\1/"
}

# at_least VALUE NAME FOLDER
at_least() {
    found=$(metric "$2" "$3")
    awk -v found="$found" -v wanted="$1" 'BEGIN { exit !(found + 0 >= wanted) }' ||
        { tail -n 5 log.txt; fail "$3: $2 is $found, not $1 or more"; }
}

one() {
    : >log.txt
    finetune "$@" || { tail -n 5 log.txt; fail "$2"; }
}

# says_so FOLDER KIND METRIC FILE WORDS...: what predict says of the file that the run was judged on, in which
# it does not look at what is right, scores as the best evaluation did (WORDS are for score)
says_so() {
    said=$1.said folder=$1 kind=$2 name=$3 file=$4
    shift 4
    "$LAMBERT" predict --model "$folder" --input "$file" --output "$said" 2>err.txt ||
        { cat err.txt; fail "predict of $folder"; }
    "$LAMBERT" score --task "$kind" "$file" "$said" --samples 0 --json "$@" |
        sed -E "s/.*\"$name\":\{\"value\":([^,}]*).*/\1/" >"$said.score"
    grep '"kind":"evaluation"' "$folder/metrics.jsonl" | sed -E "s/.*\"$name\":([^,}]*).*/\1/" |
        sort -g | tail -n 1 >"$said.best"
    agree 1e-6 "$said.best" "$said.score" || fail "$folder: predictions are not what was evaluated"
}

one 1 class task.kind=classification phase.tune.epochs=8 train.evaluate_every=50
at_least 0.95 accuracy class
at_least 0.95 f1 class
[ -e class/best.checkpoint ] || fail "the best weights were not kept"
[ "$(grep -c '"kind":"evaluation"' class/metrics.jsonl)" = 5 ] || fail "not an evaluation each 50 steps"
grep -q 'steps = 200' class/config.ini || fail "8 epochs of 400 examples are not 200 steps of 16"

says_so class classification accuracy dev.tsv --label-column early
one 1 value task.kind=regression task.label=length phase.tune.epochs=8
at_least 0.9 pearson value
says_so value regression pearson dev.tsv --label-column length
one 1 labels task.kind=multilabel task.label=about phase.tune.epochs=30
at_least 0.9 micro_f1 labels
says_so labels multilabel micro_f1 dev.tsv --label-column about --separator ,
one 1 tags task.kind=tagging task.text= task.label= task.train=train.conll task.evaluate=dev.conll \
    phase.tune.epochs=4
at_least 0.95 entity_f1 tags
says_so tags tagging entity_f1 dev.conll
one 1 answers task.kind=questions task.train=train.json task.evaluate=dev.json task.question_length=16 phase.tune.epochs=8
at_least 90 f1 answers
says_so answers questions f1 dev.json

# Without what pre-training gave it begins elsewhere.
one 1 fresh task.kind=classification task.fresh_weights=yes phase.tune.steps=1
one 1 tuned task.kind=classification phase.tune.steps=1
# What a head says that has learned nothing is not the best, though nothing was there before.
grep -A 1 'step 0, dev.tsv' log.txt | grep -q 'the best so far' && fail "the evaluation before the first step was kept"
grep -A 1 'step 1, dev.tsv' log.txt | grep -q 'the best so far' || fail "the evaluation after it was not"
[ "$(field gradient_norm fresh)" != "$(field gradient_norm tuned)" ] || fail "fresh weights are those of base"

# The gradient of a batch of a task, at the weights of a model for it.
"$LAMBERT" show gradients task.ini run.folder=none run.start_from=class task.kind=classification \
    phase.tune.steps=1 --output gradients --json >out.txt 2>log.txt || { cat log.txt; fail "show gradients"; }
grep -qE '"classes_loss":0\.[0-9]+,"classes_terms":16,.*"sequences":16,' out.txt || fail "gradients: $(cat out.txt)"
grep -q '"classifier.weight"' gradients || fail "the gradient has no head"

# Ranks show in the last bits only, and not at all where that is asked for.
words="task.kind=classification phase.tune.steps=12 train.evaluate_every=4"
for ranks in 1 2 3; do
    one $ranks ranks$ranks $words train.reproducible=yes
    cmp ranks1/checkpoints/step-00000012.checkpoint ranks$ranks/checkpoints/step-00000012.checkpoint ||
        fail "$ranks ranks make other weights"
    cmp ranks1/best.checkpoint ranks$ranks/best.checkpoint || fail "$ranks ranks keep other weights"
    field gradient_norm ranks$ranks >$ranks.norms
    agree 1e-6 1.norms $ranks.norms || fail "gradients on $ranks ranks differ"
done

# Whether there are some steps more than before, so that the parts come to an end on a busy machine too, or
# the run is over.
went_on() {
    now=$(field total_step parts 2>/dev/null | tail -n 1)
    [ "${now:-0}" -ge $((${before:-0} + 8)) ] || ! kill -0 $job 2>/dev/null
}

# Stopped again and again.
words="task.kind=classification phase.tune.steps=300 train.evaluate_every=7 train.checkpoint_every=9"
one 1 whole $words
: >log.txt
stops=0
until [ -e parts/checkpoints/step-00000300.checkpoint ]; do
    [ $stops -lt 40 ] || fail "no end after $stops parts"
    finetune 1 parts $words --resume &
    job=$!
    before=$(field total_step parts 2>/dev/null | tail -n 1)
    wait_until 60 went_on || fail "part $stops makes no step: $(tail -n 5 log.txt)"
    kill -TERM "$(pgrep -f "lambert finetune .*run.folder=parts" | tail -n 1)" 2>/dev/null || true
    # (It may be hit on its way out, when all is written.)
    wait $job || [ -e parts/checkpoints/step-00000300.checkpoint ] || { tail -n 5 log.txt; fail "part $stops"; }
    stops=$((stops + 1))
done
[ $stops -gt 3 ] || fail "only $stops parts"
for name in checkpoints/step-00000300.checkpoint best.checkpoint; do
    cmp whole/$name parts/$name || fail "$name differs after $stops parts"
done

# Moved away in the moment in which the best weights, of the last step, are to be written: the run saves where the folder is
# now, and the one that goes on from there makes up for the evaluation, and for the best.
cat >moves.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
int open(const char *path, int flags, ...)
{
    va_list mode;
    va_start(mode, flags);
    const int bits = flags & O_CREAT ? va_arg(mode, int) : 0;
    va_end(mode);
    if (flags & O_CREAT && strstr(path, "moving/best.checkpoint"))
        rename("moving", "moved");
    return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, bits);
}
C
${CC:-cc} -shared -fPIC -o moves.so moves.c -ldl || fail "the shim"
words="task.kind=classification phase.tune.steps=20 train.checkpoint_every=0"
one 1 stays $words
expect 1 "the run folder moving was moved while training ran; a checkpoint after step 20 is in .*/moved" \
    env LD_PRELOAD="$WORK/moves.so" ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
    "$LAMBERT" finetune task.ini run.folder=moving run.start_from=base $words
one 1 moved $words --resume
for name in checkpoints/step-00000020.checkpoint best.checkpoint; do
    cmp stays/$name moved/$name || fail "$name differs in a folder that was moved"
done
[ "$(grep -c '"kind":"evaluation".*"total_step":20,' moved/metrics.jsonl)" = 1 ] || fail "the last evaluation is not made up for"

# What is wrong is said before anything is done.
tune="$LAMBERT finetune task.ini run.folder=bad run.start_from=base phase.tune.steps=1"
expect 1 "task.kind" $tune
expect 1 "run.start_from is empty" $tune run.start_from= task.kind=classification
expect 1 "cannot start from nowhere" $tune run.start_from=nowhere task.kind=classification
expect 1 "train.tsv.*no column.*wrong" $tune task.kind=classification task.label=wrong
expect 1 "task.metric .pearson. is not a metric" $tune task.kind=classification task.metric=pearson
expect 1 "'phase.tune.steps' is not given" "$LAMBERT" finetune task.ini run.folder=bad \
    run.start_from=base task.kind=classification
expect 1 "epochs .* say the same thing twice" $tune task.kind=classification phase.tune.epochs=1
expect 1 "is for pre-training" "$LAMBERT" finetune "$ROOT/configs/tiny.ini" run.folder=bad data.corpus=corpus
expect 1 "is for fine-tuning" "$LAMBERT" train task.ini run.folder=bad task.kind=classification \
    phase.tune.steps=1
printf 'id\tsentence\tearly\tabout\tlength\n1\tThe old king.\tperhaps\tking\t1\n' >other.tsv
expect 1 "other.tsv:2:.*perhaps" $tune task.kind=classification task.evaluate=other.tsv
: >empty.tsv
expect 1 "empty.tsv" $tune task.kind=classification task.train=empty.tsv
[ ! -e bad/checkpoints ] || fail "something was done all the same"
