#!/bin/sh
# Which binary it is: lambert --version, the head of a run's log, its metrics and its checkpoints say the same.
. "$(dirname "$0")/../lib.sh"
make_corpus

"$LAMBERT" --version >version.txt 2>err.txt || fail "$(cat err.txt)"
head -n 1 version.txt | grep -qxE 'lambert [0-9.]+' || fail "the first line: $(head -n 1 version.txt)"
for name in commit compiler flags MPI BLAS kernels; do
    grep -qE "^$name .*[A-Za-z0-9]" version.txt || { cat version.txt; fail "no $name"; }
done
expect 1 "LAMBERT_ISA=v9" env LAMBERT_ISA=v9 "$LAMBERT" --version
[ -e /dev/full ] && { "$LAMBERT" --version >/dev/full 2>err.txt && fail "it printed to a full disk"; }

train 1 run phase.one.steps=1 phase.two.steps=1 'train.checkpoint_every=1' || { cat log.txt; fail train; }
commit=$(sed -n 's/^commit //p' version.txt)
grep -qF "$(head -n 1 version.txt), commit $commit, made by $(sed -n 's/^compiler //p' version.txt)" log.txt ||
    { head log.txt; fail "the log does not say which binary"; }
grep -qE "^[0-9]{4}-[0-9-]+ [0-9:]+ [+-][0-9]{4}, in $WORK: $LAMBERT train .* train.checkpoint_every=1\$" log.txt ||
    { head log.txt; fail "the log does not say the command line"; }

# The checkpoint says it, all but what differs from run to run.
newest=run/checkpoints/step-00000002.checkpoint
"$LAMBERT" show checkpoint $newest >shown.txt || fail "show checkpoint"
grep -v "^kernels " version.txt | sed 's/^/  /' >wanted.txt
sed -n '/^written by:$/,/^step /p' shown.txt | sed '1d;$d' | cmp - wanted.txt || { cat shown.txt; fail "the checkpoint"; }
"$LAMBERT" show checkpoint $newest --json | python3 -c '
import json, sys
assert json.load(sys.stdin)["program"] + open("version.txt").readlines()[-1] == open("version.txt").read()' ||
    fail "show checkpoint --json"

# Metrics have a line for each process that began the run or went on with it.
train 2 run phase.one.steps=1 phase.two.steps=2 --resume --accept phase.two.steps || { cat log.txt; fail resume; }
rm run/checkpoints/step-00000003.checkpoint
train 1 run phase.one.steps=1 phase.two.steps=2 --resume --accept phase.two.steps || { cat log.txt; fail "resume again"; }
python3 - run/metrics.jsonl "$commit" <<'PYTHON' || fail "$(cat run/metrics.jsonl)"
import datetime, json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
runs = [line for line in lines if line["kind"] == "run"]
assert lines[0] is runs[0]
assert [(r["total_step"], r["ranks"]) for r in runs] == [(0, 1), (2, 2), (2, 1)], runs
for run in runs:
    assert run["program"].startswith("lambert ") and run["commit"] == sys.argv[2], run
    assert all(run[name] for name in ("compiler", "flags", "mpi", "blas", "kernels", "products", "host"))
    assert " train " in run["command_line"] and run["nodes"] == 1 and run["threads"] > 0
    datetime.datetime.strptime(run["date"], "%Y-%m-%dT%H:%M:%SZ")
PYTHON
