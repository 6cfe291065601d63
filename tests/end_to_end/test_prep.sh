#!/bin/sh
# lambert prep: the same bytes whatever the ranks, threads and ways the text comes in; interruption;
# memory.
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/small_corpora.sh"

make_text text.txt 4000
"$LAMBERT" vocab --output vocab.txt --size 200 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"

for n in 2 3; do
    mpirun -n $n "$LAMBERT" vocab --output vocab-$n.txt --size 200 text.txt text.txt 2>log.txt ||
        fail "vocab on $n ranks: $(cat log.txt)"
done
"$LAMBERT" vocab --output vocab-1.txt --size 200 text.txt text.txt 2>log.txt || fail "vocab: $(cat log.txt)"
cmp vocab-1.txt vocab-2.txt && cmp vocab-1.txt vocab-3.txt || fail "ranks change the vocabulary"
expect 1 'one rank' mpirun -n 2 "$LAMBERT" vocab --output none.txt -

# One huge file, and many small ones.
mkdir texts
for _ in 1 2 3 4 5 6 7 8; do cat text.txt; done >huge.txt
split -l 3000 text.txt texts/part-
cp huge.txt texts/zz-huge

OMP_NUM_THREADS=1 prep one texts
OMP_NUM_THREADS=3 prep three texts
same one three
for n in 2 3; do
    mpirun -n $n "$LAMBERT" prep --vocabulary vocab.txt --output ranks-$n --heldout 0.1 \
        --shard-megabytes 1 texts >out.txt 2>err.txt || fail "prep on $n ranks: $(cat err.txt)"
    same one ranks-$n
done
grep -q 'duplicates' out.txt && grep -q '####' out.txt && grep -q 'steps an epoch' out.txt ||
    fail "the report lacks something: $(cat out.txt)"

# hash FOLDER: of the contents, whatever the shards are cut by
documents() {
    "$LAMBERT" show corpus "$1" --json | tr ',' '\n' | grep -m 4 -E '"(documents|sentences|tokens|hash)"' |
        grep -v hash
}
prep plain huge.txt
gzip -k huge.txt
prep gzipped huge.txt.gz
prep pattern 'huge.tx?'
# shellcheck disable=SC2002 # through a pipe, which has no size
cat huge.txt | prep piped -
gzip -dc huge.txt.gz | head -c 0 | "$LAMBERT" prep --vocabulary vocab.txt --output none - \
    >out.txt 2>err.txt && fail "an empty input made a corpus"
documents plain >wanted.txt
for how in gzipped pattern piped; do
    documents $how >got.txt
    cmp -s wanted.txt got.txt || fail "$how: $(cat got.txt) instead of $(cat wanted.txt)"
done
head -c 20000 huge.txt.gz >cut.gz
expect 1 'cut.gz' "$LAMBERT" prep --vocabulary vocab.txt --output cut cut.gz
[ ! -e cut/corpus.json ] || fail "a damaged input made a corpus"
expect 1 'one rank' mpirun -n 2 "$LAMBERT" prep --vocabulary vocab.txt --output none -

# WikiExtractor's two formats are one corpus.
cat >wiki <<'END'
<doc id="1" url="x" title="The King">
The King

The king saw the river. The river saw the king.

</doc>
<doc id="2" url="x" title="The Lamp">
The Lamp

The old lamp found the city.
The city lost the lamp.

</doc>
END
cat >wiki.json <<'END'
{"id": "1", "url": "x", "title": "The King", "text": "The King\n\nThe king saw the river. The river saw the king.\n"}
{"id": "2", "url": "x", "title": "The Lamp", "text": "The Lamp\n\nThe old lamp found the city.\nThe city lost the lamp.\n"}
END
prep wiki-plain --heldout 0 wiki
prep wiki-json --heldout 0 wiki.json
cmp -s wiki-plain/train-00000.shard wiki-json/train-00000.shard ||
    fail "WikiExtractor's plain and JSON output make different shards"

# Killed in the middle: no corpus, and the next run goes on from what is done.
"$LAMBERT" prep --vocabulary vocab.txt --output killed --heldout 0.1 --shard-megabytes 1 texts \
    >out.txt 2>err.txt & job=$!
wait_until 10 [ -e killed/piece-00001.record ] || fail "no piece was done in 10 s: $(cat err.txt)"
kill -9 $job 2>/dev/null || true
wait $job 2>/dev/null || true
if [ ! -e killed/corpus.json ]; then
    expect 1 'is not a corpus' "$LAMBERT" show corpus killed
    prep killed texts
    grep -q 'going on from' err.txt || fail "the second run did not go on: $(cat err.txt)"
fi
same one killed

# Two into one folder: the second is refused while the first is at work (here it waits for more of its input,
# of which it has looked at the beginning), and what a killed one leaves refuses nobody.
mkfifo slow
"$LAMBERT" prep --vocabulary vocab.txt --output shared - <slow >out.txt 2>err.txt & job=$!
exec 3>slow
awk 'BEGIN { for (i = 0; i < 20000; i++) print "The king saw the river." }' >&3
wait_until 10 [ -e shared/prep.lock ] || fail "no lock in 10 s: $(cat err.txt)"
expect 1 'shared/prep.lock is locked: another process is at work' \
    "$LAMBERT" prep --vocabulary vocab.txt --output shared --overwrite texts
expect 1 'another process is at work' \
    mpirun -n 2 "$LAMBERT" prep --vocabulary vocab.txt --output shared --overwrite texts
kill -9 $job
wait $job 2>/dev/null || true
exec 3>&-
prep shared texts
same one shared

# A sanitizer's memory is not the program's.
[ -z "${LAMBERT_SANITIZED:-}" ] || exit 0

# Ten times the input (110 MB) takes no more memory, but for fingerprints of lines: 2^21 of 16 bytes, and while
# they grow two thirds of them once more.
peak() {
    OMP_NUM_THREADS=2 python3 - "$@" <<'END'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
}
once=$(peak "$LAMBERT" prep --vocabulary vocab.txt --output p1 --shard-megabytes 1 huge.txt)
ten=$(peak "$LAMBERT" prep --vocabulary vocab.txt --output p10 --shard-megabytes 1 huge.txt huge.txt \
    huge.txt huge.txt huge.txt huge.txt huge.txt huge.txt huge.txt huge.txt)
[ "$ten" -le $((once + 60000)) ] || fail "memory grew from $once KB to $ten KB"

# Nor does looking at the corpus of it, which has a hundred shards more.
once=$(peak "$LAMBERT" show corpus p1)
ten=$(peak "$LAMBERT" show corpus p10)
[ "$ten" -le $((once + 6000)) ] || fail "memory of show corpus grew from $once KB to $ten KB"

# Words of a vocabulary that do not fit in what is given for them are left out, the same on any number of ranks.
# (Beside them come two threads' chunks, of nothing but different words here, and the program.)
seq 1000000 3000000 | awk '{ print $1, $1, "the", "river" } NR % 1000 == 0 { print "" }' >numbers.txt
all=$(peak "$LAMBERT" vocab --output all.v --size 200 numbers.txt)
few=$(peak "$LAMBERT" vocab --output few.v --size 200 --memory 16 numbers.txt)
[ "$few" -le 240000 ] || fail "vocab took $few KB with --memory 16, and $all KB without"
[ "$all" -ge $((few + 100000)) ] || fail "vocab took $all KB, and $few KB with --memory 16: nothing was to be bounded"
mpirun -n 3 "$LAMBERT" vocab --output few-3.v --size 200 --memory 16 numbers.txt 2>log.txt ||
    fail "vocab: $(cat log.txt)"
cmp few.v few-3.v || fail 'ranks show in a vocabulary of words that did not all fit'
grep -q '^river$' few.v || fail 'the common words were left out'
grep -q 'words that occur less than 4 times in them were not counted' log.txt || fail "$(cat log.txt)"
