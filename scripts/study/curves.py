#!/usr/bin/python3
"""Losses along whole runs, for others to set theirs beside: docs/reference-curves.md's table and picture of them.

    scripts/study/curves.py --add NAME RUN     takes a run into scripts/study/curves.json, or takes it anew
    scripts/study/curves.py [--check]          writes the table and the picture of all of them

A point is the mean over the steps since the point before: the 10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80 thousand
tokens and their tenfolds (the series R10 of ISO 3). --check says with exit code 1 that the page's table is not that of
curves.json, and writes nothing. The picture needs Debian's python3-matplotlib."""
import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "..")]
from marked_tables import check_tables, put_tables
from run_metrics import fail, metrics_path, number, read_records
from tables import DASH, table

FILE = os.path.join(HERE, "curves.json")
PAGE = os.path.join(HERE, "..", "..", "docs", "reference-curves.md")
PICTURE = "curves-of-sizes.png"
SERIES = (1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8)
MARKS = [round(10 ** power * step) for power in range(4, 11) for step in SERIES]
FIRST_DRAWN = 40000
SHOWN = [10 ** power * step for power in range(5, 11) for step in (1, 2, 5)]


def taken(record):
    """What is taken of a line of metrics; None: nothing."""
    names = {"step": ("total_tokens", "mlm_loss", "nsp_loss", "masked", "sequences"),
             "evaluation": ("total_tokens", "mlm_loss", "unigram_loss")}.get(record["kind"])
    return names and {"kind": record["kind"], **{name: number(record, name) for name in names}}


def mean(steps, name, weight):
    return sum(step[name] * step[weight] for step in steps) / sum(step[weight] for step in steps)


def curve_of(run):
    """Points of [tokens, MLM loss, NSP loss] along a run; at the last step there is one as well."""
    records = read_records(metrics_path(run), taken)
    points, waiting, marks = [], [], iter(MARKS)
    mark = next(marks)
    steps = [record for record in records if record["kind"] == "step"]
    for step in steps:
        waiting.append(step)
        if step["total_tokens"] >= mark or step is steps[-1]:
            points.append([round(step["total_tokens"]), round(mean(waiting, "mlm_loss", "masked"), 4),
                           round(mean(waiting, "nsp_loss", "sequences"), 4)])
            waiting = []
            while mark <= step["total_tokens"]:
                mark = next(marks)
    tested = [record for record in records if record["kind"] == "evaluation"]
    if not tested or tested[-1]["total_tokens"] != steps[-1]["total_tokens"]:
        fail(f"{run} is not complete, or has no held-out evaluation at its end")
    return {"points": points, "held_out": round(tested[-1]["mlm_loss"], 4), "guess": round(tested[-1]["unigram_loss"], 4)}


def read_all():
    with open(FILE, encoding="utf-8") as file:
        return json.load(file)


def write_all(curves):
    """A line a run."""
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(curve)}" for name, curve in curves.items())
    with open(FILE, "w", encoding="utf-8") as file:
        file.write("{\n" + text + "\n}\n")


def shown_point(points, tokens):
    """The loss of the first point at so many tokens or a few more."""
    return next((loss for seen, loss, _ in points if tokens <= seen < 1.2 * tokens), None)


def rows_of(curves):
    for tokens in SHOWN:
        losses = [shown_point(curve["points"], tokens) for curve in curves.values()]
        if any(losses):
            yield [f"{tokens / 1e6:g} million", *(DASH if loss is None else f"{loss:.2f}" for loss in losses)]
    yield ["tokens at the end", *(f"{curve['points'][-1][0] / 1e6:.1f} million" for curve in curves.values())]
    yield ["held-out loss there", *(f"{curve['held_out']:.3f}" for curve in curves.values())]
    yield ["guessing by frequency", *(f"{curve['guess']:.3f}" for curve in curves.values())]


def draw(curves):
    import plotting
    plotting.plt.rcParams.update(plotting.STYLE)
    figure, axes = plotting.plt.subplots(figsize=(7.5, 4.5), layout="constrained")
    for colour, (name, curve) in zip(plotting.RUN_COLOURS, curves.items()):
        tokens, losses, _ = zip(*(point for point in curve["points"] if point[0] >= FIRST_DRAWN))
        axes.plot(tokens, losses, color=colour, label=name)
        axes.axhline(curve["guess"], color=colour, linestyle=":", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel("training tokens")
    axes.set_ylabel("MLM loss (dotted: guessing by frequency)")
    axes.legend()
    plotting.save(os.path.join(os.path.dirname(PAGE), PICTURE), figure.savefig, format="png", dpi=130)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--add", metavar=("NAME", "RUN"), nargs=2)
    parser.add_argument("--check", action="store_true")
    words = parser.parse_args()
    curves = read_all()
    if words.add:
        curves[words.add[0]] = curve_of(words.add[1])
        write_all(curves)
        return
    found = {"curves": table(["trained on", *curves], list(rows_of(curves)))}
    if words.check:
        check_tables(PAGE, found, "scripts/study/curves.py")
        return
    draw(curves)
    put_tables(PAGE, found)


if __name__ == "__main__":
    main()
