#!/usr/bin/python3
"""Writes one HTML page of one or several runs, of pre-training or of fine-tuning: how far they are, curves, phases,
evaluations, where the time went, checkpoints, starts and resumes, configuration; and, where the run's folder has a
plan.json that `lambert plan --json` printed, what was planned beside what came.

RUN is a run folder or its metrics.jsonl; a run may still go on. The page needs no other file, no network and no
program in it. Several runs stand side by side, in colours of their own. Wants nothing but Python 3.9.
"""
import argparse
import math
import os
from html import escape

from run_folder import OBJECTIVES, Run, objects, real, text
from run_metrics import TASK_METRICS, X_AXES, fail, metrics_path, names_of
from svg_charts import Chart, Curve, bar, draw, engineering, smooth

MOST_ROWS = 200  # of a table; of more, some are left out evenly, and the page says so
# The runs' colours on a light and on a dark page; those of plot-run.py where these can be read.
COLOURS = [("#0072b2", "#5ab4f0"), ("#c85200", "#ff9248"), ("#00805d", "#37cfa2"), ("#b0508c", "#e69bc6"),
           ("#9a6a00", "#f0c050"), ("#5b4bc4", "#b0a4ff"), ("#303030", "#e0e0e0")]
PARTS = {  # of the time, in the order of the bars, with how they are coloured
    "computing": "#0072b2", "products": "#0072b2", "attention": "#56b4e9", "rows": "#00a88f", "update": "#5fae3c",
    "exchange": "#e69f00", "waiting": "#d55e00", "data": "#8c6d31", "evaluation": "#9467bd", "checkpoints": "#cc79a7",
    "start": "#8a8a8a", "other": "#b8b8b8"}
EXPLAINED = {
    "computing": "steps without waiting", "products": "of matrices", "rows": "what is done to rows between products",
    "update": "of weights and moments", "exchange": "sending, receiving and adding up",
    "waiting": "in steps, for other ranks or the network", "data": "waiting for samples",
    "checkpoints": "for which training stood still", "start": "until the first step"}

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c1c1c; --soft: #5c5c5c; --line: #dcdcdc; --well: #f4f5f7;
  --good: #00694c; --bad: #b3261e; LIGHT }
@media (prefers-color-scheme: dark) { :root { --paper: #15171a; --ink: #e8e8e8; --soft: #a8abb0; --line: #383c42;
  --well: #1f2226; --good: #4fd3a5; --bad: #ff8a80; DARK } }
@media print { :root { color-scheme: light; --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #cccccc;
  --well: #ffffff; --good: #00694c; --bad: #b3261e; LIGHT } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 20px; max-width: 1440px; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 25px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 34px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--line); }
h3 { font-size: 15px; margin: 16px 0 6px; overflow-wrap: anywhere; }
p { margin: 4px 0; max-width: 80em; overflow-wrap: anywhere; }
.soft, figcaption { color: var(--soft); font-size: 13px; }
.state { font-weight: 600; } .complete { color: var(--good); } .bad { color: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 10px; margin: 16px 0; }
.cards div { background: var(--well); border: 1px solid var(--line); border-radius: 6px; padding: 8px 12px; }
.cards dt { color: var(--soft); font-size: 13px; } .cards dd { margin: 0; font-size: 20px; }
.cards dd span { display: block; color: var(--soft); font-size: 12.5px; line-height: 1.35; }
dl { margin: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: 18px 26px; }
figure { margin: 0; max-width: 640px; break-inside: avoid; display: flex; flex-direction: column; }
figure h3 { margin: 0; } figure svg { margin-top: auto; }
figcaption span { display: inline-block; margin-right: 12px; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--soft); }
.end { text-anchor: end; } .middle { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: 0.7; } .axis, .phase { stroke: var(--soft); stroke-width: 0.8; fill: none; }
.phase { stroke-dasharray: 2 3; }
.line { fill: none; stroke-width: 1.9; stroke-linejoin: round; }
.raw { stroke-width: 0.8; opacity: 0.35; } .thin { stroke-width: 1; } .dashed { stroke-dasharray: 6 4; }
.strip { fill: transparent; } .strip:hover { fill: var(--soft); fill-opacity: 0.14; }
.swatch { display: inline-block; width: 0.8em; height: 0.8em; border-radius: 2px; margin-right: 5px; }
.wide { overflow-x: auto; max-height: 30em; overflow-y: auto; margin: 6px 0; }
table { border-collapse: collapse; font-size: 13.5px; }
th, td { text-align: left; padding: 3px 16px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top;
  white-space: nowrap; }
thead th { position: sticky; top: 0; background: var(--paper); color: var(--soft); font-weight: 600; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.config td { white-space: normal; overflow-wrap: anywhere; min-width: 5em; max-width: 30em; }
.command { margin: 6px 0; }
.bar { height: 22px; margin: 3px 0 10px; max-width: 900px; border-radius: 3px; }
code { font: 12.5px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
details { margin: 8px 0; } summary { cursor: pointer; }
@media (max-width: 600px) { body { padding: 12px; } .cards { grid-template-columns: 1fr 1fr; } }
@media print { body { max-width: none; padding: 0; font-size: 11px; } .wide { max-height: none; overflow: visible; }
  table { font-size: 10px; } th, td { white-space: normal; padding: 2px 9px 2px 0; } thead th { position: static; }
  tr { break-inside: avoid; } h2, h3 { break-after: avoid; } .charts { grid-template-columns: 1fr 1fr; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


# --- numbers as words -------------------------------------------------------------------------------

def shown(value, form="{:.4g}"):
    return form.format(value) if math.isfinite(value) else "–"


def loss_text(value):
    return shown(value, "{:#.4g}")  # with zeros at the end, so that losses stand in line


def percent(value):
    return shown(100 * value, "{:.1f}%")


def whole(value):
    return shown(value, "{:,.0f}")


def duration(seconds):
    if not math.isfinite(seconds):
        return "–"
    if seconds < 60:
        return f"{seconds:.3g} s" if seconds >= 0.1 or seconds == 0 else f"{1000 * seconds:.2g} ms"
    if seconds < 600:
        return f"{int(seconds) // 60} min {int(seconds) % 60} s"
    minutes = round(seconds / 60)
    hours, days = minutes // 60, minutes // 1440
    if days >= 2:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def big(value):
    return engineering(value) if math.isfinite(value) else "–"


def title_of(objective):
    return OBJECTIVES.get(objective, objective)


def metric_name(name):
    return name.replace("_", " ")


# --- pieces of HTML ---------------------------------------------------------------------------------

def table(heads, rows, numbers=(), kind=""):
    """Cells are HTML; the columns of numbers, from 0, are set to the right."""
    def cells(row, tag):
        return "".join(f'<{tag} class="n">{cell}</{tag}>' if c in numbers else f"<{tag}>{cell}</{tag}>"
                       for c, cell in enumerate(row))
    left_out = ""
    if len(rows) > MOST_ROWS:
        left_out = f'<p class="soft">{MOST_ROWS} of {len(rows)} rows are shown.</p>'
        rows = [rows[r * (len(rows) - 1) // (MOST_ROWS - 1)] for r in range(MOST_ROWS)]
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (f'<div class="wide"><table class="{kind}"><thead><tr>{cells(heads, "th")}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>{left_out}")


def swatch(colour):
    return f'<i class="swatch back {colour}"></i>'


def run_title(run, runs):
    return f"{swatch(run.colour)}{escape(run.name)}" if len(runs) > 1 else ""


def of_run(run, runs):
    """The first cell of a row about a run, and without one the head of that column; there is none for one run alone."""
    return [] if len(runs) == 1 else [run_title(run, runs) if run else "run"]


def section(title, body):
    return f"<section><h2>{title}</h2>{body}</section>" if body else ""


# --- head -------------------------------------------------------------------------------------------

def state_line(run):
    word, sentence = run.state()
    parts = [f'<span class="state {word.replace(" ", "-")}">{word}</span>: {sentence}']
    left = real(run.last, "seconds_left")
    if word == "going on" and math.isfinite(left):
        parts.append(f"{duration(left)} left")
    if run.divergence():
        parts.append(f'<span class="state bad">diverged</span>: {run.divergence()}')
    return "; ".join(parts)


def program_of(process):
    commit = text(process, "commit")
    return text(process, "program") + (f" ({commit})" if commit else "")


def machine_line(run):
    """Which binary, where and when; nothing in older files, which do not say."""
    if not run.processes:
        return ""
    first, last = run.processes[0], run.processes[-1]
    ranks, threads, nodes = (real(last, name) for name in ("ranks", "threads", "nodes"))
    where = f"{plural(ranks, 'rank')} of {plural(threads, 'thread')} on {plural(nodes, 'node')} ({text(last, 'host')})"
    began = text(first, "date").replace("T", " ").replace("Z", " UTC")
    resumed = f", resumed {plural(len(run.processes) - 1, 'time')}" if len(run.processes) > 1 else ""
    line = escape(f"{program_of(last)}; {where}; {text(last, 'kernels')}, products by {text(last, 'products')}; "
                  f"begun {began}{resumed}")
    return f'<p class="soft">{line}</p>'


def plural(count, word):
    return f"{whole(count)} {word}" + ("" if count == 1 else "s")


def learnt(run):
    """(what, value, note): the last losses, in training and on what was held out."""
    last = run.evaluations[-1] if run.evaluations else {}
    for objective in run.objectives:
        loss = run.end_mean(f"{objective}_loss")
        if math.isfinite(loss):
            right = run.end_mean(f"{objective}_accuracy")
            yield (f"training loss{'' if run.task else ', ' + title_of(objective)}", loss_text(loss),
                   f"{percent(right)} right" if math.isfinite(right) else "")
        held = real(last, f"{objective}_loss")
        if math.isfinite(held):
            note = f"{percent(real(last, f'{objective}_accuracy'))} right"
            if objective == "mlm":
                note += f"; guessing by frequency {loss_text(real(last, 'unigram_loss'))}"
            yield f"held-out loss, {title_of(objective)}", loss_text(held), note
    metrics = last.get("metrics")
    for name in TASK_METRICS.get(run.task, []):
        value = real(metrics, name)
        if math.isfinite(value):
            known = [real(e.get("metrics"), name) for e in run.evaluations]
            best = max(v for v in known if math.isfinite(v))
            yield metric_name(name), loss_text(value), f"at its best {loss_text(best)}"
    pairs = run.column("pairs", "accuracy")
    if pairs:
        yield "minimal pairs", percent(pairs[-1]), "good sentence likelier"


def figures(run):
    """(what, value, note) of all that matters, in order."""
    yield from learnt(run)
    yield "steps", whole(run.last["total_step"]), f"{big(run.last['total_sequences'])} sequences"
    yield "tokens", big(run.last["total_tokens"]), ""
    yield ("tokens a second", big(run.per_second("tokens")),
           f"{big(run.per_second('sequences'))} sequences a second")
    yield "share of peak", percent(run.of_peak()), "of the cores' arithmetic"
    parts = run.time_parts()
    yield ("time in steps", duration(run.seconds()),
           f"{shown(sum(parts.values()), '{:.3g}')} node-hours in all" if parts else "")
    left = real(run.last, "seconds_left")
    if run.state()[0] == "going on" and math.isfinite(left):
        yield "time left", duration(left), "of the whole run"


def trouble(run):
    """What a run met that it should not have."""
    skipped = sum(step.get("skipped") is True for step in run.steps)
    replays = run.of_kind("replay")
    logs = run.of_kind("log")
    found = []
    if skipped:
        found.append(f"{plural(skipped, 'step')} without an update, as a loss or gradient was not finite")
    for replay in replays:
        hosts = sorted({text(d, "host") for d in objects(replay, "differences")})
        found.append(f"a replay at step {whole(replay['total_step'])} had other bits (hosts: {', '.join(hosts)})")
    if logs:
        found.append(f"{whole(real(logs[-1], 'lost_lines'))} lines of the log were lost")
    return "".join(f'<p class="bad">{escape(sentence)}</p>' for sentence in found)


def head(runs):
    names = ", ".join(run.name for run in runs)
    lines = [f"<h1>{escape(names)}</h1>"]
    if len(runs) == 1:
        run = runs[0]
        cards = "".join(f"<div><dt>{escape(what)}</dt><dd>{value}<span>{escape(note)}</span></dd></div>"
                        for what, value, note in figures(run))
        return (lines[0] + f"<p>{state_line(run)}</p>{machine_line(run)}"
                + trouble(run) + f'<dl class="cards">{cards}</dl>')
    for run in runs:
        lines.append(f"<p>{run_title(run, runs)}: {state_line(run)}</p>")
        lines.append(machine_line(run) + trouble(run))
    known = [{what: (value, note) for what, value, note in figures(run)} for run in runs]
    first = [what for run in runs for what, _, _ in learnt(run)]
    whats = list(dict.fromkeys(first + [what for values in known for what in values]))
    rows = [[escape(what)] + [values.get(what, ("–", ""))[0] for values in known] for what in whats]
    heads = [""] + [run_title(run, runs) for run in runs]
    return "".join(lines) + table(heads, rows, range(1, len(heads)))


# --- curves -----------------------------------------------------------------------------------------

def places(run, kind, place):
    return [record[place] for record in run.of_kind(kind)]


def legend(entries):
    return "<figcaption>" + "".join(f"<span>{swatch(colour)}{escape(label)}</span>" for colour, label in entries) \
        + "</figcaption>"


class Charts:
    """Draws charts of runs over one axis: each a figure with a title, a legend and a picture."""

    def __init__(self, runs, axis):
        self.runs, self.single = runs, len(runs) == 1
        self.place, self.x_name = X_AXES[axis][0], axis
        self.x_last = max(run.records[-1][self.place] for run in runs)
        self.half = max(run.half() for run in runs)
        self.phases = self.find_phases()

    def find_phases(self):
        """Where phases begin; of several runs only where they do in all of them, for lines of each would be many."""
        begins = []
        for run in self.runs:
            found, last = [], 0
            for name, steps in run.phases().items():
                found.append((last, name, ""))
                last = steps[-1][self.place]
            begins.append(found)
        shared = all(found == begins[0] for found in begins)
        return begins[0] if shared and len(begins[0]) > 1 else []

    def training(self, run, name, colour, weighted=False, raw=True):
        """The smoothed curve of a field of steps, before it, of one run alone, the field itself."""
        x, y = places(run, "step", self.place), run.column("step", name)
        weights = run.column("step", "seconds") if weighted else [1] * len(y)
        curves = [Curve(f"{run.name}", colour, x, smooth(y, weights, self.half))]
        if self.single:
            curves[0].label = "training"
            if raw:
                curves.insert(0, Curve("", colour, x, y, style="raw", told=False))
        return curves if any(map(math.isfinite, y)) else []

    def held_out(self, run, name, colour, kind="evaluation", label="held-out", of=lambda record: record):
        x, y = places(run, kind, self.place), [real(of(record), name) for record in run.of_kind(kind)]
        label = label if self.single else f"{run.name}, {label}"
        return [Curve(label, colour, x, y, dots=True)] if any(map(math.isfinite, y)) else []

    def figure(self, title, curves, entries=None, note="", **options):
        if not curves:
            return ""
        if not self.single:
            drawn = {curve.colour for curve in curves}
            entries = [(run.colour, run.name) for run in self.runs if run.colour in drawn]
        if note:
            entries = [*(entries or []), ("", note)]
        chart = Chart(curves, self.x_name, self.x_last, phases=self.phases, **options)
        return (f"<figure><h3>{escape(title)}</h3>{legend(entries) if entries else ''}"
                f"{draw(chart, title)}</figure>").replace('<i class="swatch back "></i>', "")

    def colour(self, run, alone="c0"):
        return alone if self.single else run.colour

    def mean_note(self):
        return f"mean of {2 * self.half + 1} steps"

    def objective(self, objective, what):
        """Training and held-out loss or accuracy of one objective."""
        name, curves, held, guess = f"{objective}_{what}", [], [], []
        for run in self.runs:
            curves += self.training(run, name, self.colour(run))
            own = self.held_out(run, name, self.colour(run, "c1"))
            if run.task and what == "loss" and objective in run.objectives:
                own = self.held_out(run, "loss", self.colour(run, "c1"), label="evaluation")
            held += own
        if self.single and objective == "mlm" and held:
            guess = self.held_out(self.runs[0], f"unigram_{what}", "soft", label="guessing by frequency")
            for curve in guess:
                curve.dots, curve.style = False, "dashed"
        entries = [("c0", "training, " + self.mean_note())] if curves else []
        entries += [("c1", held[0].label)] if held else []
        entries += [("soft", "guessing by frequency")] if guess else []
        note = "" if self.single else f"lines: training, {self.mean_note()}" + ("; dots: held-out" if held else "")
        known = objective in OBJECTIVES
        title = f"{title_of(objective)} {what}" if known else {"loss": "Loss"}.get(what, "Right in training")
        options = {"percent": True, "most": 1} if what == "accuracy" else {}
        return self.figure(title, curves + held + guess, entries, note, **options)

    def metrics(self, task):
        """The metrics of a task of fine-tuning, each a chart."""
        pieces = []
        for name in TASK_METRICS[task]:
            curves = [curve for run in self.runs if run.task == task
                      for curve in self.held_out(run, name, self.colour(run), label=metric_name(name),
                                                 of=lambda record: record.get("metrics"))]
            pieces.append(self.figure(f"{metric_name(name).capitalize()} of the evaluation set", curves))
        return pieces

    def pairs(self):
        curves = [curve for run in self.runs
                  for curve in self.held_out(run, "accuracy", self.colour(run), "pairs", "minimal pairs")]
        return self.figure("Minimal pairs: good sentence likelier", curves, percent=True, most=1)

    def corpora(self):
        """Of one run alone: held-out loss of each corpus that it mixes."""
        if not self.single:
            return ""
        run = self.runs[0]
        folders = list(dict.fromkeys(text(c, "corpus") for e in run.evaluations for c in objects(e, "corpora")))
        curves = []
        for f, folder in enumerate(folders):
            def of(record, folder=folder):
                return next((c for c in objects(record, "corpora") if text(c, "corpus") == folder), {})
            name = os.path.basename(folder.rstrip("/")) or folder
            curves += self.held_out(run, "mlm_loss", colour_class(f), label=name, of=of)
        return self.figure("Held-out MLM loss by corpus", curves, [(c.colour, c.label) for c in curves])

    def of_steps(self, title, name, weighted=False, raw=True, smoothed=True, note=None, **options):
        curves = [curve for run in self.runs
                  for curve in self.training(run, name, self.colour(run), weighted, raw and smoothed)]
        if not smoothed:
            for curve in curves:
                run = self.runs[0] if self.single else next(r for r in self.runs if r.colour == curve.colour)
                curve.y = run.column("step", name)
                curve.label = metric_name(name) if self.single else curve.label
        note = (self.mean_note() if smoothed else "") if note is None else note
        return self.figure(title, curves, None, note, **options)

    def gradient(self):
        norms = [v for run in self.runs for v in run.column("step", "gradient_norm") if math.isfinite(v) and v > 0]
        return self.of_steps("Gradient norm before clipping", "gradient_norm",
                             log=bool(norms) and max(norms) > 20 * min(norms))

    def trust_ratios(self):
        """Of the tensors that have one of their own; those of which it is 1 by definition are left out."""
        curves, log = [], False
        for run in self.runs:
            rows = [(record[self.place], sorted(v for v in (real(t, "trust_ratio") for t in objects(record, "tensors"))
                                                if math.isfinite(v) and v not in (0, 1)))
                    for record in run.of_kind("tensors")]
            rows = [(x, ratios) for x, ratios in rows if ratios]
            x = [place for place, _ in rows]
            picks = [("median", lambda r: r[len(r) // 2])]
            if self.single:
                picks += [("highest", max), ("lowest", min)]
            for p, (label, pick) in enumerate(picks):
                if rows:
                    curves.append(Curve(label if self.single else run.name, self.colour(run, colour_class(p)), x,
                                        [pick(ratios) for _, ratios in rows]))
            log = log or any(ratios[-1] > 20 * ratios[0] for _, ratios in rows)
        entries = [(curve.colour, curve.label) for curve in curves]
        note = "" if self.single else "median of the tensors"
        return self.figure("Trust ratios of tensors", curves, entries, note, log=log)

    def all(self):
        objectives = list(dict.fromkeys(o for run in self.runs for o in run.objectives))
        tasks = list(dict.fromkeys(run.task for run in self.runs if run.task))
        pieces = [self.objective(objective, "loss") for objective in objectives]
        for task in tasks:
            pieces += self.metrics(task)
        pieces += [self.objective(objective, "accuracy") for objective in objectives]
        pieces += [self.corpora(), self.pairs(),
                   self.of_steps("Learning rate", "learning_rate", smoothed=False, zero=True),
                   self.gradient(),
                   self.of_steps("Tokens a second", "tokens_per_second", weighted=True, zero=True),
                   self.of_steps("Share of the arithmetic peak", "peak_fraction", weighted=True, zero=True, percent=True),
                   self.trust_ratios()]
        return '<div class="charts">' + "".join(pieces) + "</div>"


def colour_class(number):
    return f"c{number}"


# --- tables -----------------------------------------------------------------------------------------

def phases(runs):
    heads = of_run(None, runs) + ["phase", "steps", "sequences", "length", "batch", "highest rate", "tokens",
                                  "time in steps", "tokens/s", "of peak", "loss at the end"]
    rows = []
    for run in runs:
        for name, steps in run.phases().items():
            planned = run.planned(name)
            losses = [real(step, "loss") for step in steps[-2 * run.half() - 1:]]
            losses = [loss for loss in losses if math.isfinite(loss)]
            total = {what: sum(v for v in (real(s, what) for s in steps) if math.isfinite(v))
                     for what in ("sequences", "tokens", "seconds")}
            rows.append(of_run(run, runs) + [
                escape(name), whole(len(steps)) + (f" of {planned:,}" if planned > len(steps) else ""),
                big(total["sequences"]), escape(run.config.get(f"phase.{name}.sequence_length", "–")),
                escape(run.config.get(f"phase.{name}.global_batch", "–")),
                shown(max(real(s, "learning_rate") for s in steps)), big(total["tokens"]), duration(total["seconds"]),
                big(run.per_second("tokens", steps)), percent(run.of_peak(steps)),
                loss_text(sum(losses) / len(losses) if losses else math.nan)])
    return table(heads, rows, range(1 + len(of_run(None, runs)), len(heads)))


def evaluations(run):
    if not run.evaluations:
        return ""
    if run.task:
        names = list(dict.fromkeys(n for e in run.evaluations for n in e.get("metrics") or {}))
        heads = ["phase", "step", "examples", "loss"] + [escape(metric_name(name)) for name in names]
        rows = [[escape(e["phase"]), whole(e["total_step"]), whole(real(e, "examples")), loss_text(real(e, "loss"))]
                + [loss_text(real(e.get("metrics"), name)) for name in names] for e in run.evaluations]
        return table(heads, rows, range(1, len(heads)))
    objectives = [o for o in run.objectives if any(math.isfinite(real(e, f"{o}_loss")) for e in run.evaluations)]
    heads = ["phase", "step"]
    for objective in objectives:
        heads += [f"{title_of(objective)} loss", "right"]
    heads += ["guessing by frequency", "sequences", "up to"]
    rows = []
    for e in run.evaluations:
        row = [escape(e["phase"]), whole(e["total_step"])]
        for objective in objectives:
            row += [loss_text(real(e, f"{objective}_loss")), percent(real(e, f"{objective}_accuracy"))]
        rows.append(row + [loss_text(real(e, "unigram_loss")), whole(real(e, "sequences")),
                           whole(real(e, "sequence_length")) + " tokens"])
    return table(heads, rows, range(1, len(heads))) + corpora(run.evaluations[-1])


def judged_by(run):
    """(what, of an evaluation its value) that evaluations of the run are compared by."""
    if run.task is None:
        return "held-out MLM loss", lambda evaluation: real(evaluation, "mlm_loss")
    for name in TASK_METRICS[run.task]:
        if any(math.isfinite(real(e.get("metrics"), name)) for e in run.evaluations):
            return metric_name(name), lambda evaluation: real(evaluation.get("metrics"), name)
    return "loss", lambda evaluation: real(evaluation, "loss")


def side_by_side(runs):
    """Of several runs, what their evaluations are judged by at each step; each run's own are folded away below."""
    runs = [run for run in runs if run.evaluations]
    if not runs:
        return ""
    if len(runs) == 1:
        return evaluations(runs[0])
    known = []
    for run in runs:
        _, value = judged_by(run)
        known.append({(e["total_step"], e["phase"]): value(e) for e in run.evaluations})
    rows = [[whole(place[0]), escape(place[1])] + [loss_text(values.get(place, math.nan)) for values in known]
            for place in sorted({place for values in known for place in values}, key=lambda place: place[0])]
    whats = [judged_by(run)[0] for run in runs]
    heads = ["step", "phase"] + [run_title(run, runs) + (f"<br/>{escape(what)}" if len(set(whats)) > 1 else "")
                                 for run, what in zip(runs, whats)]
    return ((f"<p>{escape(whats[0])}:</p>" if len(set(whats)) == 1 else "")
            + table(heads, rows, [0, *range(2, len(heads))])
            + "".join(f"<details><summary>{run_title(run, runs)}, all that was measured</summary>{evaluations(run)}"
                      "</details>" for run in runs))


def corpora(evaluation):
    """The last evaluation of each corpus that a run mixes."""
    parts = objects(evaluation, "corpora")
    rows = [[escape(text(c, "corpus")), percent(real(c, "share")), loss_text(real(c, "mlm_loss")),
             percent(real(c, "mlm_accuracy")), loss_text(real(c, "unigram_loss"))] for c in parts]
    heads = ["corpus, at the last evaluation", "of the samples", "MLM loss", "right", "guessing by frequency"]
    return table(heads, rows, range(1, len(heads))) if parts else ""


def in_order(names):
    return [name for name in PARTS if name in names] + [name for name in names if name not in PARTS]


def part_class(name):
    return f"part-{name}" if name in PARTS else "part-other"


def time_spent(runs):
    spent = [(run, run.time_parts()) for run in runs]
    spent = [(run, parts) for run, parts in spent if sum(parts.values()) > 0]
    if not spent:
        return ""
    names = in_order(list(dict.fromkeys(name for _, parts in spent for name in parts)))
    pieces, shares = [], []
    for run, parts in spent:
        total = sum(parts.values())
        shares.append({name: hours / total for name, hours in parts.items()})
        bars = [(shares[-1].get(name, 0), part_class(name), f"{name}: {percent(shares[-1].get(name, 0))}")
                for name in names]
        title = f"{run_title(run, runs)}: " if len(runs) > 1 else ""
        pieces.append(f"<p>{title}{shown(total)} node-hours</p>"
                      + bar(bars, f"where the time of {run.name} went"))
    many = len(spent) > 1
    heads = ["spent on"] + ([run_title(run, runs) for run, _ in spent] if many else ["share", "node-hours"])
    last = spent[0][0].of_kind("time")[-1:] if not many else []
    ranks = last[0].get("parts", {}) if last else {}
    heads += ["ranks: least", "mean", "most"] if ranks else []
    rows = []
    for name in names:
        row = [f'{swatch(part_class(name))}{escape(name)} <span class="soft">{escape(EXPLAINED.get(name, ""))}</span>']
        row += [percent(share.get(name, 0)) for share in shares]
        if not many:
            row.append(shown(spent[0][1].get(name, math.nan), "{:.3g}"))
        if ranks:
            row += [duration(real(ranks.get(name), which)) for which in ("least", "mean", "most")]
        rows.append(row)
    body = "".join(pieces) + table(heads, rows, range(1, len(heads)))
    if ranks and len(spent[0][0].processes) > 1:
        body += '<p class="soft">Shares and node-hours are of the whole run; seconds of ranks of its last process.</p>'
    return body


def mean_of(steps, name):
    """The mean of what is known."""
    values = [value for value in (real(step, name) for step in steps) if math.isfinite(value)]
    return sum(values) / len(values) if values else math.nan


def beside(what, planned, came, form):
    """A row of what was planned beside what came; nothing where one of them is not known."""
    if not (math.isfinite(planned) and math.isfinite(came)):
        return []
    return [[escape(what), form(planned), form(came), shown(100 * (came / planned - 1), "{:+.1f}%") if planned else "–"]]


def plan_of_phase(run, row, name, steps):
    """Rows for a phase, as far as it has come: where its batches change, a plan has a part for each size."""
    left, seconds, tokens = len(steps), 0.0, 0.0
    for part in (phase for phase in objects(row, "phases") if phase.get("phase") == name):
        made = min(left, real(part, "steps"))
        seconds += made * real(part, "step_seconds")
        tokens += made * real(part, "step_seconds") * real(part, "tokens_per_second")
        left -= made
    if left > 0 or not seconds > 0:
        return []
    rows = beside(f"a step of phase {name}", seconds / len(steps), mean_of(steps, "seconds"), duration)
    rows += beside(f"tokens a second of phase {name}", tokens / seconds, run.per_second("tokens", steps), big)
    return rows


def plan_and_actual(run, runs):
    """What was planned beside what came of it, of a run whose folder has the plan."""
    if not run.plan:
        return ""
    title = f"<h3>{run_title(run, runs)}</h3>" if len(runs) > 1 else ""
    row = run.planned_row()
    if row is None:
        known = ", ".join(f"{whole(real(r, 'nodes'))} ({plural(real(r, 'ranks'), 'rank')})"
                          for r in objects(run.plan, "rows"))
        return f'{title}<p class="bad">The plan has no row for the nodes and ranks of this run: it is of {known}.</p>'
    rows = []
    for name, steps in run.phases().items():
        rows += plan_of_phase(run, row, name, steps)
    pauses = [pause for pause in run.column("checkpoint", "pause_seconds") if math.isfinite(pause)]
    if pauses:
        rows += beside("the pause for a checkpoint", real(row, "pause_seconds"), sum(pauses) / len(pauses), duration)
    parts, nodes = run.time_parts(), real(row, "nodes")
    hours = sum(parts.values())
    phases = objects(row, "phases")
    if run.is_complete() and parts:
        spent = {name: 3600 * part / nodes for name, part in parts.items()}
        planned = sum(real(p, "evaluations") * real(p, "evaluation_seconds") for p in phases)
        rows += beside("all evaluations", planned, spent.get("evaluation", math.nan), duration)
        rows += beside("checkpoints", real(row, "checkpoints"), len(run.of_kind("checkpoint")), whole)
        exchange = sum(real(p, "steps") * real(p.get("step"), part) for p in phases
                       for part in ("waiting", "stall", "sums", "messages", "exposed"))
        rows += beside("exchange and waiting", exchange,
                       spent.get("exchange", math.nan) + spent.get("waiting", math.nan), duration)
        rows += beside("the whole run", real(row, "seconds"), 3600 * hours / nodes, duration)
        rows += beside("node-hours", real(row, "node_hours"), hours, shown)
    notes = "".join(f'<p class="soft">{escape(line)}</p>' for line in text(run.plan, "sources").splitlines())
    if not run.is_complete():
        notes += '<p class="soft">What is of the whole run is compared when it is complete.</p>'
    return title + table(["", "planned", "came", "difference"], rows, range(1, 4)) + notes


def products(runs):
    rows = []
    for run in runs:
        last = {}  # of each phase and instructions
        for record in run.of_kind("products"):
            for part in objects(record, "products"):
                last[(record["phase"], text(part, "kernels"), text(part, "operands"))] = real(part, "share")
        rows += [of_run(run, runs) + [escape(word) for word in key] + [percent(share)] for key, share in last.items()]
    heads = of_run(None, runs) + ["phase", "made by", "operands", "of the arithmetic"]
    return table(heads, rows, [len(heads) - 1]) if rows else ""


def checkpoints(run, runs):
    written = run.of_kind("checkpoint")
    if not written:
        return ""
    pauses, writes = run.column("checkpoint", "pause_seconds"), run.column("checkpoint", "write_seconds")
    known = [pause for pause in pauses if math.isfinite(pause)]
    summary = (run_title(run, runs) + ": " if len(runs) > 1 else "") + plural(len(written), "checkpoint")
    if known:
        summary += (f"; training stood still for {duration(sum(known))} in all, "
                    f"{duration(max(known))} for the longest")
    rows = [[whole(record["total_step"]), escape(record["phase"]), duration(pause), duration(write)]
            for record, pause, write in zip(written, pauses, writes)]
    return (f"<details><summary>{summary}</summary>"
            + table(["step", "phase", "training stood still", "written in"], rows, [0, 2, 3]) + "</details>")


def starts(runs):
    names = ("host", "ranks", "nodes", "threads", "kernels", "products", "program")

    def cell(process, name):
        if name in ("ranks", "nodes", "threads"):
            return whole(real(process, name))
        return escape(program_of(process) if name == "program" else text(process, name))
    rows, notes = [], ""
    for run in runs:
        said = None
        for process in run.processes:
            date = text(process, "date").replace("T", " ").replace("Z", "")
            rows.append(of_run(run, runs) + [whole(process["total_step"]), escape(date)]
                        + [cell(process, name) for name in names])
            built = [text(process, name) for name in ("compiler", "flags", "mpi", "blas")]
            if (built, text(process, "command_line")) != said:
                said = built, text(process, "command_line")
                notes += (f'<p class="command">{run_title(run, runs)} <span class="soft">from step '
                          f"{whole(process['total_step'])}, built with {escape('; '.join(filter(None, built)))}:"
                          f"</span> <code>{escape(said[1])}</code></p>")
    heads = of_run(None, runs) + ["from step", "date (UTC)", *names]
    first = len(of_run(None, runs))
    numbers = [first] + [first + 2 + names.index(name) for name in ("ranks", "nodes", "threads")]
    return table(heads, rows, numbers) + notes if rows else ""


def configuration(runs):
    known = [run for run in runs if run.config]
    if not known:
        return '<p class="soft">There is no config.ini beside the metrics.</p>'
    keys = list(dict.fromkeys(key for run in known for key in run.config))
    rows = {key: [run.config.get(key) for run in known] for key in keys}
    differ = [key for key in keys if len(set(rows[key])) > 1]
    heads = ["key"] + ([run_title(run, runs) for run in known] if len(known) > 1 else ["value"])

    def rows_of(chosen):
        return [[f"<code>{escape(key)}</code>"] + ["–" if value is None else escape(value) for value in rows[key]]
                for key in chosen]
    body = ""
    if len(known) > 1:
        body = table(heads, rows_of(differ), kind="config") if differ else "<p>All keys are the same.</p>"
    return (body + f"<details><summary>All {len(keys)} keys</summary>"
            + table(heads, rows_of(keys), kind="config") + "</details>")


# --- the page ---------------------------------------------------------------------------------------

def colours(count):
    """Lines of the style: the runs' colours for a light page, and for a dark one."""
    pairs = COLOURS[:max(count, len(COLOURS))]
    pairs = pairs + [(f"hsl({hue} 65% 38%)", f"hsl({hue} 75% 70%)")
                     for hue in (137 * i % 360 for i in range(len(pairs), count))]
    light, dark = ("".join(f"--c{i}: {pair[side]}; " for i, pair in enumerate(pairs)) for side in (0, 1))
    style = STYLE.replace("LIGHT", light).replace("DARK", dark)
    for i in range(len(pairs)):
        style += (f".line.c{i} {{ stroke: var(--c{i}); }} .dot.c{i} {{ fill: var(--c{i}); }} "
                  f".back.c{i} {{ background: var(--c{i}); }}\n")
    style += ".line.soft { stroke: var(--soft); } .back.soft { background: var(--soft); }\n"
    for name, colour in PARTS.items():
        style += f".part-{name} {{ fill: {colour}; }} .back.part-{name} {{ background: {colour}; }}\n"
    return style


def page(runs, axis):
    shown_colours = max(len(runs), *(len(objects(e, "corpora")) for run in runs for e in run.evaluations), 0)
    body = "".join([
        head(runs),
        section("Curves", Charts(runs, axis).all()),
        section("Phases", phases(runs)),
        section("Evaluations", side_by_side(runs)),
        section("Where the time went", time_spent(runs)),
        section("Plan and actual", "".join(plan_and_actual(run, runs) for run in runs)),
        section("Matrix products", products(runs)),
        section("Checkpoints", "".join(checkpoints(run, runs) for run in runs)),
        section("Starts and resumes", starts(runs)),
        section("Configuration", configuration(runs))])
    title = escape(", ".join(run.name for run in runs))
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
            '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; '
            'img-src data:"/><link rel="icon" href="data:,"/>'
            f"<title>{title}</title><style>{colours(shown_colours)}</style></head>\n<body>{body}</body></html>\n")


def write(path, content):
    """Under a temporary name first, so that no half page is left."""
    try:
        with open(path + ".tmp", "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(path + ".tmp", path)
    except OSError as error:
        if os.path.isfile(path + ".tmp"):
            os.remove(path + ".tmp")
        fail(f"cannot write {path}: {error.strerror}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", metavar="RUN", nargs="+", help="a run folder, or its metrics.jsonl")
    parser.add_argument("--output", metavar="PAGE.html", required=True, help="the page that is written")
    parser.add_argument("--x", choices=X_AXES, default="steps", help="what curves are drawn over (steps)")
    words = parser.parse_args()

    paths = [metrics_path(run) for run in words.runs]
    runs = [Run(path, name) for path, name in zip(paths, names_of(paths))]
    for number, run in enumerate(runs):
        run.colour = colour_class(number)
    write(words.output, page(runs, words.x))


main()
