"""The tables of docs/study.md, as lines, from results. What is not known yet is a dash.

A cell of a rule, a batch and a rate names its row of the results: `lamb-64-0.008-s1`, with the variant of the
question behind the batch."""
import math
import statistics

import cells

NAMES = {"lamb": "LAMB", "adamw": "AdamW", "lans": "LANS", "lars": "LARS", "sgd": "SGD"}
DASH = "–"


def table(head, rows, right=1):
    """So many columns from the left are text."""
    return ["| " + " | ".join(head) + " |", "|" + "---|" * right + "---:|" * (len(head) - right),
            *("| " + " | ".join(map(str, row)) + " |" for row in rows)]


def loss_word(loss):
    return DASH if loss is None else f"{loss:.3f}" if math.isfinite(loss) else "diverged"


def seeds_word(losses):
    """Mean and deviation of the seeds, of which some may have diverged."""
    if not losses:
        return DASH
    finite = [loss for loss in losses.values() if math.isfinite(loss)]
    lost = len(losses) - len(finite)
    words = [f"{statistics.mean(finite):.3f} ± {statistics.stdev(finite):.3f}"] if len(finite) > 1 else \
        [loss_word(loss) for loss in finite]
    return ", ".join(words + ([f"{lost} diverged"] if lost else []))


def rate_word(found):
    return DASH if not found else f"{found.rate:g}" + ("†" if found.at_edge else "")


def best_word(found, seeds=None):
    if not found:
        return DASH
    return f"{seeds_word(seeds) if seeds else loss_word(found.loss)} at {rate_word(found)}"


def machines(results):
    """How many runs which processor has made, and in how long."""
    found = {}
    for result in results:
        if result["kind"] == "task":
            continue
        found.setdefault((result["cpu"], result["threads"]), []).append(result)
    return table(["CPU", "threads", "runs", "hours of training"],
                 [[cpu, threads, len(runs), f"{sum(run['seconds'] for run in runs) / 3600:.1f}"]
                  for (cpu, threads), runs in found.items()])


def plan(losses, seconds_of):
    """The list of runs: how many a question wants, and their hours of a core; a run that two want counts for the first."""
    rows, seen = [], set()
    for name, question in {"pilot": cells.pilot, **cells.QUESTIONS}.items():
        runs = {run.keys: run for run in cells.planned(question, losses)}
        new = [run for keys, run in runs.items() if keys not in seen]
        seen.update(runs)
        done = [run for run in new if run.keys in losses]
        rows.append([name, len(new), f"{sum(map(seconds_of, new)) / 3600:.1f}", len(done)])
    total = [sum(row[1] for row in rows), f"{sum(float(row[2]) for row in rows):.1f}", sum(row[3] for row in rows)]
    return table(["question", "runs", "hours of a core", "done"], [*rows, ["together", *total]])


def guess_of(results):
    """What guessing by frequency comes to, on the sequences that runs of one phase are judged on."""
    pilots = [dict(cells.pilot_run(*cell).keys) for cell in cells.STEPS]
    return next((result["unigram_loss"] for result in results if result.get("unigram_loss")
                 and "phase.two.steps" not in result["keys"] and result["keys"] not in pilots), None)


def pilot(results):
    """Each against what guessing gives on the sequences that it was judged on."""
    found = {tuple(sorted(result["keys"].items())): result for result in results if result["kind"] != "task"}
    rows = []
    for (rule, batch, steps, rate), run in cells.pilot_runs().items():
        result = found.get(run.keys, {})
        loss, guess = result.get("mlm_loss"), result.get("unigram_loss")
        known = loss is not None and guess is not None
        rows.append([NAMES[rule], f"{batch:,}", f"{steps:,}", f"{batch * steps:,}", f"{rate:g}",
                     f"{loss:.3f}" if known else "diverged" if result else DASH, f"{guess - loss:.2f}" if known else DASH])
    return table(["rule", "batch", "steps", "samples", "rate", "held-out MLM loss", "below guessing by frequency"], rows)


def batches(losses):
    answers = cells.batches(cells.Ask(losses))
    return table(["batch", "steps", *(NAMES[rule] for rule in cells.RULES)],
                 [[f"{batch:,}", f"{cells.SAMPLES // batch:,}",
                   *(best_word(*answers[rule, batch]) for rule in cells.RULES)] for batch in cells.BATCHES])


def lowest(found):
    """Where a parabola through the best rate and its neighbours has its lowest point, over the rate's logarithm; None
    where the best one is at an edge, or a neighbour has diverged."""
    if not found or found.at_edge:
        return None
    rates = sorted(found.rates)
    at = rates.index(found.rate)
    low, here, high = (found.rates[rate] for rate in rates[at - 1:at + 2])
    bend = low - 2 * here + high
    if not math.isfinite(bend) or bend <= 0:
        return None
    return found.rate * 2 ** ((low - high) / (2 * bend))


def power(points):
    """The slope of a line through (log batch, log rate), and its standard error, of three points or more."""
    if len(points) < 3:
        return None
    x, y = [math.log(batch) for batch, _ in points], [math.log(rate) for _, rate in points]
    mean_x, mean_y = statistics.mean(x), statistics.mean(y)
    spread = sum((a - mean_x) ** 2 for a in x)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / spread
    rest = sum((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(x, y))
    return slope, math.sqrt(rest / (len(points) - 2) / spread)


def rates(losses):
    answers, rows, powers = cells.rates(cells.Ask(losses)), [], []
    for rule in cells.MAPPED:
        for kind in ("warm", "cold"):
            found = {batch: answers[rule, batch, kind] for batch in cells.MAP_BATCHES}
            at = {batch: lowest(best) for batch, best in found.items()}
            slope = power([(batch, rate) for batch, rate in at.items() if rate])
            rows.append([NAMES[rule], "with" if kind == "warm" else "without",
                         *(best_word(found[batch]) for batch in cells.MAP_BATCHES),
                         f"{slope[0]:.2f} ± {slope[1]:.2f}" if slope else DASH])
    return table(["rule", "warm-up", *(f"batch {batch:,}" for batch in cells.MAP_BATCHES), "power"], rows, 2)


def warmups(losses):
    answers = cells.warmups(cells.Ask(losses))
    return table(["batch", "share in proportion to the batch", "loss", f"share {cells.FIXED:g}", "loss"],
                 [[f"{batch:,}", f"{cells.doubling_warmup(batch):g}", best_word(*answers[batch, "doubling"]),
                   f"{cells.FIXED:g}", best_word(*answers[batch, "fixed"])] for batch in cells.WARMUP_BATCHES])


TRUST_WORDS = {"plain": "as it is: not on biases and LayerNorm, no clamp, bias correction, clipping at 1",
               "all": "on all tensors", "clamped": "clamped to 0.01 to 10", "uncorrected": "no bias correction",
               "unclipped": "no gradient clipping"}


def trust(losses):
    answers = cells.trust(cells.Ask(losses))
    return table(["LAMB", *(f"batch {batch:,}" for batch in (cells.MIDDLE, cells.LARGEST))],
                 [[TRUST_WORDS[variant], *(best_word(*answers[batch, variant]) for batch in (cells.MIDDLE, cells.LARGEST))]
                  for variant in cells.TRUST])


def mixed(losses, by_name):
    """With what the second phase's losses in training did: the first step, the highest, and the 20th."""
    answers, rows = cells.mixed(cells.Ask(losses)), []
    for (warm, reset), seeds in answers.items():
        name = f"mixed-{'warm' if warm else 'cold'}-{'reset' if reset else 'kept'}-s1"
        steps = [loss for loss in by_name.get(name, {}).get("second", []) if loss is not None]
        cells_of = [loss_word(steps[0]), loss_word(max(steps)), loss_word(steps[min(19, len(steps) - 1)])] if steps else [DASH] * 3
        rows.append(["yes" if warm else "no", "reset" if reset else "kept", *cells_of, seeds_word(seeds)])
    return table(["second warm-up", "moments", "first step", "highest", "20th step", "held-out loss at the end"], rows, 2)


def masking(losses):
    answers = cells.masking(cells.Ask(losses))
    words = {"30to15": "30% to 15%, linearly", cells.TWICE: "15% of twice the samples, in as many steps"}
    return table(["masked in training", "held-out MLM loss, judged at 15%"],
                 [[words.get(name, f"{name}%"), seeds_word(seeds)] for name, seeds in answers.items()])


def types(losses):
    answers = cells.types(cells.Ask(losses))
    return table(["types", "ranks", "held-out MLM loss"],
                 [[label, cells.TYPES[label][2], seeds_word(seeds)] for label, seeds in answers.items()])


def ahead(trained, fresh):
    """By how many standard errors of the difference of means weights that were trained are ahead of fresh ones; both are lists
    of scores. None where there are fewer than two of either."""
    if min(len(trained), len(fresh)) < 2:
        return None
    error = math.sqrt(sum(statistics.variance(scores) / len(scores) for scores in (trained, fresh)))
    difference = statistics.mean(trained) - statistics.mean(fresh)
    return difference / error if error else math.copysign(math.inf, difference) if difference else 0.0


def percent(scores):
    if not scores:
        return DASH
    spread = f" ± {100 * statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
    return f"{100 * statistics.mean(scores):.1f}{spread}"


def scores_of(results, task, keys, fresh=False):
    """Of a run's model, fine-tuned: {seed: score}."""
    return {row["seed"]: row["score"] for row in results if row["kind"] == "task"
            and (row["task"], row["fresh"]) == (task, fresh) and row["keys"] == dict(keys)}


def choice(results, losses):
    """Which tasks tell a model that has learnt from one that has not."""
    middle = cells.best_runs(cells.Ask(losses)).get(("lamb", cells.MIDDLE))
    rows = []
    for task in dict.fromkeys(row["task"] for row in results if row["kind"] == "task"):
        both = [list(scores_of(results, task, middle.keys, fresh).values()) for fresh in (False, True)] if middle else [[], []]
        errors = ahead(*both)
        rows.append([task, *map(percent, both), DASH if errors is None else f"{errors:.1f}"])
    return table(["task", "trained", "fresh", "standard errors between them"], rows)


def tasks(results, losses):
    """Scores of the first question's models, in percent, of the tasks that more than one of them was fine-tuned for."""
    best, rows = cells.best_runs(cells.Ask(losses)), []
    for task in dict.fromkeys(row["task"] for row in results if row["kind"] == "task"):
        found = {cell: list(scores_of(results, task, run.keys).values()) for cell, run in best.items()}
        if sum(map(bool, found.values())) > 1:
            rows += [[task, f"{batch:,}", *(percent(found.get((rule, batch))) for rule in cells.RULES)]
                     for batch in cells.BATCHES]
    return table(["task", "batch", *(NAMES[rule] for rule in cells.RULES)], rows)


def all_tables(results, seconds_of, losses_of):
    losses, by_name = losses_of(results), {result["name"]: result for result in results}
    return {"plan": plan(losses, seconds_of), "machines": machines(results), "pilot": pilot(results),
            "batches": batches(losses), "rates": rates(losses), "warmups": warmups(losses), "mixed": mixed(losses, by_name),
            "trust": trust(losses), "masking": masking(losses), "types": types(losses), "choice": choice(results, losses), "tasks": tasks(results, losses)}
