#!/usr/bin/python3
"""Prints what a run has learnt: held-out losses and accuracies at its start, after each phase and
now, against what guessing from token frequencies gives; time and throughput.

    scripts/run-summary.py RUN        RUN: a run folder, or its metrics.jsonl
"""
import math
import sys

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


def main():
    if sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return
    if len(sys.argv) != 2:
        print("run-summary: one run folder is wanted; see --help", file=sys.stderr)
        sys.exit(2)
    records = read_records(metrics_path(sys.argv[1]), take)
    steps, evaluations = ([r for r in records if r["kind"] == kind] for kind in ("step", "evaluation"))
    if evaluations:
        print_evaluations(evaluations)
        print()
    print_phases(steps)


main()
