#!/usr/bin/python3
"""Holds what a run writes for MLPerf against the checker of PyPI's mlperf-logging.

    scripts/numerics/mlperf_log.py BUILD

A tiny run of the open division, one of one phase and one of two phases that went on twice, passes the rules of BERT's last
round, 5.0.0, with warnings as errors. Logs that lack something do not, so the checker looks. By the rules of the closed
division the run of one phase lacks what docs/watching.md says, and nothing else.
"""
import logging
import os
import sys
import tempfile

from mlperf_logging.compliance_checker import mlp_compliance

from event_checks import call, fail, make_corpus

RULES = "5.0.0"

CONFIG = """
[run]
folder = {folder}
threads = 1
[data]
corpus = corpus
[model]
hidden_size = 32
num_hidden_layers = 2
num_attention_heads = 2
intermediate_size = 64
max_position_embeddings = 64
[train]
mlperf_log = yes
checkpoint_every = 5
checkpoint_keep = 9
evaluate_every = 10
evaluate_sequences = 64
"""
PHASE = """
[phase {name}]
sequence_length = 32
global_batch = 16
steps = {steps}
learning_rate = 0.02
warmup_ratio = 0.1
"""


def configure(folder, *phases):
    with open(f"{folder}.ini", "w", encoding="utf-8") as file:
        file.write(CONFIG.format(folder=folder))
        for name, steps in phases:
            file.write(PHASE.format(name=name, steps=steps))


def complaints(path, config=None):
    """What the checker has against a log: nothing, or sentences."""
    checker = mlp_compliance.make_checker("training", RULES, quiet=False, werror=True)
    checker.check_file(path, config or f"training_{RULES}/common.yaml")
    return list(checker.overwritable.values()) + checker.not_overwritable


def without(path, words):
    """A copy of the log that lacks the lines with these words."""
    with open(path, encoding="utf-8") as file, open("lacking.log", "w", encoding="utf-8") as lacking:
        lines = file.readlines()
        kept = [line for line in lines if words not in line]
        if len(kept) == len(lines):
            fail(f"{path} has no {words}")
        lacking.writelines(kept)
    return "lacking.log"


def check(path):
    found = complaints(path)
    if found:
        fail(f"{path}: {found}")
    for words in ('"run_start"', '"run_stop"', '"init_stop"', '"cache_clear"', '"eval_accuracy"', '"train_samples"',
                  '"eval_samples"', '"submission_benchmark"', '"submission_division"'):
        if not complaints(without(path, words)):
            fail(f"the checker does not miss {words}")


def check_closed(path):
    """What keeps the log from the closed division, besides its name."""
    with open(path, encoding="utf-8") as file, open("closed.log", "w", encoding="utf-8") as closed:
        closed.write(file.read().replace('"value":"open"', '"value":"closed"'))
    found = complaints("closed.log")
    wanted = ("gradient_accumulation_steps", "Failed checks for eval_accuracy")
    if len(found) != len(wanted) or any(not any(words in one for one in found) for words in wanted):
        fail(f"by the rules of the closed division {path} lacks {found}")


def main():
    logging.disable(logging.CRITICAL)  # the checker's own words
    program = os.path.abspath(os.path.join(sys.argv[1], "lambert"))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_corpus(program)
        configure("short", ("one", 20))
        call(program, "train", "short.ini")
        check("short/mlperf.log")
        check_closed("short/mlperf.log")
        configure("long", ("one", 20), ("two", 12))
        call(program, "train", "long.ini")
        for step in (30, 32):
            os.remove(f"long/checkpoints/step-{step:08d}.checkpoint")
        call(program, "train", "long.ini", "--resume")
        configure("long", ("one", 20), ("two", 15))
        call(program, "train", "long.ini", "--resume", "--accept", "phase.two.steps")
        check("long/mlperf.log")
        os.chdir("/")
    print(f"mlperf_log: two runs, of three processes one of them, pass the rules of {RULES}, open division")


if __name__ == "__main__":
    main()
