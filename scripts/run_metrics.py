"""What the scripts about runs have in common: reading the lines of metrics.jsonl (docs/formats.md), the names of runs,
and what the metrics of a fine-tuning task are called. Wants nothing but Python."""
import json
import math
import os
import sys

# The task of fine-tuning by what it learns by, as in "classes_loss", and what of its metrics is drawn: those
# that lie between 0 and 1, or in percent (questions), the one to judge by first.
TASK_OF = {"classes": "classification", "value": "regression", "labels": "multilabel", "tags": "tagging",
           "span": "questions"}
TASK_METRICS = {
    "classification": ["accuracy", "f1", "macro_f1", "matthews"],
    "regression": ["pearson", "spearman"],
    "multilabel": ["micro_f1", "macro_f1", "accuracy"],
    "tagging": ["entity_f1", "entity_precision", "entity_recall"],
    "questions": ["f1", "exact_match", "best_f1", "best_exact"],
}
X_AXES = {
    "tokens": ("total_tokens", "training tokens"),
    "steps": ("total_step", "training steps"),
    "sequences": ("total_sequences", "training sequences"),
}
PLACE = [field for field, _ in X_AXES.values()]  # where in the run a line stands: on every line


def fail(message):
    sys.exit(f"{os.path.basename(sys.argv[0]).removesuffix('.py')}: {message}")


def metrics_path(run):
    """The metrics of a run folder; a file is taken to be them."""
    if not os.path.exists(run):
        fail(f"there is no folder or file {run}")
    if not os.path.isdir(run):
        return run
    path = os.path.join(run, "metrics.jsonl")
    if not os.path.exists(path):
        fail(f"{run} holds no metrics.jsonl; name the folder that run.folder named")
    return path


def number(record, name):
    """A field of a record; what is not finite is written as null, and is NaN here."""
    value = record.get(name, "missing")
    if value is None and name not in PLACE:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e300:
        raise ValueError(f"{name} is missing or no number")
    return float(value)


def parse_line(line):
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
        raise ValueError("it names no kind")
    return record


def read_records(path, take):
    """What take() makes of each record; it raises ValueError to say what is wrong, and returns None to pass a record
    over. What stands behind the last newline is half-written: the run goes on."""
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")[:-1]
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}")
    records = []
    for count, line in enumerate(lines, 1):
        try:
            records.append(take(parse_line(line)))
        except ValueError as error:
            fail(f"{path}:{count}: not a line of metrics: {error}")
    records = [record for record in records if record]
    if not any(record["kind"] == "step" for record in records):
        fail(f"{path} holds no step lines: no step has been made yet")
    return records


def names_of(paths):
    """What to call the run of each metrics.jsonl: its folder's name, or the whole path where two have the same; a file
    of another name by that."""
    places = [os.path.dirname(os.path.abspath(path)) if os.path.basename(path) == "metrics.jsonl" else path
              for path in paths]
    names = [os.path.basename(place) for place in places]
    return [name if names.count(name) == 1 else os.path.relpath(place) for place, name in zip(places, names)]
