#!/bin/sh
# Bad input gets a sentence that names file, place and remedy, exit code 1 or 2, and nothing
# half-written.
. "$(dirname "$0")/../lib.sh"
make_corpus
tiny=$ROOT/configs/tiny.ini
run="data.corpus=corpus run.folder=run"

# Text
expect 1 "missing.txt" "$LAMBERT" vocab --output v.txt missing.txt
expect 1 "missing.txt" "$LAMBERT" prep --vocabulary vocab.txt --output c missing.txt
[ ! -e v.txt ] || fail "a vocabulary from a missing text"
: >empty.txt
expect 1 "empty.txt|no document|no text|no word" "$LAMBERT" vocab --output v.txt empty.txt
expect 1 "empty.txt|no document|no text" "$LAMBERT" prep --vocabulary vocab.txt --output c empty.txt
[ ! -e c/corpus.json ] || fail "a corpus from an empty text"
{ printf 'The king \377\376 saw the ri\300ver.\n\nThe bird found the lamp.\n\n'; cat text.txt; } >invalid.txt
expect 0 "4 invalid|3 invalid|invalid UTF-8|not valid UTF-8" "$LAMBERT" prep --vocabulary vocab.txt --output c invalid.txt
expect 1 "already|overwrite" "$LAMBERT" prep --vocabulary vocab.txt --output corpus text.txt

# Vocabulary
grep -v '^\[MASK\]$' vocab.txt >nomask.txt
expect 1 "\[MASK\]" "$LAMBERT" prep --vocabulary nomask.txt --output c2 text.txt
[ ! -e c2/corpus.json ] || fail "a corpus with a vocabulary without [MASK]"
expect 0 "no capitals.*--cased" "$LAMBERT" prep --vocabulary vocab.txt --output c3 --cased text.txt
"$LAMBERT" vocab --output capitals.txt --cased --size 200 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"
expect 0 "has capitals.*--cased" "$LAMBERT" prep --vocabulary capitals.txt --output c4 text.txt
# Capitals that lower-casing leaves, as the blackboard ones of mathematics, are in uncased vocabularies, too.
{ cat vocab.txt; printf '\342\204\235\n##\342\204\235\n'; } >reals.txt
"$LAMBERT" prep --vocabulary reals.txt --output c4-reals text.txt 2>log.txt || fail "prep: $(cat log.txt)"
! grep "capitals" log.txt || fail "an uncased vocabulary is taken for a cased one"
"$LAMBERT" prep --vocabulary capitals.txt --output c5 --cased text.txt 2>log.txt || fail "prep: $(cat log.txt)"
# What the tokenizer takes away is told.
printf 'caf\303\251 o\303\271 na\303\257ve\n\n\303\251t\303\251 \316\251\n' >accents.txt
expect 0 "27.8% of the characters lost their accents; --accents keep" "$LAMBERT" prep --vocabulary vocab.txt --heldout 0 --output c6 accents.txt
"$LAMBERT" show corpus c6 >out.txt 2>err.txt || fail "$(cat err.txt)"
grep -q '^  accents  *27.778% of 18 characters lost theirs' out.txt || fail "show corpus says nothing of accents: $(cat out.txt)"
"$LAMBERT" vocab --size 50 --output c6.txt accents.txt >out.txt 2>err.txt || fail "$(cat err.txt)"
grep -q "27.8% of the characters lost their accents; --accents keep" err.txt || fail "vocab: $(cat err.txt)"
mpirun -n 2 "$LAMBERT" vocab --size 50 --output c6.txt accents.txt accents.txt >out.txt 2>err.txt || fail "$(cat err.txt)"
grep -q "27.8% of the characters lost their accents; --accents keep" err.txt || fail "vocab on ranks: $(cat err.txt)"
"$LAMBERT" vocab --size 50 --accents keep --output c6.txt accents.txt >out.txt 2>err.txt || fail "$(cat err.txt)"
grep -q "accents" err.txt && fail "vocab: $(cat err.txt)"
expect 0 "of the words are .UNK." "$LAMBERT" prep --vocabulary vocab.txt --heldout 0 --output c7 --accents keep accents.txt
! grep -q capitals log.txt || fail "a warning where case fits: $(cat log.txt)"
{ cat vocab.txt; echo extra; } >other.txt
expect 1 "vocabulary" "$LAMBERT" train "$tiny" $run data.vocabulary=other.txt

# Configuration
expect 1 "hiden_size.*hidden_size" "$LAMBERT" train "$tiny" $run model.hiden_size=32
printf '[model]\nhidden_size = 32\nhidden_sise = 32\n' >bad.ini
expect 1 "bad.ini:3: .*hidden_sise.*hidden_size" "$LAMBERT" train bad.ini
expect 1 "num_attention_heads" "$LAMBERT" train "$tiny" $run model.num_attention_heads=3
expect 1 "max_position_embeddings" "$LAMBERT" train "$tiny" $run phase.two.sequence_length=4096
expect 1 "warmup" "$LAMBERT" train "$tiny" $run phase.one.warmup_steps=2 phase.one.warmup_ratio=0.1
expect 1 "learning_rate" "$LAMBERT" train "$tiny" $run phase.one.learning_rate=fast
expect 1 "missing.ini" "$LAMBERT" train missing.ini
expect 2 "CONFIG|configuration" "$LAMBERT" train
expect 2 "trian.*did you mean .train" "$LAMBERT" trian
expect 2 "no option .--resmue.; did you mean .--resume." "$LAMBERT" train "$tiny" $run --resmue
expect 2 "--accept is for --resume" "$LAMBERT" train "$tiny" $run --accept phases
expect 2 "--accept wants a value \(KEYS\)" "$LAMBERT" train "$tiny" $run --accept
expect 2 "show what\? corpus, batch, .* or config; see lambert show --help" "$LAMBERT" show
expect 2 "no command .batsh.; did you mean .batch." "$LAMBERT" show batsh
expect 2 "lambert show batch: --split is train or heldout, not .test." "$LAMBERT" show batch "$tiny" --split test
expect 2 "lambert show batch: --count 0 is out of range: 1 to" "$LAMBERT" show batch "$tiny" --count=0
expect 2 "lambert export: --dtype is for Hugging Face folders" "$LAMBERT" export --strip --dtype f16 \
    --checkpoint run --output out
expect 2 "extra. is one word too many" "$LAMBERT" show corpus corpus extra
expect 2 "stand alone" "$LAMBERT" help --completion --man pages
expect 1 "no command .nothing." "$LAMBERT" help nothing
[ ! -e run ] || fail "a run folder after nothing but errors"

# Damage
for damage in truncate flip; do
    rm -rf damaged && cp -r corpus damaged
    shard=damaged/train-00000.shard
    size=$(wc -c <$shard)
    if [ $damage = truncate ]; then
        head -c $((size / 2)) corpus/train-00000.shard >$shard
    else
        printf '\125\252\125' | dd of=$shard bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
    fi
    expect 1 "train-00000.shard" "$LAMBERT" show corpus damaged --verify
    expect 1 "train-00000.shard" mpirun -n 2 "$LAMBERT" train "$tiny" data.corpus=damaged \
        run.folder=run-$damage
    [ ! -e run-$damage/checkpoints ] || fail "a checkpoint from a damaged corpus"
done
rm -rf damaged && cp -r corpus damaged && rm damaged/corpus.json
expect 1 "damaged" "$LAMBERT" train "$tiny" data.corpus=damaged run.folder=run
expect 1 "nowhere" "$LAMBERT" train "$tiny" data.corpus=nowhere run.folder=run

"$LAMBERT" train "$tiny" $run phase.one.steps=2 phase.two.steps=2 2>log.txt || fail "$(cat log.txt)"
checkpoint=$(ls run/checkpoints/*.checkpoint | tail -n 1)
head -c 2000 "$checkpoint" >short.checkpoint
expect 1 "short.checkpoint" "$LAMBERT" eval "$tiny" $run --checkpoint short.checkpoint
cp "$checkpoint" flipped.checkpoint
printf '\125' | dd of=flipped.checkpoint bs=1 seek=4000 conv=notrunc 2>/dev/null
expect 1 "flipped.checkpoint" "$LAMBERT" show checkpoint flipped.checkpoint

# A full disk: a small file system, where the machine lets us mount one.
mkdir small
if mount -t tmpfs -o size=64k none small 2>/dev/null; then
    trap 'umount "$WORK/small"; rm -rf "$WORK"' EXIT
    make_text long.txt 2000
    expect 1 "small/.*No space left" "$LAMBERT" prep --vocabulary vocab.txt --output small/corpus long.txt
    [ ! -e small/corpus/corpus.json ] || fail "a corpus on a full disk"
    rm -rf small/*
    expect 1 "small/.*No space left" "$LAMBERT" train "$tiny" data.corpus=corpus run.folder=small/run \
        phase.one.steps=2 phase.two.steps=2
    [ -z "$(find small -name '*.checkpoint')" ] || fail "a checkpoint on a full disk"
else
    echo "no file system may be mounted here: the full disk was not tried"
fi
