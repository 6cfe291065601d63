#!/bin/sh
# lambert fill: a small model has learned which kind of word its grammar puts at a mask; whatever the model lies
# in, and on ranks, the answers are the same; and texts that cannot be filled get a sentence.
. "$(dirname "$0")/../lib.sh"
make_corpus >log.txt
train 1 run run.threads=1 optimizer.name=adamw phase.one.learning_rate=0.003 phase.one.global_batch=8 phase.one.steps=300 \
    phase.two.steps=1 data.sentence_pairs=none model.hidden_dropout_prob=0 model.attention_probs_dropout_prob=0 ||
    { cat log.txt; fail "train"; }
"$LAMBERT" export --checkpoint run --output exported 2>log.txt || fail "export: $(cat log.txt)"

# fill WORDS...: into out.txt
fill() {
    "$LAMBERT" fill "$@" >out.txt 2>err.txt </dev/null || fail "fill $*: $(cat err.txt)"
}

fill --model run --top 3 'The old king [MASK] the city.' 'The [MASK] river [MASK] the bird.'
verbs='saw|carried|lost|found|built|followed|remembered'
sed -n 2p out.txt | grep -qE "^  1  0\.[0-9]{4}  ($verbs)$" || fail "not a verb: $(cat out.txt)"
[ "$(wc -l <out.txt)" = 11 ] || fail "2 texts and 3 masks of 3 tokens: $(cat out.txt)"
[ "$(sed -n '6,11s/^  \([12]\)  .*/\1/p' out.txt | tr -d '\n')" = 111222 ] || fail "two masks: $(cat out.txt)"
cp out.txt wanted.txt

printf 'The old king [MASK] the city.\nThe [MASK] river [MASK] the bird.\n' >texts.txt
"$LAMBERT" fill --model exported --top 3 <texts.txt >out.txt 2>err.txt || fail "$(cat err.txt)"
cmp wanted.txt out.txt || fail "lines of standard input, and a Hugging Face folder"
mpirun -n 2 "$LAMBERT" fill --model run --top 3 'The old king [MASK] the city.' \
    'The [MASK] river [MASK] the bird.' >out.txt 2>err.txt </dev/null || fail "$(cat err.txt)"
cmp wanted.txt out.txt || fail "on two ranks"

# All tokens of a mask have the probability 1.
fill --model run --top 1000 --json 'The old king [MASK] the city.'
grep -q '^{"text":"The old king \[MASK\] the city.","masks":\[{"position":[0-9]*,"tokens":\[{"token":"' out.txt ||
    fail "$(cat out.txt)"
grep -oE '"probability":[0-9.e-]+' out.txt | cut -d: -f2 | awk '{ sum += $1 } NR > 1 && $1 > last { exit 1 }
    { last = $1 } END { exit !(NR >= 100 && sum > 0.999999 && sum < 1.000001) }' || fail "not a distribution: $(cat out.txt)"

fill --model run --compute-type bfloat16 --threads 1 --top 1 'The old king [MASK] the city.'
sed -n 2p out.txt | grep -qE "^  1  0\.[0-9]{4}  ($verbs)$" || fail "bfloat16: $(cat out.txt)"

expect 2 "model" "$LAMBERT" fill 'a [MASK]'
expect 1 "text 2, 'the city': it has no \[MASK\] for the model to fill" "$LAMBERT" fill --model run 'a [MASK]' 'the city'
long=$(awk 'BEGIN { for (i = 0; i < 130; i++) printf "city " }')
expect 1 "tokens with \[CLS\] and \[SEP\], and the model positions for 128" "$LAMBERT" fill --model run "$long [MASK]"
expect 1 "no-model" "$LAMBERT" fill --model no-model 'a [MASK]'
printf 'a [MASK]\n\n' | "$LAMBERT" fill --model run >out.txt 2>err.txt && fail "an empty line was filled"
grep -q "standard input, line 2: it has no" err.txt || fail "$(cat err.txt)"
