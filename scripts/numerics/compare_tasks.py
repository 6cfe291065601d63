"""Fine-tuning by the program against tasks.py, which know nothing of each other: of each kind of task the loss
and the gradient of every tensor of a global batch, in float32 and bfloat16, and every weight after ten updates.
Called by compare.py.

A global batch is the whole training set, so that it does not matter in which order the program goes through
it. What it reads are the sequences that `lambert show features` prints."""
import json
import os
import random

import program
import safetensors_io
import tasks
from differences import (BFLOAT16_LOSS_LIMIT, LOSS_LIMIT, check_names, compare_bfloat16, compare_gradients,
                         compare_reports, compare_weights, option_words, relative, rounding_limit)
from optimizers import Optimizer, Options, Schedule, rate
from reference import Config, RoundedProduct, as_weights

STEPS, SEQUENCE_LENGTH, STRIDE, QUESTION_LENGTH = 10, 61, 16, 9

BASE = """
[model]
num_hidden_layers = 2
hidden_size = 48
num_attention_heads = 4
intermediate_size = 100
max_position_embeddings = 70
[phase one]
sequence_length = 53
global_batch = 8
"""

TUNE = """
[task]
kind = {kind}
train = {train}
stride = {stride}
question_length = {question}
[model]
hidden_dropout_prob = 0
attention_probs_dropout_prob = 0
[train]
checkpoint_every = 0
micro_batch_tokens = 300
[phase one]
sequence_length = {length}
warmup_steps = 3
steps = {steps}
"""


def sentences(rng, count):
    return [" ".join(program.sentence(rng) for _ in range(1 + number % 3)) for number in range(count)]


def write_texts(path, rng, label_of):
    """label_of: what is right of number 0, 1, ... A pair is longer than there is room for now and then."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("sentence\tother\tright\n")
        for number, text in enumerate(sentences(rng, 30)):
            file.write(f"{text}\t{program.sentence(rng)}\t{label_of(rng, number)}\n")


def write_classes(path, rng):
    write_texts(path, rng, lambda rng, number: ("old", "new", "borrowed")[number % 3])


def write_values(path, rng):
    write_texts(path, rng, lambda rng, number: f"{rng.uniform(-3, 3):.3f}")


def write_labels(path, rng):
    """None, some, all of four."""
    names = ("joy", "anger", "hope", "none")
    write_texts(path, rng, lambda rng, number: ",".join(rng.sample(names, number % 5)))


def write_tags(path, rng):
    with open(path, "w", encoding="utf-8") as file:
        for text in sentences(rng, 20):
            for word in text.split():
                file.write(f"{word} {rng.choice(['O', 'O', 'B-PER', 'I-PER', 'B-LOC'])}\n")
            file.write("\n")


def question_about(context, rng, number):
    words = context.split()
    first = rng.randrange(len(words))
    answer = " ".join(words[first:first + rng.randint(1, 3)]).rstrip(".,")
    start = len(" ".join(words[:first])) + (first > 0)
    return {"id": f"q{number}", "question": program.sentence(rng)[:40],
            "answers": [{"text": answer, "answer_start": start}]}


def write_questions(path, rng):
    paragraphs = []
    for number, text in enumerate(sentences(rng, 12)):
        paragraphs.append({"context": text, "qas": [question_about(text, rng, number)]})
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"version": "1.1", "data": [{"title": "t", "paragraphs": paragraphs}]}, file)


COLUMNS = {"text": "sentence", "pair": "other", "label": "right"}

# kind of task: (tasks.py's name for it, file, what writes it, columns)
KINDS = {
    "classification": (tasks.Task("classes", 3), "classes.tsv", write_classes, COLUMNS),
    "regression": (tasks.Task("value", 1), "values.tsv", write_values, COLUMNS),
    "multilabel": (tasks.Task("labels", 4), "labels.tsv", write_labels, COLUMNS),
    "tagging": (tasks.Task("tags", 4), "tags.conll", write_tags, {}),
    "questions": (tasks.Task("span", 2), "questions.json", write_questions, {}),
}

# Rules and their peak rates. With higher ones these few examples are learnt by heart in jumps, and the reference
# itself, begun a rounding apart, ends a thousand times as far apart.
RULES = {"adamw": 0.002, "lamb": 0.005}


def sample_of(task, line):
    length, second = len(line["input_ids"]), line["segment_b"]
    sample = {"input_ids": line["input_ids"], "token_type_ids": [0] * second + [1] * (length - second)}
    right = {"classes": lambda: {"label": line["labels"][0]}, "value": lambda: {"value": line["value"]},
             "labels": lambda: {"labels": line["labels"]},
             "tags": lambda: {"positions": line["rows"], "tags": line["row_labels"]},
             "span": lambda: {"start": line["labels"][0], "end": line["labels"][1]}}
    return {**sample, **right[task.name]()}


class Setting:
    """A task with its file, sequences, configuration and start: head and encoder moved at random."""

    def __init__(self, lambert, folder, base, vocabulary, kind):
        self.task, file, write, columns = KINDS[kind]
        self.lambert, self.folder, self.kind = lambert, folder, kind
        train = os.path.join(folder, file)
        write(train, random.Random(len(kind)))
        options = [word for name, column in columns.items() for word in (f"--{name}", column)]
        lines = lambert.run("show", "features", "--task", kind, "--vocabulary", vocabulary,
                            "--sequence-length", str(SEQUENCE_LENGTH), "--stride", str(STRIDE),
                            "--question-length", str(QUESTION_LENGTH), *options, train).splitlines()
        self.samples = [sample_of(self.task, json.loads(line)) for line in lines[:-1]]
        self.config = os.path.join(folder, kind + ".ini")
        with open(self.config, "w", encoding="utf-8") as stream:
            stream.write(TUNE.format(kind=kind, train=train, stride=STRIDE, question=QUESTION_LENGTH,
                                     length=SEQUENCE_LENGTH, steps=STEPS))
        self.words = [f"phase.one.global_batch={len(self.samples)}",
                      *(f"task.{name}={column}" for name, column in columns.items())]
        start = program.start_folder(lambert, self.config, [*self.words, f"run.start_from={base}"], folder,
                                     kind, "finetune")
        self.words += [f"run.start_from={start}", "phase.one.learning_rate=0.02"]
        self.model = Config.from_json(os.path.join(start, "config.json"))
        self.weights = as_weights(safetensors_io.read(os.path.join(start, "model.safetensors")))
        self.shapes = tasks.shapes(self.task, self.model)
        check_names(self.weights, self.shapes)

    def differentiate(self, *multiply):
        return tasks.differentiate(self.task, self.model, self.weights, self.samples, *multiply)


def program_gradients(setting, compute_type):
    """(loss, the gradient of every tensor)"""
    path = os.path.join(setting.folder, f"{setting.kind}-{compute_type}.safetensors")
    said = json.loads(setting.lambert.run(
        "show", "gradients", setting.config, *setting.words, f"run.folder={setting.folder}/none",
        f"train.compute_type={compute_type}", "--json", "--output", path))
    if said["sequences"] != len(setting.samples):
        raise program.Failure(f"{setting.kind}: the batch has {said['sequences']} sequences")
    seen = as_weights(safetensors_io.read(path))
    check_names(seen, setting.shapes)
    return said[f"{setting.task.name}_loss"], seen


def compare_batch(table, setting):
    name = f"task, {setting.kind}"
    result, wanted = setting.differentiate()
    loss, seen = program_gradients(setting, "float32")
    table.add(name, "loss", relative(loss, float(result.loss)), LOSS_LIMIT)
    compare_gradients(table, name, seen, wanted)
    _, rounded = setting.differentiate(RoundedProduct.apply)
    loss, in_bfloat16 = program_gradients(setting, "bfloat16")
    name += ", bfloat16"
    table.add(name, "loss", relative(loss, float(result.loss)), BFLOAT16_LOSS_LIMIT)
    compare_bfloat16(table, name, in_bfloat16, wanted, rounded, seen)


def reference_run(setting, options, schedule):
    weights, optimizer, reports = dict(setting.weights), Optimizer(options), []
    name = setting.task.name
    for s in range(STEPS):
        result, gradients = tasks.differentiate(setting.task, setting.model, weights, setting.samples)
        length = optimizer.step(weights, gradients, rate(schedule, s))
        reports.append({f"{name}_loss": float(result.loss), f"{name}_accuracy": result.accuracy,
                        "gradient_norm": length, "learning_rate": rate(schedule, s)})
    return reports, weights


def program_run(setting, words, rule):
    run = os.path.join(setting.folder, f"{setting.kind}-{rule}")
    setting.lambert.run("finetune", setting.config, *setting.words, *words, f"run.folder={run}")
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    exported = setting.lambert.export(program.checkpoint_path(run), run + "-exported")
    return [line for line in lines if line["kind"] == "step"], as_weights(exported)


def compare_rule(table, setting, rule):
    name = f"task, {setting.kind}, {rule}"
    options, schedule = Options(rule), Schedule(STEPS, RULES[rule], 3)
    words = [*option_words(options), f"phase.one.learning_rate={RULES[rule]}"]
    wanted, weights = reference_run(setting, options, schedule)
    seen, exported = program_run(setting, words, rule)
    check_names(exported, setting.shapes)
    of = setting.task.name
    equal = ["learning_rate"] if of == "value" else ["learning_rate", f"{of}_accuracy"]
    compare_reports(table, name, seen, wanted, (f"{of}_loss", "gradient_norm"), equal)
    limit = rounding_limit(options, [report["learning_rate"] for report in wanted])
    compare_weights(table, name, exported, weights, setting.weights, limit)


def compare(table, lambert, folder, corpora, pattern):
    kinds = [kind for kind in KINDS if pattern in f"task, {kind}"]
    if not kinds:
        return
    folder = os.path.join(folder, "tasks")
    os.makedirs(folder, exist_ok=True)
    config = os.path.join(folder, "base.ini")
    with open(config, "w", encoding="utf-8") as file:
        file.write(BASE)
    base = program.start_folder(lambert, config, [f"data.corpus={corpora['long']}"], folder, "base")
    for kind in kinds:
        setting = Setting(lambert, folder, base, corpora["vocab.txt"], kind)
        compare_batch(table, setting)
        for rule in RULES:
            compare_rule(table, setting, rule)
