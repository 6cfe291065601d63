#!/usr/bin/python3
"""Writes the tables of docs/study.md anew, between their marks, and draws its pictures, from the results.

    scripts/study/report.py [--results study.json] [--docs FOLDER] [--check]

Of results of several study.ini or corpora those count that are of the newest line's. A row that the page cites,
(row NAME), has to be among them. --check says with exit code 1 that the tables of the page are not those of the
results, and writes nothing. Pictures need Debian's python3-matplotlib; without it they stay as they are."""
import argparse
import math
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, ".."))
import cells
import results as kept
import tables
from marked_tables import page_with
from run import seconds_of

DOCS = os.path.join(HERE, "..", "..", "docs")
CITED = re.compile(r"\(rows?\s+([^)]*)\)")
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"]
GREY = "#606060"
PICTURES = {"batches": "study-batches.png", "rates": "study-rates.png"}  # of which tables, and what they are called


def missing_rows(text, names):
    cited = [name.strip(" `\n") for match in CITED.finditer(text) for name in re.split(r",|\band\b", match[1])]
    return [name for name in cited if name and name not in names]


def draw_batches(plt, losses, guess):
    answers = cells.batches(cells.Ask(losses))
    figure, axes = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
    for colour, rule in zip(COLOURS, cells.RULES):
        points = [(batch, answers[rule, batch][0].loss) for batch in cells.BATCHES if answers[rule, batch][0]]
        if points:
            axes.plot(*zip(*points), color=colour, marker="o", label=tables.NAMES[rule])
        for batch in (cells.SMALLEST, cells.LARGEST):
            seeds = answers[rule, batch][1]
            if seeds:
                axes.plot([batch] * len(seeds), list(seeds.values()), "_", color=colour, markersize=12)
    if guess:
        axes.axhline(guess, color=GREY, linestyle="--", label="guessing by frequency")
    axes.set_xscale("log", base=2)
    axes.set_xticks(cells.BATCHES, [f"{batch:,}" for batch in cells.BATCHES])
    axes.set_xlabel("global batch (equal samples)")
    axes.set_ylabel("held-out MLM loss, at the best rate")
    axes.legend()
    return figure


def draw_rates(plt, losses, guess):
    answers = cells.rates(cells.Ask(losses))
    figure, panels = plt.subplots(len(cells.MAPPED), 2, figsize=(9, 7), layout="constrained", sharey=True, squeeze=False)
    for rule, row in zip(cells.MAPPED, panels):
        for kind, axes in zip(("warm", "cold"), row):
            for colour, batch in zip(COLOURS, cells.MAP_BATCHES):
                found = answers[rule, batch, kind]
                points = [(rate, loss) for rate, loss in (found.rates if found else {}).items() if math.isfinite(loss)]
                if points:
                    axes.plot(*zip(*sorted(points)), color=colour, marker="o", label=f"batch {batch:,}")
            if guess:
                axes.axhline(guess, color=GREY, linestyle="--")
            axes.set_xscale("log")
            axes.set_title(f"{tables.NAMES[rule]}, {'with' if kind == 'warm' else 'without'} warm-up")
            axes.set_xlabel("peak learning rate")
    for row in panels:
        row[0].set_ylabel("held-out MLM loss")
    if panels[0][0].get_legend_handles_labels()[0]:
        panels[0][0].legend()
    return figure


def draw(results, losses, docs):
    """The pictures of which there is something to see; returns their tables."""
    known = {"batches": [best for best, _ in cells.batches(cells.Ask(losses)).values() if best],
             "rates": [best for best in cells.rates(cells.Ask(losses)).values() if best]}
    there = {name: len(cells_of) > 2 for name, cells_of in known.items()}  # two points are no curve
    if not any(there.values()):
        return ()
    try:
        import plotting
    except SystemExit as missing:
        print(missing, file=sys.stderr)
        return ()
    plotting.plt.rcParams.update(plotting.STYLE)
    for name, draw_one in (("batches", draw_batches), ("rates", draw_rates)):
        if there[name]:
            figure = draw_one(plotting.plt, losses, tables.guess_of(results))
            plotting.save(os.path.join(docs, PICTURES[name]), figure.savefig, format="png", dpi=130)
    return [name for name in there if there[name]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", metavar="FILE", default=os.path.join(HERE, "study.json"))
    parser.add_argument("--docs", metavar="FOLDER", default=DOCS)
    parser.add_argument("--check", action="store_true")
    words = parser.parse_args()
    results = kept.read(words.results)
    if results:
        results = kept.of_base(results, results[-1]["base"], results[-1]["corpus"])
    path = os.path.join(words.docs, "study.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    strangers = missing_rows(text, {result["name"] for result in results})
    if strangers:
        sys.exit(f"report: {path} cites rows that are not there: {', '.join(strangers)}")
    found = tables.all_tables(results, seconds_of, kept.losses_of)
    drawn = draw(results, kept.losses_of(results), words.docs) if not words.check else ()
    for name, picture in PICTURES.items():
        if name in drawn or os.path.exists(os.path.join(words.docs, picture)):
            found[name] += ["", f"![{name}]({picture})"]
    new = page_with(text, found)
    if words.check:
        sys.exit(0 if new == text else f"report: {path} is not what the results say; run scripts/study/report.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(new)


if __name__ == "__main__":
    main()
