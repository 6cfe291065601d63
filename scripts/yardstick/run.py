#!/usr/bin/env python3
"""Lambert and PyTorch fine-tune the same model on the same examples: how good both become, and how fast.

    scripts/yardstick/run.py BUILD DATA OUTPUT --model FOLDER [options]       (make yardstick)

For each task and each seed the one program and then the other fine-tunes FOLDER, a Hugging Face folder:
the same examples, cut in the same way, the same batches, epochs, rates, decay and dropout, on all cores of this
machine. Predictions of both for the evaluation set are scored by `lambert score`. What is done is not done
again when the same command is given once more: it goes on where it was stopped.

OUTPUT/yardstick.json gets all numbers, OUTPUT/yardstick.md the tables. Exit code 1 where a mean of the two
programs differs by two standard errors or more.

DATA is what data/tasks made. Of large training sets a part may do: --part SST-2=10000 takes so many examples, the
same for both programs and all seeds, from OUTPUT/parts. --set SST-2.epochs=2 changes a task."""
import argparse
import os
import sys

from measuring import Known, files_of, measure, seeds_of, told
from programs import Lambert, Peer
from tasks import CUSTOMARY, TASKS, Failure, changed, find_task, write_atomically, write_results
import machine as machines  # of scripts/peers, whose path programs.py adds
import tables


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD", help="the folder that lambert was built in")
    parser.add_argument("data", metavar="DATA", help="the folder that data/tasks made")
    parser.add_argument("output", metavar="OUTPUT", help="for runs and results")
    parser.add_argument("--model", metavar="FOLDER", required=True, help="that both start from")
    parser.add_argument("--tasks", metavar="TASK", nargs="+", default=CUSTOMARY,
                        help=f"of {', '.join(TASKS)} ({' '.join(CUSTOMARY)})")
    parser.add_argument("--seeds", metavar="N", nargs="+", default=[],
                        help="how many, or TASK=N (5; of questions 3)")
    parser.add_argument("--part", metavar="TASK=N", nargs="+", default=[],
                        help="so many examples of the training set")
    parser.add_argument("--set", metavar="TASK.KEY=VALUE", nargs="+", default=[], dest="changes",
                        help="epochs, learning_rate, batch or sequence_length of a task")
    parser.add_argument("--type", choices=("float32", "bfloat16"), default="float32",
                        help="that both multiply in (float32)")
    parser.add_argument("--python", default=sys.executable, metavar="COMMAND",
                        help="that has torch and transformers, for the peer")
    parser.add_argument("--known", metavar="FILE", default="",
                        help="results of before, which are not measured again")
    return parser.parse_args()


def wanted_tasks(names, changes):
    tasks = {task.name: task for task in map(find_task, names)}
    for word in changes:
        place, _, value = word.partition("=")
        name, _, key = place.rpartition(".")
        if not name or not value:
            raise Failure(f"--set {word}: TASK.KEY=VALUE is wanted")
        task = find_task(name)
        if task.name in tasks:
            tasks[task.name] = changed(tasks[task.name], key, value)
    return list(tasks.values())


def parts_of(words):
    parts = {}
    for word in words:
        name, _, count = word.partition("=")
        if not count.isdigit() or int(count) < 1:
            raise Failure(f"--part {word}: TASK=N is wanted")
        parts[find_task(name).name] = int(count)
    return parts


def publish(results, output):
    """What there is up to now; returns the tables."""
    write_results(os.path.join(output, "yardstick.json"), results)
    text = "\n".join([*tables.scores(results), "", *tables.speeds(results)]) + "\n"
    write_atomically(os.path.join(output, "yardstick.md"), text)
    return text


def main():
    words = parse()
    machine = machines.Machine(words.build)
    lambert = Lambert(machine, words.type)
    peer = Peer(machine, words.type, words.python, os.path.join(words.output, "cache"))
    tasks, parts = wanted_tasks(words.tasks, words.changes), parts_of(words.part)
    files = {task.name: files_of(task, words.data, parts, words.output) for task in tasks}
    results, known = [], Known(words.known)
    for task in tasks:
        for seed in seeds_of(task, words.seeds):
            for program in lambert, peer:
                results.append(measure(program, lambert, task, files[task.name], words.model, seed,
                                       words.output, known))
                print(told(results[-1]), flush=True)
            text = publish(results, words.output)
    print("\n" + text)
    apart = tables.apart(results)
    if apart:
        print(f"further apart than two standard errors: {', '.join(apart)}", file=sys.stderr)
    sys.exit(1 if apart else 0)


if __name__ == "__main__":
    try:
        main()
    except (Failure, machines.Failure, OSError) as failure:
        sys.exit(f"yardstick: {failure}")
