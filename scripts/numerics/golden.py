#!/usr/bin/env python3
"""Writes tests/golden/: what the model and the optimizers have to compute, from reference.py,
tasks.py and optimizers.py in double precision, for tests that need no Python. Run again only to change them.

    scripts/numerics/golden.py [DIR]          DIR: tests/golden

Numbers that both sides make themselves. For tensor n, element e (row-major), and step s:

    k = (s 64 + n) 4096 + e                          in 32 bits without sign, as are all below
    k ^= k >> 16;  k *= 0x85ebca6b;  k ^= k >> 13;  k *= 0xc2b2ae35;  k ^= k >> 16
    number(s, n, e) = k / 2^32 - 0.5                 exact in double; in [-0.5, 0.5)

(MurmurHash3's finalizer: without patterns, so that no transposed or swapped matrix goes unseen.)

model-gelu.json, model-gelu_new.json:
    config      vocab_size, hidden_size, ... by Hugging Face's names
    tensors     names in order: the place of a name is its n
    weights     in words; weight = number(0, n, e), + 1 where the name ends in LayerNorm.weight.
    samples     input_ids, token_type_ids, masked_positions, masked_labels, next_sentence_label
                (-1: it has no next-sentence loss)
    mlm_loss    mean over the masked positions of all samples
    nsp_loss    mean over the samples that have a label
    gradients   name -> the gradient of mlm_loss + nsp_loss, row-major; dropout 0

task-NAME.json, a head of fine-tuning (tasks.py):
    task        its name and outputs
    config, tensors, weights    as above
    samples     as tasks.py describes them
    loss, terms mean over the terms, and how many there are
    logits      of each sample [rows, outputs], row-major
    gradients   name -> the gradient of the loss, row-major; dropout 0

optimizer-NAME.json, on the tensors of that model with its weights, but the position embeddings 0:
    options     the keys of [optimizer]; one that is missing has its default
    rates       learning rate of each of the ten updates
    gradients   in words; in update s = 1 .. 10: g = 0.02 s number(s, n, e), but 0 throughout for the
                token type embeddings
    norms       norm of the whole gradient of each update before clipping
    weights     name -> the tensor after the ten updates, for some tensors
    sums        name -> the sum of the squares of the tensor after them, for all tensors

Numbers have up to 17 digits, as many as it takes to give back the same double.
"""
import json
import os
import sys

import torch

import tasks
from optimizers import Optimizer, Options, Schedule, rate
from reference import Config, differentiate, shapes

CONFIG = {"vocab_size": 40, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3,
          "intermediate_size": 20, "max_position_embeddings": 16, "type_vocab_size": 2,
          "layer_norm_eps": 1e-12}

# [CLS] 2, [SEP] 3, [MASK] 4. Odd lengths; two parts and one; the longest possible; nothing masked;
# no label; one row masked, which is [CLS]'s neighbour; a label that stands unchanged.
SAMPLES = [
    {"input_ids": [2, 17, 4, 9, 3, 22, 4, 3], "token_type_ids": [0, 0, 0, 0, 0, 1, 1, 1],
     "masked_positions": [2, 6], "masked_labels": [31, 8], "next_sentence_label": 0},
    {"input_ids": [2, 39, 5, 5, 4, 12, 3, 30, 11, 4, 25, 7, 3],
     "token_type_ids": [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
     "masked_positions": [4, 7, 9], "masked_labels": [5, 30, 14], "next_sentence_label": 1},
    {"input_ids": [2, 21, 33, 6, 3], "token_type_ids": [0, 0, 0, 0, 0],
     "masked_positions": [], "masked_labels": [], "next_sentence_label": 1},
    {"input_ids": [2, 4, 18, 27, 10, 3, 16, 16, 38, 19, 24, 13, 20, 28, 36, 3],
     "token_type_ids": [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
     "masked_positions": [1], "masked_labels": [35], "next_sentence_label": 0},
    {"input_ids": [2, 26, 4, 29, 34, 0, 3], "token_type_ids": [0, 0, 0, 0, 0, 0, 0],
     "masked_positions": [2, 4, 5], "masked_labels": [37, 1, 15], "next_sentence_label": -1},
]

TASK_CONFIG = {"vocab_size": 30, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
               "intermediate_size": 12, "max_position_embeddings": 16, "type_vocab_size": 2,
               "layer_norm_eps": 1e-12}

# One part and two; the shortest; one that has nothing right about it.
SEQUENCES = [
    {"input_ids": [2, 17, 4, 9, 3, 22, 11, 3], "token_type_ids": [0, 0, 0, 0, 0, 1, 1, 1]},
    {"input_ids": [2, 29, 5, 5, 14, 12, 3], "token_type_ids": [0, 0, 0, 0, 0, 0, 0]},
    {"input_ids": [2, 3], "token_type_ids": [0, 0]},
    {"input_ids": [2, 21, 23, 6, 3, 19, 24, 13, 20, 28, 26, 7, 3],
     "token_type_ids": [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]},
    {"input_ids": [2, 26, 10, 3], "token_type_ids": [0, 0, 0, 0]},
]

# task -> what is right of each sequence
TASKS = {
    "classes": (tasks.Task("classes", 3),
                [{"label": 2}, {"label": 0}, {"label": 1}, {"label": 2}, {"label": -1}]),
    "value": (tasks.Task("value", 1),
              [{"value": 0.5}, {"value": -1.25}, {"value": 4.0}, {"value": 0.0}, {"value": None}]),
    "labels": (tasks.Task("labels", 4),
               [{"labels": [1, 0, 0, 1]}, {"labels": [0, 0, 0, 0]}, {"labels": [1, 1, 1, 1]},
                {"labels": [0, -1, 1, 0]}, {"labels": [-1, -1, -1, -1]}]),
    "tags": (tasks.Task("tags", 5),
             [{"positions": [1, 2, 3, 5], "tags": [4, 0, 0, 2]},
              {"positions": [1, 4, 5], "tags": [1, -1, 3]}, {"positions": [], "tags": []},
              {"positions": [1, 2, 3, 5, 7, 8, 11], "tags": [0, 1, 2, 3, 4, 0, 1]},
              {"positions": [2], "tags": [-1]}]),
    "span": (tasks.Task("span", 2),
             [{"start": 5, "end": 6}, {"start": 0, "end": 0}, {"start": 1, "end": 1},
              {"start": 7, "end": 11}, {"start": -1, "end": -1}]),
}

GOOGLE = Schedule(steps=10, learning_rate=0.02, warmup_steps=3, schedule="google")
NVIDIA = Schedule(steps=10, learning_rate=0.02, warmup_steps=3, decay_power=0.5, schedule="nvidia")
CONTINUOUS = Schedule(steps=10, learning_rate=0.02, warmup_steps=2.5)

OPTIMIZERS = {
    "lamb": (Options(), CONTINUOUS),
    "lamb-uncorrected": (Options(bias_correction=False, max_grad_norm=0), GOOGLE),
    "lamb-all": (Options(adapt_all=True, decay_all=True, weight_decay=0.1), NVIDIA),
    "lamb-no-decay": (Options(weight_decay=0, beta1=0.8, beta2=0.95, epsilon=1e-3), CONTINUOUS),
    "adamw": (Options(name="adamw"), CONTINUOUS),
    "adamw-uncorrected": (Options(name="adamw", bias_correction=False, decay_all=True), NVIDIA),
    "lars": (Options(name="lars", trust_coefficient=0.5), GOOGLE),
    "lars-all": (Options(name="lars", trust_coefficient=0.5, adapt_all=True, decay_all=True,
                         max_grad_norm=0), CONTINUOUS),
    "sgd": (Options(name="sgd"), CONTINUOUS),
    "sgd-all": (Options(name="sgd", decay_all=True, momentum=0.5), GOOGLE),
    "lans": (Options(name="lans"), CONTINUOUS),
    "lans-uncorrected": (Options(name="lans", bias_correction=False, max_grad_norm=0), GOOGLE),
    "lans-all": (Options(name="lans", adapt_all=True, decay_all=True, weight_decay=0.1), NVIDIA),
    "lans-no-decay": (Options(name="lans", weight_decay=0, beta1=0.8, beta2=0.95, epsilon=1e-3),
                      CONTINUOUS),
    "adamw-stable": (Options(name="adamw", max_update_rms=1.0, max_grad_norm=0), CONTINUOUS),
    "adamw-stable-uncorrected": (Options(name="adamw", max_update_rms=2.0, bias_correction=False, decay_all=True,
                                         epsilon=1e-3), GOOGLE),
    "lamb-bounded": (Options(ratio_min=0.4, ratio_max=0.8), CONTINUOUS),
    "lamb-bounded-all": (Options(ratio_max=0.7, adapt_all=True), GOOGLE),
    "lars-bounded": (Options(name="lars", trust_coefficient=0.5, ratio_min=7.1, ratio_max=7.5), CONTINUOUS),
    "lans-bounded": (Options(name="lans", ratio_min=0.3, ratio_max=0.7), CONTINUOUS),
}

LATER = ("ratio_min", "ratio_max", "max_update_rms")

POSITIONS = "bert.embeddings.position_embeddings.weight"
TYPES = "bert.embeddings.token_type_embeddings.weight"
SHOWN = [POSITIONS, TYPES, "bert.encoder.layer.1.attention.self.key.weight",
         "bert.encoder.layer.0.output.LayerNorm.weight", "bert.encoder.layer.1.intermediate.dense.bias",
         "cls.seq_relationship.weight", "cls.seq_relationship.bias"]


def number(s, n, e):
    k = (s * 64 + n) * 4096 + e
    k ^= k >> 16
    k = k * 0x85ebca6b % 2 ** 32
    k ^= k >> 13
    k = k * 0xc2b2ae35 % 2 ** 32
    k ^= k >> 16
    return k / 2 ** 32 - 0.5


def tensor(s, n, shape, scale=1.0, offset=0.0):
    count = 1
    for extent in shape:
        count *= extent
    values = [offset + scale * number(s, n, e) for e in range(count)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def weights_of(all_shapes):
    return {name: tensor(0, n, shape, offset=1.0 if name.endswith("LayerNorm.weight") else 0.0)
            for n, (name, shape) in enumerate(all_shapes.items())}


def gradients_of(config, s):
    return {name: tensor(s, n, shape, scale=0.0 if name == TYPES else 0.02 * s)
            for n, (name, shape) in enumerate(shapes(config).items())}


def numbers(t):
    return [float(x) for x in t.reshape(-1)]


def write(path, content):
    """One line an entry, one line a tensor."""
    def text(value):
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, list):
            return "[" + ",".join(text(x) for x in value) + "]"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(k)}: {text(v)}" for k, v in value.items()) + "}"
        return json.dumps(value)

    def entry(value):
        if isinstance(value, dict) and any(isinstance(v, list) for v in value.values()):
            return "{\n  " + ",\n  ".join(f"{json.dumps(k)}: {text(v)}" for k, v in value.items()) + "}"
        return text(value)

    with open(path, "w", encoding="utf-8") as file:
        lines = [f" {json.dumps(name)}: {entry(value)}" for name, value in content.items()]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


def model(activation):
    config = Config(**CONFIG, hidden_act=activation)
    result, gradients = differentiate(config, weights_of(shapes(config)), SAMPLES)
    return {"config": {**CONFIG, "hidden_act": activation},
            "tensors": list(shapes(config)),
            "weights": "number(0, n, e), + 1 in LayerNorm.weight; see scripts/numerics/golden.py",
            "samples": SAMPLES,
            "mlm_loss": float(result.mlm_loss), "nsp_loss": float(result.nsp_loss),
            "gradients": {name: numbers(g) for name, g in gradients.items()}}


def task_model(task, answers):
    config = Config(**TASK_CONFIG)
    samples = [{**sequence, **answer} for sequence, answer in zip(SEQUENCES, answers)]
    all_shapes = tasks.shapes(task, config)
    result, gradients = tasks.differentiate(task, config, weights_of(all_shapes), samples)
    return {"task": vars(task), "config": TASK_CONFIG, "tensors": list(all_shapes),
            "weights": "number(0, n, e), + 1 in LayerNorm.weight; see scripts/numerics/golden.py",
            "samples": samples, "loss": float(result.loss), "terms": result.terms,
            "logits": [numbers(z) for z in result.logits],
            "gradients": {name: numbers(g) for name, g in gradients.items()}}


def written(options):
    """Keys that are younger than the first files stand only where they are used: files that are there stay as
    they are."""
    return {key: value for key, value in vars(options).items()
            if key not in LATER or value != getattr(Options(), key)}


def optimizer(options, schedule):
    config = Config(**CONFIG)
    weights = weights_of(shapes(config))
    weights[POSITIONS] = torch.zeros_like(weights[POSITIONS])
    rates = [rate(schedule, s) for s in range(schedule.steps)]
    rule = Optimizer(options)
    norms = [rule.step(weights, gradients_of(config, s + 1), rates[s]) for s in range(len(rates))]
    return {"config": CONFIG, "options": written(options), "rates": rates,
            "gradients": "0.02 s number(s, n, e), 0 in the token type embeddings; "
                         "see scripts/numerics/golden.py",
            "norms": norms,
            "weights": {name: numbers(weights[name]) for name in SHOWN},
            "sums": {name: float((w ** 2).sum()) for name, w in weights.items()}}


def main():
    if sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, "tests", "golden")
    os.makedirs(folder, exist_ok=True)
    for activation in ("gelu", "gelu_new"):
        write(os.path.join(folder, f"model-{activation}.json"), model(activation))
    for name, (task, answers) in TASKS.items():
        write(os.path.join(folder, f"task-{name}.json"), task_model(task, answers))
    for name, (options, schedule) in OPTIMIZERS.items():
        write(os.path.join(folder, f"optimizer-{name}.json"), optimizer(options, schedule))


if __name__ == "__main__":
    main()
