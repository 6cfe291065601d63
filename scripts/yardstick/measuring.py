"""One measurement, a model fine-tuned for a task with a seed by a program, and where its result is kept.

OUTPUT/results/NAME.json is the result of one, and is there only when all of it is done; what is there is not
done again. OUTPUT/runs/NAME is the run, from which a stopped one goes on, where the program can. Results of
before, as run.py or curve.py wrote them into one file, are as good (`Known`): so a series of measurements that
takes days goes on on another machine, as each result says what it was measured on."""
import dataclasses
import hashlib
import json
import os
import time

from programs import COMMON, SPANS, predictions_name
from tasks import Failure, find_file, make_part, write_atomically


def files_of(task, data, parts, output):
    """The files of a task's examples; of the training set perhaps a part."""
    train = find_file(data, task.train)
    if task.name in parts:
        train = make_part(task, train, parts[task.name], os.path.join(output, "parts"))
    return {"train": os.path.abspath(train), "evaluate": os.path.abspath(find_file(data, task.evaluate))}


def fingerprint_of(model):
    """Of the weights that are started from, wherever they lie: a checkpoint, or a Hugging Face folder's."""
    path = os.path.join(model, "model.safetensors") if os.path.isdir(model) else model
    if not os.path.exists(path):
        raise Failure(f"{model} is neither a checkpoint nor a folder with model.safetensors")
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:16]


def settings_of(task, files, model, compute_type):
    """All that a result depends on beside program and seed."""
    sizes = {name: [os.path.basename(path), os.path.getsize(path)] for name, path in files.items()}
    return json.loads(json.dumps({**dataclasses.asdict(task), "files": sizes, "model": fingerprint_of(model),
                                  "compute_type": compute_type, **COMMON, **SPANS}))


class Known:
    """Results of before, out of a file that run.py or curve.py wrote; without a path, none."""

    def __init__(self, path=""):
        self.results = []
        if path:
            with open(path, encoding="utf-8") as file:
                self.results = json.load(file)["results"]

    def find(self, task, program, seed, label, settings):
        for result in self.results:
            if (result["task"], result["program"], result["seed"], result["label"]) == \
                    (task.name, program.name, seed, label) and result["settings"] == settings:
                return result
        return None


def read_result(path, settings):
    """A result that is there, or None."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    other = [key for key in settings if result["settings"].get(key) != settings[key]]
    if other:
        raise Failure(f"{path} was made with another {', another '.join(other)}: name another folder for "
                      "results, or remove what is to be done again")
    return result


def measure(program, scorer, task, files, model, seed, output, known, label=""):
    """The result of one run; label tells runs from other weights apart."""
    name = "-".join(filter(None, (task.folder, label, program.name, str(seed))))
    path = os.path.join(output, "results", name + ".json")
    settings = settings_of(task, files, model, program.compute_type)
    result = read_result(path, settings) or known.find(task, program, seed, label, settings)
    if result:
        return result
    folder = os.path.join(output, "runs", name)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    before, started = program.machine.times(), time.time()
    predictions = os.path.join(folder, predictions_name(task))
    measured = program.finetune(task, files, model, seed, folder, predictions)
    others = program.machine.others_since(before)
    result = {"task": task.name, "program": program.name, "seed": seed, "label": label,
              "settings": settings, "cpu": program.machine.cpu(),
              "threads": program.machine.threads, **measured, "others": others, "whole_seconds": time.time() - started,
              "tokens_per_second": measured["tokens"] / measured["seconds"],
              "metrics": scorer.score(task, files, predictions, folder + ".score.log")}
    write_atomically(path, json.dumps(result, indent=1) + "\n")
    program.tidy(folder)
    return result


def told(result):
    """A line for people."""
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in result["metrics"].items())
    return (f"{result['task']}{' ' + result['label'] if result['label'] else ''}, seed {result['seed']}, "
            f"{result['program']}: {metrics}; {result['steps']} steps in {result['seconds']:.0f} s, "
            f"{result['tokens_per_second']:.0f} tokens a second")


def seeds_of(task, words):
    """How many seeds of a task: the words are N for all, of which questions take three at most, or TASK=N."""
    count = 3 if task.kind == "questions" else 5
    for word in words:
        name, equals, number = word.rpartition("=")
        if not number.isdigit() or int(number) < 2:
            raise Failure(f"--seeds {word}: 2 or more are wanted, as N or TASK=N")
        if not equals:
            count = min(int(number), 3) if task.kind == "questions" else int(number)
        elif name.lower() == task.name.lower():
            count = int(number)
    return range(1, count + 1)
