#!/bin/sh
# lambert prep --drop-duplicates and --exclude: the same bytes whatever the ranks, threads and ways the text
# comes in, and after an interruption; standard input counted as exactly as a file; what show corpus says.
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/small_corpora.sh"

make_text text.txt 3000
"$LAMBERT" vocab --output vocab.txt --size 200 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"

# 1.4 MB; then again its beginning, in a file of its own and compressed, and a few documents of its end.
mkdir texts
cp text.txt texts/a.txt
head -c 300000 text.txt >texts/b.txt
gzip -c texts/b.txt >texts/c.gz
tail -c 50000 text.txt >texts/d.txt
cat texts/a.txt texts/b.txt >both.txt

# count FOLDER NAME: a number of the report
count() {
    sed -n "s/.*\"$2\":[^0-9]*\([0-9]*\).*/\1/p" "$1/corpus.json" | tail -n 1
}

OMP_NUM_THREADS=1 prep one --drop-duplicates texts
grep -qE 'dropped +[0-9]+ documents that were copies of others: ' out.txt || fail "nothing said: $(cat out.txt)"
grep -q 'duplicates   0 documents are copies' out.txt || fail "copies are left: $(cat out.txt)"
OMP_NUM_THREADS=3 prep three --drop-duplicates texts
same one three
for n in 2 3; do
    mpirun -n $n "$LAMBERT" prep --vocabulary vocab.txt --output ranks-$n --heldout 0.1 --drop-duplicates \
        --shard-megabytes 1 texts >out.txt 2>err.txt || fail "prep on $n ranks: $(cat err.txt)"
    same one ranks-$n
done
"$LAMBERT" show corpus one --verify >out.txt 2>err.txt || fail "the corpus does not hold: $(cat err.txt)"
prep all texts
dropped=$(count one dropped_documents)
[ "$dropped" -gt 1000 ] && [ "$dropped" = "$(count all duplicate_documents)" ] ||
    fail "$dropped dropped of $(count all duplicate_documents) copies"
[ "$(count one text_bytes)" = $(($(count all text_bytes) - $(count all duplicate_document_bytes))) ] ||
    fail "the bytes dropped are not those of the copies"

# Standard input: parts of one stream, the copies of the first in the second.
prep counted both.txt
for what in duplicate_documents duplicate_lines duplicate_line_bytes; do
    prep piped - <both.txt
    [ "$(count piped $what)" = "$(count counted $what)" ] || fail "$what of standard input: $(cat piped/corpus.json)"
    rm -rf piped
done
prep file --drop-duplicates both.txt
prep piped --drop-duplicates - <both.txt
for what in dropped_documents tokens sentences heldout_documents; do
    [ "$(count piped $what)" = "$(count file $what)" ] || fail "$what of standard input: $(cat piped/corpus.json)"
done

# Killed at any time, it goes on: here when a chunk is done, and as soon as one is written anew. It may be through by
# then, and may not have removed all of its records and the lock, which go last.
begun() {
    [ -e killed/piece-00001.record ] || [ -e killed/corpus.json ]
}
"$LAMBERT" prep --vocabulary vocab.txt --output killed --heldout 0.1 --shard-megabytes 1 --drop-duplicates texts \
    >out.txt 2>err.txt & job=$!
wait_until 10 begun || fail "no piece was done in 10 s: $(cat err.txt)"
kill -9 $job 2>/dev/null || true
wait $job 2>/dev/null || true
if [ -e killed/corpus.json ]; then
    rm -f killed/prep.lock killed/*.record
else
    prep killed --drop-duplicates texts
fi
same one killed

# What is read with --exclude: each kind of file, some compressed; the same on any number of ranks.
mkdir tests
# piece LINE: three sentences of the text from there on, in one line
piece() {
    sed -n "$1,\$p" text.txt | grep . | head -n 3 | tr '\n' ' '
}
piece 100 >tests/a.txt
printf 'id\tsentence\n7\t%s\n' "$(piece 10000)" | gzip >tests/b.tsv.gz
printf '{"data": [{"context": "%s", "n": 1}]}\n' "$(piece 20000)" >tests/c.json
prep without --drop-duplicates --exclude tests texts
[ "$(count without excluded_documents)" -ge 3 ] || fail "too few were left out: $(cat err.txt)"
for file in a.txt b.tsv.gz c.json; do
    "$LAMBERT" prep --vocabulary vocab.txt --output w-$file --exclude tests/$file texts >out.txt 2>err.txt ||
        fail "prep --exclude $file: $(cat err.txt)"
    grep -q "excluded .* 13 words with a test set" out.txt && grep -q "is in tests/$file" err.txt ||
        fail "what $file excludes is not named: $(cat out.txt err.txt)"
done
for n in 2 3; do
    mpirun -n $n "$LAMBERT" prep --vocabulary vocab.txt --output without-$n --heldout 0.1 --drop-duplicates \
        --exclude tests --shard-megabytes 1 texts >out.txt 2>err.txt || fail "prep on $n ranks: $(cat err.txt)"
    same without without-$n
done
# A test set is looked into as the text is; one that excludes nothing is named; a title is one line.
mkdir sets
piece 100 >sets/a.txt
echo short >sets/b.txt
prep some --exclude sets texts
grep -q '1 of the 2 files to exclude have no run of 13 words.*: sets/b.txt' err.txt || fail "b.txt: $(cat err.txt)"
printf '{"n":NaN,"a":"%s"}\n{"a":"x\n' "$(piece 100)" >sets/c.json
expect 1 'sets/c.json is a test set of JSON, but what begins in line 2' "$LAMBERT" prep --vocabulary vocab.txt --output none \
    --exclude sets texts
printf '{"title":"A\\n\\u001b[31mB","text":"%s"}\n{"text":"a king. a river."}\n{"text":"a bird."}\n' "$(piece 100)" >titled.jsonl
prep titled --exclude sets/a.txt titled.jsonl
grep -q 'titled.jsonl, "A .*B", ends at byte' err.txt || fail "the title: $(cat err.txt)"

expect 1 'no text in tests/a.txt has 99 words' "$LAMBERT" prep --vocabulary vocab.txt --output none \
    --exclude tests/a.txt --exclude-words 99 texts
expect 1 'standard input' "$LAMBERT" prep --vocabulary vocab.txt --output none --exclude - texts
