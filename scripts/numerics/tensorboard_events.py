#!/usr/bin/python3
"""Holds what a run writes for TensorBoard against TensorBoard's own reader, and against its metrics.

    scripts/numerics/tensorboard_events.py BUILD

A run that went on twice, once from a checkpoint that lies behind what it had done, has each step once, with the
numbers of metrics.jsonl.
"""
import json
import os
import sys
import tempfile

import numpy
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from event_checks import call, fail, make_corpus

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def train(program, *words):
    call(program, "train", f"{ROOT}/configs/tiny.ini", "data.corpus=corpus", "run.folder=run", "run.threads=1",
         "train.tensorboard=yes", "train.checkpoint_every=10", "train.checkpoint_keep=9", "train.evaluate_every=10",
         "train.report_every=10", "phase.two.steps=5", *words)


def check():
    events = EventAccumulator("run/tensorboard", size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    with open("run/metrics.jsonl", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    compared = 0
    for kind, name in (("step", "train"), ("evaluation", "evaluation")):
        of_kind = [line for line in lines if line["kind"] == kind]
        for field in ("mlm_loss", "nsp_accuracy", "learning_rate", "gradient_norm", "unigram_loss"):
            if field not in of_kind[0]:
                continue
            seen = events.Scalars(f"{name}/{field}")
            if [event.step for event in seen] != [line["total_step"] for line in of_kind]:
                fail(f"{name}/{field} is of steps {[event.step for event in seen]}")
            for event, line in zip(seen, of_kind):
                if event.value != numpy.float32(line[field]):
                    fail(f"{name}/{field}, step {event.step}: {event.value}, not {line[field]}")
                compared += 1
    tensor = lines_of_tensors(lines)[-1]["tensors"][0]
    seen = events.Scalars(f"tensors/{tensor['name']}/weight_norm")[-1]
    if seen.value != numpy.float32(tensor["weight_norm"]):
        fail(f"the norm of {tensor['name']} is {seen.value}")
    for tag, words in (("configuration", b"hidden_size = 32"), ("run", b"lambert ")):
        texts = [event.tensor_proto.string_val[0] for event in events.Tensors(tag)]
        if not texts or words not in texts[-1]:
            fail(f"{tag} is {texts}")
    return compared


def lines_of_tensors(lines):
    return [line for line in lines if line["kind"] == "tensors"]


def main():
    program = os.path.abspath(os.path.join(sys.argv[1], "lambert"))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_corpus(program)
        train(program, "phase.one.steps=20")
        train(program, "phase.one.steps=20", "phase.two.steps=7", "--resume", "--accept", "phase.two.steps")
        for step in (25, 27):
            os.remove(f"run/checkpoints/step-{step:08d}.checkpoint")
        train(program, "phase.one.steps=20", "phase.two.steps=8", "--resume", "--accept", "phase.two.steps")
        if len(os.listdir("run/tensorboard")) != 3:
            fail(f"event files are {os.listdir('run/tensorboard')}")
        compared = check()
        os.chdir("/")
    print(f"tensorboard_events: {compared} numbers of three processes, each step once")


if __name__ == "__main__":
    main()
