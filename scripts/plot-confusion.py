#!/usr/bin/python3
"""Draws which classes are taken for which: the confusion matrix of `lambert score --json --confusion`.

SCORES is what that command printed for a task of classification. A row is a class as it is, a column one as
it was said; colours are shares of a row, so that rare classes are seen too, and numbers are examples.
PICTURE.png and PICTURE.svg are written. Needs Debian's python3-matplotlib.
"""
import argparse
import json

from plotting import NEUTRAL, STYLE, fail, np, plt, save_both

MOST_NUMBERED = 20  # classes; of more, numbers would be too small to read


def read_matrix(path):
    """Names of the classes, and counts [is, was said]."""
    try:
        with open(path, encoding="utf-8") as file:
            confusion = json.load(file)["confusion"]
        labels, counts = confusion["labels"], np.array(confusion["counts"], float)
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}")
    except (ValueError, KeyError, TypeError):
        fail(f"{path} holds no confusion matrix; lambert score --json --confusion writes one for classification")
    if counts.shape != (len(labels), len(labels)) or not labels:
        fail(f"{path}: {len(labels)} labels, and counts of {' x '.join(map(str, counts.shape))}")
    return [str(label).replace("$", r"\$") for label in labels], counts


def draw(labels, counts):
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    side = min(14, 2.6 + 0.55 * len(labels))
    figure, axes = plt.subplots(figsize=(side + 0.8, side), layout="constrained")
    image = axes.imshow(100 * shares, cmap="Blues", vmin=0, vmax=100)
    axes.grid(False)
    axes.set_xticks(range(len(labels)), labels, rotation=90 if len(labels) > 3 else 0)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("said")
    axes.set_ylabel("is")
    if len(labels) <= MOST_NUMBERED:
        for (row, column), count in np.ndenumerate(counts):
            axes.text(column, row, f"{count:.0f}", ha="center", va="center", fontsize=9,
                      color="white" if shares[row, column] > 0.6 else "black")
    figure.colorbar(image, ax=axes, shrink=0.8).set_label("share of the row (%)", color=NEUTRAL)
    right = np.trace(counts) / counts.sum() if counts.sum() > 0 else 0
    axes.set_title(f"{100 * right:.1f}% of {counts.sum():.0f} right", fontsize=11)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scores", metavar="SCORES", help="what `lambert score --json --confusion` printed")
    parser.add_argument("--output", metavar="PICTURE", required=True,
                        help="the name of the pictures without .png and .svg")
    words = parser.parse_args()
    labels, counts = read_matrix(words.scores)
    plt.rcParams.update(STYLE)
    save_both(draw(labels, counts), words.output)


main()
