#!/bin/sh
# scripts/scaling: the model as it asks the program's against what it must say, and, where SimGrid is installed, against
# src/dist/exchange.c on a few simulated hosts.
. "$(dirname "$0")/../lib.sh"
export PYTHONDONTWRITEBYTECODE=1

python3 - "$ROOT/scripts/scaling" "$BUILD" <<'END' || fail "the model"
import dataclasses, math, sys
sys.path.insert(0, sys.argv[1])
import model
from model import *
model.use(sys.argv[2])

near = lambda a, b: abs(a - b) <= 1e-9 * abs(b)
shape = Shape()
assert shape.elements == 336226108  # of BERT-Large with both heads, as `lambert show checkpoint` has it
pieces = shape.pieces(100, 15)
assert near(sum(share for share, _, _ in pieces), 1)
assert pieces[0][1] == 0 and pieces[-1][2] == shape.elements
assert all(a[2] == b[1] for a, b in zip(pieces, pieces[1:]))

assert stages(1, 16) == [] and stages(12, 16) == [12] and stages(17, 16) == [17]
assert stages(16, 16) == [4, 4] and stages(128, 16) == [16, 8] and stages(255, 16) == [17, 15]
assert stages(256, 16) == [8, 8, 4] and stages(1024, 16) == [16, 8, 8] and stages(257, 16) == [257]
assert stages(270, 16) == [9, 6, 5] and stages(514, 16) == [257, 2]  # as in tests/dist/test_stages.c
million = 1 << 20  # as in tests/dist/test_sharding.c
assert [bucket_of(nodes, Schedule()) for nodes in (2, 4, 8, 11, 16, 1024)] == [
    million, million, 2 * million, 11 * million // 4, million, 4 * million]
assert near(words_of(471), 236) and words_of(1e5) < words_of(1e6) < shape.vocab

work = Work(1024 * 32, 1024 * 3200.0, 1024 * 480.0, 1024 * 6e12, 0.0)
node, slow = Node("", 2e12, 200e9, 1e-6), Network(10, 2e-5)
free = step_time(shape, work, 1024, Node("", 2e12, 1e30, 0), Network(1e30, 0), Schedule())
assert near(free.efficiency, 1) and near(free.compute, 3)
last = 0
for gigabits in (1, 10, 25, 100, 400):  # a faster network never makes a step longer
    step = step_time(shape, work, 1024, node, Network(gigabits, 2e-6), Schedule())
    assert last < step.efficiency < 1
    last = step.efficiency
steps = [step_time(shape, work, 1024, dataclasses.replace(node, useful=times * 2e12), slow, Schedule())
         for times in (1, 2, 8)]  # a faster node makes a step shorter, and loses more of it to what is not faster
assert all(a.seconds > b.seconds and a.efficiency > b.efficiency for a, b in zip(steps, steps[1:]))
assert most_that_pay([(1, 9.0), (2, 5.0), (4, 3.3), (8, 2.3), (16, 1.0)]) == (4, 3.3)
uneven = step_time(shape, dataclasses.replace(work, imbalance=0.1), 1024, node, slow, Schedule())
assert near(uneven.waiting, 0.3)
# where the network takes nearly all the time, it takes what two passes of all bytes take
endless = step_time(shape, work, 1024, node, Network(0.01, 0), Schedule(apart=False))
passes = 2 * 4 * shape.elements * 1023 / 1024 / 1.25e6
assert passes < endless.seconds < passes + 3.1
assert sum(micro_shares(work, 1024, Schedule())) == 1
assert micro_shares(work, 512, Schedule()) == [0.5, 0.5]

model.ASKED.clear()
model.use("nowhere")
try:
    step_time(shape, work, 1024, node, slow, Schedule())
except SystemExit as error:
    assert "make nowhere/scaling/step-time builds it" in str(error)
else:
    raise AssertionError("a program that is not there")

rows = {(row.label, row.nodes): row for row in ROWS}
phases = phases_of(sys.argv[1] + "/../../configs/" + rows["64K/32K", 1024].config + ".ini")
assert [(p.length, p.batch, p.steps) for p in phases] == [(128, 65536, 7037), (512, 32768, 1562)]
END

# What lambert bench says becomes the model's node and network, or an error that says what is wrong.
python3 - "$ROOT/scripts/scaling" <<'END' || fail "the rates"
import sys
sys.path.insert(0, sys.argv[1])
import rates

def bench(part, **values):
    results = [{"name": name.replace("_", "-"), "value": value} for name, value in values.items()]
    return {"part": part, "results": results}

def refused(call, words):
    try:
        call()
    except SystemExit as error:
        assert words in str(error), error
        return
    raise AssertionError(words)

near = lambda a, b: abs(a - b) <= 1e-9 * abs(b)
machine = rates.results_in(bench("model", micro_batch_share_of_peak_128=75.0, peak_128=400.0,
                                 bandwidth_mixed=20.0), "model", "model.json")
node = rates.node_of(machine, 128)
assert near(node.useful, 300e9) and near(node.memory, 20e9) and node.message == rates.MESSAGE
refused(lambda: rates.node_of(machine, 512), "512 tokens")
net = bench("net", ranks=4, nodes=4, latency=25.0, all_at_once=1.25, message=2.0)
found = rates.results_in(net, "net", "net.json")
network = rates.network_of(found)
assert near(network.bandwidth, 1.25e9) and near(network.latency, 25e-6)
assert near(rates.message_of(found), 2e-6)
refused(lambda: rates.results_in(net, "model", "net.json"), "net.json: not the JSON of lambert bench model")
refused(lambda: rates.network_of({**found, "ranks": 8}), "8 ranks on 4 nodes")
END

# The page has the tables that the results make.
if /usr/bin/python3 -c 'import matplotlib' 2>/dev/null; then
    mkdir docs
    cp "$ROOT/docs/scaling.md" docs
    /usr/bin/python3 "$ROOT/scripts/scaling/report.py" "$ROOT/scripts/scaling/scaling.json" docs ||
        fail "the report"
    cmp "$ROOT/docs/scaling.md" docs/scaling.md || fail "docs/scaling.md is not what report.py writes"
fi

# What the simulation is built from is there, also where it is not built.
python3 - "$ROOT/scripts/scaling" <<'END' || fail "the sources of the simulation"
import os, sys
sys.path.insert(0, sys.argv[1])
import simulation
for source in simulation.sources():
    assert os.path.exists(source), source
END

command -v smpicc >/dev/null || { echo "the simulation was left out: no smpicc"; exit 0; }
python3 - "$ROOT/scripts/scaling" "$WORK" "$BUILD" <<'END' || fail "the simulation"
import sys
sys.path.insert(0, sys.argv[1])
import model, simulation
from model import *
model.use(sys.argv[3])

program = simulation.build(sys.argv[2])
node = Node("", 2e12, 200e9, 1e-6)
def both(nodes, gigabits, uneven=0, **words):
    operations = [1e12] * nodes
    operations[nodes // 2] *= 1 + uneven
    work = Work(8 * nodes, 800.0 * nodes, 120.0 * nodes, sum(operations),
                max(operations) * nodes / sum(operations) - 1)
    network, schedule = Network(gigabits, 2e-6), Schedule(**{"bucket": 16 << 20, **words})
    seen = simulation.run(program, sys.argv[2], Shape(), work, operations, node, network, schedule)
    return seen, model.step_time(Shape(), work, nodes, node, network, schedule)

for nodes, gigabits, words in ((2, 100, {}), (4, 10, {}), (16, 25, {}), (16, 10, {"bfloat16": True}),
                               (4, 25, {"uneven": 0.2}), (16, 25, {"overlap": False}),
                               (4, 25, {"apart": False}), (4, 10, {"bucket": 0})):
    seen, step = both(nodes, gigabits, **words)
    print(nodes, gigabits, words, seen["step"], step.seconds)
    assert seen["ranks"] == nodes and seen["step"] > seen["compute_most"]
    assert abs(step.seconds / seen["step"] - 1) < 0.05
END
