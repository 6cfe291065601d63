#!/usr/bin/env python3
"""The peer of `lambert bench model`: BERT's training pass in PyTorch, as transformers has it.

A process of its own, as allocator and threads are chosen when it starts. Reads a job as JSON, and prints
what it measured as JSON:

    {"model": {BertConfig's words}, "type": "float32" or "bfloat16", "threads": N, "repeat": N,
     "samples": [lines of `lambert show batch --json`]}

    {"seconds": [of each repeat], "tokens": N, "tcmalloc": whether it allocates, "threads": N,
     "attention": "sdpa", "versions": {"torch": ..., "transformers": ...}}

The pass is the one that Lambert makes of the same samples: dropout on, the language model's head on
masked rows alone, losses summed over terms and scaled by a constant, gradients added to those that are
there. bfloat16 is autocast's: weights, gradients, and what autocast thinks delicate stay in float32.
"""
import json
import math
import os
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from torch.nn.functional import cross_entropy

WARM_UP = 2  # passes: the first allocates, and makes the gradients
SCALE = 1e-3  # of the loss, as in lambert bench


def new_model(words):
    """BertForPreTraining, ready to train, with weights drawn at random."""
    torch.manual_seed(1)
    config = transformers.BertConfig(**words, attn_implementation="sdpa")
    return transformers.BertForPreTraining(config).train()


def batch_of(samples):
    """Samples as tensors, padded to the longest of them."""
    longest = max(len(sample["input_ids"]) for sample in samples)
    ids, types, mask = (torch.zeros(len(samples), longest, dtype=torch.long) for _ in range(3))
    rows, labels = [], []
    for n, sample in enumerate(samples):
        length = len(sample["input_ids"])
        ids[n, :length] = torch.tensor(sample["input_ids"])
        types[n, :length] = torch.tensor(sample["token_type_ids"])
        mask[n, :length] = 1
        rows += [n * longest + position for position in sample["masked_positions"]]
        labels += sample["masked_labels"]
    return {"ids": ids, "types": types, "tokens": int(mask.sum()),
            "mask": None if bool(mask.all()) else mask,
            "rows": torch.tensor(rows), "labels": torch.tensor(labels),
            "pairs": torch.tensor([sample["next_sentence_label"] for sample in samples])}


def losses_of(model, batch):
    """Both losses, summed over masked positions and over sequences that have a label."""
    seen = model.bert(batch["ids"], attention_mask=batch["mask"], token_type_ids=batch["types"])
    masked = seen.last_hidden_state.flatten(0, 1)[batch["rows"]]
    words = cross_entropy(model.cls.predictions(masked), batch["labels"], reduction="sum")
    pairs = cross_entropy(model.cls.seq_relationship(seen.pooler_output), batch["pairs"],
                          ignore_index=-1, reduction="sum")
    return words, pairs


def training_pass(model, batch, kind):
    """Forward and backward; the sum of the losses."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind == "bfloat16"):
        words, pairs = losses_of(model, batch)
        loss = words + pairs
    (loss * SCALE).backward()
    return loss


def allocates_with_tcmalloc():
    with open("/proc/self/maps", encoding="utf-8") as file:
        return "libtcmalloc" in file.read()


def main():
    job = json.load(sys.stdin)
    torch.set_num_threads(job["threads"])
    model, batch = new_model(job["model"]), batch_of(job["samples"])
    seconds = []
    for _ in range(WARM_UP + job["repeat"]):
        started = time.perf_counter()
        loss = training_pass(model, batch, job["type"])
        seconds.append(time.perf_counter() - started)
        if not math.isfinite(loss.item()):
            sys.exit(f"pytorch_bert: the loss is {loss.item()}")
    print(json.dumps({"seconds": seconds[WARM_UP:], "tokens": batch["tokens"],
                      "tcmalloc": allocates_with_tcmalloc(), "threads": torch.get_num_threads(),
                      "attention": model.config._attn_implementation,
                      "versions": {"torch": torch.__version__,
                                   "transformers": transformers.__version__}}))


if __name__ == "__main__":
    main()
