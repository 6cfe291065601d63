#!/usr/bin/env python3
"""Writes tests/golden/tensorflow/: a small model under the names of google-research/bert, as TensorFlow itself saves
it, for tests that need no TensorFlow. Run again only to change it; TensorFlow is what requirements-tensorflow.txt says.

    scripts/numerics/golden_tensorflow.py [DIR]          DIR: tests/golden/tensorflow

    bert_config.json, vocab.txt     as Google's folders have them
    bert_model.ckpt.*               one data file, saved as run_pretraining.py does; with what an optimizer keeps
                                    of two tensors, and the step
    sharded.ckpt.*                  the same tensors in three data files

Element e of a tensor, by rows of TensorFlow's own layout, is number(0, n, e) of golden.py, n the tensor's place among
the model's names in alphabetical order.
"""
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy
import tensorflow

CONFIG = {"attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 4,
          "initializer_range": 0.02, "intermediate_size": 6, "max_position_embeddings": 8,
          "num_attention_heads": 2, "num_hidden_layers": 1, "type_vocab_size": 2, "vocab_size": 9}
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "king", "##s", "<S>"]


def shapes(config):
    """The names of Google's modeling.py and run_pretraining.py, each with its shape."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    found = {"bert/embeddings/word_embeddings": (config["vocab_size"], hidden),
             "bert/embeddings/position_embeddings": (config["max_position_embeddings"], hidden),
             "bert/embeddings/token_type_embeddings": (config["type_vocab_size"], hidden),
             "cls/predictions/output_bias": (config["vocab_size"],),
             "cls/seq_relationship/output_weights": (2, hidden), "cls/seq_relationship/output_bias": (2,)}
    norms = ["bert/embeddings", "cls/predictions/transform"]
    dense = {"bert/pooler/dense": (hidden, hidden), "cls/predictions/transform/dense": (hidden, hidden)}
    for number in range(config["num_hidden_layers"]):
        layer = f"bert/encoder/layer_{number}/"
        norms += [layer + "attention/output", layer + "output"]
        for name in ("attention/self/query", "attention/self/key", "attention/self/value", "attention/output/dense"):
            dense[layer + name] = (hidden, hidden)
        dense[layer + "intermediate/dense"] = (hidden, inner)
        dense[layer + "output/dense"] = (inner, hidden)
    for name in norms:
        found[name + "/LayerNorm/gamma"] = found[name + "/LayerNorm/beta"] = (hidden,)
    for name, shape in dense.items():
        found[name + "/kernel"], found[name + "/bias"] = shape, (shape[1],)
    return dict(sorted(found.items()))


def number(step, tensor, element):
    """As golden.py describes it."""
    k = ((step * 64 + tensor) * 4096 + element) & 0xffffffff
    for shift, factor in ((16, 0x85ebca6b), (13, 0xc2b2ae35), (16, 1)):
        k = (k ^ k >> shift) * factor & 0xffffffff
    return k / 2**32 - 0.5


def weights(config):
    return {name: numpy.array([number(0, place, e) for e in range(numpy.prod(shape))], "<f4").reshape(shape)
            for place, (name, shape) in enumerate(shapes(config).items())}


def save(prefix, tensors):
    """As TensorFlow's Saver does: variables in a session, one data file."""
    v1 = tensorflow.compat.v1
    with tensorflow.Graph().as_default(), v1.Session() as session:
        variables = [v1.get_variable(name, initializer=value) for name, value in tensors.items()]
        session.run([variable.initializer for variable in variables])
        v1.train.Saver(variables).save(session, prefix, write_meta_graph=False, write_state=False)


def save_sharded(prefix, tensors, shards):
    """Each shard by itself, and put together by TensorFlow, as its Saver does with several machines."""
    names, parts = sorted(tensors), []
    for shard in range(shards):
        own = names[shard::shards]
        parts.append(f"{prefix}.part{shard}")
        tensorflow.raw_ops.SaveV2(prefix=parts[-1], tensor_names=own, shape_and_slices=[""] * len(own),
                                  tensors=[tensors[name] for name in own])
    tensorflow.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=prefix,
                                          delete_old_dirs=False)


def with_optimizer(tensors):
    """And what AdamWeightDecayOptimizer keeps of the pooler, and the step."""
    kept = {f"{name}/{slot}": numpy.full_like(tensors[name], 7) for name in tensors
            if name.startswith("bert/pooler/") for slot in ("adam_m", "adam_v")}
    return {**tensors, **kept, "global_step": numpy.int64(28252)}


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "tests/golden/tensorflow"
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "bert_config.json"), "w", encoding="utf-8") as file:
        json.dump(CONFIG, file, indent=2)
        file.write("\n")
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
        file.writelines(token + "\n" for token in VOCABULARY)
    tensors = with_optimizer(weights(CONFIG))
    save(os.path.join(folder, "bert_model.ckpt"), tensors)
    save_sharded(os.path.join(folder, "sharded.ckpt"), tensors, 3)


if __name__ == "__main__":
    main()
