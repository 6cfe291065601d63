#!/usr/bin/python3
"""Draws one or several runs, of pre-training or of fine-tuning: losses, accuracies or the metrics of the
task, learning rate and throughput.

RUN is a run folder or its metrics.jsonl. PICTURE.png and PICTURE.svg are written. Needs Debian's
python3-matplotlib.
"""
import argparse
import math
import os

from plotting import NEUTRAL, RUN_COLOURS, STYLE, envelope, save_both, smooth
from plotting import MOST_POINTS, matplotlib, np, plt
from run_metrics import PLACE, TASK_METRICS, TASK_OF, X_AXES, fail, metrics_path, names_of, number, read_records
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FuncFormatter

# What a line of each kind must hold (src/run/metrics.c) to be drawn; other kinds are passed over.
MEASURED = ["learning_rate", "seconds", "tokens_per_second", "peak_fraction"]
TWO_TASKS = ["mlm_loss", "nsp_loss", "mlm_accuracy", "nsp_accuracy"]
FIELDS = {
    "step": PLACE + MEASURED + TWO_TASKS,
    "evaluation": PLACE + TWO_TASKS + ["unigram_loss", "unigram_accuracy"],
    "pairs": PLACE + ["accuracy"],
}
TASK_FIELDS = {
    "step": PLACE + MEASURED + ["loss", "accuracy"],
    "evaluation": PLACE + ["loss"],
}
MLM_COLOUR, NSP_COLOUR, RATE_COLOUR, PEAK_COLOUR = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
PAIRS_COLOUR = "#e69f00"


# --- reading ------------------------------------------------------------------------------------

def take(record):
    """The record with what is drawn as numbers, None where it is of a kind that is not drawn; ValueError says what
    is wrong with it."""
    if record["kind"] not in FIELDS:
        return None
    if not isinstance(record.get("phase"), str):
        raise ValueError("it names no phase")
    for objective, task in TASK_OF.items():
        if f"{objective}_loss" in record:
            record["task"] = task
            record["accuracy"] = record.get(f"{objective}_accuracy")  # of a number there is none
    fields = TASK_FIELDS if record.setdefault("task", None) else FIELDS
    for name in fields[record["kind"]]:
        record[name] = number(record, name)
    if record["task"] and record["kind"] == "evaluation":
        take_metrics(record)
    record["corpora"] = take_corpora(record)
    return record


def take_corpora(record):
    """The held-out MLM loss of each corpus that a phase mixes."""
    corpora = record.get("corpora", [])
    if not isinstance(corpora, list) or not all(isinstance(c, dict) and isinstance(c.get("corpus"), str)
                                                for c in corpora):
        raise ValueError("corpora is no list of corpora")
    return {corpus["corpus"]: number(corpus, "mlm_loss") for corpus in corpora}


def take_metrics(record):
    """Of the metrics of a task, those that are drawn become fields."""
    metrics = record.get("metrics")
    if record["task"] not in TASK_METRICS or not isinstance(metrics, dict):
        raise ValueError("it names no task and metrics that are known")
    for name in TASK_METRICS[record["task"]]:
        record[name] = number(metrics, name) if name in metrics else math.nan


class Run:
    """The metrics of one run as columns: run.steps["mlm_loss"] and run.x_steps for the x axis."""

    def __init__(self, path, place):
        records = read_records(path, take)
        self.path = path
        self.task = records[0]["task"]  # None: pre-training
        if any(record["task"] != self.task for record in records):
            fail(f"{path} holds lines of more than one task")
        of_kind = {kind: [r for r in records if r["kind"] == kind] for kind in FIELDS}
        self.pairs = [(r[place], r["accuracy"]) for r in of_kind["pairs"]]
        fields = TASK_FIELDS if self.task else FIELDS
        metrics = TASK_METRICS[self.task] if self.task else []
        self.steps, self.evaluations = (
            {name: np.array([r[name] for r in of_kind[kind]], float) for name in fields[kind] + more}
            for kind, more in (("step", []), ("evaluation", metrics)))
        self.x_steps, self.x_evaluations = self.steps[place], self.evaluations[place]
        self.phase_of_step = [r["phase"] for r in of_kind["step"]]
        self.phase_of_evaluation = [r["phase"] for r in of_kind["evaluation"]]
        self.corpora = {}  # folder -> [(x, held-out MLM loss), ...], where several are mixed
        for record in of_kind["evaluation"]:
            for folder, loss in record["corpora"].items():
                self.corpora.setdefault(folder, []).append((record[place], loss))
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
    for run, name in zip(runs, names_of([run.path for run in runs])):
        if name.startswith("_"):  # matplotlib would leave it out of the legend
            name = "./" + name
        run.name = name.replace("$", r"\$")


# --- curves -------------------------------------------------------------------------------------

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

def two_tasks(axes, runs, half, what, scale, more=()):
    """MLM and NSP of one quantity: by colour in one run, by line and marker where runs have it. `more` stands
    in the legend, too."""
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
    axes.legend(handles=[*handles, *more], loc="best", handlelength=2.2, labelspacing=0.3)


def draw_corpora(axes, run):
    """The held-out MLM loss of each corpus that a run mixes; what stands for them in the legend."""
    colours = [colour for colour in RUN_COLOURS if colour not in (MLM_COLOUR, NSP_COLOUR)]
    if len(run.corpora) > len(colours):
        colours = [matplotlib.colormaps["turbo"](v) for v in np.linspace(0.05, 0.95, len(run.corpora))]
    handles = []
    for (folder, points), colour in zip(run.corpora.items(), colours):
        axes.plot(*zip(*points), color=colour, linewidth=1.1, marker="D", markersize=3.5, zorder=3.5)
        name = os.path.basename(folder.rstrip("/")) or folder
        handles.append(Line2D([], [], color=colour, marker="D", markersize=3.5,
                              label="MLM, held-out, " + name.replace("$", r"\$")))
    return handles


def loss_panel(axes, runs, half):
    corpora = draw_corpora(axes, runs[0]) if len(runs) == 1 else []  # colours say which of several runs
    two_tasks(axes, runs, half, "loss", 1, corpora)
    axes.set_ylabel("loss (nats per prediction)")
    axes.set_ylim(bottom=0)


def draw_pairs(axes, runs):
    """In what share of minimal pairs the acceptable sentence was likelier; what stands for it in the legend."""
    runs = [run for run in runs if run.pairs]
    for run in runs:
        x, share = zip(*run.pairs)
        axes.plot(x, [100 * value for value in share], color=PAIRS_COLOUR if len(runs) == 1 else run.colour,
                  linewidth=1.1, marker="^", markersize=5, zorder=3.5)
    colour = PAIRS_COLOUR if len(runs) == 1 else NEUTRAL
    return [Line2D([], [], color=colour, marker="^", label="minimal pairs")] if runs else []


def accuracy_panel(axes, runs, half):
    two_tasks(axes, runs, half, "accuracy", 100, draw_pairs(axes, runs))
    axes.set_ylabel("accuracy (%)")
    axes.set_ylim(0, 100)


def task_loss_panel(axes, runs, half):
    for run in runs:
        draw_training(axes, run, "loss", half, color=run.colour)
        draw_heldout(axes, run, "loss", "o", color=run.colour)
    colour = runs[0].colour if len(runs) == 1 else NEUTRAL
    handles = [Line2D([], [], color=colour, label=f"training, mean of {2 * half + 1} steps")]
    if any(len(run.x_evaluations) for run in runs):
        handles.append(Line2D([], [], color=colour, linestyle="none", marker="o", label="evaluation"))
    axes.legend(handles=handles, loc="best", handlelength=2.2, labelspacing=0.3)
    axes.set_ylabel("loss")
    axes.set_ylim(bottom=0)


def drawn_metrics(runs):
    """Those that all runs have; of several runs the first alone, as colours say which run it is."""
    names = [name for name in TASK_METRICS[runs[0].task]
             if all(np.isfinite(run.evaluations[name]).any() for run in runs)]
    return names if len(runs) == 1 else names[:1]


def metrics_panel(axes, runs, half):
    scale = 1 if runs[0].task == "questions" else 100
    names, handles = drawn_metrics(runs), []
    for run in runs:
        for name, colour in zip(names, RUN_COLOURS if len(runs) == 1 else [run.colour]):
            axes.plot(run.x_evaluations, scale * run.evaluations[name], color=colour, marker="o",
                      markersize=5.5, linewidth=1.4, zorder=4)
            handles.append(Line2D([], [], color=colour, marker="o", label=name.replace("_", " ")))
        if np.isfinite(run.steps["accuracy"]).any():
            draw_training(axes, run, "accuracy", half, scale=100, raw=False,
                          color=NEUTRAL if len(runs) == 1 else run.colour, linestyle=(0, (4, 1.5)))
    if len(runs) > 1:
        handles = [Line2D([], [], color=NEUTRAL, marker="o", label=name.replace("_", " ")) for name in names]
    handles.append(Line2D([], [], color=NEUTRAL, linestyle=(0, (4, 1.5)),
                          label=f"right in training, mean of {2 * half + 1} steps"))
    axes.legend(handles=handles, loc="best", handlelength=2.2, labelspacing=0.3)
    axes.set_ylabel("metrics of the evaluation set (%)")
    axes.set_ylim(min(0, axes.get_ylim()[0]), 100)


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


PANELS = (loss_panel, accuracy_panel, rate_panel, throughput_panel)
TASK_PANELS = (task_loss_panel, metrics_panel, rate_panel, throughput_panel)


def draw(runs, x_label):
    figure, panels = plt.subplots(2, 2, figsize=(12.5, 8.2), sharex=True, layout="constrained")
    inner = (0.006, 0.006, 0.988, name_figure(figure, runs) - 0.006)
    figure.get_layout_engine().set(hspace=0.05, wspace=0.04, rect=inner)
    width = max(last for run in runs for _, last in run.phases.values())
    half = max(1, max(len(run.x_steps) for run in runs) // 100)
    for axes, panel in zip(panels.flat, TASK_PANELS if runs[0].task else PANELS):
        panel(axes, runs, half)
        axes.set_xlim(0, 1.01 * width)
        axes.set_xlabel(x_label)
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.tick_params(labelbottom=True)
        mark_phases(axes, runs, width)
    return figure


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
    if len({run.task for run in runs}) > 1:
        fail("a picture is of runs of one task; these are "
             + ", ".join(f"{run.path}: {run.task or 'pre-training'}" for run in runs))
    name_runs(runs)
    colour_runs(runs)
    plt.rcParams.update(STYLE)
    figure = draw(runs, x_label)
    save_both(figure, words.output)


main()
