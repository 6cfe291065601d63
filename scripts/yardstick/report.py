#!/usr/bin/python3
"""Writes the tables of docs/yardstick.md anew, between their marks, and draws docs/yardstick.png.

    scripts/yardstick/report.py [--yardstick yardstick.json] [--times times.json] [--curve curve.json]
                                [--docs FOLDER]

The first two files are of scripts/yardstick/run.py: scores do not hang on what else a machine does, times do, so
that these may come from a few seeds of a quiet one (else they are those of the first file). The third is of
curve.py. A table of which there is no file stays as it is. Needs Debian's python3-matplotlib."""
import argparse
import json
import logging
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, ".."))
import tables
from marked_tables import put_tables

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # no word of font caches
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

DOCS = os.path.join(HERE, "..", "..", "docs")
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
STYLE = {"svg.hashsalt": "lambert", "axes.spines.top": False, "axes.spines.right": False,
         "axes.grid": True, "axes.axisbelow": True, "grid.color": "#e6e6e6", "legend.edgecolor": "none"}


def results_of(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["results"]


def draw_curve(results, path):
    """The first metric of each task over the steps of pre-training: mean and standard error of the seeds."""
    plt.rcParams.update(STYLE)
    figure, axes = plt.subplots(figsize=(7.5, 4.8))
    for colour, (task, programs) in zip(COLOURS, tables.groups(results).items()):
        points = programs["lambert"]
        metric = next(iter(points[0]["metrics"]))
        steps = sorted({point["pretraining_steps"] for point in points})
        of_step = lambda step: [point for point in points if point["pretraining_steps"] == step]
        means, errors = zip(*(tables.mean_and_error(tables.per_cent(
            points, tables.values_of(of_step(step), metric))) for step in steps))
        axes.errorbar(steps, means, errors, color=colour, marker="o", capsize=3, label=f"{task}, {metric}")
    axes.set_xlabel("steps of pre-training")
    axes.set_ylabel("score after fine-tuning (%)")
    axes.legend(fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--yardstick", metavar="FILE")
    parser.add_argument("--times", metavar="FILE")
    parser.add_argument("--curve", metavar="FILE")
    parser.add_argument("--docs", metavar="FOLDER", default=DOCS)
    words = parser.parse_args()
    written = {}
    if words.yardstick:
        results = results_of(words.yardstick)
        written.update(scores=tables.scores(results), speeds=tables.speeds(results))
    if words.times:
        written["speeds"] = tables.speeds(results_of(words.times))
    if words.curve:
        results = results_of(words.curve)
        written["curve"] = tables.curve(results)
        draw_curve(results, os.path.join(words.docs, "yardstick.png"))
    put_tables(os.path.join(words.docs, "yardstick.md"), written, partly=True)


if __name__ == "__main__":
    main()
