#!/bin/sh
# lambert score: metrics of files as people write them, in text and as JSON; what does not fit is told.
. "$(dirname "$0")/../lib.sh"

# value NAME FILE...: of a metric in what --json printed
value() {
    sed -E "s/.*\"$1\":\{\"value\":(-?[0-9.e-]+|null).*/\1/" out.txt
}

# score WORDS...: as JSON, without intervals, into out.txt
score() {
    "$LAMBERT" score "$@" --json --samples 0 >out.txt 2>err.txt || fail "score $*: $(cat err.txt)"
}

# has NAME WANTED: a metric, to six digits
has() {
    awk -v seen="$(value "$1")" -v wanted="$2" 'BEGIN {
        d = seen - wanted
        if (d < 0) d = -d
        exit !(seen != "" && d < 1e-6)
    }' || fail "$1 is $(value "$1"), not $2: $(cat out.txt)"
}

# Classification: 3 of 4; the positive class has F1 2/3, the other 0.8.
printf 'sentence\tlabel\nsay "no\t0\nb\t1\nc\t1\nd\t0\n' >gold.tsv
printf 'id\tprediction\n0\t0\n1\t0\n2\t1\n3\t0\n' >first.tsv
printf '1\n0\n0\n0\n' >second.txt
score --task classification gold.tsv first.tsv
has accuracy 0.75
has f1 0.666666667
has macro_f1 0.733333333
has matthews 0.577350269
score --task classification gold.tsv first.tsv --positive 0
has f1 0.8
printf '{"id": "%s", "label": %s}\n' 3 0 1 0 0 0 2 1 >first.jsonl
gzip first.jsonl
score --task classification gold.tsv first.jsonl.gz --prediction-column label
has accuracy 0.75
tail -n +2 gold.tsv >plain.tsv
score --task classification plain.tsv second.txt --no-header --label-column 2 --predictions-no-header \
    --prediction-column 1
has accuracy 0.25

# For people: the interval, the difference of two, and who is taken for whom.
"$LAMBERT" score --task classification gold.tsv first.tsv second.txt --confusion >out.txt 2>err.txt &&
    fail "a file without a column 'prediction' was scored"
grep -q "second.txt:1: there is no column prediction; there are: 1" err.txt || fail "$(cat err.txt)"
{ echo prediction; cat second.txt; } >second.tsv
"$LAMBERT" score --task classification gold.tsv first.tsv second.tsv --confusion >out.txt 2>err.txt ||
    fail "$(cat err.txt)"
grep -qE '^classification: 4 examples of gold.tsv$' out.txt || fail "$(cat out.txt)"
grep -qE '^  accuracy +0\.7500 +[0-9.]+ to +1\.0000$' out.txt || fail "$(cat out.txt)"
grep -qE '^  accuracy +-0\.5000 .* not better in [0-9.]+% of the samples$' out.txt || fail "$(cat out.txt)"
grep -qE '^ +1 +1 +1$' out.txt || fail "no row of the confusion: $(cat out.txt)"
"$LAMBERT" score --task classification gold.tsv first.tsv --seed 1 --json >one.txt
"$LAMBERT" score --task classification gold.tsv first.tsv --seed 1 --json >same.txt
cmp one.txt same.txt || fail "the same seed gave another interval"

# Regression
printf 'a\tb\tscore\nx\ty\t1\nx\ty\t2.5\nx\ty\t4\n' >gold.tsv
printf 'id\tprediction\n2\t3\n0\t1\n1\t2\n' >said.tsv
score --task regression gold.tsv said.tsv --label-column score
has pearson 1
has spearman 1
has mse 0.416666667
printf 'id\tprediction\n2\t3\n0\t3\n1\t3\n' >said.tsv
score --task regression gold.tsv said.tsv --label-column score
[ "$(value pearson)" = null ] || fail "a correlation with a constant: $(cat out.txt)"

# Several labels
printf 'text,labels\n"a, b",x;y\nc,\n' >gold.csv
printf '{"id": 0, "prediction": ["y"]}\n{"id": 1, "prediction": ["z"]}\n' >said.jsonl
score --task multilabel gold.csv said.jsonl --label-column labels --separator ';'
has micro_f1 0.5
has macro_f1 0.333333333
has accuracy 0

# Tags: one file with both columns, as conlleval reads it
printf 'EU B-ORG B-ORG\nin O O\nNew B-LOC B-LOC\nYork I-LOC O\n\nok O O\n' >both.txt
score --task tagging both.txt both.txt --label-column 2 --tables
has entity_f1 0.5
has accuracy 0.8
grep -q '"LOC":{"gold":1,"said":1,"correct":0,' out.txt || fail "no table: $(cat out.txt)"
"$LAMBERT" score --task tagging both.txt both.txt --label-column 2 --tables >out.txt 2>err.txt ||
    fail "$(cat err.txt)"
grep -qE '^  ORG +1 +1 +1 +1.0000 +1.0000 +1.0000$' out.txt || fail "no table: $(cat out.txt)"

# Questions
cat >gold.json <<'END'
{"data": [{"paragraphs": [{"context": "The red fish swam.", "qas": [
 {"id": "a", "question": "What swam?", "is_impossible": false, "answers": [{"text": "red fish", "answer_start": 4}]},
 {"id": "b", "question": "Who flew?", "is_impossible": true, "answers": []}]}]}]}
END
echo '{"a": "the red, red fish", "b": "fish"}' >said.json
echo '{"a": -3, "b": 1.5}' >odds.json
score --task questions gold.json said.json --null-odds odds.json --tables
has f1 40
has exact_match 0
has no_answer_f1 0
has best_f1 90
has best_f1_threshold -3
has best_exact 50
grep -q '"what":{"questions":1,"f1":80,"exact_match":0}' out.txt || fail "no table: $(cat out.txt)"
"$LAMBERT" score --task questions gold.json said.json --tables >out.txt 2>err.txt || fail "$(cat err.txt)"
grep -qE '^  2 words +1 +80.00 +0.00$' out.txt || fail "no table: $(cat out.txt)"

# What does not fit
expect 2 "task" "$LAMBERT" score gold.json said.json
expect 2 "tables is of --task questions and tagging" "$LAMBERT" score --task regression gold.tsv first.tsv --tables
expect 2 "confusion are of --task classification" "$LAMBERT" score --task tagging both.txt both.txt --confusion
expect 1 "missing.tsv" "$LAMBERT" score --task classification missing.tsv first.tsv
printf 'sentence\tlabel\na\t0\nb\t1\n' >gold.tsv
expect 1 "first.tsv:4: the id 2 is not in gold.tsv" "$LAMBERT" score --task classification gold.tsv first.tsv
printf 'id\tprediction\n1\t0\n' >said.tsv
expect 1 "says nothing of 1 of the 2 .* the first is 0" "$LAMBERT" score --task classification gold.tsv said.tsv
printf 'id\tprediction\n1\t0\n0\t0\n1\t1\n' >said.tsv
expect 1 "said.tsv:4: the id 1 \(column id\) stands in line 2 already" "$LAMBERT" score --task classification gold.tsv said.tsv
printf 'id\tprediction\n1\t0\n0\t2\n' >said.tsv
printf '0\n1\n' >labels.txt
expect 1 "said.tsv:3: the label '2' is not in the list" "$LAMBERT" score --task classification gold.tsv said.tsv \
    --labels labels.txt
expect 1 "positive 7: there is no such label" "$LAMBERT" score --task classification gold.tsv said.tsv --positive 7
echo '{"a": "x"' >bad.json
expect 1 "bad.json:1: this is not JSON" "$LAMBERT" score --task questions gold.json bad.json
echo '{"a": "x"}' >few.json
expect 1 "says nothing of 1 of the 2" "$LAMBERT" score --task questions gold.json few.json
expect 1 "of both files, or of none" "$LAMBERT" score --task questions gold.json said.json said.json --null-odds odds.json
