#!/bin/sh
# Minimal pairs of a small grammar: a model that has learned it prefers its sentences, alone, on ranks and in
# evaluations of its training; what does not fit is told.
. "$(dirname "$0")/../lib.sh"
make_corpus >log.txt

# Sentences of the grammar, and the same with verb and object changed for each other, or two words.
make_text sentences.txt 12
grep . sentences.txt | sed 's/\.$//' | awk 'NR <= 60 {
    bad = NR % 2 ? $1 " " $2 " " $3 " " $6 " " $5 " " $4 : $1 " " $3 " " $2 " " $4 " " $5 " " $6
    good = $1 " " $2 " " $3 " " $4 " " $5 " " $6
    printf "{\"sentence_good\": \"%s.\", \"sentence_bad\": \"%s.\", \"UID\": \"%s\"}\n", good, bad,
        NR % 2 ? "object" : "adjective" }' >pairs.jsonl
[ "$(wc -l <pairs.jsonl)" = 60 ] || fail "$(wc -l <pairs.jsonl) pairs"

# pretrain RANKS FOLDER WORDS...
pretrain() {
    pretrain_ranks=$1 pretrain_folder=$2
    shift 2
    train "$pretrain_ranks" "$pretrain_folder" run.threads=1 optimizer.name=adamw phase.one.learning_rate=0.003 \
        phase.one.global_batch=8 phase.one.steps=300 phase.two.steps=1 data.sentence_pairs=none \
        model.hidden_dropout_prob=0 model.attention_probs_dropout_prob=0 "$@" || { cat log.txt; fail "train"; }
}
pretrain 1 run

# score WORDS...: of the pairs, into out.txt
score() {
    "$LAMBERT" score --pairs pairs.jsonl "$@" >out.txt 2>err.txt || fail "score $*: $(cat err.txt)"
}

score --model run --sentence-scores one.jsonl
grep -qE '^pairs: 60 pairs of pairs.jsonl$' out.txt || fail "$(cat out.txt)"
grep -qE '^  accuracy +(1.0000|0.[89][0-9]*) +[01]\.[0-9]+ to +1.0000$' out.txt || fail "not learned: $(cat out.txt)"
grep -qE '^  adjective +30 +[01]\.[0-9]{4}$' out.txt || fail "no table by UID: $(cat out.txt)"
grep -q '^field' out.txt && fail "a table by what the file does not have"
cp out.txt wanted.txt

# The accuracy is that of the scores, which are all there.
awk -F'[:,}]' '{ right += $4 > $6 } END { printf "%.4f\n", right / NR; exit NR != 60 }' one.jsonl >right.txt ||
    fail "not a line a pair: $(cat one.jsonl)"
[ "$(sed -nE 's/^  accuracy +([0-9.]+) .*/\1/p' out.txt)" = "$(cat right.txt)" ] || fail "$(cat out.txt right.txt)"

# The same on ranks bit by bit, in other batches nearly so, and of the exported model
for ranks in 2 3; do
    mpirun -n $ranks "$LAMBERT" score --pairs pairs.jsonl --model run --threads 1 \
        --sentence-scores more.jsonl >out.txt 2>err.txt || fail "$ranks ranks: $(cat err.txt)"
    cmp wanted.txt out.txt || fail "$ranks ranks"
    cmp one.jsonl more.jsonl || fail "scores on $ranks ranks"
done
"$LAMBERT" export --checkpoint run --output exported 2>log.txt || fail "export: $(cat log.txt)"
score --model exported --micro-batch-tokens 50 --sentence-scores more.jsonl --samples 0 --json
grep -q '^{"task":"pairs","gold":"pairs.jsonl","model":"exported","pairs":60,"ties":0,"metrics":{"accuracy":{"value":' \
    out.txt || fail "$(cat out.txt)"
grep -q '"UID":{"adjective":{"pairs":30,"accuracy":' out.txt || fail "$(cat out.txt)"
# Of two sentences that are the same, none is likelier: told, and not right.
{
    head -n 3 pairs.jsonl
    echo '{"sentence_good": "the king.", "sentence_bad": "the king.", "UID": "same"}'
} >tied.jsonl
"$LAMBERT" score --pairs tied.jsonl --model run >out.txt 2>err.txt || fail "$(cat err.txt)"
grep -qE '^  ties +1   counted as wrong$' out.txt || fail "no word of a tie: $(cat out.txt)"
grep -q '^  ties' wanted.txt && fail "ties where there are none: $(cat wanted.txt)"
scores() {
    sed -E 's/.*"score_good":([^,]*),"score_bad":([^}]*)}/\1\n\2/' "$1"
}
scores one.jsonl >one.txt
scores more.jsonl >more.txt
agree 1e-4 one.txt more.txt || fail "scores of the exported model"

# In training: beside each evaluation, the same on any number of ranks, and at last what score finds.
pairs_of() {
    grep '"kind":"pairs"' "$1/metrics.jsonl"
}
for ranks in 1 2; do
    pretrain $ranks watched$ranks train.reproducible=yes phase.one.steps=60 phase.two.steps=10 \
        train.evaluate_every=30 train.evaluate_pairs=pairs.jsonl
done
[ "$(pairs_of watched1 | wc -l)" = 4 ] || fail "$(pairs_of watched1)"
[ "$(grep -c '"kind":"evaluation"' watched1/metrics.jsonl)" = 4 ] || fail "not one beside each evaluation"
pairs_of watched1 | grep -qvE '"accuracy":[0-9.]+,"pairs":60}$' && fail "$(pairs_of watched1)"
pairs_of watched1 >one.txt
pairs_of watched2 >more.txt
cmp one.txt more.txt || fail "other accuracies on two ranks"
grep -qE 'step 70, minimal pairs: the acceptable sentence is likelier in [0-9.]+% of 60' log.txt || fail "$(cat log.txt)"
score --model watched1 --json
awk -F'"accuracy":' -v found="$(sed -E 's/.*"value":([0-9.]+).*/\1/' out.txt)" 'END {
    d = found - $2
    exit !(found != "" && d < 0.02 && d > -0.02) }' one.txt || fail "score: $(cat out.txt), the run: $(cat one.txt)"
pretrain 1 rounded train.compute_type=bfloat16 phase.one.steps=2 train.evaluate_pairs=pairs.jsonl
[ "$(pairs_of rounded | wc -l)" = 3 ] || fail "$(pairs_of rounded)"

# What does not fit
awk 'BEGIN { printf "{\"sentence_good\": \"the king\", \"sentence_bad\": \""
             for (i = 0; i < 70; i++) printf "king "
             print "\"}" }' >long.jsonl
for path in missing long; do
    "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=none \
        train.evaluate_pairs=$path.jsonl >out.txt 2>err.txt && fail "$path.jsonl was taken"
    grep -q "train.evaluate_pairs: .*$path.jsonl" err.txt || fail "$(cat err.txt)"
done
grep -q 'sentence_bad has 72 tokens with \[CLS\] and \[SEP\], and the model takes up to 64' err.txt ||
    fail "$(cat err.txt)"
expect 2 "asked of a model: --model PATH" "$LAMBERT" score --pairs pairs.jsonl
expect 2 "takes no --task and no predictions" "$LAMBERT" score --pairs pairs.jsonl --model run gold.tsv said.tsv
expect 2 "are of --pairs" "$LAMBERT" score --task tagging a.txt b.txt --model run
expect 1 "missing.jsonl" "$LAMBERT" score --pairs missing.jsonl --model run
expect 1 "no-model" "$LAMBERT" score --pairs pairs.jsonl --model no-model
echo '{"sentence_good": "the king", "sentence_bad": "?!"}' >empty.jsonl
echo '{"sentence_good": "the king", "sentence_bad": ""}' >>empty.jsonl
expect 1 "empty.jsonl:2: sentence_bad has no word" "$LAMBERT" score --pairs empty.jsonl --model run
