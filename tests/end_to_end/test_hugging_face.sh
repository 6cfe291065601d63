#!/bin/sh
# A trained model goes out as a Hugging Face folder, comes in, goes out again with the same bytes, and
# begins a new run; damaged folders get a sentence. (transformers itself: make check-numerics.)
. "$(dirname "$0")/../lib.sh"
make_corpus
tiny=$ROOT/configs/tiny.ini
words="data.corpus=corpus phase.one.steps=6 phase.two.steps=2"
train 1 run $words || { tail -n 5 log.txt; fail "the run"; }

# Out, in, and out again
"$LAMBERT" export --checkpoint run --output out 2>log.txt || fail "export: $(cat log.txt)"
for name in config.json model.safetensors vocab.txt tokenizer.json tokenizer_config.json README.md; do
    [ -s "out/$name" ] || fail "export wrote no $name"
done
cmp out/vocab.txt vocab.txt || fail "another vocabulary"
grep -q "8 steps, 112 sequences" out/README.md || { cat out/README.md; fail "the model card has no steps"; }
grep -q "masked language model" out/README.md || fail "the model card has no evaluation"
"$LAMBERT" import --from out --output in.checkpoint 2>log.txt || fail "import: $(cat log.txt)"
for command in "import --from out" "export --strip --checkpoint in.checkpoint"; do # into folders that are not there
    # shellcheck disable=SC2086
    "$LAMBERT" $command --output "fresh/${command%% *}/x.checkpoint" 2>log.txt || fail "$command: $(cat log.txt)"
    cmp in.checkpoint "fresh/${command%% *}/x.checkpoint" || fail "$command: another checkpoint in a new folder"
    [ "$(ls "fresh/${command%% *}")" = x.checkpoint ] || fail "$command left $(ls "fresh/${command%% *}")"
done
"$LAMBERT" export --checkpoint in.checkpoint --output again 2>log.txt || fail "again: $(cat log.txt)"
cmp out/model.safetensors again/model.safetensors || fail "import and export changed the weights"
cmp out/config.json again/config.json || fail "import and export changed the configuration"
for type in f16 bf16; do
    "$LAMBERT" export --checkpoint run --output out-$type --dtype $type 2>log.txt || fail "$(cat log.txt)"
    "$LAMBERT" import --from out-$type --output $type.checkpoint 2>log.txt || fail "$(cat log.txt)"
    [ "$(wc -c <out-$type/model.safetensors)" -lt "$(wc -c <out/model.safetensors)" ] || fail "$type is no smaller"
done

# Two at once into one place: one whole export, or import, and a refusal; into new folders, and such as are there. An
# export that fails leaves nothing.
sed 's/old/odd/' out/vocab.txt >odd.txt # another model: of another vocabulary
cp -r out odd && cp odd.txt odd/vocab.txt && rm odd/tokenizer.json
"$LAMBERT" import --from odd --output odd.checkpoint 2>log.txt || fail "import: $(cat log.txt)"
refused="already holds|meanwhile|another process is at work"
mkdir -p both/3/.git both/4/.git
round=0
while [ $round -lt 4 ]; do
    round=$((round + 1))
    for model in run odd.checkpoint; do
        (code=0; "$LAMBERT" export --checkpoint $model --output both/$round 2>$model.log || code=$?
            echo $code >$model.code) &
    done
    wait
    case $(cat run.code)$(cat odd.checkpoint.code) in
    01) cmp both/$round/vocab.txt out/vocab.txt && grep -qE "$refused" odd.checkpoint.log ;;
    10) cmp both/$round/vocab.txt odd.txt && grep -qE "$refused" run.log ;;
    *) fail "two exports ended with $(cat run.code odd.checkpoint.code)" ;;
    esac || fail "two exports: $(cat run.log odd.checkpoint.log)"
    [ $round -le 2 ] || rmdir both/$round/.git || fail "an export into a clone: no .git"
    [ "$(ls -A both/$round)" = "$(ls -A out)" ] || fail "two exports left $(ls -A both/$round)"
    for model in out odd; do
        (code=0; "$LAMBERT" import --from $model --output both/$round.checkpoint 2>$model.log || code=$?
            echo $code >$model.code) &
    done
    wait
    case $(cat out.code)$(cat odd.code) in
    01) "$LAMBERT" import --from out --output wanted 2>/dev/null && cmp both/$round.checkpoint wanted ;;
    10) cmp both/$round.checkpoint odd.checkpoint ;;
    *) fail "two imports ended with $(cat out.code odd.code): $(cat out.log odd.log)" ;;
    esac || fail "two imports: $(cat out.log odd.log)"
    rm -f wanted
done
[ "$(ls both | tr "\n" " ")" = "1 1.checkpoint 2 2.checkpoint 3 3.checkpoint 4 4.checkpoint " ] ||
    fail "left beside: $(ls both)"
mkdir broken
for folder in broken/model broken; do
    expect 1 "cannot (create|write)|File too large" sh -c "ulimit -f 20; trap '' XFSZ; exec '$LAMBERT' export \
        --checkpoint run --output $folder"
    [ -z "$(ls -A broken)" ] || fail "a failed export into $folder left $(ls -A broken)"
done
mkdir mounted stands
(cd stands && "$LAMBERT" export --checkpoint ../run --output . 2>../log.txt) || fail "where it stands: $(cat log.txt)"
cmp stands/model.safetensors out/model.safetensors || fail "where it stands: other weights"
if mount -t tmpfs none mounted 2>/dev/null; then
    trap 'umount "$WORK/mounted"; rm -rf "$WORK"' EXIT
    "$LAMBERT" export --checkpoint run --output mounted 2>log.txt || fail "a mount point: $(cat log.txt)"
    cmp mounted/model.safetensors out/model.safetensors || fail "a mount point: other weights"
else
    echo "no file system may be mounted here: a mount point was not tried"
fi

# Without moments
"$LAMBERT" export --strip --checkpoint run --output stripped.checkpoint 2>log.txt || fail "$(cat log.txt)"
newest=$(ls run/checkpoints/*.checkpoint | tail -n 1)
[ $(($(wc -c <stripped.checkpoint) * 2)) -lt "$(wc -c <"$newest")" ] || fail "the stripped checkpoint is no third"
for checkpoint in "$newest" stripped.checkpoint in.checkpoint; do
    "$LAMBERT" eval "$tiny" $words run.folder=run --checkpoint "$checkpoint" --json 2>log.txt |
        sed 's/.*"mlm_loss"/"mlm_loss"/' >"$(basename "$checkpoint").eval"
done
[ -s stripped.checkpoint.eval ] || fail "a stripped checkpoint was not evaluated: $(cat log.txt)"
cmp stripped.checkpoint.eval in.checkpoint.eval || fail "other losses after import"
cmp stripped.checkpoint.eval "$(basename "$newest").eval" || fail "other losses after strip"

# A new run from either begins where the old one ended
for from in out stripped.checkpoint run; do
    train 2 "from-$from" $words run.start_from=$from || { tail -n 5 log.txt; fail "starting from $from"; }
    field mlm_loss "from-$from" >"from-$from.loss"
done
cmp from-out.loss from-stripped.checkpoint.loss || fail "starting from a checkpoint is different"
cmp from-out.loss from-run.loss || fail "starting from a run folder is different"
expect 1 "cannot start from corpus: .*it is neither" mpirun -n 2 "$LAMBERT" train "$tiny" $words \
    run.folder=none run.start_from=corpus
expect 1 "cannot start from nowhere: .*nowhere" mpirun -n 2 "$LAMBERT" train "$tiny" $words \
    run.folder=none run.start_from=nowhere

# A token that transformers are told of goes through a run and a resumed one; the longest word may be another
cp -r out added && echo '{"additional_special_tokens": ["."]}' >added/special_tokens_map.json
sed 's/"max_input_chars_per_word":.*/"max_input_chars_per_word": 100,/' out/tokenizer.json >added/tokenizer.json
cmp -s out/tokenizer.json added/tokenizer.json && fail "tokenizer.json has no longest word"
for steps in 2 4; do
    train 1 from-added data.corpus=corpus phase.one.steps=6 phase.two.steps=$steps run.start_from=added \
        --resume --accept phase.two.steps || { tail -n 5 log.txt; fail "a folder with an added token, $steps steps"; }
done
"$LAMBERT" export --checkpoint from-added --output added-again 2>log.txt || fail "$(cat log.txt)"
tr -d ' \n\t' <added-again/tokenizer.json | grep -q '"content":"\.","single_word":false,.*"special":true' ||
    fail "the added token was lost"

# Gradients: the same from one rank and two, up to rounding
for n in 1 2; do
    mpirun -n $n "$LAMBERT" show gradients "$tiny" $words run.folder=run --checkpoint run/checkpoints/* \
        --output gradients.$n --json >gradients.$n.json 2>log.txt && fail "two checkpoints were taken"
    mpirun -n $n "$LAMBERT" show gradients "$tiny" $words run.folder=run --checkpoint "$newest" \
        --output gradients.$n --json >gradients.$n.json 2>log.txt || fail "gradients: $(cat log.txt)"
    sed -E 's/.*"gradient_norm":([^,]*).*/\1/' gradients.$n.json >norm.$n
    [ "$(wc -c <gradients.$n)" -gt "$(($(wc -c <out/model.safetensors) - 1000))" ] || fail "gradients lack tensors"
done
agree 1e-5 norm.1 norm.2 || fail "gradients of two ranks differ"

# Word pieces
echo 'The king saw' | "$LAMBERT" show tokens --vocabulary vocab.txt >tokens.txt || fail "show tokens"
[ "$(cat tokens.txt)" = "the king saw" ] || fail "tokens: $(cat tokens.txt)"

# Refused, in a sentence
expect 1 "out already holds a model.safetensors; name another folder" "$LAMBERT" export --checkpoint run --output out
expect 1 "in.checkpoint is there already" "$LAMBERT" import --from out --output in.checkpoint
expect 1 "there is no checkpoint in corpus" "$LAMBERT" export --checkpoint corpus --output nothing
expect 2 "f32, f16 or bf16" "$LAMBERT" export --checkpoint run --output nothing --dtype f8
expect 2 "--output is missing" "$LAMBERT" import --from out
expect 2 "more. is one word too many" "$LAMBERT" import --from out --output x.checkpoint more
expect 1 "run is Lambert's own already" "$LAMBERT" import --from run --output nothing
expect 1 "corpus: it is neither a Hugging Face model .* nor one of TensorFlow" "$LAMBERT" import --from corpus --output nothing
sed 's/"hidden_size":.*/"hidden_size": 64,/' out/config.json >wide.json
cp -r out wide && mv wide.json wide/config.json
expect 1 "word_embeddings.weight is \[[0-9]*, 32\], .* has \[[0-9]*, 64\]" \
    "$LAMBERT" import --from wide --output nothing
cp -r out short && head -c 5000 out/model.safetensors >short/model.safetensors
expect 1 "short/model.safetensors" "$LAMBERT" import --from short --output nothing
expect 1 "cannot start from short: .*model.safetensors" mpirun -n 2 "$LAMBERT" train "$tiny" $words \
    run.folder=none run.start_from=short
expect 1 "cannot start from out: .*2 attention heads" "$LAMBERT" train "$tiny" $words \
    run.folder=none run.start_from=out model.num_attention_heads=4
expect 1 "cannot start from stripped.checkpoint: .*gelu, model.hidden_act is gelu_new" "$LAMBERT" \
    show gradients "$tiny" $words run.folder=none --checkpoint stripped.checkpoint --output nothing \
    model.hidden_act=gelu_new
mkdir -p weights/checkpoints && cp stripped.checkpoint weights/checkpoints/step-00000008.checkpoint
expect 1 "weights alone.*run.start_from" "$LAMBERT" train "$tiny" $words run.folder=weights --resume
mkdir mine && echo mine >mine/README.md
expect 1 "mine already holds a README.md" "$LAMBERT" export --checkpoint run --output mine
[ "$(cat mine/README.md)" = mine ] || fail "export wrote over a file"
if [ -w /dev/full ]; then
    code=0
    "$LAMBERT" show checkpoint run >/dev/full 2>err.txt || code=$?
    [ $code = 1 ] && grep -q "cannot write to standard output" err.txt || fail "a full standard output"
fi
{ cat vocab.txt; echo extra; } >other.txt
"$LAMBERT" prep --vocabulary other.txt --output other --heldout 0.1 text.txt 2>log.txt || fail "$(cat log.txt)"
expect 1 "cannot start from out: its vocabulary" "$LAMBERT" train "$tiny" data.corpus=other \
    run.folder=none run.start_from=out
[ ! -e nothing ] && [ ! -e none/checkpoints ] || fail "something half-written: $(ls)"
