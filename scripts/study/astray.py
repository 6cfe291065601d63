#!/usr/bin/python3
"""Three runs that differ in the rate, of which two go astray: makes them, and docs/astray.md's table and picture of them.

    scripts/study/astray.py BUILD CORPUS OUTPUT [--docs FOLDER]                     (make study-astray)

CORPUS is that of the study. Runs lie in OUTPUT; those that are there are not made again. A few minutes. Needs Debian's
python3-matplotlib."""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "peers")]
import machine as machines
import plotting
from marked_tables import put_tables
from run_metrics import read_records
from sweeping import Failure, Row, Sweep
from tables import table

RATES = (0.008, 0.064, 0.5)
KEYS = {"optimizer.name": "lamb", "phase.one.global_batch": "64", "phase.one.steps": "400", "phase.one.warmup_ratio": "0.1",
        "train.report_every": "20"}
SHOWN = (20, 40, 60, 100, 200, 400)  # steps that the table has
WORDS, KEY = "bert.embeddings.word_embeddings.weight", "bert.encoder.layer.0.attention.self.key.weight"


class Run:
    """What a run tells: of its steps, and of two of its tensors every 20th."""

    def __init__(self, rate, path):
        self.rate, records = rate, read_records(path, lambda record: record)
        self.steps = {record["total_step"]: record for record in records if record["kind"] == "step"}
        self.tensors = {record["total_step"]: {tensor["name"]: tensor for tensor in record["tensors"]}
                        for record in records if record["kind"] == "tensors"}
        self.guess = next(record["unigram_loss"] for record in records if record["kind"] == "evaluation")


def make(build, corpus, output):
    program = machines.Machine(build).program
    sweep = Sweep(program, output, os.path.join(HERE, "study.ini"), [f"data.corpus={corpus}"])
    rows = [Row(f"rate-{rate:g}", {**KEYS, "phase.one.learning_rate": f"{rate:g}"}) for rate in RATES]
    settings = {row.name: sweep.settings(row) for row in rows}
    os.makedirs(output, exist_ok=True)
    sweep.make_all([row for row in rows if not sweep.record(row, settings[row.name])], settings)
    for row in rows:
        record = sweep.record(row)
        if not record or record["state"] == "failed":
            raise Failure(f"{sweep.path(row)} did not come to its end; see {sweep.path(row, '.log')}")
    return [Run(rate, os.path.join(sweep.path(row), "metrics.jsonl")) for rate, row in zip(RATES, rows)]


def table_of(runs):
    rows = []
    for run in runs:
        for number in SHOWN:
            if number not in run.tensors:
                continue
            step, words, key = run.steps[number], run.tensors[number][WORDS], run.tensors[number][KEY]
            rows.append([f"{run.rate:g}", number, f"{step['learning_rate']:.4g}", f"{step['mlm_loss']:.2f}",
                         f"{step['gradient_norm']:.3g}", f"{words['weight_norm']:,.1f}",
                         f"{words['update_norm'] / words['weight_norm']:.4g}", f"{key['gradient_norm']:.1e}",
                         f"{key['trust_ratio']:,.4g}"])
    return table(["peak rate", "step", "rate", "MLM loss", "gradient norm", "word embeddings: norm", "their update / norm",
                  "layer 0's key: gradient", "its trust ratio"], rows)


def draw(runs, path):
    plotting.plt.rcParams.update(plotting.STYLE)
    figure, (losses, norms) = plotting.plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for colour, run in zip(plotting.RUN_COLOURS, runs):
        label = f"rate {run.rate:g}"
        losses.plot(list(run.steps), [step["mlm_loss"] for step in run.steps.values()], color=colour, label=label)
        norms.plot(list(run.tensors), [tensors[WORDS]["weight_norm"] for tensors in run.tensors.values()], color=colour,
                   marker="o", markersize=3, label=label)
        if max(run.steps) < int(KEYS["phase.one.steps"]):
            last = run.steps[max(run.steps)]
            losses.plot(last["total_step"], last["mlm_loss"], "x", color=colour, markersize=9)
    losses.axhline(runs[0].guess, color=plotting.NEUTRAL, linestyle="--", label="guessing by frequency")
    losses.set_ylabel("MLM loss of training")
    norms.set_ylabel("norm of the word embeddings")
    for axes in losses, norms:
        axes.set_yscale("log")
        axes.set_xlabel("steps")
    losses.legend()
    plotting.save(path, figure.savefig, format="png", dpi=130)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD", help="the folder that lambert was built in")
    parser.add_argument("corpus", metavar="CORPUS", help="of data/debian-corpus's text")
    parser.add_argument("output", metavar="OUTPUT", help="for the runs")
    parser.add_argument("--docs", metavar="FOLDER", default=os.path.join(HERE, "..", "..", "docs"))
    words = parser.parse_args()
    runs = make(words.build, words.corpus, words.output)
    put_tables(os.path.join(words.docs, "astray.md"), {"astray": table_of(runs)})
    draw(runs, os.path.join(words.docs, "astray.png"))


if __name__ == "__main__":
    try:
        main()
    except (Failure, machines.Failure, OSError) as failure:
        sys.exit(f"astray: {failure}")
