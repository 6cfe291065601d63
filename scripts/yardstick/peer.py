#!/usr/bin/env python3
"""The peer of `lambert finetune`: the same task in PyTorch, as transformers has it.

A process of its own. Reads a job as JSON from standard input, writes predictions of the evaluation set to
its file `predictions`, and prints what it measured as JSON:

    {"steps": N, "examples": N, "seconds": of the steps, "tokens": real ones, "padded_tokens": N,
     "loss": the mean of the last tenth, "evaluation_seconds": N, "threads": N, "attention": "sdpa",
     "versions": {...}}

A plain training loop over what users of transformers call: BertForSequenceClassification and its like, batches
padded to their longest, torch's AdamW without decay on biases and LayerNorm, the gradient's norm clipped at
1. Schedule, batches an epoch and the order of examples (shuffled anew in each epoch, from a seed) are
defined as Lambert defines them; the weights of a new head, dropout and the order itself are its own."""
import json
import math
import os
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch
import transformers

import peer_data

MODELS = {"classification": transformers.BertForSequenceClassification,
          "regression": transformers.BertForSequenceClassification,
          "multilabel": transformers.BertForSequenceClassification,
          "tagging": transformers.BertForTokenClassification,
          "questions": transformers.BertForQuestionAnswering}
PROBLEMS = {"classification": "single_label_classification", "regression": "regression",
            "multilabel": "multi_label_classification"}
AT_ONCE = 32  # features in a batch of the evaluation


def load_model(job, labels):
    """The encoder's weights and a new head."""
    words = {"hidden_dropout_prob": job["dropout"], "attention_probs_dropout_prob": job["dropout"],
             "attn_implementation": "sdpa"}
    if job["kind"] in PROBLEMS:
        words["problem_type"] = PROBLEMS[job["kind"]]
    if job["kind"] != "questions":
        words["num_labels"] = len(labels) if labels else 1
    return MODELS[job["kind"]].from_pretrained(job["model"], **words)


def new_optimizer(model, job):
    """AdamW, with decay on matrices alone."""
    plain = [p for name, p in model.named_parameters() if name.endswith("bias") or "LayerNorm" in name]
    decayed = [p for name, p in model.named_parameters()
               if not (name.endswith("bias") or "LayerNorm" in name)]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": job["weight_decay"]},
                              {"params": plain, "weight_decay": 0.0}],
                             lr=job["learning_rate"], betas=(0.9, 0.999), eps=job["epsilon"], fused=True)


def rate_at(step, steps, job):
    """Lambert's schedule `continuous` with power 1 (docs/config.md)."""
    warmup = job["warmup_ratio"] * steps  # no whole number, as in Lambert
    if step < warmup:
        return job["learning_rate"] * min((step + 1) / warmup, 1)
    return job["learning_rate"] * (steps - step) / (steps - warmup)


def batches_of(features, job, steps):
    """Global batches: examples shuffled anew in each epoch, which batches run across."""
    generator = torch.Generator().manual_seed(job["seed"])
    order = []
    for _ in range(steps):
        while len(order) < job["batch"]:
            order += torch.randperm(len(features), generator=generator).tolist()
        yield [features[number] for number in order[:job["batch"]]]
        order = order[job["batch"]:]


def train(model, data, job, pad):
    steps = math.ceil(job["epochs"] * len(data.train) / job["batch"])
    optimizer = new_optimizer(model, job)
    model.train()
    tokens = padded_tokens = 0
    losses, started = [], time.perf_counter()
    for step, features in enumerate(batches_of(data.train, job, steps)):
        batch, real = peer_data.padded(features, data, pad)
        tokens, padded_tokens = tokens + real, padded_tokens + batch["input_ids"].numel()
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, steps, job)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=job["type"] == "bfloat16"):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            sys.exit(f"peer: the loss of step {step + 1} is {losses[-1]}")
    seconds = time.perf_counter() - started
    last = losses[-max(1, steps // 10):]
    return {"steps": steps, "examples": len(data.train), "seconds": seconds, "tokens": tokens,
            "padded_tokens": padded_tokens, "loss": sum(last) / len(last)}


@torch.no_grad()
def outputs_of(model, data, job, pad):
    """Of each feature of the evaluation set its logits: [labels], or [tokens, labels]."""
    model.eval()
    features = data.evaluate
    by_length = sorted(range(len(features)), key=lambda number: len(features[number]["input_ids"]))
    outputs = [None] * len(features)
    for first in range(0, len(features), AT_ONCE):
        numbers = by_length[first:first + AT_ONCE]
        batch, _ = peer_data.padded([features[number] for number in numbers], data, pad)
        for name in data.right:
            batch.pop(name, None)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=job["type"] == "bfloat16"):
            said = model(**batch)
        logits = (said.logits if "logits" in said
                  else torch.stack([said.start_logits, said.end_logits], dim=2)).float()
        for row, number in enumerate(numbers):
            length = len(features[number]["input_ids"])
            outputs[number] = logits[row][:length] if logits.dim() == 3 else logits[row]
    return outputs


def main():
    job = json.load(sys.stdin)
    torch.set_num_threads(job["threads"])
    transformers.logging.set_verbosity_error()
    tokenizer = transformers.BertTokenizer.from_pretrained(job["model"], do_lower_case=job["lower_case"])
    data = peer_data.KINDS[job["kind"]](job, tokenizer)
    torch.manual_seed(job["seed"])
    model = load_model(job, data.labels)
    measured = train(model, data, job, tokenizer.pad_token_id)
    started = time.perf_counter()
    data.write(outputs_of(model, data, job, tokenizer.pad_token_id), job["predictions"])
    print(json.dumps({**measured, "evaluation_seconds": time.perf_counter() - started,
                      "threads": torch.get_num_threads(),
                      "attention": model.config._attn_implementation,
                      "versions": {"torch": torch.__version__,
                                   "transformers": transformers.__version__}}))


if __name__ == "__main__":
    main()
