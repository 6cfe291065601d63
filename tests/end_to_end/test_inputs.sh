#!/bin/sh
# What people's files are: compressed, encoded, archives. prep and vocab read them or refuse them by name before
# any work; and a corpus that is replaced stays until the new one is whole.
. "$(dirname "$0")/../lib.sh"
make_text text.txt 60
"$LAMBERT" vocab --output vocab.txt --size 200 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"
prep="$LAMBERT prep --vocabulary vocab.txt --heldout 0.1"

# same FILE [OPTION...]: it gives the corpus and the vocabulary that text.txt gives
same() {
    same_file=$1
    shift
    rm -rf got v.txt
    $prep --output got "$@" "$same_file" 2>log.txt || fail "$same_file: $(cat log.txt)"
    for same_shard in wanted/*.shard; do
        cmp "$same_shard" "got/${same_shard#wanted/}" || fail "$same_file gives another corpus"
    done
    "$LAMBERT" vocab --output v.txt --size 200 "$@" "$same_file" 2>log.txt || fail "$same_file: $(cat log.txt)"
    cmp vocab.txt v.txt || fail "$same_file gives another vocabulary"
}
$prep --output wanted text.txt 2>log.txt || fail "prep: $(cat log.txt)"
grep -q 'made of 1 plain file' log.txt || fail "prep did not say what it read: $(cat log.txt)"

for tool in gzip bzip2 xz zstd; do
    command -v $tool >/dev/null || continue
    $tool -c text.txt >"text.$tool"
    same "text.$tool"
    half=$(($(wc -l <text.txt) / 2))
    { head -n $half text.txt | $tool -c; tail -n +$((half + 1)) text.txt | $tool -c; } >"members.$tool"
    same "members.$tool"
    head -c 200 "text.$tool" >"cut.$tool"
    expect 1 "$tool.* cut.$tool is damaged: its end is missing" $prep --output c "cut.$tool"
    expect 1 "cut.$tool is damaged" "$LAMBERT" vocab --output v2.txt "cut.$tool"
done
for encoding in utf-16 utf-32 utf-16be; do
    { [ $encoding != utf-16be ] || printf '\376\377'; iconv -f utf-8 -t $encoding text.txt; } >"text.$encoding"
    same "text.$encoding"
done
iconv -f utf-8 -t utf-16le text.txt >unmarked.txt
expect 1 "unmarked.txt looks like UTF-16LE.*--encoding UTF-16LE" $prep --output c unmarked.txt
same unmarked.txt --encoding UTF-16LE
$prep --output streamed - <text.utf-16 2>log.txt || fail "a stream: $(cat log.txt)"
cmp wanted/train-00000.shard streamed/train-00000.shard

printf '\320\241\321\202\320\260\321\200\321\213\320\271 \320\264\320\276\320\274 \321\203 \321\200\320\265\320\272\320\270.\n' |
    iconv -f utf-8 -t cp1251 >cp1251.txt
expect 1 "cp1251.txt is not in UTF-8: 7.*iconv -f CP1251" $prep --output c cp1251.txt
expect 1 "cp1251.txt is not in UTF-8: 7.*--encoding CP1251" "$LAMBERT" vocab --output v2.txt cp1251.txt
iconv -f cp1251 -t utf-8 cp1251.txt >russian.txt
expect 1 "russian.txt is in UTF-8, and --encoding CP1251 would" $prep --output c --encoding CP1251 cp1251.txt russian.txt
$prep --output c --encoding CP1251 cp1251.txt text.txt 2>log.txt || fail "an encoding: $(cat log.txt)" # ASCII is in both
rm -rf c
expect 1 "no encoding \"klingon\"" $prep --output c --encoding klingon text.txt
expect 1 "cp1251.txt|standard input|- is not" sh -c "$prep --output c - <cp1251.txt"

# A file that goes bad only behind what is looked at; the part that did it is one of several.
{ cat text.txt; cat text.txt; awk 'BEGIN { for (i = 0; i < 99999; i++) print "The king saw the river." }'
  for _ in 1 2 3 4 5; do cat cp1251.txt cp1251.txt; done; } >late.txt
expect 0 "not valid UTF-8" $prep --output late late.txt
awk 'BEGIN { for (i = 0; i < 5000; i++) printf "\321\362\340\360\373\351 \344\356\354.\n" }' >bad.txt
cat bad.txt >>late.txt
for ranks in 1 2; do
    expect 1 "late.txt is not in UTF-8" mpirun -n $ranks $prep --output c --shard-megabytes 1 late.txt
    expect 1 "late.txt is not in UTF-8" mpirun -n $ranks "$LAMBERT" vocab --output v2.txt late.txt
done
rm -rf c # parts that were done before

tar cf text.tar text.txt
expect 1 "text.tar is a tar archive, not text: .*tar -xf" $prep --output c text.tar
gzip -c text.tar >text.tgz
expect 1 "text.tgz, compressed with gzip, is a tar archive" "$LAMBERT" vocab --output v2.txt text.tgz
expect 1 "text.tar is a tar archive" $prep --output c text.txt text.tar
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n' >pointer.txt
expect 1 "pointer.txt is what Git LFS .*git lfs pull" $prep --output c pointer.txt
[ ! -e c ] && [ ! -e v2.txt ] || fail "something is left of what was refused"

# The refusal of Parquet has the line that reads it.
if python3 -c 'import pyarrow.parquet' 2>/dev/null; then
    python3 -c '
import pyarrow, pyarrow.parquet
texts = open("text.txt").read().split("\n\n")
pyarrow.parquet.write_table(pyarrow.table({"id": list(range(len(texts))), "text": texts}), "text.parquet")'
    expect 1 "text.parquet is a Parquet file" $prep --output c text.parquet
    line=$(sed -nE "s/.*hands its rows on: (python3 -c '.*') FILE .*/\1/p" err.txt)
    eval "$line text.parquet" | $prep --output parquet - 2>log.txt || fail "Parquet: $line: $(cat log.txt)"
    cmp wanted/train-00000.shard parquet/train-00000.shard || fail "Parquet's text is another one"
fi

# The folder that is written is no input.
mkdir texts
cp text.txt texts
$prep --output texts/corpus texts 2>log.txt || fail "prep: $(cat log.txt)"
$prep --output texts/corpus --overwrite texts 2>log.txt || fail "prep: $(cat log.txt)"
grep -q "passed over" log.txt || fail "it was not said that the corpus was passed over"
cmp wanted/train-00000.shard texts/corpus/train-00000.shard
[ ! -e texts/corpus/prep.new ] || fail "the folder of the new corpus is left"
expect 1 "is an input, and is where the result is to go" $prep --output texts texts

# Nor is what prep reads for something else: the text is the same without it.
mkdir mixed
cp text.txt vocab.txt mixed
printf 'a letter of thirteen words that none of the documents of the text has in it\n' >mixed/test.txt
ln mixed/vocab.txt mixed/w.txt
mkfifo mixed/pipe
mixed="$LAMBERT prep --vocabulary mixed/vocab.txt --heldout 0.1 --exclude mixed/test.txt"
$mixed --output mixed/corpus mixed 2>log.txt || fail "prep: $(cat log.txt)"
grep -q "made of 1 plain file; passed over: 3 .*mixed/test.txt), 1 that are no regular files .mixed/pipe" log.txt ||
    fail "it was not said what was passed over: $(cat log.txt)"
cmp wanted/train-00000.shard mixed/corpus/train-00000.shard || fail "the vocabulary or a test set was read"
expect 1 "mixed/w.txt is an input, and is the vocabulary" $mixed --output c text.txt mixed/w.txt
expect 1 "mixed/test.txt is an input, and is what is to be excluded" $mixed --output c mixed/test.txt
expect 1 "/dev/zero is a device" $prep --output c /dev/zero
[ ! -e c ] || fail "something is left of what was refused"

# A text is no place for a result, whatever its name.
cp text.txt mine.txt
ln -s mine.txt link.txt
for name in mine.txt ./mine.txt link.txt; do
    expect 2 "--output would write over INPUT" "$LAMBERT" vocab --size 100 --output $name mine.txt
done
mkdir mine
cp text.txt mine/a.txt
for input in mine 'mine/*.txt' text.txt; do
    expect 1 "mine/a.txt is there already, and is no vocabulary" "$LAMBERT" vocab --output mine/a.txt "$input"
done
cmp text.txt mine.txt && cmp text.txt mine/a.txt || fail "a text was written over"
"$LAMBERT" vocab --size 200 --output mine/v.txt mine 2>log.txt || fail "vocab: $(cat log.txt)"
"$LAMBERT" vocab --size 200 --output mine/v.txt mine 2>log.txt || fail "a vocabulary is not replaced: $(cat log.txt)"
cmp vocab.txt mine/v.txt || fail "the vocabulary was read as text"

# A corpus that is to be replaced stays until the new one is whole, whatever ends the work.
cksum texts/corpus/*.shard texts/corpus/*.txt texts/corpus/*.json >before.txt
expect 1 "late.txt is not in UTF-8" $prep --output texts/corpus --overwrite --shard-megabytes 1 late.txt
cksum texts/corpus/*.shard texts/corpus/*.txt texts/corpus/*.json >after.txt
cmp before.txt after.txt || fail "a failure with --overwrite touched the old corpus: $(diff before.txt after.txt)"
for _ in 1 2 3 4 5 6 7 8; do cat text.txt text.txt text.txt text.txt; done >more.txt
timeout -s KILL 0.05 $prep --output texts/corpus --overwrite more.txt 2>/dev/null || true
"$LAMBERT" show corpus texts/corpus >out.txt 2>&1 || fail "the corpus is gone: $(cat out.txt)"
$prep --output texts/corpus --overwrite more.txt 2>log.txt || fail "prep: $(cat log.txt)"
$prep --output fresh more.txt 2>log.txt || fail "prep: $(cat log.txt)"
cmp fresh/train-00000.shard texts/corpus/train-00000.shard
[ "$(ls fresh)" = "$(ls texts/corpus)" ] || fail "other files: $(ls texts/corpus)"
