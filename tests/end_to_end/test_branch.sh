#!/bin/sh
# A run that is branched off a checkpoint of another goes on with its whole state: with the same configuration to the same
# bits, with another schedule to those of a run that had it from the beginning. The other run is not touched.
. "$(dirname "$0")/../lib.sh"
make_corpus
words="phase.one.schedule=trapezoid phase.one.warmup_ratio=0 phase.one.warmup_steps=3 phase.one.steps=20 phase.two.steps=6
    train.checkpoint_every=2 train.checkpoint_keep=30 train.reproducible=yes run.threads=1"
at() {
    printf '%s/checkpoints/step-%08d.checkpoint' "$1" "$2"
}

train 1 trunk $words || { cat log.txt; fail "the trunk"; }
find trunk -type f -exec cksum {} + | sort >trunk.sums

# Nothing is changed: as if the trunk had gone on, on any number of ranks, in either phase.
for ranks in 1 2 3; do
    train $ranks same-$ranks $words run.branch_from="$(at trunk 8)" || { cat log.txt; fail "a branch on $ranks ranks"; }
    cmp "$(at trunk 26)" "$(at same-$ranks 26)" || fail "a branch on $ranks ranks is not the trunk"
done
grep -q "branched off trunk/checkpoints/step-00000008.checkpoint at step 8" log.txt || { cat log.txt; fail "no word of it"; }
[ "$(field total_step same-1 | head -n 1)" = 9 ] || fail "the branch's metrics do not begin behind the trunk's"
grep '"kind":"run"' same-1/metrics.jsonl | grep -q '"branched_from":"trunk/checkpoints/step-00000008.checkpoint"' ||
    fail "the metrics do not say what it is a branch of"
train 2 late $words run.branch_from="$(at trunk 22)" || { cat log.txt; fail "a branch of the second phase"; }
cmp "$(at trunk 26)" "$(at late 26)" || fail "a branch of the second phase is not the trunk"

# A decay of four steps from the eighth on, and another phase behind it: as if that had been the plan at the beginning.
decay="phase.one.steps=12 phase.one.decay_steps=4 phase.one.schedule=trapezoid_sqrt phase.two.steps=3 phase.two.learning_rate=0.005"
train 2 planned $words $decay || { cat log.txt; fail "a run with a decay"; }
train 1 decayed $words $decay run.branch_from="$(at trunk 8)" || { cat log.txt; fail "a branch with a decay"; }
cmp "$(at planned 15)" "$(at decayed 15)" || fail "the branch is not what was planned"
field learning_rate planned | tail -n 7 >planned.rates
field learning_rate decayed >decayed.rates
cmp planned.rates decayed.rates || fail "rates of the branch"
grep -q "behind step 8 of phase one, where its rate is 0.02, as it would have been" log.txt || fail "no word of the rate"

# It resumes by itself, whatever became of the trunk.
mv trunk gone
rm "$(at decayed 12)" "$(at decayed 14)" "$(at decayed 15)"
train 3 decayed $words $decay run.branch_from="$(at trunk 8)" --resume || { cat log.txt; fail "the branch does not resume"; }
cmp "$(at planned 15)" "$(at decayed 15)" || fail "the resumed branch is not what was planned"
mv gone trunk

# The newest checkpoint of a folder; one more phase, and another batch from here on.
cp -a trunk short
rm short/checkpoints/step-0000001[4-8].checkpoint short/checkpoints/step-0000002*.checkpoint
more="phase.one.steps=13 phase.one.batch_changes=12:5 phase.two.steps=2 phase.three.steps=1 phase.three.learning_rate=0.01"
cp "$ROOT/configs/tiny.ini" three.ini
printf '\n[phase three]\nsteps = 1\nlearning_rate = 0.01\n' >>three.ini
"$LAMBERT" train three.ini data.corpus=corpus run.folder=three $words $more run.branch_from=short >log.txt 2>&1 ||
    { cat log.txt; fail "a branch of a folder"; }
[ "$(field sequences three | tr '\n' ' ')" = "5 8 8 256 " ] || fail "batches of the branch: $(field sequences three)"

find trunk -type f -exec cksum {} + | sort >after.sums
cmp trunk.sums after.sums || fail "the trunk was touched"

refuse() {
    refused=$1
    shift
    expect 1 "$refused" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=refused $words "$@"
    [ ! -e refused ] || fail "a refused branch has left a folder"
}
refuse "cannot branch off trunk: the configuration differs in what changes the result:" run.branch_from=trunk run.seed=2
refuse "it has gone through 128 samples of phase one, and with the batches of this run .16, and phase.one.batch_changes. that would be 72" \
    run.branch_from="$(at trunk 8)" phase.one.batch_changes=3:8,4:4
refuse "cannot branch off nowhere" run.branch_from=nowhere
refuse "corpus has no checkpoint" run.branch_from=corpus
refuse "it has made 8 steps of phase one, and phase.one.steps is 7" run.branch_from="$(at trunk 8)" phase.one.steps=7
printf '0.01\n0.02\n' >two.rates
refuse "cannot branch off trunk.*: phase.one.rates: two.rates has no rate of step 9 of the phase, which has 20" \
    run.branch_from="$(at trunk 8)" phase.one.rates=two.rates
refuse "both say what the run begins with" run.branch_from=trunk run.start_from=trunk
expect 1 "already holds a run" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=same-1 $words \
    run.branch_from="$(at trunk 8)"
"$LAMBERT" export --strip --checkpoint "$(at trunk 8)" --output stripped.checkpoint 2>log.txt || fail "export: $(cat log.txt)"
refuse "holds weights alone" run.branch_from=stripped.checkpoint
