#!/bin/sh
# What scripts/scaling/check.py compares the model of step time with: steps of a small BERT on hosts of
# their own, joined by links of a rate.
#
#     scripts/scaling/measure_steps.sh BUILD HOSTS RATE       RATE in Mbit/s
#
# Prints JSON objects, one a line: the deal of a global batch, `bench net` between the hosts, `bench
# model` of as many ranks on one host, and the medians of what training reports: all ranks on one host,
# where nothing goes through a network, then a rank on each host, then all on one again. Each rank has
# one thread throughout.
. "$(dirname "$0")/../../tests/cluster/lib.sh"
hosts=$2 rate=$3 STEPS=9
{ hosts_up "$hosts" 50 "${rate}mbit" && make_corpus; } >/dev/null
cat >scaling.ini <<END
[run]
folder = before
[data]
corpus = corpus
[model]
hidden_size = 512
num_hidden_layers = 4
num_attention_heads = 8
intermediate_size = 2048
max_position_embeddings = 128
[optimizer]
name = lamb
[train]
micro_batch_tokens = 2048
evaluate_every = 0
checkpoint_every = 1000
[phase one]
sequence_length = 128
global_batch = $((8 * hosts))
steps = $STEPS
learning_rate = 1e-3
END
seq 0 $((hosts - 1)) | sed 's/.*/h& slots=1/' >hostfile

# medians NAME: of the steps of the run folder NAME but the first two, in which caches warm up
medians() {
    python3 - "$1" <<'END'
import json, statistics, sys
lines = [json.loads(line) for line in open(sys.argv[1] + "/metrics.jsonl")]
steps = [line for line in lines if line["kind"] == "step"][2:]
names = ["seconds", "communication_seconds", "communication_wait_seconds"]
print(json.dumps({"run": sys.argv[1], "steps": len(steps),
                  "vocabulary": sum(1 for _ in open("vocab.txt")),
                  **{name: statistics.median(step[name] for step in steps) for name in names}}))
END
}

"$LAMBERT" show balance scaling.ini --ranks "$hosts" --batches "$STEPS" --json
on_hosts hostfile "$LAMBERT" bench net --megabytes 8 --repeat 3 --json 2>/dev/null
mpirun -n "$hosts" "$LAMBERT" bench model scaling.ini --steps --repeat 3 --json 2>/dev/null
alone() {
    mpirun -n "$hosts" "$LAMBERT" train scaling.ini run.folder="$1" >log.txt 2>&1 ||
        { cat log.txt >&2; fail "on one host"; }
    medians "$1"
}
alone before
on_hosts hostfile "$LAMBERT" train scaling.ini run.folder=spread >log.txt 2>&1 ||
    { cat log.txt >&2; fail "on $hosts hosts"; }
medians spread
alone after
