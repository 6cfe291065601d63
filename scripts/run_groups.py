"""Many runs as one table: those that differ in nothing but their seed are a group, and have means and spreads. Wants
nothing but Python."""
import json
import math
import os
import statistics

from run_folder import Run, read_config, real
from run_metrics import TASK_METRICS, fail, metrics_path, names_of

NOT_TOLD_APART = ("run.seed", "run.folder")
EVALUATED_AT = "train.evaluate_masked_lm_probability"
PRETRAINING = {"mlm_loss": "MLM loss", "mlm_accuracy": "accuracy", "nsp_loss": "NSP loss", "nsp_accuracy": "accuracy"}
UNFINISHED = ("going on", "stopped", "failed", "not begun")


def runs_in(folder):
    """The runs in a folder that is none itself, as in that of a sweep."""
    if not os.path.isdir(folder) or os.path.exists(os.path.join(folder, "config.ini")):
        return []
    inner = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    return [run for run in inner if os.path.exists(os.path.join(run, "config.ini"))]


def find_runs(words):
    """The metrics of runs, each once; a folder of runs stands for all of them."""
    paths = []
    for word in words:
        begun = [run for run in [word] if os.path.exists(os.path.join(run, "config.ini"))]  # perhaps without metrics yet
        runs = runs_in(word) or begun
        paths += [os.path.join(run, "metrics.jsonl") for run in runs] or [metrics_path(word)]
    return list({os.path.realpath(path): path for path in paths}.values())


def has_steps(path):
    """Whether a step has been made: Run wants one."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return any('"step"' in line for line in file)
    except FileNotFoundError:
        return False
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}")


def state_of_sweep(folder):
    """How scripts/sweep says that the run ended, in NAME.json beside its folder; empty where it does not."""
    try:
        with open(folder + ".json", encoding="utf-8") as file:
            record = json.load(file)
    except (OSError, ValueError, RecursionError):
        return ""
    state = record.get("state") if isinstance(record, dict) else None
    return state if isinstance(state, str) else ""


class Outcome:
    """What a run is (its settings) and what it came to."""

    def __init__(self, path, name):
        folder = os.path.dirname(os.path.abspath(path))
        self.name = name
        self.config = read_config(os.path.join(folder, "config.ini"))
        if not self.config:
            fail(f"{name} has no config.ini beside its metrics: how it differs from others is not known")
        self.seed = self.config.get("run.seed", "")
        self.settings = {key: value for key, value in self.config.items() if key not in NOT_TOLD_APART}
        self.run = Run(path, name) if has_steps(path) else None
        evaluations = self.run.evaluations if self.run else []
        self.evaluation = evaluations[-1] if evaluations else {}
        self.task = self.run.task if self.run else None
        self.note = ""
        self.state = self.judge(state_of_sweep(folder), evaluations)
        masking = real(self.evaluation, "masked_lm_probability")
        if math.isfinite(masking):
            self.settings[EVALUATED_AT] = f"{masking:g}"
        elif EVALUATED_AT not in self.settings and "data.masked_lm_probability" in self.settings:
            self.settings[EVALUATED_AT] = self.settings["data.masked_lm_probability"]  # before there was the key

    def judge(self, sweep, evaluations):
        """complete, diverged, or a word of UNFINISHED; self.note says why."""
        if not self.run:
            return "failed" if sweep == "failed" else "not begun"
        self.note = self.run.divergence()
        if not self.note and len(evaluations) > 1 and not self.task:
            first, last = (real(evaluation, "mlm_loss") for evaluation in (evaluations[0], evaluations[-1]))
            if last > first:
                self.note = f"the held-out loss has risen from {first:.3g} to {last:.3g}"
        if self.note or sweep == "diverged":
            self.note = self.note or "a loss or the gradient was not finite"
            return "diverged"
        if self.run.is_complete() or sweep == "done":
            return "complete"
        word, self.note = self.run.state()
        return "failed" if sweep == "failed" else word

    def result(self, name):
        """Of the evaluation after the last step of a complete run; NaN where there is none."""
        if self.state != "complete" or self.evaluation.get("total_step") != self.run.last["total_step"]:
            return math.nan
        return self.last(name)

    def last(self, name):
        """Of the last evaluation that there is."""
        value = real(self.evaluation, name)
        return value if math.isfinite(value) else real(self.evaluation.get("metrics"), name)

    def steps(self):
        return int(self.run.last["total_step"]) if self.run else 0

    def tokens(self):
        return real(self.run.last, "total_tokens") if self.run else 0.0

    def hours(self):
        return self.run.seconds() / 3600 if self.run else 0.0


def section_of(key):
    return key.rsplit(".", 1)[0]


def differing_keys(outcomes):
    """The keys that runs differ in, in the order of the configuration. A key that a run lacks, though it has the
    section, is one that its program did not know: that alone is no difference."""
    keys = list(dict.fromkeys(key for outcome in outcomes for key in outcome.settings))
    sections = [{section_of(key) for key in outcome.settings} for outcome in outcomes]
    differ = []
    for key in keys:
        values = {outcome.settings[key] for outcome in outcomes if key in outcome.settings}
        if len(values) > 1 or any(section_of(key) not in known for known in sections):
            differ.append(key)
    return differ


def by_value(text):
    """Numbers by their size, before words."""
    try:
        return 0, float(text), ""
    except ValueError:
        return 1, 0.0, text


def mean_of(values):
    """The mean, the standard deviation (of a sample; None of one value), and how many."""
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return {"mean": None, "deviation": None, "n": 0}
    return {"mean": statistics.fmean(values), "deviation": statistics.stdev(values) if len(values) > 1 else None,
            "n": len(values)}


class Groups:
    """Runs put together by all their keys but the seed."""

    def __init__(self, paths):
        outcomes = [Outcome(path, name) for path, name in zip(paths, names_of(paths))]
        tasks = {outcome.task for outcome in outcomes if outcome.run}
        if len(tasks) > 1:
            fail("runs of pre-training, or of one kind of task, are wanted: "
                 + " and ".join(sorted(task or "pre-training" for task in tasks)) + " are judged by different things")
        task = next(iter(tasks), None)
        self.names = {"loss": "loss", **{name: name.replace("_", " ") for name in TASK_METRICS[task]}} if task \
            else dict(PRETRAINING)
        self.keys = differing_keys(outcomes)
        self.groups = {}
        for outcome in outcomes:
            self.groups.setdefault(tuple(outcome.settings.get(key, "") for key in self.keys), []).append(outcome)
        self.groups = dict(sorted(self.groups.items(), key=lambda item: [by_value(value) for value in item[0]]))

    def repeated_seeds(self):
        """(group's settings, seed) where two runs of a group have one: their spread is not that of seeds."""
        for values, outcomes in self.groups.items():
            seeds = [outcome.seed for outcome in outcomes]
            for seed in dict.fromkeys(seed for seed in seeds if seeds.count(seed) > 1):
                yield ", ".join(f"{key}={value}" for key, value in zip(self.keys, values)), seed

    def objects(self):
        """The groups as --json prints them."""
        for values, outcomes in self.groups.items():
            states = [outcome.state for outcome in outcomes]
            complete = [outcome for outcome in outcomes if outcome.state == "complete"]
            names = [*self.names] + ([] if "loss" in self.names else ["unigram_loss"])
            yield {
                "keys": dict(zip(self.keys, values)), "runs": len(outcomes), "complete": len(complete),
                "diverged": states.count("diverged"), "unfinished": sum(state in UNFINISHED for state in states),
                **{name: mean_of(outcome.result(name) for outcome in outcomes) for name in names},
                "tokens": mean_of(outcome.tokens() for outcome in complete),
                "hours": mean_of(outcome.hours() for outcome in complete),
                "of": [{"run": o.name, "seed": o.seed, "state": o.state, "note": o.note, "steps": o.steps(),
                        **{name: finite(o.last(name)) for name in names}, "tokens": o.tokens(), "hours": o.hours()}
                       for o in outcomes]}

    def table(self):
        """(heads, rows) of texts, for people."""
        groups, first = list(self.objects()), next(iter(self.names))
        names = [name for name in self.names if name == first or any(group[name]["n"] for group in groups)]
        heads = [*self.keys, *(self.names[name] for name in names), "n", "tokens", "hours", "state"]
        rows = [[*(value or "–" for value in group["keys"].values()),
                 *(spread(group[name], name.endswith("accuracy")) for name in names), str(group[first]["n"]),
                 shown(group["tokens"]["mean"], "{:,.0f}"), shown(group["hours"]["mean"], "{:.3g}"), state(group)]
                for group in groups]
        return heads, rows


def finite(value):
    return value if math.isfinite(value) else None


def shown(value, form):
    return "–" if value is None else form.format(value)


def spread(mean, percent):
    """"3.2665 ± 0.0123", "38.1 ± 0.2%"; of one run the value alone."""
    if mean["mean"] is None:
        return "–"
    factor, form, unit = (100, "{:.2f}", "%") if percent else (1, "{:.4f}", "")
    text = form.format(factor * mean["mean"])
    if mean["deviation"] is not None:
        text += " ± " + form.format(factor * mean["deviation"])
    return text + unit


def state(group):
    """"complete", or how many of how many are not."""
    parts = [f"{group[word]} {word}" for word in ("diverged", "unfinished") if group[word]]
    if not parts:
        return "complete"
    return ", ".join(parts) + ("" if group["runs"] == 1 else f" of {group['runs']}")


def print_text(groups):
    heads, rows = groups.table()
    widths = [max(len(row[c]) for row in [heads, *rows]) for c in range(len(heads))]
    words = (*range(len(groups.keys)), len(heads) - 1)  # the other columns are numbers
    for row in [heads, *rows]:
        print("  ".join(cell.ljust(width) if c in words else cell.rjust(width)
                        for c, (cell, width) in enumerate(zip(row, widths))).rstrip())


def print_markdown(groups):
    heads, rows = groups.table()
    words = (*range(len(groups.keys)), len(heads) - 1)
    print("| " + " | ".join(f"`{head}`" if c < len(groups.keys) else head for c, head in enumerate(heads)) + " |")
    print("|" + "|".join("---" if c in words else "--:" for c in range(len(heads))) + "|")
    for row in rows:
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")


def print_json(groups):
    print(json.dumps({"keys": groups.keys, "groups": list(groups.objects())}, indent=1, ensure_ascii=False))
