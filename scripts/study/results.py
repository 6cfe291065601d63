"""Results of the study: one file, a line a run, that is written anew behind every run and kept for good.

A result holds for the keys of its run, the text of study.ini and the corpus; which machine made it, it says."""
import hashlib
import json
import math
import os

CURVE = 40         # points of a curve of training losses
BEGINNING = 64     # steps of a second phase whose losses are kept one by one


def base_of(path):
    """What study.ini says, as a few letters: comments do not count."""
    with open(path, encoding="utf-8") as file:
        lines = [line.split("#")[0].split(";")[0].strip() for line in file]
    return hashlib.sha256("\n".join(filter(None, lines)).encode()).hexdigest()[:16]


def read(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return json.load(file)["results"]


def write(path, results):
    """A line each, so that a file that is kept shows what was added to it."""
    lines = ",\n".join(json.dumps(result) for result in results)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(f'{{"results": [\n{lines}\n]}}\n')
    os.replace(path + ".new", path)


def keys_of(result):
    return tuple(sorted(result["keys"].items()))


def loss_of(result):
    """The held-out MLM loss at the end; infinite where the run diverged before."""
    loss = result.get("mlm_loss")
    return math.inf if result["state"] == "diverged" and result["exit_code"] != 0 or loss is None else loss


def of_base(results, base, corpus):
    return [result for result in results if (result["base"], result["corpus"]) == (base, corpus)]


def losses_of(results):
    """{keys of a run: loss}; lines of fine-tuning (tune.py) are of models that others are of."""
    return {keys_of(result): loss_of(result) for result in results if result["kind"] != "task"}


def metrics_of(path):
    """What a result keeps of a run's metrics: where it ran, losses along the way."""
    with open(path, "rb") as file:
        lines = [json.loads(line) for line in file.read().split(b"\n")[:-1]]
    run = [line for line in lines if line["kind"] == "run"][-1]
    steps = [line for line in lines if line["kind"] == "step"]
    phases = list(dict.fromkeys(line["phase"] for line in steps))
    stretch = max(math.ceil(len(steps) / CURVE), 1)
    kept = {"commit": run["commit"], "date": run["date"], "kernels": run["kernels"], "products": run["products"],
            "ranks": run["ranks"], "threads": run["threads"],
            "evaluations": [[line["total_step"], line["mlm_loss"]] for line in lines if line["kind"] == "evaluation"],
            "curve": [[part[-1]["total_step"], mean([line["mlm_loss"] for line in part])]
                      for part in (steps[first:first + stretch] for first in range(0, len(steps), stretch))]}
    if len(phases) > 1:
        kept["second"] = [line["mlm_loss"] for line in steps if line["phase"] == phases[1]][:BEGINNING]
    return kept


def mean(values):
    """None where one of them was not finite."""
    return None if None in values else round(sum(values) / len(values), 5)
