#!/bin/sh
# Batches of several sizes within a phase: as many samples in each step as the configuration says, the same of them and
# the same weights on any number of ranks, and through a resume between two changes; in fine-tuning as well.
. "$(dirname "$0")/../lib.sh"
make_corpus
words="phase.one.steps=12 phase.two.steps=5 phase.one.batch_changes=3:4,5:20,9:7 phase.two.batch_changes=2:3
    train.checkpoint_every=4 train.checkpoint_keep=20 train.reproducible=yes run.threads=1"

train 1 one $words || { cat log.txt; fail "on one rank"; }
grep -q "phase one: sequences of up to [0-9]*, 12 steps of 16 (4 after step 3, 20 after step 5, 7 after step 9)" log.txt ||
    { cat log.txt; fail "no word of the batches"; }
field sequences one | tr '\n' ' ' >sizes.txt
[ "$(cat sizes.txt)" = "16 16 16 4 4 20 20 20 20 7 7 7 8 8 3 3 3 " ] || fail "sequences: $(cat sizes.txt)"

for ranks in 2 3; do
    train $ranks ranks-$ranks $words || { cat log.txt; fail "on $ranks ranks"; }
    cmp one/checkpoints/step-00000017.checkpoint ranks-$ranks/checkpoints/step-00000017.checkpoint ||
        fail "on $ranks ranks the end differs"
done

# Resumed behind steps 4 and 8, between changes, on another number of ranks.
for step in 00000004 00000008 00000016; do
    mkdir -p resumed-$step/checkpoints
    cp one/checkpoints/step-$step.checkpoint resumed-$step/checkpoints/
    train 2 resumed-$step $words --resume || { cat log.txt; fail "resumed after $step"; }
    cmp one/checkpoints/step-00000017.checkpoint resumed-$step/checkpoints/step-00000017.checkpoint ||
        fail "resumed after $step the end differs"
done

# Samples go on in their order: steps of 4 and 12 have those of one of 16.
train 1 cut phase.one.steps=2 phase.one.batch_changes=1:12 phase.one.global_batch=4 phase.two.steps=1 ||
    { cat log.txt; fail "cut batches"; }
for name in tokens masked; do
    wanted=$(field $name one | head -n 1)
    seen=$(($(field $name cut | head -n 2 | tr '\n' '+')0))
    [ "$seen" = "$wanted" ] || fail "two steps have $seen $name, one of all their sequences has $wanted"
done

# Another list is another run, and is refused by name.
expect 1 "phase.one.batch_changes = 3:4, 5:21, was 3:4, 5:20, 9:7" "$LAMBERT" train "$ROOT/configs/tiny.ini" \
    data.corpus=corpus run.folder=one $words phase.one.batch_changes=3:4,5:21 --resume
