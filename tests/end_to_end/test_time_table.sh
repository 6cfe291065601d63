#!/bin/sh
# Where the time of a run went: in its log, and in its metrics, of one process and of all that it took.
. "$(dirname "$0")/../lib.sh"
make_corpus

# said FOLDER: what the log and the last line of the metrics say go together, and are all of the time
said() {
    python3 - "$1" <<'PYTHON' || { cat log.txt; fail "$1"; }
import json, re, sys
log = open("log.txt").read()
lines = [json.loads(line) for line in open(sys.argv[1] + "/metrics.jsonl")]
times = [line for line in lines if line["kind"] == "time"]
last, steps = times[-1], [line for line in lines if line["kind"] == "step"]
rows = re.findall(r"^  ([a-z]+) +([0-9.]+) +([0-9.]+) +([0-9.]+) +([0-9.]+)%$", log, re.M)
assert [row[0] for row in rows] == list(last["parts"]), rows
for name, least, mean, most, share in rows:
    part = last["parts"][name]
    assert [round(part[k], 2) for k in ("least", "mean", "most")] == [float(least), float(mean), float(most)], name
    assert part["least"] <= part["mean"] * (1 + 1e-9) and part["mean"] <= part["most"] * (1 + 1e-9), part
assert abs(sum(part["mean"] for part in last["parts"].values()) - last["seconds"]) < 1e-6
for name in ("start", "products", "attention", "rows", "update", "evaluation", "checkpoints"):
    assert last["parts"][name]["least"] > 0, name
assert all(part["least"] >= 0 for part in last["parts"].values()), last
assert abs(last["node_hours"] - last["nodes"] * last["seconds"] / 3600) < 1e-9
# The parts of steps are no more than the steps took (of the process that ended).
kept = max((l["total_step"] for l in lines if l["kind"] == "run"), default=0)
whole = sum(step["seconds"] for step in steps if step["total_step"] > kept)
of_steps = sum(last["parts"][n]["mean"] for n in ("products", "attention", "rows", "update", "exchange", "waiting", "data"))
assert of_steps <= whole * 1.01, (of_steps, whole)
PYTHON
}

train 1 run phase.one.steps=20 phase.two.steps=5 train.checkpoint_every=10 || { cat log.txt; fail train; }
said run
grep -q "node-hours on 1 node$" log.txt && ! grep -q "^the run so far" log.txt || { cat log.txt; fail "node-hours"; }

# Steps 11 on are lost: what the run has spent is what it had at step 10, and what comes now.
rm run/checkpoints/step-0000002*.checkpoint
cp run/metrics.jsonl before.jsonl
: >log.txt
train 2 run phase.one.steps=20 phase.two.steps=5 train.checkpoint_every=10 --resume || { cat log.txt; fail resume; }
said run
grep -qE "^the run so far, this process and 1 before it: [0-9.e-]+ node-hours: [a-z]+ [0-9]+%, " log.txt ||
    { cat log.txt; fail "not what the run has spent"; }
python3 - <<'PYTHON' || fail "the total"
import json
def times(name):
    return [line for line in map(json.loads, open(name)) if line["kind"] == "time"]
before = [line for line in times("before.jsonl") if line["total_step"] == 10][-1]
last = times("run/metrics.jsonl")[-1]
assert last["total"]["processes"] == 2 and last["ranks"] == 2 and before["ranks"] == 1
for name, hours in last["total"]["node_hours"].items():
    wanted = before["total"]["node_hours"][name] + last["parts"][name]["mean"] / 3600
    assert abs(hours - wanted) < 1e-12 + 1e-9 * wanted, name
PYTHON
