"""The heads of fine-tuning in tasks.py, which the golden files come from, against those of transformers:
logits, losses and the gradient of every tensor, in double, on golden.py's models and samples. Sequence by
sequence, as what transformers pads a sequence with takes part in the softmax of a span."""
import torch
import transformers

import golden
import tasks
from differences import rounding_of
from optimizers import norm
from reference import Config

LIMIT = 1e-12

KINDS = {"classes": (transformers.BertForSequenceClassification, "single_label_classification"),
         "value": (transformers.BertForSequenceClassification, "regression"),
         "labels": (transformers.BertForSequenceClassification, "multi_label_classification"),
         "tags": (transformers.BertForTokenClassification, None),
         "span": (transformers.BertForQuestionAnswering, None)}


def model_of(task, weights):
    kind, problem = KINDS[task.name]
    config = transformers.BertConfig(**golden.TASK_CONFIG, num_labels=task.outputs, problem_type=problem,
                                     attn_implementation="eager")
    model = kind(config).to(torch.float64).eval()
    named = dict(model.named_parameters())
    if {name: tuple(tensor.shape) for name, tensor in named.items()} != \
            {name: tuple(tensor.shape) for name, tensor in weights.items()}:
        return None
    with torch.no_grad():
        for name, tensor in named.items():
            tensor.copy_(weights[name])
    return model


def answer_of(task, sample):
    """What transformers wants to be told; None where it has no word for what is left open."""
    if task.name == "span":
        ends = {"start_positions": sample["start"], "end_positions": sample["end"]}
        return None if min(ends.values()) < 0 else {key: torch.tensor([end]) for key, end in ends.items()}
    if task.name == "tags":
        tags = torch.full((1, len(sample["input_ids"])), -100)
        for position, tag in zip(sample["positions"], sample["tags"]):
            tags[0, position] = tag if tag >= 0 else -100
        return {"labels": tags} if int((tags >= 0).sum()) else None
    if task.name == "labels":
        labels = sample["labels"]
        return None if min(labels) < 0 else {"labels": torch.tensor([labels], dtype=torch.float64)}
    right = sample["value" if task.name == "value" else "label"]
    if right is None or (task.name == "classes" and right < 0):
        return None
    return {"labels": torch.tensor([right], dtype=torch.float64 if task.name == "value" else torch.long)}


def logits_of(task, out, sample):
    if task.name == "span":
        return torch.stack([out.start_logits[0], out.end_logits[0]], -1)
    return out.logits[0][sample["positions"]] if task.name == "tags" else out.logits


def distances(wanted, seen):
    """name -> difference by its norm; of gradients that are 0 but for rounding, by itself."""
    found, unseen = {}, rounding_of(wanted)
    for name, tensor in wanted.items():
        found[name] = norm(seen[name] - tensor) / (1 if name in unseen else norm(tensor))
    return found


def check_task(table, task, samples):
    config = Config(**golden.TASK_CONFIG)
    weights = golden.weights_of(tasks.shapes(task, config))
    model = model_of(task, weights)
    name = f"{KINDS[task.name][0].__name__}: {task.name}"
    table.check(name, "tensors by name and shape", model is not None)
    if not model:
        return
    known = [(sample, answer) for sample in samples if (answer := answer_of(task, sample))]
    result, gradients = tasks.differentiate(task, config, weights, [sample for sample, _ in known])
    loss, logits = 0, {}
    for number, (sample, answer) in enumerate(known):
        out = model(input_ids=torch.tensor([sample["input_ids"]]),
                    token_type_ids=torch.tensor([sample["token_type_ids"]]), **answer)
        terms = len(tasks.losses_of(task, result.logits[number], sample))
        loss = loss + out.loss * terms / result.terms
        logits[f"logits of sample {number}"] = norm(
            logits_of(task, out, sample).detach() - result.logits[number])
    loss.backward()
    seen = {tensor: parameter.grad for tensor, parameter in model.named_parameters()}
    table.add(name, f"loss of {len(known)} samples", abs(float(loss.detach() - result.loss)), LIMIT)
    table.add_worst(name, logits, LIMIT)
    table.add_worst(name + ": gradients", distances(gradients, seen), LIMIT)


def check(table):
    for task, answers in golden.TASKS.values():
        check_task(table, task, [{**sequence, **answer}
                                 for sequence, answer in zip(golden.SEQUENCES, answers)])
