#!/bin/sh
# TFRecords as training data: what comes out is what was written, however it was written; any number of
# ranks trains alike; and every mistake is found, and named, before any training.
. "$(dirname "$0")/../lib.sh"

{
    printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]'
    for i in $(seq 1 60); do echo "word$i"; done
} >vocab.txt

# write OUTPUT WORDS...
write() {
    output=$1
    shift
    python3 "$ROOT/tests/end_to_end/write_tfrecords.py" "$output" vocab.txt "$@" ||
        fail "write_tfrecords.py $output $*"
}
# prep OUTPUT WORDS...
prep() {
    output=$1
    shift
    "$LAMBERT" prep --vocabulary vocab.txt --output "$output" "$@" >out.txt 2>err.txt ||
        fail "prep $*: $(cat err.txt)"
}
# samples CORPUS COUNT: sorted, without their numbers
samples() {
    "$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus="$1" run.folder=none --json \
        --count "$2" 2>err.txt |
        python3 -c '
import json, sys
for line in sys.stdin:
    sample = json.loads(line)
    del sample["index"]
    print(json.dumps(sample, sort_keys=True))' | sort
}

# Five files, each written in another way.
mkdir records
write records/0.tfrecord --count 40 --json wanted.txt
write records/1.tfrecord --first 100 --form gzip --unpacked --json wanted.txt
write records/2.tfrecord --first 200 --form members --new-names --json wanted.txt
write records/3.tfrecord --first 300 --form zlib --no-weights --json wanted.txt
write records/4.tfrecord --first 400 --bare --json wanted.txt
: >records/5.tfrecord
sort -o wanted.txt wanted.txt

OMP_NUM_THREADS=1 prep corpus --heldout 0 records
samples corpus 120 >got.txt
diff wanted.txt got.txt >diff.txt || fail "other samples came out than went in: $(head -4 diff.txt)"
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=none --json \
    --count 240 2>err.txt | sed 's/"index":[0-9]*,//' >epochs.txt
head -120 epochs.txt >first.txt
tail -120 epochs.txt >second.txt
cmp -s first.txt second.txt && fail "the second epoch has the order of the first"
sort first.txt >a.txt
sort second.txt | cmp -s - a.txt || fail "the second epoch has other samples than the first"

"$LAMBERT" show corpus corpus --verify >out.txt 2>err.txt || fail "show corpus: $(cat err.txt)"
grep -q 'ready' out.txt || fail "show corpus does not say that samples are ready: $(cat out.txt)"
grep -q '"contents":.*"samples"' corpus/corpus.json || fail "the manifest does not name its contents"
grep -q '"longest":' corpus/corpus.json || fail "the manifest does not name the longest sample"

# The same bytes from any number of threads and ranks, and held-out samples are set aside.
OMP_NUM_THREADS=3 prep split-1 --heldout 0.2 records
mpirun -n 2 "$LAMBERT" prep --vocabulary vocab.txt --output split-2 --heldout 0.2 records \
    >out.txt 2>err.txt || fail "prep on two ranks: $(cat err.txt)"
diff -r split-1 split-2 >diff.txt || fail "ranks change the corpus: $(cat diff.txt)"
ls split-1/heldout-*.shard >/dev/null || fail "nothing was set aside"

# One rank and two train alike; a resumed run goes on with the samples that were next.
words="train.checkpoint_every=9 train.checkpoint_keep=9 phase.one.steps=12 phase.two.steps=6"
for n in 1 2; do
    mpirun -n $n "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=split-1 run.folder=run-$n $words \
        >log.txt 2>&1 || fail "training on $n ranks: $(cat log.txt)"
    field mlm_loss run-$n >losses-$n.txt
done
agree 1e-4 losses-1.txt losses-2.txt >out.txt || fail "one rank and two: $(cat out.txt)"
[ "$(wc -l <losses-1.txt)" = 18 ] || fail "not 18 steps"
rm run-1/checkpoints/step-00000018.checkpoint run-1/checkpoints/step-00000012.checkpoint
"$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=split-1 run.folder=run-1 $words --resume \
    >log.txt 2>&1 || fail "resuming: $(cat log.txt)"
grep -q 'resumed from .* at step 9' log.txt || fail "not resumed at step 9: $(cat log.txt)"
field mlm_loss run-1 >losses-resumed.txt
cmp -s losses-1.txt losses-resumed.txt || fail "the resumed run has other losses"
for corpus in split-1 corpus; do
    mpirun -n 1 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=$corpus run.folder=small-$corpus \
        $words train.micro_batch_tokens=32 >log.txt 2>&1 || fail "small micro-batches: $(cat log.txt)"
done
field mlm_loss small-split-1 >losses-small.txt
agree 1e-4 losses-1.txt losses-small.txt >out.txt || fail "small micro-batches: $(cat out.txt)"

# A global batch, and a held-out set, without masks: there is no loss, and nothing that is no number.
write few-masks.tfrecord --count 60 --masked 1
prep few-masks --heldout 0.2 few-masks.tfrecord
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus=few-masks run.folder=none --json --count 1 \
    --split heldout >out.txt 2>err.txt || fail "show batch: $(cat err.txt)"
grep -q '"masked_positions":\[\],"masked_labels":\[\]' out.txt || fail "show batch: $(cat out.txt)"
for n in 1 2; do
    mpirun -n $n "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=few-masks run.folder=few-$n \
        phase.one.steps=12 phase.two.steps=6 phase.one.global_batch=4 phase.two.global_batch=4 \
        train.log_every=1 >log.txt 2>&1 || fail "training on few masks: $(cat log.txt)"
    grep -qi 'nan' log.txt && fail "there is something that is no number: $(grep -i nan log.txt)"
    grep -q 'step 2 of 12: nothing masked; NSP loss' log.txt || fail "step 2: $(cat log.txt)"
    grep -q 'held-out: nothing masked; NSP loss' log.txt || fail "evaluation: $(cat log.txt)"
    field mlm_loss few-$n >losses-$n.txt
    field loss few-$n >sums-$n.txt
    field nsp_loss few-$n >pairs-$n.txt
done
[ "$(grep -c null losses-1.txt)" -ge 12 ] || fail "mlm_loss: $(cat losses-1.txt)"
[ "$(grep -vc null losses-1.txt)" -ge 1 ] || fail "no batch has the masks: $(cat losses-1.txt)"
grep -q null sums-1.txt && fail "loss is null: $(cat sums-1.txt)"
agree 1e-4 pairs-1.txt pairs-2.txt >out.txt || fail "one rank and two: $(cat out.txt)"
agree 1e-4 sums-1.txt sums-2.txt >out.txt || fail "one rank and two: $(cat out.txt)"
"$LAMBERT" eval "$ROOT/configs/tiny.ini" data.corpus=few-masks run.folder=few-1 >out.txt 2>err.txt ||
    fail "eval: $(cat err.txt)"
grep -q ' pairs ' out.txt && ! grep -Eq 'nan|MLM|guessing  ' out.txt || fail "eval: $(cat out.txt)"
"$LAMBERT" eval "$ROOT/configs/tiny.ini" data.corpus=few-masks run.folder=few-1 --json >out.txt \
    2>err.txt || fail "eval --json: $(cat err.txt)"
grep -q '"mlm_loss":null' out.txt && grep -q '"unigram_accuracy":null' out.txt ||
    fail "eval --json: $(cat out.txt)"
"$LAMBERT" show gradients "$ROOT/configs/tiny.ini" data.corpus=few-masks run.folder=few-1 \
    phase.two.global_batch=4 --output gradients.safetensors --batch 1 --phase two --json >out.txt \
    2>err.txt || fail "show gradients: $(cat err.txt)"
grep -q '"mlm_loss":null' out.txt || fail "show gradients: $(cat out.txt)"
"$ROOT/scripts/run-summary.py" few-1 >out.txt 2>err.txt || fail "run-summary: $(cat err.txt)"

# Too long for a phase.
write long.tfrecord --length 64 --count 40
prep long --heldout 0 long.tfrecord
expect 1 'phase one, long: its samples are ready-made and up to [0-9]+ tokens long, but sequences of up to 32' "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=long \
    run.folder=too-long
[ ! -e too-long/checkpoints ] || fail "a run with samples that are too long began"

# Their masks are what they are, unless there are documents beside them to mask.
for key in masked_lm_probability masked_lm_probability_end; do
    expect 1 "phase.one.$key \(0.3\) says how much is masked, and the samples of corpus are ready-made" "$LAMBERT" \
        train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=own-rate phase.one.$key=0.3
done
[ ! -e own-rate/checkpoints ] || fail "a run with a masking rate for ready samples began"
for i in 1 2 3 4 5 6; do echo "word$i word2 word3."; echo "word4 word5 word$i."; echo; done >beside.txt
prep beside --heldout 0 beside.txt
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus=corpus,beside data.weights=1,1 run.folder=none \
    phase.one.masked_lm_probability=0.3 >out.txt 2>err.txt || fail "a rate for the documents: $(cat err.txt)"

# Mistakes: each is named with its file and its record, and nothing is left.
damaged() {
    kind=$1 pattern=$2
    write bad.tfrecord --damage "$kind"
    rm -rf bad
    expect 1 "$pattern" "$LAMBERT" prep --vocabulary vocab.txt --output bad --heldout 0 \
        records/0.tfrecord bad.tfrecord
    [ ! -e bad/corpus.json ] || fail "$kind: a corpus was made"
}
one='bad.tfrecord, record 11: '
damaged missing "${one}it has no feature segment_ids"
damaged odd "${one}its feature input_mask is not a list of integers"
damaged length "${one}its segment_ids has 31 numbers, but its input_ids has 32"
damaged places "${one}its masked_lm_ids has 7 numbers, but its masked_lm_positions has 8"
damaged weights "${one}its masked_lm_weights has 7 numbers"
damaged labels "${one}it has 2 next_sentence_labels"
damaged id "${one}it has the token id 65 at position 1, .* 65 entries; .*another vocabulary"
damaged negative "${one}it has the token id -1 at position 1"
damaged cls "${one}it has '\[UNK\]' \(id 1\) at position 0, where \[CLS\] \(id 2\) belongs"
damaged sep "${one}it has '\[UNK\]' .* where \[SEP\] \(id 3\) belongs"
damaged end "${one}it has '\[UNK\]' .* where \[SEP\] \(id 3\) belongs"
damaged mask "${one}its input_mask is not ones followed by zeros"
damaged segments "${one}its segment_ids are not zeros followed by ones"
damaged outside "${one}it masks position [0-9]+, but has positions 0 to"
damaged special "${one}it masks position [0-9]+, which belongs to \[CLS\] or \[SEP\]"
damaged order "${one}its masked_lm_positions are not ascending"
damaged weight "${one}its masked_lm_weights are not ones followed by zeros"
damaged label-id "${one}it wants the token id 65 .* another vocabulary"
damaged label "${one}its next_sentence_labels is 2 instead of 0"
damaged unlabelled "bad.tfrecord, record 11, has no next_sentence_labels, but records/0.tfrecord, record 1, has one"

all() {
    kind=$1 pattern=$2 code=$3
    write bad.tfrecord --damage "$kind"
    rm -rf bad
    expect "$code" "$pattern" "$LAMBERT" prep --vocabulary vocab.txt --output bad --heldout 0 bad.tfrecord
}
all other-mask 'only [0-9]+ of [0-9]+ masked positions hold \[MASK\]' 1
all no-masks 'none of the 20 samples has a masked position' 1
all one-label 'all 20 samples have the next-sentence label 1.*blank lines' 0

# Damage to the files.
flip() { # FILE OFFSET
    python3 -c '
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 1]))' "$1" "$2"
}
prep_bad() {
    expect 1 "$1" "$LAMBERT" prep --vocabulary vocab.txt --output bad --overwrite --heldout 0 \
        records/0.tfrecord "$2"
}
cp records/0.tfrecord cut.tfrecord
flip cut.tfrecord 40
prep_bad 'cut.tfrecord, record 1: the checksum of its data is wrong' cut.tfrecord
head -c 3000 records/0.tfrecord >cut.tfrecord
prep_bad 'cut.tfrecord, record [0-9]+: it is cut short' cut.tfrecord
head -c 600 records/1.tfrecord >cut.tfrecord
prep_bad 'cut.tfrecord, record [0-9]+: its compressed data are cut short' cut.tfrecord
echo 'The lamp saw the city.' >text.txt
prep_bad 'records/0.tfrecord holds TFRecords, but text.txt does not' text.txt

# A corpus of its own for each phase: short samples first, long ones later.
phases="data.corpus=corpus phase.two.corpus=long $words"
for n in 1 2; do
    mpirun -n $n "$LAMBERT" train "$ROOT/configs/tiny.ini" $phases run.folder=phases-$n >log.txt 2>&1 ||
        fail "two corpora on $n ranks: $(cat log.txt)"
    field mlm_loss phases-$n >losses-$n.txt
done
agree 1e-4 losses-1.txt losses-2.txt >out.txt || fail "two corpora, one rank and two: $(cat out.txt)"
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" $phases run.folder=none --phase two --json --count 40 \
    2>err.txt | sed 's/"index":[0-9]*,//' | sort >a.txt
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus=long run.folder=none --phase two --json \
    --count 40 2>err.txt | sed 's/"index":[0-9]*,//' | sort >b.txt
{ [ -s a.txt ] && cmp -s a.txt b.txt; } || fail "phase two does not read its own corpus"
expect 1 'another corpus' "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    phase.two.corpus=split-1 $words run.folder=phases-1 --resume

# Text and ready samples in one phase: every other sample is one of the ready ones, as it came.
make_text documents.txt 30
prep documents --heldout 0 documents.txt
mpirun -n 2 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=documents,corpus data.weights=1,1 $words \
    phase.two.corpus=long run.folder=both >log.txt 2>&1 || fail "text and samples: $(cat log.txt)"
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus=documents,corpus data.weights=1,1 run.folder=none --json \
    --count 20 2>err.txt | grep '"corpus":"corpus"' | sed 's/"index":[0-9]*,"corpus":"corpus",//' >a.txt
[ "$(wc -l <a.txt)" = 10 ] || fail "$(wc -l <a.txt) of 20 samples are ready ones: $(cat err.txt)"
"$LAMBERT" show batch "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=none --json --count 1000 2>err.txt |
    sed 's/"index":[0-9]*,//' >b.txt
grep -qxFf a.txt b.txt && [ "$(grep -cxFf b.txt a.txt)" = 10 ] || fail "mixed samples are not those of the corpus"

echo extra >>vocab.txt
prep other --heldout 0 long.tfrecord
expect 1 'long and other were made with different vocabularies|corpus and other were' \
    "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus phase.two.corpus=other $words \
    run.folder=phases-3
