"""Tables of what was measured: the scores of both programs, and how fast they were.

A mean has a standard error, the deviation over seeds divided by the root of their number; a difference of means
has the root of the sum of their squares."""
import math
import statistics


def groups(results):
    """{task: {program: [results]}} in the order of the results."""
    found = {}
    for result in results:
        found.setdefault(result["task"], {}).setdefault(result["program"], []).append(result)
    return found


def mean_and_error(values):
    if len(values) < 2:
        return values[0], math.nan
    return statistics.mean(values), statistics.stdev(values) / math.sqrt(len(values))


def compared(ours, theirs):
    """Difference of the means, and how many standard errors of it that is; 0 where all are the same."""
    (our_mean, our_error), (their_mean, their_error) = mean_and_error(ours), mean_and_error(theirs)
    difference, error = our_mean - their_mean, math.hypot(our_error, their_error)
    if difference == 0:
        return 0.0, 0.0
    return difference, difference / error if error > 0 else math.copysign(math.inf, difference)


def values_of(results, metric):
    return [result["metrics"][metric] for result in results]


def per_cent(results, values):
    """Metrics of questions are in percent already."""
    return values if results[0]["settings"]["percent"] else [100 * value for value in values]


def comparisons(results):
    """(task, metric, values of Lambert, values of PyTorch), in percent."""
    for task, programs in groups(results).items():
        if not {"lambert", "pytorch"} <= programs.keys():
            continue
        ours, theirs = programs["lambert"], programs["pytorch"]
        for metric in ours[0]["metrics"]:
            yield (task, metric, per_cent(ours, values_of(ours, metric)),
                   per_cent(theirs, values_of(theirs, metric)))


def apart(results):
    """Which metrics of which tasks differ by two standard errors or more."""
    return [f"{task} {metric}" for task, metric, ours, theirs in comparisons(results)
            if not abs(compared(ours, theirs)[1]) < 2]


def written(values):
    mean, error = mean_and_error(values)
    return f"{mean:.2f} ± {error:.2f}"


def scores(results):
    lines = ["| task | examples | metric | Lambert | PyTorch | difference | in standard errors | seeds |",
             "|---|---:|---|---:|---:|---:|---:|---:|"]
    for task, metric, ours, theirs in comparisons(results):
        difference, errors = compared(ours, theirs)
        examples = groups(results)[task]["pytorch"][0]["examples"]
        lines.append(f"| {task} | {examples:,} | {metric} | {written(ours)} | {written(theirs)} | "
                     f"{difference:+.2f} | {errors:+.1f} | {len(ours)} |")
    return lines


def speed_of(ours, theirs):
    """Medians over seeds: seconds of both, real tokens a second of both, their ratio seed by seed; the
    padding factor of the peer's batches."""
    pairs = [(a, b) for a in ours for b in theirs if a["seed"] == b["seed"]]
    ratio = statistics.median(a["tokens_per_second"] / b["tokens_per_second"] for a, b in pairs)
    padding = sum(b["padded_tokens"] for b in theirs) / sum(b["tokens"] for b in theirs)
    median = lambda many, name: statistics.median(one[name] for one in many)
    return (median(ours, "seconds"), median(theirs, "seconds"), median(ours, "tokens_per_second"),
            median(theirs, "tokens_per_second"), ratio, padding)


def speeds(results):
    lines = ["| task | steps | Lambert, s | PyTorch, s | Lambert, tokens/s | PyTorch, tokens/s | ratio | "
             "padding factor | ratio / padding | others |", "|---|" + "---:|" * 9]
    for task, programs in groups(results).items():
        if not {"lambert", "pytorch"} <= programs.keys():
            continue
        ours, theirs = programs["lambert"], programs["pytorch"]
        seconds, their_seconds, tokens, their_tokens, ratio, padding = speed_of(ours, theirs)
        others = max(result["others"] for result in ours + theirs)
        lines.append(f"| {task} | {ours[0]['steps']:,} | {seconds:.0f} | {their_seconds:.0f} | {tokens:,.0f} | "
                     f"{their_tokens:,.0f} | {ratio:.2f} | {padding:.2f} | {ratio / padding:.2f} | "
                     f"{100 * others:.0f}% |")
    return lines


def curve(points):
    """points: results with the `pretraining_steps` that their weights had seen. A row a task."""
    steps = sorted({result["pretraining_steps"] for result in points})
    seen = groups(points)
    lines = ["| task | metric | " + " | ".join(f"{number:,} steps" for number in steps) + " |",
             "|---|---|" + "---:|" * len(steps)]
    for task, programs in seen.items():
        results = programs["lambert"]
        metric = next(iter(results[0]["metrics"]))
        cells = [written(per_cent(results, values_of(
            [result for result in results if result["pretraining_steps"] == number], metric)))
            for number in steps]
        lines.append(f"| {task} | {metric} | " + " | ".join(cells) + " |")
    return lines
