#!/usr/bin/env python3
"""The study: makes the runs of docs/study.md that have no result yet, and goes on where it was stopped.

    scripts/study/run.py BUILD CORPUS OUTPUT [options]                              (make study)
    scripts/study/run.py BUILD CORPUS OUTPUT --list

CORPUS is what lambert prep made of data/debian-corpus's text, as make study does it. A run lies in OUTPUT/NAME; its result
is a line of --results (scripts/study/study.json), which is written behind every run. What stands there is not made
again, on whatever machine it was made; keep the file, and what a night has computed is kept. Questions are asked in the
order of cells.py, or of --only; while the last runs of one are at work, others make those of the next. Runs whose keys
this build of Lambert does not know wait for one that does.

--list prints all runs: which question they are for, their hours, and whether they are done."""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "peers")]
import cells
import machine as machines
import results as kept
from sweeping import LOCKED, STOPPED, Failure, Row, Sweep, work_on

CONFIG, MIXED = os.path.join(HERE, "study.ini"), os.path.join(HERE, "mixed.ini")
QUESTIONS = {"pilot": cells.pilot, **cells.QUESTIONS}
# Seconds of a run on a core of a Sapphire Rapids, for the list: of a token (in bfloat16, and how much longer in float32),
# of a step, and of a beginning and its evaluations.
PER_TOKEN, FLOAT32, PER_STEP, BEGINNING = 1 / 60000, 2.5, 0.0045, 8.0


def add_options(parser):
    """Those that tune.py has as well."""
    parser.add_argument("build", metavar="BUILD", help="the folder that lambert was built in")
    parser.add_argument("corpus", metavar="CORPUS", help="of data/debian-corpus's text")
    parser.add_argument("output", metavar="OUTPUT", help="for the runs")
    parser.add_argument("--results", metavar="FILE", default=os.path.join(HERE, "study.json"), help="known, and added to")
    parser.add_argument("--max-hours", metavar="H", type=float, help="ends by itself in so long, and saves")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--only", metavar="QUESTION", nargs="+", choices=QUESTIONS, default=list(QUESTIONS),
                        help=f"of {', '.join(QUESTIONS)}")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="runs at once, each on cores of its own")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def seconds_of(run):
    tokens, steps = run.cost
    longer = FLOAT32 if (cells.TYPE, "float32") in run.keys else 1
    return tokens * PER_TOKEN * longer + steps * PER_STEP + BEGINNING


def corpus_hash(program, corpus):
    done = subprocess.run([program, "show", "corpus", corpus, "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(done.stderr.strip())
    return json.loads(done.stdout)["manifest"]["hash"]


class Study:
    def __init__(self, words):
        self.words, self.machine = words, machines.Machine(words.build)
        self.program = self.machine.program
        self.base, self.corpus = kept.base_of(CONFIG), corpus_hash(self.program, words.corpus)
        self.results = kept.read(words.results)
        common = [f"data.corpus={words.corpus}"]
        # Of two ranks that share a core each would wait for the other in turns: fine, the result is no time.
        launchers = {1: (), 2: ("mpirun", "-n", "2", "--oversubscribe", "--bind-to", "none")}
        self.sweeps = {(ranks, config): Sweep(self.program, words.output, config, common, launcher, words.max_hours)
                       for ranks, launcher in launchers.items() for config in (CONFIG, MIXED)}
        self.words.jobs = getattr(words, "jobs", 1)
        some = one_row(cells.one_phase("lamb", cells.MIDDLE, 1))
        self.known_keys = self.sweeps[1, CONFIG].settings(some).keys()
        self.at_work = set()  # runs that are being made
        self.lost = set()     # runs that failed now, for a reason that is not theirs

    def over(self):
        return any(sweep.over() for sweep in self.sweeps.values())

    def stop(self):
        for sweep in self.sweeps.values():
            sweep.stop()

    def counted(self):
        return kept.of_base(self.results, self.base, self.corpus)

    def lacking(self, run):
        """Keys that this program does not know yet."""
        return [key for key, _ in run.keys if key.replace("phase.two.", "phase.one.") not in self.known_keys]

    def next_run(self):
        """A question and a run for it that is to be made now; None where there is nothing left but what is at work, whose
        loss may ask for more."""
        losses = kept.losses_of(self.counted())
        for name in self.words.only:
            for run in cells.wanted(QUESTIONS[name], losses):
                if run.name in self.lost or run.name in self.at_work or self.lacking(run):
                    continue
                known = self.sweep_of(run).record(one_row(run))
                if known and known["state"] != "failed":  # made before, and not in this file of results, which was put back
                    self.add(name, run, known, None)
                    return self.next_run()
                self.at_work.add(run.name)
                return name, run
        return None

    def sweep_of(self, run):
        return self.sweeps[run.ranks, config_of(run)]

    def make(self, now, processors):
        question, run = now
        sweep, row = self.sweep_of(run), one_row(run)
        began, before = time.monotonic(), self.machine.times()
        record = sweep.make(row, sweep.settings(row), processors)
        # Of several at once nobody can say who took the cores.
        others = self.machine.others_since(before) if self.words.jobs == 1 else None
        return question, run, record, others, time.monotonic() - began

    def tell(self, made):
        question, run, record, others, seconds = made
        self.at_work.discard(run.name)
        said = None
        if not isinstance(record, dict):
            said = "another process is at work on it" if record == LOCKED else "stopped; it goes on the next time"
        elif record["state"] == "failed":
            said = f"failed: {record['said']}"
        if said:
            self.lost.add(run.name)
            print(f"{run.name}: {said}", flush=True)
            return
        self.add(question, run, record, others)
        loss = record.get("mlm_loss")
        left = len(cells.wanted(QUESTIONS[question], kept.losses_of(self.counted())))
        print(f"{question}, {run.name}: {record['state']}, MLM loss {'not finite' if loss is None else f'{loss:.4f}'}, "
              f"{seconds:.0f} s; the question asks for {left} more now", flush=True)

    def add(self, question, run, record, others):
        folder = os.path.join(self.words.output, run.name)
        measured = {name: value for name, value in record.items() if name not in ("settings", "name", "keys")}
        result = {"name": run.name, "kind": "pilot" if question == "pilot" else "study", "keys": dict(run.keys),
                  "base": self.base, "corpus": self.corpus, "cpu": self.machine.cpu(), **measured, "others": others,
                  **kept.metrics_of(os.path.join(folder, "metrics.jsonl"))}
        self.put(result)
        if run not in cells.planned(cells.batches, kept.losses_of(self.counted())):  # whose weights tune.py wants
            shutil.rmtree(os.path.join(folder, "checkpoints"), ignore_errors=True)

    def put(self, result):
        """Another line, beside those that another process wrote in the meantime."""
        self.results = kept.read(self.words.results)
        same = ("name", "keys", "base", "corpus")
        if not any(all(other[key] == result[key] for key in same) for other in self.results):
            self.results.append(result)
        kept.write(self.words.results, self.results)

    def make_again(self, run):
        """Weights of a run whose result is known and stays what it is."""
        sweep, row = self.sweep_of(run), one_row(run)
        for path in sweep.path(row), sweep.path(row, ".json"):
            shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)
        os.makedirs(self.words.output, exist_ok=True)
        sweep.make_all([row], {row.name: sweep.settings(row)})

    def print_list(self):
        """All runs by question."""
        losses, seen, total, left = kept.losses_of(self.counted()), set(), 0.0, 0.0
        print("question\trun\tminutes\tstate")
        for name in self.words.only:
            for run in cells.planned(QUESTIONS[name], losses):
                if run.name in seen:
                    continue
                seen.add(run.name)
                lacking = self.lacking(run)
                state = "done" if run.keys in losses else f"waits for {', '.join(lacking)}" if lacking else "to run"
                total += seconds_of(run)
                left += 0 if state == "done" else seconds_of(run)
                print(f"{name}\t{run.name}\t{seconds_of(run) / 60:.1f}\t{state}")
        print(f"{len(seen)} runs, {total / 3600:.1f} hours of a core, of which {left / 3600:.1f} are left")


def weights_of(output, run):
    """The checkpoint that a run has left, or None."""
    folder = os.path.join(output, run.name, "checkpoints")
    names = sorted(name for name in os.listdir(folder) if name.endswith(".checkpoint")) if os.path.isdir(folder) else []
    return os.path.join(folder, names[-1]) if names else None


def config_of(run):
    return MIXED if "phase.two.steps" in dict(run.keys) else CONFIG


def one_row(run):
    """With evaluations at its quarters, which change no result."""
    steps = max(cells.SAMPLES // int(dict(run.keys)["phase.one.global_batch"]) // 4, 1)
    return Row(run.name, {**dict(run.keys), "train.evaluate_every": str(steps)})


def main():
    words = parse()
    study = Study(words)
    if words.list:
        study.print_list()
        return 0
    strangers = len(study.results) - len(study.counted())
    if strangers:
        print(f"{strangers} results of {words.results} are of another study.ini or corpus than these, and do not count",
              flush=True)
    os.makedirs(words.output, exist_ok=True)
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGUSR1:
        signal.signal(number, lambda *_: study.stop())
    work_on(words.jobs, study.next_run, study.make, study.tell, study.over)
    if study.over():
        return STOPPED
    waiting = {key for name in words.only for run in cells.wanted(QUESTIONS[name], kept.losses_of(study.counted()))
               for key in study.lacking(run)}
    if waiting:
        print(f"what is left waits for a program that knows {', '.join(sorted(waiting))}")
    study.results = kept.read(words.results)
    lost = study.lost - {result["name"] for result in study.counted()}  # but for what another process has made
    if lost:
        print(f"not made, see above: {', '.join(sorted(lost))}")
    return 1 if lost else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, machines.Failure, OSError) as failure:
        sys.exit(f"study: {failure}")
