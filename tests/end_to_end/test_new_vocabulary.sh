#!/bin/sh
# A model of one vocabulary begins to learn another one: from a run, a checkpoint, a Hugging Face folder and one of
# TensorFlow, on any number of ranks, better than from nothing; and with more positions. By accident it does not.
. "$(dirname "$0")/../lib.sh"
make_corpus
"$LAMBERT" vocab --output small.txt --size 90 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"
"$LAMBERT" prep --vocabulary small.txt --output small --heldout 0.1 text.txt >report.txt 2>log.txt ||
    fail "prep: $(cat log.txt)"
train 2 run data.corpus=small phase.one.steps=120 phase.two.steps=1 || { tail -n 5 log.txt; fail "the run"; }
"$LAMBERT" export --checkpoint run --output folder 2>log.txt || fail "export: $(cat log.txt)"
"$LAMBERT" export --strip --checkpoint run --output file.checkpoint 2>log.txt || fail "strip: $(cat log.txt)"

# Only where it is meant
expect 1 "cannot start from run: its vocabulary is not, .*run.new_tokens=mean" "$LAMBERT" train \
    "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=none run.start_from=run
expect 1 "run.new_tokens .mean. says .* run.start_from is empty" "$LAMBERT" train "$ROOT/configs/tiny.ini" \
    data.corpus=corpus run.folder=none run.new_tokens=mean

# The first loss, before anything was learned
words="phase.one.steps=2 phase.two.steps=1 train.reproducible=yes"
train 1 fresh $words || { tail -n 5 log.txt; fail "fresh weights"; }
: >log.txt
for from in run file.checkpoint folder; do
    train 1 from-$from $words run.start_from=$from run.new_tokens=mean || { tail -n 5 log.txt; fail "from $from"; }
done
grep -q "a new vocabulary of [0-9]* tokens, where the model has 90: [0-9]* rows are kept, [0-9]* begin as the mean" log.txt ||
    fail "the log does not say what became of the rows"
first() { field mlm_loss "$1" | head -n 1; }
[ "$(first from-run)" = "$(first from-folder)" ] && [ "$(first from-run)" = "$(first from-file.checkpoint)" ] ||
    fail "other losses: $(first from-run), $(first from-folder), $(first from-file.checkpoint)"
echo "$(first fresh) $(first from-run)" | awk '{ exit !($2 < $1 - 0.7) }' ||
    fail "the loss begins at $(first from-run), from nothing at $(first fresh)"

# The same bits on any number of ranks
train 3 ranks $words run.start_from=run run.new_tokens=mean || { tail -n 5 log.txt; fail "three ranks"; }
last=$(basename from-run/checkpoints/*3.checkpoint)
cmp "from-run/checkpoints/$last" "ranks/checkpoints/$last" || fail "three ranks begin with other weights"

# More positions, and fresh rows
expect 1 "it has 128 positions, model.max_position_embeddings is 200; .*run.new_positions=repeat" "$LAMBERT" train \
    "$ROOT/configs/tiny.ini" data.corpus=small run.folder=none run.start_from=run model.max_position_embeddings=200
: >log.txt
train 2 longer $words run.start_from=run run.new_tokens=fresh model.max_position_embeddings=200 \
    run.new_positions=repeat phase.two.sequence_length=192 || { tail -n 5 log.txt; fail "more positions"; }
grep -q "90 rows are kept, 0 begin as the mean of their pieces under the old one, [0-9]* afresh" log.txt ||
    fail "fresh rows are not told of"
grep -q "200 positions, where the model has 128: the others begin as these" log.txt || fail "positions are not told of"

# It goes on like any run, and is one to start from
: >log.txt
mpirun -n 1 "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus $words run.folder=from-run run.start_from=gone run.new_tokens=mean \
    phase.two.steps=2 --resume --accept phase.two.steps >log.txt 2>&1 || { tail -n 5 log.txt; fail "resuming"; }
train 1 again $words run.start_from=from-run || { tail -n 5 log.txt; fail "starting from what was carried over"; }

# From TensorFlow's files, whose vocabulary has nine tokens
train 2 from-tensorflow $words run.start_from="$ROOT/tests/golden/tensorflow/bert_model.ckpt" run.new_tokens=mean \
    model.hidden_size=4 model.intermediate_size=6 model.num_hidden_layers=1 model.max_position_embeddings=64 \
    run.new_positions=repeat || { tail -n 5 log.txt; fail "from TensorFlow"; }
