#!/bin/sh
# One, two, three and four ranks of one configuration: the same samples, the same losses.
. "$(dirname "$0")/../lib.sh"
make_corpus

for ranks in 1 2 3 4; do
    train $ranks run$ranks phase.one.steps=12 phase.two.steps=8 phase.one.global_batch=10 ||
        { cat log.txt; fail "$ranks ranks"; }
    for name in mlm_loss nsp_loss gradient_norm tokens masked; do
        field $name run$ranks >$name.$ranks
    done
    [ "$(wc -l <mlm_loss.$ranks)" = 20 ] || fail "$ranks ranks made $(wc -l <mlm_loss.$ranks) steps"
done
for ranks in 2 3 4; do
    cmp tokens.1 tokens.$ranks && cmp masked.1 masked.$ranks || fail "$ranks ranks saw other samples"
    agree 1e-5 mlm_loss.1 mlm_loss.$ranks || fail "MLM losses of $ranks ranks differ"
    agree 1e-5 nsp_loss.1 nsp_loss.$ranks || fail "NSP losses of $ranks ranks differ"
    agree 1e-4 gradient_norm.1 gradient_norm.$ranks || fail "gradient norms of $ranks ranks differ"
done

# Micro-batches of any size change nothing but rounding either.
train 1 small phase.one.steps=12 phase.two.steps=8 phase.one.global_batch=10 \
    train.micro_batch_tokens=64 || { cat log.txt; fail "small micro-batches"; }
field mlm_loss small >mlm_loss.small
agree 1e-5 mlm_loss.1 mlm_loss.small || fail "losses of small micro-batches differ"
