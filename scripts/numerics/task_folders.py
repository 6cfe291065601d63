"""Folders of fine-tuned models: one that transformers saved comes in and goes out again, and transformers
loads it with nothing missing or left over, the same labels and the same tensors; its logits are those that
tasks.py computes from the tensors of the folder."""
import json
import os

import numpy
import torch
import transformers

import tasks
from heads import KINDS, logits_of
from optimizers import norm
from reference import Config, as_weights

LIMIT = 1e-5

# What each is for, and the names of its labels (None: transformers' LABEL_0 ...).
TASKS = [(tasks.Task("classes", 3), ["contradiction", "entailment", "neutral"]),
         (tasks.Task("classes", 2), None),
         (tasks.Task("value", 1), None),
         (tasks.Task("labels", 4), ["joy", "anger, \"mild\"", "l\u00e4ngst", "none"]),
         (tasks.Task("labels", 1), ["toxic"]),
         (tasks.Task("tags", 5), ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]),
         (tasks.Task("span", 2), None)]


def saved(export, task, labels, folder):
    """A model of transformers with weights that no one has trained, saved with the tokenizer."""
    kind, problem = KINDS[task.name]
    torch.manual_seed(task.outputs)
    names = labels or [f"LABEL_{i}" for i in range(task.outputs)]
    config = transformers.BertConfig.from_pretrained(
        export.folder, problem_type=problem, id2label=dict(enumerate(names)),
        label2id={name: i for i, name in enumerate(names)})
    model = kind(config).eval()
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.add_(0.2 * torch.randn_like(tensor))
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(export.folder).save_pretrained(folder)
    return model


def samples(vocab, longest):
    random = numpy.random.default_rng(3)
    for length in (3, 9, longest):
        ids, second = random.integers(0, vocab, length).tolist(), length // 3
        yield {"input_ids": ids, "token_type_ids": [0] * second + [1] * (length - second),
               "positions": sorted(random.choice(length, length // 2 + 1, replace=False).tolist())}


def check_logits(table, name, task, model, folder, tensors):
    config = Config.from_json(os.path.join(folder, "config.json"))
    reference = tasks.Model(config, as_weights(tensors))
    model = model.to(torch.float64)
    found = {}
    for sample in samples(config.vocab_size, config.max_position_embeddings):
        with torch.no_grad():
            out = model(input_ids=torch.tensor([sample["input_ids"]]),
                        token_type_ids=torch.tensor([sample["token_type_ids"]]))
        wanted = tasks.logits_of(task, reference, sample)
        length = len(sample["input_ids"])
        found[f"logits of {length} tokens"] = norm(logits_of(task, out, sample) - wanted) / norm(wanted)
    table.add_worst(name, found, LIMIT)


def words_of(folder):
    """What its config.json says of labels."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    return {key: config.get(key) for key in ("architectures", "problem_type", "id2label", "label2id")}


def check_task(table, export, load, number, task, labels):
    kind, problem = KINDS[task.name]
    name = f"{kind.__name__}: {task.name}, {task.outputs}"
    folder = f"{export.run}-task-{number}"
    model = saved(export, task, labels, folder)
    export.lambert.run("import", "--from", folder, "--output", folder + ".checkpoint")
    tensors = export.lambert.export(folder + ".checkpoint", folder + "-again")
    again, trouble = load(folder + "-again", kind)
    table.check(name, "loads, nothing missing or left over", not trouble)
    if trouble:
        print("   ", trouble)
    wanted = {key: tensor.detach().numpy() for key, tensor in model.named_parameters()}
    table.check(name, "the same tensors", set(wanted) == set(tensors) and all(
        tensors[key].tobytes() == numpy.ascontiguousarray(wanted[key], "<f4").tobytes()
        for key in wanted))
    table.check(name, "labels and problem_type", again.config.id2label == model.config.id2label
                and again.config.label2id == model.config.label2id
                and again.config.problem_type == problem)
    check_logits(table, name, task, again, folder + "-again", tensors)
    export.lambert.run("import", "--from", folder + "-again", "--output", folder + "-2.checkpoint")
    export.lambert.export(folder + "-2.checkpoint", folder + "-twice")
    table.check(name, "out, in and out: the same config.json", words_of(folder + "-again")
                == words_of(folder + "-twice"))


def check(table, export, load):
    """load: of clients.py, which imports this."""
    for number, (task, labels) in enumerate(TASKS):
        check_task(table, export, load, number, task, labels)
