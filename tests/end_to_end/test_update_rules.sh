#!/bin/sh
# Keys of the update rules in a run: factors that are found of whole tensors have the same bits on any ranks, and the
# reports on tensors have them as they were used.
. "$(dirname "$0")/../lib.sh"
make_corpus
words="train.reproducible=yes train.micro_batch_tokens=96 train.report_every=1 phase.one.steps=3 phase.two.steps=1
    phase.one.global_batch=22 phase.two.global_batch=9"

# ratios FOLDER: the trust ratios of all tensors and steps, one a line
ratios() {
    grep '"kind":"tensors"' "$1/metrics.jsonl" | grep -oE '"trust_ratio":[^,}]*' | sed 's/.*://'
}

# between LEAST MOST FOLDER: all ratios but those that are 1 lie there, and some at each end
between() {
    ratios "$3" | awk -v least="$1" -v most="$2" '
        $1 == 1 { next }
        $1 < least || $1 > most { print "a ratio of " $1; bad = 1 }
        { low += $1 == least; high += $1 == most }
        END { if (!low || !high) { print low + 0 " at " least ", " high + 0 " at " most; bad = 1 } exit bad }' ||
        fail "$3: ratios are not between $1 and $2"
}

: >log.txt
stable="optimizer.name=adamw optimizer.max_update_rms=1 optimizer.bias_correction=no"
for ranks in 1 2 3; do
    train $ranks stable$ranks $words $stable || { tail -n 5 log.txt; fail "clipped updates on $ranks ranks"; }
    cmp stable1/checkpoints/step-00000004.checkpoint stable$ranks/checkpoints/step-00000004.checkpoint ||
        fail "clipped updates on $ranks ranks differ"
    ratios stable1 >one.txt
    ratios stable$ranks | cmp - one.txt || fail "what clipping left of rates on $ranks ranks differs"
done
# Where v has had no correction, the first updates are some 1 / sqrt(1 - beta2) too long.
awk '{ clipped += $1 < 0.1 } END { exit !(clipped > NR / 4) }' one.txt || fail "nothing was clipped: $(head -n 5 one.txt)"

for rule in lamb lans; do
    train 1 bounded-$rule $words optimizer.name=$rule optimizer.ratio_min=0.015 optimizer.ratio_max=0.03125 ||
        { tail -n 5 log.txt; fail "bounded ratios of $rule"; }
    between 0.015 0.03125 bounded-$rule
done
