#!/usr/bin/python3
"""Draws one or several runs: losses, accuracies, learning rate and throughput.

RUN is a run folder or its metrics.jsonl. PICTURE.png and PICTURE.svg are written. Needs Debian's
python3-matplotlib.
"""
import argparse
import io
import json
import logging
import math
import os
import sys

# What a line of each kind must hold (src/run/metrics.c) to be drawn; other kinds are passed over.
PLACE = ["total_step", "total_sequences", "total_tokens"]
FIELDS = {
    "step": PLACE + ["mlm_loss", "nsp_loss", "mlm_accuracy", "nsp_accuracy", "learning_rate",
                     "seconds", "tokens_per_second", "peak_fraction"],
    "evaluation": PLACE + ["mlm_loss", "nsp_loss", "mlm_accuracy", "nsp_accuracy", "unigram_loss",
                           "unigram_accuracy"],
}
X_AXES = {
    "tokens": ("total_tokens", "training tokens"),
    "steps": ("total_step", "training steps"),
    "sequences": ("total_sequences", "training sequences"),
}
RUN_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
MLM_COLOUR, NSP_COLOUR, RATE_COLOUR, PEAK_COLOUR = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
NEUTRAL = "#606060"
MOST_POINTS = 2000  # of a line; of more than that the SVG grows and the eye sees nothing


def fail(message):
    sys.exit(f"plot-run: {message}")


logging.getLogger("matplotlib").setLevel(logging.ERROR)  # no word of font caches
try:
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.lines import Line2D
    from matplotlib.ticker import EngFormatter, FuncFormatter
except ImportError as missing:
    fail(f"matplotlib cannot be loaded ({missing}); on Debian: apt-get install python3-matplotlib")

STYLE = {
    "svg.hashsalt": "lambert",  # the same ids in the SVG each time
    "svg.fonttype": "none",     # text as text
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": NEUTRAL,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "xtick.color": NEUTRAL,
    "ytick.color": NEUTRAL,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": 9,
}


# --- reading ------------------------------------------------------------------------------------

def metrics_path(run):
    if not os.path.exists(run):
        fail(f"there is no folder or file {run}")
    if not os.path.isdir(run):
        return run
    path = os.path.join(run, "metrics.jsonl")
    if not os.path.exists(path):
        fail(f"{run} holds no metrics.jsonl; name the folder that run.folder named")
    return path


def parse(line):
    """The record of a line, None where it is of a kind that is not drawn; ValueError says what is
    wrong with it."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
        raise ValueError("it names no kind")
    if record["kind"] not in FIELDS:
        return None
    if not isinstance(record.get("phase"), str):
        raise ValueError("it names no phase")
    for name in FIELDS[record["kind"]]:
        record[name] = number(record, name)
    return record


def number(record, name):
    """A field of a record; what is not finite is written as null, and leaves a gap in the curve."""
    value = record.get(name, "missing")
    if value is None and name not in PLACE:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e300:
        raise ValueError(f"{name} is missing or no number")
    return float(value)


def read_records(path):
    """All records. What stands behind the last newline is half-written: the run goes on."""
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")[:-1]
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}")
    records = []
    for count, line in enumerate(lines, 1):
        try:
            records.append(parse(line))
        except ValueError as error:
            fail(f"{path}:{count}: not a line of metrics: {error}")
    records = [record for record in records if record]
    if not any(record["kind"] == "step" for record in records):
        fail(f"{path} holds no step lines: no step has been made yet")
    return records


class Run:
    """The metrics of one run as columns: run.steps["mlm_loss"] and run.x_steps for the x axis."""

    def __init__(self, path, place):
        records = read_records(path)
        self.path = path
        of_kind = {kind: [r for r in records if r["kind"] == kind] for kind in FIELDS}
        self.steps, self.evaluations = (
            {name: np.array([r[name] for r in of_kind[kind]], float) for name in FIELDS[kind]}
            for kind in ("step", "evaluation"))
        self.x_steps, self.x_evaluations = self.steps[place], self.evaluations[place]
        self.phase_of_step = [r["phase"] for r in of_kind["step"]]
        self.phase_of_evaluation = [r["phase"] for r in of_kind["evaluation"]]
        self.phases = self.find_phases(records, place)  # name -> (first x, last x)

    @staticmethod
    def find_phases(records, place):
        phases, last = {}, 0
        for record in records:
            first = phases.get(record["phase"], (last, last))[0]
            last = record[place]
            phases[record["phase"]] = (first, last)
        return phases

    def pieces(self):
        """Of each phase, which steps are its own."""
        names = np.array(self.phase_of_step)
        return [np.flatnonzero(names == name) for name in self.phases if name in names]


def name_runs(runs):
    """Folder names; whole paths where two folders have the same name."""
    folders = [os.path.dirname(os.path.abspath(run.path))
               if os.path.basename(run.path) == "metrics.jsonl" else run.path for run in runs]
    names = [os.path.basename(folder) for folder in folders]
    for run, folder, name in zip(runs, folders, names):
        run.name = name if names.count(name) == 1 else os.path.relpath(folder)
        if run.name.startswith("_"):  # matplotlib would leave it out of the legend
            run.name = "./" + run.name
        run.name = run.name.replace("$", r"\$")


# --- curves -------------------------------------------------------------------------------------

def smooth(values, weights, half):
    """Weighted means over 2 half + 1 values; at the ends, over those of them that there are."""
    here = np.arange(len(values))
    first, behind = np.maximum(here - half, 0), np.minimum(here + half + 1, len(values))
    known = np.isfinite(values) & np.isfinite(weights)
    sums = np.cumsum(np.concatenate([[0], np.where(known, values * weights, 0)]))
    totals = np.cumsum(np.concatenate([[0], np.where(known, weights, 0)]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (sums[behind] - sums[first]) / (totals[behind] - totals[first])


def envelope(x, y):
    """Of many points, the lowest and the highest of each stretch."""
    if len(x) <= MOST_POINTS:
        return x, y
    stretches = np.array_split(np.arange(len(x)), MOST_POINTS // 2)
    low_high = np.where(np.isfinite(y), y, np.inf), np.where(np.isfinite(y), y, -np.inf)
    keep = np.unique([(s[np.argmin(low_high[0][s])], s[np.argmax(low_high[1][s])])
                      for s in stretches])
    return x[keep], y[keep]


def dot_of(x):
    """A line through one point is not seen."""
    return "." if len(x) == 1 else None


def draw_training(axes, run, name, half, scale=1, weights=None, raw=True, **style):
    """Each step faintly, and the mean; phase by phase, for a phase may jump."""
    if weights is None:
        weights = np.ones(len(run.x_steps))
    for piece in run.pieces():
        x, y = run.x_steps[piece], scale * run.steps[name][piece]
        if raw:
            axes.plot(*envelope(x, y), color=style["color"], alpha=0.18, linewidth=0.7, zorder=2)
        stride = max(1, len(x) // MOST_POINTS)
        axes.plot(x[::stride], smooth(y, weights[piece], half)[::stride], linewidth=1.6, zorder=3,
                  marker=dot_of(x), **style)


def draw_heldout(axes, run, name, marker, scale=1, **style):
    markers, = axes.plot(run.x_evaluations, scale * run.evaluations[name], linestyle="none",
                         marker=marker, markersize=5.5, markeredgecolor="white",
                         markeredgewidth=0.7, zorder=4, clip_on=False, **style)
    markers.set_in_layout(False)  # without evaluations its box is nowhere, and the layout fails


def draw_unigram(axes, run, name, scale=1, **style):
    """What guessing from token frequencies gives; another phase has another held-out set."""
    for phase, (first, last) in run.phases.items():
        of_phase = [v for v, p in zip(run.evaluations[name], run.phase_of_evaluation) if p == phase]
        if of_phase:
            axes.plot([first, last], [scale * of_phase[-1]] * 2, linestyle=":", linewidth=1.3,
                      zorder=2.5, **style)


# --- panels -------------------------------------------------------------------------------------

def two_tasks(axes, runs, half, what, scale):
    """MLM and NSP of one quantity: by colour in one run, by line and marker where runs have it."""
    single = len(runs) == 1
    nsp_line = "-" if single else (0, (4, 1.5))
    for run in runs:
        mlm, nsp = (MLM_COLOUR, NSP_COLOUR) if single else (run.colour, run.colour)
        draw_training(axes, run, f"nsp_{what}", half, scale, color=nsp, linestyle=nsp_line)
        draw_training(axes, run, f"mlm_{what}", half, scale, color=mlm)
        draw_heldout(axes, run, f"nsp_{what}", "s", scale, color=nsp)
        draw_heldout(axes, run, f"mlm_{what}", "o", scale, color=mlm)
        draw_unigram(axes, run, f"unigram_{what}", scale, color=mlm)
    mlm, nsp = (MLM_COLOUR, NSP_COLOUR) if single else (NEUTRAL, NEUTRAL)
    mean = f"mean of {2 * half + 1} steps"
    handles = [Line2D([], [], color=mlm, label=f"MLM, {mean}"),
               Line2D([], [], color=nsp, linestyle=nsp_line, label=f"NSP, {mean}")]
    if any(len(run.x_evaluations) for run in runs):
        handles += [Line2D([], [], color=mlm, linestyle="none", marker="o", label="MLM, held-out"),
                    Line2D([], [], color=nsp, linestyle="none", marker="s", label="NSP, held-out"),
                    Line2D([], [], color=mlm, linestyle=":", label="MLM, unigram guess")]
    axes.legend(handles=handles, loc="best", handlelength=2.2, labelspacing=0.3)


def loss_panel(axes, runs, half):
    two_tasks(axes, runs, half, "loss", 1)
    axes.set_ylabel("loss (nats per prediction)")
    axes.set_ylim(bottom=0)


def accuracy_panel(axes, runs, half):
    two_tasks(axes, runs, half, "accuracy", 100)
    axes.set_ylabel("accuracy (%)")
    axes.set_ylim(0, 100)


def rate_panel(axes, runs, _half):
    for run in runs:
        colour = RATE_COLOUR if len(runs) == 1 else run.colour
        axes.plot(*envelope(run.x_steps, run.steps["learning_rate"]), color=colour, linewidth=1.6,
                  marker=dot_of(run.x_steps))
    axes.set_ylabel("learning rate")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylim(bottom=0)


def throughput_panel(axes, runs, half):
    for run in runs:
        draw_training(axes, run, "tokens_per_second", half, weights=run.steps["seconds"],
                      color=run.colour)
    axes.set_ylabel("throughput (tokens/s)")
    axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_ylim(bottom=0)
    if len(runs) > 1:
        return
    peak = axes.twinx()
    draw_training(peak, runs[0], "peak_fraction", half, scale=100, raw=False,
                  weights=runs[0].steps["seconds"], color=PEAK_COLOUR)
    peak.set_ylabel("fraction of the arithmetic peak (%)", color=PEAK_COLOUR)
    peak.tick_params(axis="y", colors=PEAK_COLOUR)
    peak.spines["right"].set(visible=True, color=PEAK_COLOUR)
    peak.set_ylim(0, max(100, peak.get_ylim()[1]))
    peak.grid(False)
    axes.legend(handles=[Line2D([], [], color=runs[0].colour, label="tokens/s"),
                         Line2D([], [], color=PEAK_COLOUR, label="fraction of peak")],
                loc="lower right")


# --- phases and the figure ----------------------------------------------------------------------

def phase_labels(runs, width):
    """(x, row, name) of each label: once where runs begin a phase at nearly the same place, a row
    higher where another label is in the way."""
    labels = []
    begins = sorted((first, name) for run in runs for name, (first, _) in run.phases.items())
    for x, name in begins:
        near = [label for label in labels if x - label[0] < 0.16 * width]
        if any(label[2] == name for label in near):
            continue
        taken = {label[1] for label in near}
        labels.append((x, next(row for row in range(len(begins)) if row not in taken), name))
    return labels


def mark_phases(axes, runs, width):
    for run in runs:
        for first, _ in run.phases.values():
            axes.axvline(first, color=NEUTRAL if len(runs) == 1 else run.colour, linewidth=0.8,
                         alpha=0.6, zorder=1)
    for x, row, name in phase_labels(runs, width):
        axes.annotate(f"phase {name}", (x, 1), xycoords=("data", "axes fraction"),
                      xytext=(0, 7 + 11 * row), textcoords="offset points", fontsize=8.5,
                      color=NEUTRAL, annotation_clip=False)


def colour_runs(runs):
    colours = RUN_COLOURS
    if len(runs) > len(colours):
        colours = [matplotlib.colormaps["turbo"](v) for v in np.linspace(0.05, 0.95, len(runs))]
    for run, colour in zip(runs, colours):
        run.colour = colour


def name_figure(figure, runs):
    """The names of the runs along the upper edge; returns how high the panels may reach."""
    if len(runs) == 1:
        figure.text(0.5, 0.985, runs[0].name, fontsize=13, ha="center", va="top")
        return 0.955
    columns = min(4, len(runs))
    handles = [Line2D([], [], color=run.colour, linewidth=2.5, label=run.name) for run in runs]
    figure.legend(handles=handles, loc="upper center", ncol=columns, fontsize=11)
    return 0.985 - 0.03 * math.ceil(len(runs) / columns)


def draw(runs, x_label):
    figure, panels = plt.subplots(2, 2, figsize=(12.5, 8.2), sharex=True, layout="constrained")
    inner = (0.006, 0.006, 0.988, name_figure(figure, runs) - 0.006)
    figure.get_layout_engine().set(hspace=0.05, wspace=0.04, rect=inner)
    width = max(last for run in runs for _, last in run.phases.values())
    half = max(1, max(len(run.x_steps) for run in runs) // 100)
    for axes, panel in zip(panels.flat, (loss_panel, accuracy_panel, rate_panel, throughput_panel)):
        panel(axes, runs, half)
        axes.set_xlim(0, 1.01 * width)
        axes.set_xlabel(x_label)
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.tick_params(labelbottom=True)
        mark_phases(axes, runs, width)
    return figure


def save(figure, path, **options):
    """Under a temporary name first, so that no half picture is left."""
    picture = io.BytesIO()
    figure.savefig(picture, **options)
    try:
        with open(path + ".tmp", "wb") as file:
            file.write(picture.getvalue())
        os.replace(path + ".tmp", path)
    except OSError as error:
        if os.path.isfile(path + ".tmp"):
            os.remove(path + ".tmp")
        fail(f"cannot write {path}: {error.strerror}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", metavar="RUN", nargs="+", help="a run folder, or its metrics.jsonl")
    parser.add_argument("--output", metavar="PICTURE", required=True,
                        help="the name of the pictures without .png and .svg")
    parser.add_argument("--x", choices=X_AXES, default="tokens", help="what to draw over (tokens)")
    words = parser.parse_args()

    place, x_label = X_AXES[words.x]
    runs = [Run(metrics_path(run), place) for run in words.runs]
    name_runs(runs)
    colour_runs(runs)
    plt.rcParams.update(STYLE)
    figure = draw(runs, x_label)
    output = words.output[:-4] if words.output.endswith((".png", ".svg")) else words.output
    save(figure, output + ".png", format="png", dpi=130)
    save(figure, output + ".svg", format="svg", metadata={"Date": None})


main()
