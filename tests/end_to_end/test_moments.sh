#!/bin/sh
# phase.NAME.moments=reset: the phase begins with moments of 0, and does so once. A run that goes on within the phase
# keeps what it has, and one that goes on from the end of the phase before resets, on any ranks.
. "$(dirname "$0")/../lib.sh"
make_corpus
words="train.reproducible=yes train.micro_batch_tokens=96 train.checkpoint_every=1 train.checkpoint_keep=100
    phase.one.steps=6 phase.one.global_batch=22 phase.two.steps=5 phase.two.global_batch=9"
said="phase two begins with moments of 0"
last=checkpoints/step-00000011.checkpoint

: >log.txt
train 2 kept $words || { tail -n 5 log.txt; fail "a run that keeps moments"; }
! grep -q "$said" log.txt || fail "moments are said to be 0 that are kept"
: >log.txt
train 2 reset $words phase.two.moments=reset || { tail -n 5 log.txt; fail "a run that resets moments"; }
[ "$(grep -c "$said" log.txt)" = 1 ] || { cat log.txt; fail "moments were not reset once"; }

# The update of step 7 is the first that differs, the loss of step 8 shows it.
for folder in kept reset; do
    field mlm_loss $folder >$folder.loss
done
[ "$(head -n 7 kept.loss)" = "$(head -n 7 reset.loss)" ] || fail "losses differ before moments were reset"
[ "$(sed -n 8p kept.loss)" != "$(sed -n 8p reset.loss)" ] || fail "losses are those of moments that were kept"

# The first moment behind step 7 is 1 - beta1 times the gradient, and bias correction counts one update; none was skipped.
"$LAMBERT" show checkpoint reset/checkpoints/step-00000007.checkpoint --json >seven.json || fail "show checkpoint"
grep -q '"updates":1,"earlier_updates":6,' seven.json || { cat seven.json; fail "updates are not 1 after 6"; }
moment=$(grep -oE '"m":[^,}]*' seven.json | sed 's/.*://' | awk '{ s += $1 * $1 } END { print sqrt(s) }')
paste -d ' ' - - <<END | awk -v moment="$moment" '{ wanted = 0.1 * $1 * $2; d = moment - wanted
    if (!(d < 1e-4 * wanted && d > -1e-4 * wanted)) { print moment " is not " wanted; exit 1 } }' || fail "the first moment"
$(field gradient_norm reset | sed -n 7p)
$(field clip reset | sed -n 7p)
END
[ "$(field skipped_steps reset | sort -u)" = 0 ] || fail "updates before moments were reset count as skipped steps"
"$LAMBERT" show checkpoint reset/$last | grep -q "11 updates, " || fail "show checkpoint does not count all updates"
"$LAMBERT" show checkpoint reset/$last | grep -q "moments were reset after 6 updates" || fail "show checkpoint does not say it"

# part STEP RANKS TIMES: goes on from a checkpoint, and says so many times that moments begin at 0
part() {
    cp -r reset part$1
    ls part$1/checkpoints | awk -v step="$1" '{ split($0, number, /[-.]/); if (number[2] + 0 > step) print }' |
        (cd part$1/checkpoints && xargs rm)
    : >log.txt
    train $2 part$1 $words phase.two.moments=reset --resume || { tail -n 5 log.txt; fail "a run from step $1"; }
    grep -q "resumed from .* at step $1\$" log.txt || { cat log.txt; fail "the run did not go on from step $1"; }
    [ "$(grep -c "$said" log.txt)" = "$3" ] || { cat log.txt; fail "moments were not reset $3 times after step $1"; }
    cmp reset/$last part$1/$last || fail "a run that goes on from step $1 ends elsewhere"
}
part 5 1 1
part 6 3 1
part 7 1 0
part 9 2 0

# A branch at the end of the phase before has its choice, and must say so; one behind it is too late.
train 3 branch $words phase.two.moments=reset run.branch_from=kept/checkpoints/step-00000006.checkpoint \
    --resume --accept phase.two.moments || { tail -n 5 log.txt; fail "a branch that resets moments"; }
cmp reset/$last branch/$last || fail "a branch that resets moments ends elsewhere"
train 2 late $words phase.two.moments=reset run.branch_from=kept/checkpoints/step-00000007.checkpoint \
    --resume --accept phase.two.moments || { tail -n 5 log.txt; fail "a branch that comes too late"; }
field mlm_loss late | tail -n 4 >late.loss
tail -n 4 kept.loss | cmp - late.loss || fail "moments were reset within a phase"

# It decides about the result.
expect 1 "phase.two.moments" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=reset $words --resume
