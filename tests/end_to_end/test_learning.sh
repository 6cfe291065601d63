#!/bin/sh
# The whole path learns: on sentences of a small grammar the held-out MLM loss falls well below what
# token frequencies give; every optimizer runs; so do the other objectives.
. "$(dirname "$0")/../lib.sh"
make_corpus

train 2 run phase.one.steps=700 phase.two.steps=150 || { tail -n 5 log.txt; fail "the run"; }
evaluation=$("$LAMBERT" eval "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run --json 2>log.txt) ||
    { cat log.txt; fail "eval"; }
echo "$evaluation" | sed -E 's/.*"mlm_loss":([^,]*),.*"unigram_loss":([^,]*),.*/\1 \2/' |
    awk '{ print "MLM loss " $1 ", unigram " $2; exit !($1 < 0.75 * $2) }' ||
    fail "it did not learn"

for optimizer in adamw lars sgd; do
    train 2 $optimizer optimizer.name=$optimizer phase.one.steps=3 phase.two.steps=2 ||
        { tail -n 5 log.txt; fail $optimizer; }
done
train 1 words data.masking=whole_words phase.one.steps=3 phase.two.steps=2 model.hidden_act=gelu_new ||
    { tail -n 5 log.txt; fail "whole-word masking"; }

# Other objectives: without pairs there is no second loss, in the log or the metrics.
train 2 order data.sentence_pairs=sop data.masking=spans phase.one.steps=3 phase.two.steps=2 ||
    { tail -n 5 log.txt; fail "sentence order"; }
grep -q 'SOP loss 0\.[0-9]' log.txt || fail "the log names no SOP loss"
: >log.txt
train 2 single data.sentence_pairs=none phase.one.steps=3 phase.two.steps=2 ||
    { tail -n 5 log.txt; fail "single segments"; }
! grep -qE '(NSP|SOP) loss' log.txt || fail "a loss for pairs where there are none"
grep -q '"kind":"evaluation".*"nsp_loss":null' single/metrics.jsonl || fail "nsp_loss is not null"

# The plain kernels give the same losses up to rounding.
LAMBERT_ISA=plain train 1 plain phase.one.steps=10 phase.two.steps=5 || { tail -n 5 log.txt; fail plain; }
train 1 chosen phase.one.steps=10 phase.two.steps=5 || { tail -n 5 log.txt; fail chosen; }
field mlm_loss plain >plain.loss
field mlm_loss chosen >chosen.loss
agree 1e-4 plain.loss chosen.loss || fail "plain kernels give other losses"
