#!/usr/bin/python3
"""Prints what a run has learnt: held-out losses and accuracies at its start, after each phase and
now, against what guessing from token frequencies gives; time and throughput.

    scripts/run-summary.py RUN        RUN: a run folder, or its metrics.jsonl

Of several runs, or of a folder of runs (a sweep's), it prints one table. Runs that differ in nothing but run.seed and
run.folder are a row: the keys that differ between rows; then, as mean and standard deviation over the complete runs,
of which there are n, the losses and accuracies of the held-out evaluation after the last step; the tokens that a run
was trained on and its hours of steps, as means of the same runs; and how many diverged or are unfinished, which are in
no mean.

    scripts/run-summary.py RUN RUN... [--markdown | --json]

--json has all runs of each row, too, with the last evaluation of each, and why it counts as diverged."""
import argparse
import math
import sys

from run_groups import Groups, find_runs, print_json, print_markdown, print_text, runs_in
from run_metrics import metrics_path, read_records

FIELDS = {
    "step": ("phase", "seconds", "sequences", "tokens"),
    "evaluation": ("phase", "phase_step", "mlm_loss", "mlm_accuracy", "nsp_loss", "nsp_accuracy",
                   "unigram_loss", "unigram_accuracy", "sequences", "sequence_length"),
}


def take(record):
    """The record, if it is of a kind that counts here."""
    for field in FIELDS.get(record["kind"], ()):
        if field not in record:
            raise ValueError(f"{field} is missing")
    return record if record["kind"] in FIELDS else None


def phases(records):
    """Records by phase, in order."""
    found = {}
    for record in records:
        found.setdefault(record["phase"], []).append(record)
    return found


def finite_or_nan(record):
    """null stands for what is not finite, which JSON does not know."""
    return {name: math.nan if value is None else value for name, value in record.items()}


def print_evaluations(evaluations):
    evaluations = [finite_or_nan(evaluation) for evaluation in evaluations]
    rows = [("at the start", evaluations[0])]
    rows += [(f"phase {name}, step {of[-1]['phase_step']:.0f}", of[-1]) for name, of in phases(evaluations).items()
             if of[-1] is not evaluations[0]]
    print(f"{'held-out text':24}{'MLM loss':>10}{'accuracy':>10}{'NSP loss':>12}{'accuracy':>10}"
          f"   sequences")
    for title, e in rows:
        print(f"{title:24}{e['mlm_loss']:10.3f}{e['mlm_accuracy']:10.1%}{e['nsp_loss']:12.3f}"
              f"{e['nsp_accuracy']:10.1%}   {e['sequences']:.0f} of up to {e['sequence_length']:.0f}")
    last = rows[-1][1]
    print(f"{'guessing by frequency':24}{last['unigram_loss']:10.3f}{last['unigram_accuracy']:10.1%}"
          f"{0.6931:12.3f}{0.5:10.1%}")
    print_corpora(last)


def print_corpora(evaluation):
    """Where a run mixes corpora, the last evaluation of each: the rows above are weighted by their shares."""
    if evaluation.get("corpora"):
        print("of these, now")
    for corpus in evaluation.get("corpora", ()):
        e = finite_or_nan(corpus)
        print(f"  {e['corpus']:22}{e['mlm_loss']:10.3f}{e['mlm_accuracy']:10.1%}{e['nsp_loss']:12.3f}"
              f"{e['nsp_accuracy']:10.1%}   {e['sequences']:.0f}, {e['share']:.4g} of the samples")


def print_phases(steps):
    print(f"{'training':24}{'steps':>10}{'sequences':>10}{'tokens':>12}{'time':>10}   a second")
    for name, of in phases(steps).items():
        seconds = sum(step["seconds"] for step in of)
        sequences = sum(step["sequences"] for step in of)
        tokens = sum(step["tokens"] for step in of)
        print(f"{'phase ' + name:24}{len(of):10}{sequences:10.0f}{tokens:12.0f}{seconds:8.0f} s"
              f"   {sequences / seconds:.0f} sequences, {tokens / seconds:.0f} tokens")
    skipped = sum(step.get("skipped", False) for step in steps)
    if skipped:
        print(f"{'steps without an update':24}{skipped:10}   (a loss or gradient was not finite)")


def print_run(run):
    records = read_records(metrics_path(run), take)
    steps, evaluations = ([r for r in records if r["kind"] == kind] for kind in ("step", "evaluation"))
    if evaluations:
        print_evaluations(evaluations)
        print()
    print_phases(steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", metavar="RUN", nargs="+", help="a run folder, its metrics.jsonl, or a folder of runs")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="the table of runs as Markdown")
    form.add_argument("--json", action="store_true", help="the table of runs, and each run, as JSON")
    words = parser.parse_args()
    if len(words.runs) == 1 and not words.markdown and not words.json and not runs_in(words.runs[0]):
        print_run(words.runs[0])
        return
    groups = Groups(find_runs(words.runs))
    for which, seed in groups.repeated_seeds():
        print(f"run-summary: two runs {f'of {which} ' if which else ''}have the seed {seed}: their spread is not that of "
              "seeds", file=sys.stderr)
    (print_markdown if words.markdown else print_json if words.json else print_text)(groups)


main()
