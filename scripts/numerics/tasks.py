"""The heads of fine-tuning on reference.py's encoder, written from their equations (Devlin et al.,
section 4 and 5.3): what transformers calls BertForSequenceClassification, BertForTokenClassification and
BertForQuestionAnswering. Gradients are PyTorch's; dropout is 0.

    task = Task("classes", 3)
    result, gradients = differentiate(task, config, weights, samples)

A sample is a dictionary: input_ids, token_type_ids, and what is right, where there is something to be
right or wrong about:

    task      outputs           the sample has
    classes   how many          label       its number; -1: none
    value     1                 value       None: none
    labels    how many          labels      of each 1 or 0; -1: none
    tags      how many          positions, tags     rows, and the number of each; -1: none
    span      2                 start, end  rows, [CLS] being 0; both -1: none

The loss is the mean over all terms of all samples: over samples, over labels, over tagged rows.
"""
import dataclasses

import torch

from reference import Model, encoder_shapes


@dataclasses.dataclass
class Task:
    name: str
    outputs: int


@dataclasses.dataclass
class Result:
    loss: torch.Tensor
    logits: list  # of each sample [rows, outputs]
    terms: int
    accuracy: float  # of the terms; of values 0


def shapes(task, config):
    """Every tensor of the model and its shape."""
    H, K = config.hidden_size, task.outputs
    pooler = {"bert.pooler.dense.weight": (H, H), "bert.pooler.dense.bias": (H,)}
    head = "qa_outputs" if task.name == "span" else "classifier"
    return {**encoder_shapes(config), **(pooler if task.name in ("classes", "value", "labels") else {}),
            head + ".weight": (K, H), head + ".bias": (K,)}


def logits_of(task, model, sample):
    """[rows, outputs]: of all rows of a span, of those with tags, else of the pooled one."""
    x = model.encode(torch.tensor(sample["input_ids"]), torch.tensor(sample["token_type_ids"]))
    if task.name == "span":
        return model.linear("qa_outputs", x)
    if task.name == "tags":
        return model.linear("classifier", x[torch.tensor(sample["positions"], dtype=torch.long)])
    return model.linear("classifier", model.pooled(x))


def losses_of(task, logits, sample):
    """A loss of each term that there is."""
    if task.name == "span":
        logs = torch.log_softmax(logits, 0)
        ends = sample["start"], sample["end"]
        return [] if min(ends) < 0 else [-(logs[ends[0], 0] + logs[ends[1], 1]) / 2]
    if task.name == "value":
        return [] if sample["value"] is None else [(logits[0, 0] - sample["value"]) ** 2]
    if task.name == "labels":
        return [-torch.nn.functional.logsigmoid(z if y else -z)
                for z, y in zip(logits[0], sample["labels"]) if y >= 0]
    numbers = sample["tags"] if task.name == "tags" else [sample["label"]]
    logs = torch.log_softmax(logits, -1)
    return [-logs[row, number] for row, number in enumerate(numbers) if number >= 0]


def rights_of(task, logits, sample):
    """Of each term, whether the likeliest is what is right."""
    if task.name == "value":
        return [False] * (sample["value"] is not None)
    if task.name == "labels":
        return [bool(z > 0) == bool(y) for z, y in zip(logits[0], sample["labels"]) if y >= 0]
    if task.name == "span":
        ends = [sample["start"], sample["end"]]
        return [] if min(ends) < 0 else [logits.argmax(0).tolist() == ends]
    numbers = sample["tags"] if task.name == "tags" else [sample["label"]]
    return [guess == number for guess, number in zip(logits.argmax(-1).tolist(), numbers) if number >= 0]


def evaluate(task, config, weights, samples, multiply=torch.matmul):
    model = Model(config, weights, multiply)
    logits = [logits_of(task, model, sample) for sample in samples]
    losses = [loss for z, sample in zip(logits, samples) for loss in losses_of(task, z, sample)]
    rights = [right for z, sample in zip(logits, samples) for right in rights_of(task, z, sample)]
    return Result(torch.stack(losses).mean(), logits, len(losses), sum(rights) / len(rights))


def differentiate(task, config, weights, samples, multiply=torch.matmul):
    """The result, and the gradient of the loss by each tensor."""
    leaves = {name: tensor.detach().requires_grad_() for name, tensor in weights.items()}
    result = evaluate(task, config, leaves, samples, multiply)
    gradients = torch.autograd.grad(result.loss, list(leaves.values()), allow_unused=True,
                                    materialize_grads=True)
    result = dataclasses.replace(result, loss=result.loss.detach(),
                                 logits=[z.detach() for z in result.logits])
    return result, dict(zip(leaves, gradients))
