#!/usr/bin/env python3
"""What pre-training was good for: weights from along a run, each fine-tuned on the same tasks by Lambert.

    scripts/yardstick/curve.py BUILD DATA OUTPUT RUN [options]             (make yardstick-curve)

RUN is a pre-training run that has kept its checkpoints (train.checkpoint_keep). Of them those are taken that are
nearest to a quarter, a half and all of its steps, and weights of the same shape that have learnt nothing, as
transformers draws them. All are fine-tuned as scripts/yardstick/run.py does it, and what is done is not done
again.

OUTPUT/curve.json gets all numbers, OUTPUT/curve.md the table; scripts/yardstick/report.py draws it."""
import argparse
import os
import re
import subprocess
import sys

from measuring import Known, files_of, measure, seeds_of, told
from programs import Lambert
from run import parts_of, wanted_tasks
from tasks import Failure, write_atomically, write_results
import machine as machines
import tables

PRACTISED = ("SST-2", "MRPC", "CoLA", "STS-B", "RTE")
MOST_AWAY = 0.02  # of all steps, that a checkpoint may be away from where it is wanted

# Weights of the shape that a folder says, as transformers begins with.
UNTRAINED = """
import sys, torch, transformers
torch.manual_seed(1)
config = transformers.BertConfig.from_pretrained(sys.argv[1])
transformers.BertForPreTraining(config).save_pretrained(sys.argv[1])
"""


def checkpoints_of(run):
    """{step: path}"""
    folder = os.path.join(run, "checkpoints")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = {int(match[1]): os.path.join(folder, match[0])
             for match in (re.fullmatch(r"step-(\d+)\.checkpoint", name) for name in names) if match}
    if not found:
        raise Failure(f"there is no checkpoint in {folder}")
    return found


def nearest(checkpoints, fraction):
    last = max(checkpoints)
    step = min(checkpoints, key=lambda number: abs(number - fraction * last))
    if abs(step - fraction * last) > MOST_AWAY * last:
        raise Failure(f"no checkpoint is near step {fraction * last:.0f} of {last}; the nearest is {step}. "
                      "train.checkpoint_keep has to be so high that the run keeps those that are wanted")
    return step


def untrained(lambert, checkpoint, folder, python):
    """A folder of the checkpoint's shape with its vocabulary, and weights that have learnt nothing."""
    if not os.path.exists(folder):
        new = folder + ".new"
        lambert.lambert("export", "--checkpoint", checkpoint, "--output", new, log=folder + ".log")
        if subprocess.run([python, "-c", UNTRAINED, new], check=False).returncode:
            raise Failure(f"{python} could not draw weights, as the lines above say; it needs torch and "
                          "transformers")
        os.rename(new, folder)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("output", metavar="OUTPUT")
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--fractions", metavar="F", nargs="+", type=float, default=[0, 0.25, 0.5, 1],
                        help="of the run's steps (0 0.25 0.5 1)")
    parser.add_argument("--tasks", metavar="TASK", nargs="+", default=PRACTISED)
    parser.add_argument("--seeds", metavar="N", nargs="+", default=[])
    parser.add_argument("--part", metavar="TASK=N", nargs="+", default=[])
    parser.add_argument("--set", metavar="TASK.KEY=VALUE", nargs="+", default=[], dest="changes")
    parser.add_argument("--python", default=sys.executable, metavar="COMMAND",
                        help="that has torch and transformers")
    parser.add_argument("--known", metavar="FILE", default="",
                        help="results of before, which are not measured again")
    words = parser.parse_args()
    lambert = Lambert(machines.Machine(words.build), "float32")
    tasks, parts = wanted_tasks(words.tasks, words.changes), parts_of(words.part)
    checkpoints = checkpoints_of(words.run)
    os.makedirs(words.output, exist_ok=True)
    starts = {nearest(checkpoints, fraction): None for fraction in words.fractions if fraction > 0}
    starts = {step: checkpoints[step] for step in sorted(starts)}
    if 0 in words.fractions:
        starts = {0: untrained(lambert, checkpoints[max(checkpoints)],
                               os.path.join(words.output, "untrained"), words.python), **starts}
    results, known = [], Known(words.known)
    for task in tasks:
        files = files_of(task, words.data, parts, words.output)
        for seed in seeds_of(task, words.seeds):
            for step, start in starts.items():
                result = measure(lambert, lambert, task, files, start, seed, words.output, known,
                                 f"step{step}")
                results.append({**result, "pretraining_steps": step})
                print(told(result), flush=True)
    write_results(os.path.join(words.output, "curve.json"), results)
    text = "\n".join(tables.curve(results)) + "\n"
    write_atomically(os.path.join(words.output, "curve.md"), text)
    print("\n" + text, end="")


if __name__ == "__main__":
    try:
        main()
    except (Failure, machines.Failure, OSError) as failure:
        sys.exit(f"curve: {failure}")
