#!/usr/bin/env python3
"""Holds models that TensorFlow saved against what Lambert reads of them: every weight bit for bit, as transformers'
own reader of such files has it (load_tf_weights_in_bert), and what the model says of a masked text. Then the kinds
of checkpoints that are refused, as TensorFlow writes them. Without TensorFlow, all of it is skipped, and said so.

    scripts/numerics/tensorflow_models.py BUILD [PATTERN] [--keep DIR]

No network is used. Exit code 1: something does not agree.
"""
import importlib.util
import json
import os
import shlex
import subprocess
import sys

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error",
                  TOKENIZERS_PARALLELISM="false", TF_CPP_MIN_LOG_LEVEL="3",
                  USE_TF="0")  # transformers' own models of TensorFlow, which are not wanted, want another Keras

if importlib.util.find_spec("tensorflow") is None:
    print("TensorFlow's models: skipped, as tensorflow is not installed (requirements-tensorflow.txt)")
    sys.exit(0)

import numpy
import tensorflow
import torch
import transformers
from transformers.models.bert.modeling_bert import load_tf_weights_in_bert

import golden_tensorflow
import program

LIMIT = 1e-5
WORDS = ("[PAD] [UNK] [CLS] [SEP] [MASK] the old king saw a river and city garden letter ##s ##ing , . quiet golden "
         "broken distant small stone bird mountain ship lamp harbour night carried lost found built").split()
CONFIG = {"vocab_size": len(WORDS), "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
          "intermediate_size": 80, "max_position_embeddings": 70, "type_vocab_size": 2, "hidden_act": "gelu",
          "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02}
TEXTS = ["the old [MASK] saw the river .", "[MASK]", "the [MASK] kings , a [MASK] garden and [MASK]"]


def random_weights(config):
    """No bias is 0, no LayerNorm flat."""
    rng = numpy.random.default_rng(7)
    return {name: rng.normal(name.endswith("gamma"), 0.2, shape).astype("<f4")
            for name, shape in golden_tensorflow.shapes(config).items()}


def with_slots(tensors):
    """What MLPerf's LAMB keeps of each variable, and the step."""
    kept = {f"{name}/{slot}": numpy.ones_like(value) for name, value in tensors.items() for slot in ("adam_m", "adam_v")}
    return {**tensors, **kept, "global_step": numpy.int64(28252)}


class Folder:
    """A model as Google's folders have it."""

    def __init__(self, lambert, folder, name, **changes):
        self.lambert, self.path = lambert, os.path.join(folder, name)
        self.prefix = os.path.join(self.path, "bert_model.ckpt")
        os.makedirs(self.path, exist_ok=True)
        with open(os.path.join(self.path, "bert_config.json"), "w", encoding="utf-8") as file:
            json.dump({**CONFIG, **changes}, file)
        with open(os.path.join(self.path, "vocab.txt"), "w", encoding="utf-8") as file:
            file.writelines(word + "\n" for word in WORDS)

    def exported(self):
        checkpoint, out = self.path + ".checkpoint", self.path + "-exported"
        self.lambert.run("import", "--from", self.path, "--output", checkpoint)
        return self.lambert.export(checkpoint, out)

    def refused(self, *words):
        """Whether import fails and says all of the words."""
        try:
            self.lambert.run("import", "--from", self.prefix, "--output", self.path + ".checkpoint")
        except program.Failure as failure:
            return all(word in str(failure) for word in words) or print("   ", failure)
        return print("    it was read") or False


def theirs(folder):
    """transformers' model of the same files."""
    config = transformers.BertConfig(**CONFIG)
    model = transformers.BertForPreTraining(config)
    load_tf_weights_in_bert(model, config, folder.prefix)
    return model.eval()


def check_weights(table, name, folder, state):
    seen = folder.exported()
    wanted = {key: value for key, value in state.items()
              if not key.startswith("cls.predictions.decoder.") and not key.endswith("position_ids")}
    differing = sorted(key for key in set(seen) | set(wanted)
                       if key not in seen or key not in wanted or
                       seen[key].tobytes() != numpy.ascontiguousarray(wanted[key], "<f4").tobytes())
    table.check(name, f"{len(wanted)} tensors, bit for bit", not differing)
    if differing:
        print("   ", differing)


def check_answers(table, name, folder, model):
    """The probability of every token at every mask."""
    lines = folder.lambert.run("fill", "--model", folder.prefix, "--top", str(len(WORDS)), "--json",
                               text="".join(text + "\n" for text in TEXTS)).splitlines()
    tokenizer = transformers.BertTokenizer(os.path.join(folder.path, "vocab.txt"))
    worst = 0.0
    for text, line in zip(TEXTS, lines):
        coded = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            wanted = model.double()(**coded).prediction_logits[0].softmax(-1)
        for mask in json.loads(line)["masks"]:
            for guess in mask["tokens"]:
                worst = max(worst, abs(guess["probability"] - float(wanted[mask["position"], guess["id"]])))
    table.check(name, "an answer to each text", len(lines) == len(TEXTS))
    table.add(name, "probabilities of all tokens", worst, LIMIT)


def numpy_state(model):
    return {key: value.detach().numpy() for key, value in model.named_parameters()}


def pretraining(table, lambert, folder, name, shards):
    made = Folder(lambert, folder, name.replace(" ", "-"))
    tensors = with_slots(random_weights(CONFIG))
    if shards == 1:
        golden_tensorflow.save(made.prefix, tensors)
    else:
        golden_tensorflow.save_sharded(made.prefix, tensors, shards)
    model = theirs(made)
    check_weights(table, name, made, numpy_state(model))
    check_answers(table, name, made, model)


def half(table, lambert, folder, name, dtype):
    """Rounded weights, which float32 holds exactly."""
    made, exact = Folder(lambert, folder, name), Folder(lambert, folder, name + "-wide")
    tensors = {key: tensorflow.cast(value, dtype) for key, value in random_weights(CONFIG).items()}
    golden_tensorflow.save_sharded(made.prefix, tensors, 1)
    golden_tensorflow.save(exact.prefix, {key: tensorflow.cast(value, "float32").numpy()
                                          for key, value in tensors.items()})
    check_weights(table, name, made, numpy_state(theirs(exact)))


def questions(table, lambert, folder, name):
    """run_squad.py's model: another head, and a Hugging Face folder of another class."""
    made = Folder(lambert, folder, name)
    tensors = {key: value for key, value in random_weights(CONFIG).items() if not key.startswith("cls/")}
    head = {"cls/squad/output_weights": numpy.full((2, 48), 0.25, "<f4") + numpy.arange(2, dtype="<f4")[:, None],
            "cls/squad/output_bias": numpy.array([3, 4], "<f4")}
    golden_tensorflow.save(made.prefix, {**tensors, **head})
    seen = made.exported()
    table.check(name, "the head of questions", seen["qa_outputs.weight"].tolist() == head["cls/squad/output_weights"].tolist()
                and seen["qa_outputs.bias"].tolist() == [3, 4])
    model, trouble = transformers.BertForQuestionAnswering.from_pretrained(made.path + "-exported",
                                                                           output_loading_info=True)
    table.check(name, "BertForQuestionAnswering loads, nothing missing", model is not None and not trouble["missing_keys"])


def save_sliced(prefix, tensors, name):
    """One variable in two slices, as a partitioner saves it."""
    value, rest = tensors[name], {key: other for key, other in tensors.items() if key != name}
    rows, columns = value.shape
    first = rows // 2
    tensorflow.raw_ops.SaveV2(
        prefix=prefix, tensor_names=[*rest, name, name],
        shape_and_slices=[""] * len(rest) + [f"{rows} {columns} 0,{first}:-", f"{rows} {columns} {first},{rows - first}:-"],
        tensors=[*rest.values(), value[:first], value[first:]])


def refusals(table, lambert, folder, name):
    tensors = random_weights(CONFIG)
    word_table = "bert/embeddings/word_embeddings"

    made = Folder(lambert, folder, "one-file")
    old = sorted(tensors)
    tensorflow.raw_ops.Save(filename=made.prefix, tensor_names=old, data=[tensors[key] for key in old])
    table.check(name, "one file, of before 0.12", made.refused("before 0.12", "load_checkpoint"))
    try:
        lambert.run("import", "--from", made.prefix, "--output", made.path + ".checkpoint")
    except program.Failure as failure:
        command = shlex.split(str(failure)[str(failure).index("python3 -c"):])
        subprocess.run([sys.executable, *command[1:4]], check=True, capture_output=True)
    os.remove(made.prefix)
    again = Folder(lambert, folder, "one-file")
    check_weights(table, name + ": the cure", again, numpy_state(theirs_of(again, made.prefix + "-v2")))

    made = Folder(lambert, folder, "objects")
    tensorflow.train.Checkpoint(layer=tensorflow.Variable(tensors[word_table])).write(made.prefix)
    table.check(name, "objects, of TensorFlow 2", made.refused("checkpoint of objects"))

    made = Folder(lambert, folder, "sliced")
    save_sliced(made.prefix, tensors, word_table)
    table.check(name, "a variable in slices", made.refused(word_table, "saved in slices"))

    made = Folder(lambert, folder, "not-finite")
    broken = dict(tensors)
    broken["bert/pooler/dense/kernel"] = tensors["bert/pooler/dense/kernel"].copy()
    broken["bert/pooler/dense/kernel"][3, 5] = numpy.nan
    golden_tensorflow.save(made.prefix, broken)
    table.check(name, "a weight that is no number", made.refused("bert.pooler.dense.weight"))

    made = Folder(lambert, folder, "another-model")
    golden_tensorflow.save(made.prefix, {**tensors, "bert/embeddings/more/kernel": numpy.ones((3, 3), "<f4")})
    table.check(name, "an encoder of something else", made.refused("bert/embeddings/more/kernel", "another model"))

    made = Folder(lambert, folder, "fewer-layers", num_hidden_layers=1)
    golden_tensorflow.save(made.prefix, tensors)
    table.check(name, "layers beyond num_hidden_layers are left out", len(made.exported()) == 14 + 16)

    made = Folder(lambert, folder, "integers")
    golden_tensorflow.save(made.prefix, {**tensors, word_table: numpy.ones((len(WORDS), 48), "<i4")})
    table.check(name, "weights of integers", made.refused(word_table, "int32"))


def theirs_of(folder, prefix):
    folder.prefix = prefix
    return theirs(folder)


def compare(lambert, folder, pattern):
    table = program.Table("what of it")
    cases = {"one data file": lambda name: pretraining(table, lambert, folder, name, 1),
             "three data files": lambda name: pretraining(table, lambert, folder, name, 3),
             "float16": lambda name: half(table, lambert, folder, name, "float16"),
             "bfloat16": lambda name: half(table, lambert, folder, name, "bfloat16"),
             "questions": lambda name: questions(table, lambert, folder, name),
             "refused": lambda name: refusals(table, lambert, folder, name)}
    for name, case in cases.items():
        if pattern in name:
            case(name)
    return table.end()


if __name__ == "__main__":
    program.main(__doc__, compare)
