#!/bin/sh
# Ranks of the same speed, and one that is slow: metrics and log say which, it says so itself.
. "$(dirname "$0")/../lib.sh"
make_corpus
host=$(hostname)
slowed=
trap '[ -z "$slowed" ] || kill -KILL $slowed 2>/dev/null || :; rm -rf "$WORK"' EXIT

# slow_down: stops and continues the rank $slowed all the time, until it is over
slow_down() {
    while kill -STOP $slowed 2>/dev/null; do
        sleep 0.06
        kill -CONT $slowed 2>/dev/null || :
        sleep 0.02
    done
}

# Alone nobody is slow.
train 1 alone phase.one.steps=3 phase.two.steps=1 || { cat log.txt; fail "one rank"; }
[ "$(field imbalance alone | tr '\n' ' ')" = "1 1 1 1 " ] || fail "imbalance of one rank"
[ "$(field slowest_rank alone | tr '\n' ' ')" = "0 0 0 0 " ] || fail "slowest of one rank"

for slow in 0 1; do
    : >log.txt
    train 2 slow$slow phase.one.steps=25 phase.one.global_batch=3000 phase.two.steps=1 \
        train.log_every=1 &
    job=$!
    wait_until 60 [ -s slow$slow/metrics.jsonl ] || fail "no steps: $(tail -n 5 log.txt)"
    for pid in $(pgrep -f "lambert train .*run.folder=slow$slow "); do
        [ "$(rank_of $pid)" != $slow ] || slowed=$pid
    done
    slow_down
    slowed=
    wait $job || { cat log.txt; fail "the run with a slow rank $slow"; }

    # Once, by itself, and by no other.
    grep -c "warning: rank [0-9]* on .* holds up the others" log.txt >count.txt || :
    [ "$(cat count.txt)" = 1 ] || { cat log.txt; fail "not one warning but $(cat count.txt)"; }
    grep -qE "warning: rank $slow on $host holds up the others: in 1[1-9] of the last 20 steps" log.txt ||
        { cat log.txt; fail "the warning is not of rank $slow"; }
    grep -qE "^phase one, step .*% of peak; .* rank $slow slowest, 1\.[0-9]+ of the mean time$" log.txt ||
        { cat log.txt; fail "the log lines do not say who is slow"; }

    field slowest_rank slow$slow >slowest.txt
    field imbalance slow$slow >imbalance.txt
    field work_seconds slow$slow >work.txt
    field seconds slow$slow >seconds.txt
    # The step of phase two is too short for a watch that ranks start at different moments.
    paste slowest.txt imbalance.txt work.txt seconds.txt | head -n 25 | awk -v slow=$slow '
        $1 == slow && $2 > 1.2 { named++ }
        $2 < 1 || $2 > 2 || $3 <= 0 || $3 > 1.2 * $4 { print "line " NR ": " $0; bad = 1 }
        END { if (named < NR / 2) { print "named in " named + 0 " of " NR " steps"; bad = 1 } exit bad }' ||
        fail "the metrics of a slow rank $slow"
done
