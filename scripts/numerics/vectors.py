#!/usr/bin/env python3
"""Holds lambert embed against transformers: every layer of every token, the means over tokens, [CLS] and the
pooler, in arrays and as JSON lines, of texts and of pairs, in float32 and in bfloat16.

    scripts/numerics/vectors.py BUILD FOLDER FILE [--sequence-length 256] [--batch 32]

does so for a Hugging Face folder and a file of texts (a line each, or two with a tab between them), and says
the largest differences. clients.py does it with the model that it exports. No network is used. Exit code 1:
something does not agree."""
import argparse
import json
import os
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error",
                  TOKENIZERS_PARALLELISM="false")

import numpy
import torch
import transformers

import program

LIMIT = 1e-5            # of any number of a vector, which are about 1
BFLOAT16_LIMIT = 0.015  # of a whole array, by its norm
POOLS = ("tokens", "mean", "cls", "pooler")

TEXTS = ["The old king saw the river.", "", "A small ship\tthe quiet harbour, and night.", "\tnothing before",
         "river", "the stone " * 60, "the stone " * 60 + "\t" + "a lamp " * 12, "don't; 50%!", "garden\t"]


def read_texts(path):
    with open(path, encoding="utf-8") as file:
        return file.read().removesuffix("\n").split("\n")


class Wanted:
    """What transformers makes of the texts, in float32: arrays as lambert embed writes them."""

    def __init__(self, folder, texts, longest, batch):
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        model = transformers.BertModel.from_pretrained(folder, attn_implementation="eager").eval()
        self.ids = [self.encode(line.split("\t"), longest) for line in texts]
        self.layers = model.config.num_hidden_layers
        states, self.pooler = [], []
        for first in range(0, len(texts), batch):
            encoded = self.tokenizer.pad(self.ids[first:first + batch], return_tensors="pt")
            with torch.no_grad():
                out = model(**encoded, output_hidden_states=True)
            lengths = encoded["attention_mask"].sum(1).tolist()
            hidden = torch.stack(out.hidden_states, 2).numpy()  # [texts, tokens, layers + 1, H]
            states += [hidden[row, :length] for row, length in enumerate(lengths)]
            self.pooler.append(out.pooler_output.numpy())
        self.states = states
        self.pooler = numpy.concatenate(self.pooler)

    def encode(self, parts, longest):
        """As a batch of one: a second text that is empty is left out where it is given by itself."""
        encoded = self.tokenizer(*([part] for part in parts), truncation="longest_first", max_length=longest)
        return {key: encoded[key][0] for key in ("input_ids", "token_type_ids", "attention_mask")}

    def array(self, pool):
        """All layers but of the pooler."""
        if pool == "tokens":
            return numpy.concatenate(self.states)
        if pool == "mean":
            return numpy.stack([state.astype("f8").mean(0) for state in self.states])
        return self.pooler if pool == "pooler" else numpy.stack([state[0] for state in self.states])


class Embedder:
    """lambert embed with a model on a file of texts."""

    def __init__(self, lambert, model, texts, folder, longest):
        self.lambert, self.folder, self.input = lambert, folder, os.path.join(folder, "texts.txt")
        self.words = ["--model", model, "--sequence-length", str(longest)]
        with open(self.input, "w", encoding="utf-8") as file:
            file.write("".join(text + "\n" for text in texts))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, *words):
        self.lambert.run("embed", *self.words, "--output", self.path(name), *words, self.input)
        return self.path(name)

    def array(self, pool, *words):
        return numpy.load(self.write(pool + ".npy", "--pool", pool, *words))


def difference(seen, wanted):
    """The largest of any number; of other shapes, not a number."""
    return float(numpy.abs(seen - wanted).max()) if seen.shape == wanted.shape else float("nan")


def distance(seen, wanted):
    """By the norm of what is wanted."""
    return float(numpy.linalg.norm(seen - wanted) / numpy.linalg.norm(wanted)) \
        if seen.shape == wanted.shape else float("nan")


def check_tokens(table, name, embedder, wanted):
    ids = numpy.load(embedder.path("tokens.ids.npy"))
    offsets = numpy.load(embedder.path("tokens.offsets.npy"))
    right = [one["input_ids"] for one in wanted.ids]
    table.check(name, f"tokens of {len(right)} texts, {len(ids)} in all",
                offsets[0] == 0 and len(offsets) == len(right) + 1 and
                all(ids[begin:end].tolist() == one
                    for begin, end, one in zip(offsets[:-1], offsets[1:], right)))


def check_lines(table, name, embedder, wanted):
    """extract_features.py's lines of the last two layers."""
    worst, fine = 0, True
    path = embedder.write("tokens.jsonl", "--pool", "tokens", "--layers", "-1,-2")
    with open(path, encoding="utf-8") as file:
        for number, (line, state, encoded) in enumerate(zip(file, wanted.states, wanted.ids, strict=True)):
            said = json.loads(line)
            features = said["features"]
            fine = fine and said["linex_index"] == number and \
                [feature["token"] for feature in features] == \
                wanted.tokenizer.convert_ids_to_tokens(encoded["input_ids"]) and \
                all([layer["index"] for layer in feature["layers"]] == [-1, -2] for feature in features)
            seen = numpy.array([[layer["values"] for layer in one["layers"]] for one in features])
            worst = max(worst, difference(seen, state[:, [-1, -2]]), key=lambda d: (d != d, d))
    table.check(name, "JSON lines: tokens and layers", fine)
    table.add(name, "JSON lines: vectors", worst, LIMIT)


def check(table, name, lambert, model, texts, folder, longest, batch=32):
    """All of it; the work lies in a folder."""
    os.makedirs(folder, exist_ok=True)
    embedder, wanted = Embedder(lambert, model, texts, folder, longest), Wanted(model, texts, longest, batch)
    every = ["--layers", ",".join(map(str, range(wanted.layers + 1)))]
    for pool in POOLS:
        layers = [] if pool == "pooler" else every
        right = wanted.array(pool)
        table.add(name, f"{pool}: {'x'.join(map(str, right.shape))}",
                  difference(embedder.array(pool, *layers), right), LIMIT)
        table.add(name, f"{pool} in bfloat16, by the norm",
                  distance(embedder.array(pool, *layers, "--compute-type", "bfloat16"), right), BFLOAT16_LIMIT)
    last = wanted.array("mean")[:, -1]
    table.add(name, "mean of the last layer, by itself", difference(embedder.array("mean"), last), LIMIT)
    table.add(name, "mean of the last layer, of length 1",
              difference(embedder.array("mean", "--normalize"),
                         last / numpy.linalg.norm(last, axis=1, keepdims=True)), LIMIT)
    check_tokens(table, name, embedder, wanted)
    check_lines(table, name, embedder, wanted)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("model")
    parser.add_argument("texts")
    parser.add_argument("--sequence-length", type=int, default=256)
    parser.add_argument("--batch", type=int, default=32)
    arguments = parser.parse_args()
    table = program.Table("")
    with tempfile.TemporaryDirectory(prefix="lambert-numerics.") as folder:
        check(table, os.path.basename(os.path.normpath(arguments.model)), program.Lambert(arguments.build),
              arguments.model, read_texts(arguments.texts), folder, arguments.sequence_length, arguments.batch)
    sys.exit(table.end())


if __name__ == "__main__":
    main()
