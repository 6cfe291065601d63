#!/usr/bin/env python3
"""What the models of the study's first question are worth to tasks: each, at the best rate of its cell, fine-tuned.

    scripts/study/tune.py BUILD CORPUS OUTPUT DATA [options]               (make study-tasks DATA=DIR)

DATA is what data/tasks made. First LAMB's model of the middle batch and fresh weights of its shape are fine-tuned for each
of the yardstick's tasks of texts, five seeds each: a task counts where the pre-trained one is ahead by three standard
errors of the difference. Then every cell's model is, for the tasks that count, three seeds each. Results are lines of
--results, as those of run.py, and what is there is not made again. A model whose weights are not in OUTPUT, as it was
made on another machine, is trained again first: the same keys, and the same result up to rounding."""
import argparse
import dataclasses
import os
import shutil
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "peers")]
import cells
import machine as machines
import results as kept
from run import Study, add_options, weights_of
from sweeping import STOPPED, Failure
import tables

sys.path.insert(1, os.path.join(HERE, "..", "yardstick"))
import measuring
import programs
import tasks as yardstick

CANDIDATES = ("SST-2", "MRPC", "CoLA", "STS-B", "RTE")
PARTS = {"SST-2": 10000}        # examples of the training set
LENGTH, RATE = 64, 2e-4         # a model this small and this young wants a higher rate than BERT-Base
CHOOSING = range(1, 6)          # seeds


def task_of(name):
    return dataclasses.replace(yardstick.find_task(name), sequence_length=LENGTH, learning_rate=RATE)


class Tuner(programs.Lambert):
    """Lambert as the yardstick uses it, without dropout, from weights or from fresh ones of their shape."""
    fresh = False

    def words(self, *given):
        fresh = ["task.fresh_weights=yes"] if self.fresh else []
        return [*super().words(*given), *fresh]


class Tasks:
    def __init__(self, words):
        self.study, self.words = Study(words), words
        self.output = os.path.join(words.output, "tasks")
        self.tuner = Tuner(self.study.machine, "bfloat16")
        self.files = {}
        for name in words.tasks:
            self.files[name] = measuring.files_of(task_of(name), words.data, PARTS, self.output)

    def scores(self, task, keys, fresh=False):
        return tables.scores_of(self.study.counted(), task, keys, fresh)

    def tune(self, name, run, seed, fresh=False):
        """Makes one result, where there is none."""
        if seed in self.scores(name, run.keys, fresh):
            return
        task, model = task_of(name), self.weights(run)
        row_name = f"{run.name}:{task.folder}{'-fresh' if fresh else ''}-s{seed}"
        folder = os.path.join(self.output, row_name)
        os.makedirs(self.output, exist_ok=True)
        self.tuner.fresh = fresh
        predictions = os.path.join(folder, programs.predictions_name(task))
        measured = self.tuner.finetune(task, self.files[name], model, seed, folder, predictions)
        metrics = self.tuner.score(task, self.files[name], predictions, folder + ".score.log")
        shutil.rmtree(folder)
        self.study.put({"name": row_name, "kind": "task", "task": name, "fresh": fresh, "seed": seed, "keys": dict(run.keys),
                        "base": self.study.base, "corpus": self.study.corpus, "cpu": self.study.machine.cpu(),
                        "threads": self.study.machine.threads, "score": metrics[task.metrics[0]], "metrics": metrics,
                        **measured})
        print(f"{row_name}: {', '.join(f'{metric} {value:.4f}' for metric, value in metrics.items())}", flush=True)

    def weights(self, run):
        """The checkpoint of a run, which is made again where it is not here."""
        if not weights_of(self.words.output, run):
            self.study.make_again(run)
        checkpoint = weights_of(self.words.output, run)
        if not checkpoint:
            raise Failure(f"{run.name} has left no checkpoint")
        return checkpoint

    def chosen(self, run):
        """The tasks that count."""
        found = []
        for name in self.words.tasks:
            for seed in CHOOSING:
                for fresh in (False, True):
                    if self.study.over():
                        return found
                    self.tune(name, run, seed, fresh)
            both = [list(self.scores(name, run.keys, fresh).values()) for fresh in (False, True)]
            if tables.ahead(*both) >= 3:
                found.append(name)
        print(f"tasks that count: {', '.join(found) or 'none'}", flush=True)
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("data", metavar="DATA", help="what data/tasks made")
    parser.add_argument("--tasks", metavar="TASK", nargs="+", choices=CANDIDATES, default=CANDIDATES,
                        help=f"of {', '.join(CANDIDATES)}")
    tasks = Tasks(parser.parse_args())
    study = tasks.study
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGUSR1:
        signal.signal(number, lambda *_: study.stop())
    best = cells.best_runs(cells.Ask(kept.losses_of(study.counted())))
    middle = best.get(("lamb", cells.MIDDLE))
    if not middle:
        raise Failure("the best rate of LAMB at the middle batch is not known yet: run.py comes first")
    chosen = tasks.chosen(middle)
    for run in best.values():
        for name in chosen:
            for seed in cells.SEEDS:
                if study.over():
                    return STOPPED
                tasks.tune(name, run, seed)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, programs.Failure, machines.Failure, OSError) as failure:
        sys.exit(f"study: {failure}")
