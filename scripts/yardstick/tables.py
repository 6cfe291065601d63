"""Tables of what was measured: the scores of both programs, and how fast they were.

A mean has a standard error, the deviation over seeds divided by the root of their number; a difference of means
has the root of the sum of their squares."""
import math
import statistics

MOST_OTHERS = 0.05  # of the cores' time, that other programs may take in a run whose time counts


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


def quiet_pairs(ours, theirs):
    """Results of both programs with the same seed on the same machine, without those in which others computed too."""
    same = ("seed", "cpu", "threads")
    pairs = [(a, b) for a in ours for b in theirs if all(a[key] == b[key] for key in same)]
    return [pair for pair in pairs if max(result["others"] for result in pair) <= MOST_OTHERS], len(pairs)


def speed_row(task, ours, theirs):
    pairs, count = quiet_pairs(ours, theirs)
    head = f"| {task} | {ours[0]['steps']:,} | {len(pairs)} of {count} | "
    if not pairs:
        return head + " | ".join("–" * 7) + " |"
    median = lambda name, side: statistics.median(pair[side][name] for pair in pairs)
    ratio = statistics.median(a["tokens_per_second"] / b["tokens_per_second"] for a, b in pairs)
    padding = sum(b["padded_tokens"] for b in theirs) / sum(b["tokens"] for b in theirs)
    return head + (f"{median('seconds', 0):,.0f} | {median('seconds', 1):,.0f} | "
                   f"{median('tokens_per_second', 0):,.0f} | {median('tokens_per_second', 1):,.0f} | "
                   f"{ratio:.2f} | {padding:.2f} | {ratio / padding:.2f} |")


def speeds(results):
    """Medians over seeds, and the padding factor of the peer's batches."""
    lines = ["| task | steps | seeds | Lambert, s | PyTorch, s | Lambert, tokens/s | PyTorch, tokens/s | "
             "ratio | padding factor | ratio / padding |", "|---|" + "---:|" * 9]
    return lines + [speed_row(task, programs["lambert"], programs["pytorch"])
                    for task, programs in groups(results).items()
                    if {"lambert", "pytorch"} <= programs.keys()]


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
