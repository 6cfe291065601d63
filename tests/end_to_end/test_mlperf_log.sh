#!/bin/sh
# MLPerf's log beside the metrics: the run's own numbers, one log of two processes, and no other bits. What MLPerf's
# checker says of it: make check-numerics.
. "$(dirname "$0")/../lib.sh"
make_corpus
short="phase.one.steps=6 phase.two.steps=4 train.evaluate_every=4 train.checkpoint_every=3"

train 1 without $short || { cat log.txt; fail train; }
[ ! -e without/mlperf.log ] || fail "there is a log that nobody wanted"

train 1 run $short train.mlperf_log=yes || { cat log.txt; fail train; }
cmp without/checkpoints/step-00000010.checkpoint run/checkpoints/step-00000010.checkpoint || fail "other bits"
cp run/mlperf.log once.log
rm run/checkpoints/step-00000010.checkpoint # so it goes on from step 9
train 2 run $short train.mlperf_log=yes --resume || { cat log.txt; fail resume; }
cp run/mlperf.log twice.log
train 1 run $short train.mlperf_log=yes --resume || { cat log.txt; fail "resume what is done"; }
cmp run/mlperf.log twice.log || fail "a run that was complete has another end"

python3 - <<'PYTHON' || fail "it is not the run's log"
import json


def read(path):
    lines = open(path, encoding="utf-8").read().splitlines()
    assert all(line.startswith(":::MLLOG {") for line in lines), lines
    return [json.loads(line[len(":::MLLOG "):]) for line in lines]


def of(events, key):
    return [event["value"] for event in events if event["key"] == key]


def story(events):
    return [(event["key"], event["value"], {**event["metadata"], "lineno": 0}) for event in events]


once, twice = read("once.log"), read("twice.log")
metrics = [json.loads(line) for line in open("run/metrics.jsonl", encoding="utf-8")]
for events in once, twice:
    times = [event["time_ms"] for event in events if event["event_type"] != "POINT_IN_TIME"]
    assert times == sorted(times), times
    assert [event["metadata"]["status"] for event in events if event["key"] == "run_stop"] == ["success"], events
    accuracies = [(event["metadata"]["step_num"], event["metadata"]["epoch_num"], event["value"])
                  for event in events if event["key"] == "eval_accuracy"]
    told = [(line["total_step"], line["total_sequences"], line["mlm_accuracy"]) for line in metrics
            if line["kind"] == "evaluation"]
    assert len(told) == 5 and [a[:2] for a in accuracies] == [t[:2] for t in told], (accuracies, told)
    assert all(abs(a[2] - t[2]) < 0.01 for a, t in zip(accuracies, told)), (accuracies, told)
    assert of(events, "train_samples") == [6 * 16 + 4 * 8], events
    assert of(events, "eval_samples") == [line["sequences"] for line in metrics if line["kind"] == "evaluation"][:1]
    assert of(events, "global_batch_size") == [16, 8], events
    assert of(events, "opt_base_learning_rate") == [0.02, 0.01], events
    assert of(events, "opt_learning_rate_warmup_steps") == [0.6, 0.4], events
    blocks = [event["metadata"]["epoch_count"] for event in events if event["key"] == "block_start"]
    assert blocks == [4 * 16, 2 * 16, 2 * 8, 2 * 8], blocks
assert of(once, "run_resumed") == [] and of(twice, "run_resumed") == [None]
# To step 9 the second process changed nothing.
before = [event for event in once if event["metadata"]["step_num"] <= 9 and event["key"] != "run_stop"]
assert story(before) == story(twice[:len(before)]), (before, twice)
assert twice[len(before)]["key"] == "run_resumed" and twice[len(before)]["metadata"]["step_num"] == 9, twice
PYTHON

# The log is a folder: said before any step.
mkdir -p refused/mlperf.log
expect 1 "cannot write refused/mlperf.log: Is a directory" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
    run.folder=refused run.threads=1 $short train.mlperf_log=yes
