#!/bin/sh
# lambert plan: what it says adds up, of steps that are timed here and of files of lambert bench; a run's page sets it
# against what came; and what is wrong with files, numbers of nodes and configurations is said.
. "$(dirname "$0")/../lib.sh"
make_corpus
tiny="$ROOT/configs/tiny.ini data.corpus=corpus run.folder=run"

plan() { "$LAMBERT" plan $tiny --seconds 0.05 "$@"; }

# adds_up FILE NODES...: rows of these nodes, in which all sums come out
adds_up() {
    python3 - "$@" <<'END' || fail "$1 does not add up: $(cat "$1")"
import json, sys
plan = json.load(open(sys.argv[1]))
assert plan["kind"] == "plan" and plan["bandwidth"] > 0 and plan["disk_bandwidth"] > 0 and plan["sources"]
assert [row["nodes"] for row in plan["rows"]] == [int(n) for n in sys.argv[2:]]
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b) + 1e-12
for row in plan["rows"]:
    phases = row["phases"]
    assert [(p["phase"], p["global_batch"], p["steps"]) for p in phases] == [("one", 16, 40), ("two", 8, 20)]
    for p in phases:
        assert near(p["step_seconds"], sum(p["step"].values())) and p["step"]["compute"] > 0
        assert near(p["seconds"], p["steps"] * p["step_seconds"] + p["evaluations"] * p["evaluation_seconds"]
                    + p["checkpoints"] * p["pause_seconds"])
        assert near(p["rank_sequences"] * row["ranks"], p["global_batch"])
        assert (p["network_share"] > 0) == (row["nodes"] > 1) and p["network_share"] < 1
    assert near(row["seconds"], row["start_seconds"] + sum(p["seconds"] for p in phases) + row["last_write_seconds"])
    assert near(row["node_hours"], row["nodes"] * row["seconds"] / 3600)
    assert row["checkpoints"] == sum(p["checkpoints"] for p in phases) == 2
    assert [p["evaluations"] for p in phases] == [2, 1]
    assert row["node_bytes"] > row["checkpoint_bytes"] > 0 and row["kept_bytes"] >= row["checkpoint_bytes"]
END
}

# Timed here, by one rank and by two. Nothing is left behind, and the numbers of the tables are those of the JSON.
plan --nodes 1,2,4 --json >plan.json 2>err.txt || fail "$(cat err.txt)"
adds_up plan.json 1 2 4
grep -q "phase two, 8 sequences on 4 nodes: .* steps of 2 sequences a node timed" err.txt || fail "$(cat err.txt)"
[ ! -e run ] && [ -z "$(find . -name 'lambert-plan*')" ] || fail "something is left: $(ls)"
mpirun -n 2 "$LAMBERT" plan $tiny --seconds 0.05 --nodes 1,2 --threads 1 --bandwidth 100 --latency 2 --json >two.json \
    2>err.txt || fail "$(cat err.txt)"
adds_up two.json 1 2
plan --nodes 2 --full-length --disk-rate 50 >out.txt 2>err.txt || fail "$(cat err.txt)"
for words in "2 layers, hidden 32, .* float32, lamb" "1 rank of [0-9]* thread" "10 Gbit/s .*(assumed), 20 us (assumed)" \
    "50 MB/s (stated)" "full length from a vocabulary of 30522" "^ *2 one  *16  *8 " "^ *2 the run " "a node"; do
    grep -q "$words" out.txt || fail "no '$words': $(cat out.txt)"
done
plan --nodes 2 --bandwidth 25 >out.txt 2>err.txt || fail "$(cat err.txt)"
grep -q "25 Gbit/s each way and node, 20 us (assumed)" out.txt || fail "$(cat out.txt)"
grep -q "the corpus: corpus, " out.txt || fail "$(cat out.txt)"

cp -a corpus other
"$LAMBERT" plan "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=run phase.two.corpus=corpus,other --seconds 0.05 \
    >out.txt 2>err.txt || fail "$(cat err.txt)"
grep -q "the corpus: corpus and 1 other, " out.txt || fail "$(cat out.txt)"

# Batches that change within a phase are parts of it.
plan --nodes 2 phase.one.batch_changes=10:32 --json >out.txt 2>err.txt || fail "$(cat err.txt)"
python3 - <<'END' || fail "$(cat out.txt)"
import json
parts = json.load(open("out.txt"))["rows"][0]["phases"]
assert [(p["phase"], p["steps"], p["global_batch"]) for p in parts] == [("one", 10, 16), ("one", 30, 32), ("two", 20, 8)]
assert [p["evaluations"] for p in parts] == [1, 1, 1]
END

# From files of lambert bench: the time is that of its operations a second, and a node of four ranks has four times it.
"$LAMBERT" bench model $tiny --steps --repeat 1 --json >model.json 2>err.txt || fail "$(cat err.txt)"
mpirun -n 2 "$LAMBERT" bench net --megabytes 0.1 --repeat 1 --json >one-node.json 2>err.txt || fail "$(cat err.txt)"
sed 's/"nodes","value":1/"nodes","value":2/; s/latency-node/latency/; s/bandwidth-node/bandwidth/' one-node.json >net.json
"$LAMBERT" plan $tiny --nodes 1,8 --bench model.json --net net.json --json >bench.json 2>err.txt || fail "$(cat err.txt)"
adds_up bench.json 1 8
"$LAMBERT" plan $tiny --nodes 1 --bench model.json --ranks-per-node 4 --json >four.json 2>err.txt || fail "$(cat err.txt)"
adds_up four.json 1
"$LAMBERT" show balance $tiny --ranks 1 --batches 16 --json >balance.json || fail "show balance"
python3 - <<'END' || fail "bench: $(cat model.json bench.json)"
import json
results = {r["name"]: r["value"] for r in json.load(open("model.json"))["results"]}
net = {r["name"]: r["value"] for r in json.load(open("net.json"))["results"]}
one, four = json.load(open("bench.json")), json.load(open("four.json"))
useful = results["micro-batch-share-of-peak-32"] / 100 * results["peak-32"] * 1e9
near = lambda a, b: abs(a - b) <= 1e-6 * abs(b)
operations = json.load(open("balance.json"))["operations"]
compute = one["rows"][0]["phases"][0]["step"]["compute"]
assert near(compute, operations / useful), (compute, operations / useful)
assert near(four["rows"][0]["phases"][0]["step"]["compute"], compute / 4)
assert near(one["bandwidth"], net["all-at-once"] * 1e9) and near(one["latency"], net["latency"] * 1e-6)
assert four["rows"][0]["ranks"] == 4 and "mpirun -n 4" in four["sources"]
END

# A run that has its plan: the page sets it against what came; a plan of other layouts, or what is none, is said.
train 1 run run.threads=1 || fail "$(cat log.txt)"
cp plan.json run/plan.json
"$ROOT/scripts/run-page.py" run --output page.html || fail "page"
for words in "Plan and actual" "a step of phase two" "node-hours" "the whole run" "all evaluations" "10 Gbit/s"; do
    grep -qF "$words" page.html || fail "the page has no '$words'"
done
"$LAMBERT" plan $tiny --nodes 8 --bench model.json --json >run/plan.json 2>/dev/null || fail "plan"
"$ROOT/scripts/run-page.py" run --output page.html || fail "page"
grep -q "The plan has no row for the nodes and ranks of this run: it is of 8 (8 ranks)" page.html || fail "another layout"
cp model.json run/plan.json
expect 1 "^run-page: .*run/plan.json is not what lambert plan --json printed" "$ROOT/scripts/run-page.py" run --output page.html
rm run/plan.json
"$ROOT/scripts/run-page.py" run --output page.html || fail "page"
! grep -q "Plan and actual" page.html || fail "a plan that is not there"

# What does not divide, and what is wrong.
cat >task.ini <<'END'
[run]
folder = run
[task]
kind = classification
train = text.txt
text = 1
label = 2
[phase task]
sequence_length = 32
global_batch = 8
steps = 10
learning_rate = 0.001
END
expect 0 "phase one on 3 nodes: 16 sequences do not divide among 3 ranks, which get 5 or 6; the busiest has" \
    plan --nodes 3 --bench model.json
expect 0 "phase two on 12 nodes: 12 ranks for 8 sequences of a global batch; 4 of them would have nothing to do" \
    plan --nodes 12 --bench model.json
expect 2 "CONFIG is missing" "$LAMBERT" plan
expect 1 "'?--nodes 8,,16'?: numbers from 1 to 100000" plan --nodes 8,,16
expect 1 "--nodes 0: numbers from 1" plan --nodes 0
expect 1 "--nodes 4x: numbers from 1" plan --nodes 4x
expect 2 "--net measured what --bandwidth and --latency state" plan --net net.json --bandwidth 10
expect 1 "nowhere.json" plan --bench nowhere.json
echo '{"part": "model", "results": [' >broken.json
expect 1 "broken.json is not what lambert bench model --json printed" plan --bench broken.json
expect 1 "net.json is not what lambert bench model --json printed, but of lambert bench net" plan --bench net.json
expect 1 "one-node.json was measured with 2 ranks on 1 node;" plan --bench model.json --net one-node.json
expect 1 "has no micro-batch-share-of-peak-48: lambert bench model is to be given this configuration" \
    plan --bench model.json phase.two.sequence_length=48
expect 1 "measure with train.compute_type=bfloat16" plan --bench model.json train.compute_type=bfloat16
expect 1 "width 32 and 64, and this one has 64 and 64" plan --bench model.json model.hidden_size=64
expect 1 "--threads says 7" plan --bench model.json --threads 7
expect 1 "'phase.one.steps'|phase.one.steps" plan phase.one.steps=0
expect 1 "phase one does not say how many steps it has" plan phase.one.steps=0 phase.one.hours=2
expect 1 "is for fine-tuning .*lambert plan is of pre-training" "$LAMBERT" plan task.ini
expect 1 "leave it at 0" plan train.ranks_per_node=1
expect 1 "nothing.*--full-length plans without a corpus" "$LAMBERT" plan "$ROOT/configs/tiny.ini" data.corpus=nothing run.folder=run
expect 1 "with --bench nothing is measured here" mpirun -n 2 "$LAMBERT" plan $tiny --bench model.json
expect 1 "started on 2 ranks, and --ranks-per-node says 3" mpirun -n 2 "$LAMBERT" plan $tiny --ranks-per-node 3
