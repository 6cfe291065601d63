#!/usr/bin/env python3
"""Does what the users of an exported model do, with their own programs: transformers loads it, computes
our losses, cuts text into our tokens, makes our vectors of it; its models come in and go out again
unchanged, those that were fine-tuned too, and say the same in both programs; and its heads are what our golden
files say. Runs with transformers 4 (requirements.txt) and 5; 5 has no slow tokenizer any more.

    scripts/numerics/clients.py BUILD [PATTERN] [--keep DIR]

Words as for compare.py. No network is used. Exit code 1: something does not agree.
"""
import json
import os
import unicodedata

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error",
                  TOKENIZERS_PARALLELISM="false")

import numpy
import torch
import transformers

import heads
import program
import safetensors_io
import task_folders
import vectors
from reference import Config, shapes

LOSS_LIMIT = 1e-5
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}

CONFIG = """
[model]
hidden_size = 48
num_attention_heads = 4
intermediate_size = 80
max_position_embeddings = 70
hidden_dropout_prob = 0
attention_probs_dropout_prob = 0
[phase one]
sequence_length = 53
global_batch = 24
steps = 1
learning_rate = 0.01
"""

# What the tables of Unicode and the rules of BERT's tokenizer disagree about most easily.
TEXTS = [
    "The old king saw the river.",
    "UNwant\u00e9d,running HELLO!how  \t Are yoU?  ",
    "na\u00efve CAF\u00c9 \u0130stanbul \u00df",
    "ah\u535a\u63a8zz \u6771\u4eac \u30ab\u30bf\u30ab\u30ca \ud55c\uad6d\uc5b4",
    "don't $5.00 ~50% e-mail a`b^c",
    "soft\u00adhyphen zero\u200bwidth no\u00a0break \ufeffmark",
    "emoji \U0001f600 and \u20ac and \u201cquotes\u201d \u2014 dash\u2026",
    "x" * 99 + " " + "y" * 100,
    "",
    "123 4567 1,000.50 3\u00bd \u2167",
    "\u0440\u0435\u043a\u0430 \u0413\u041e\u0420\u041e\u0414 \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
]


COMBINING = "combining e\u0301 a\u0308o\u0308 \u03b1\u03b2 \u1e9e"

# Where transformers goes other ways than Google's tokenizer, whose rules ours has: (which one, case
# kept or not, a text, the text that has by our rules the tokens that theirs gives this one, why).
SIGMA, SIGMA_TOO = "\u03a3\u0391\u03a3 \u03a3", "\u03c3\u03b1\u03c3 \u03c3"
VERSION = int(transformers.__version__.split(".", maxsplit=1)[0])
KINDS = ("fast", "slow") if VERSION < 5 else ("fast",)
LONG, LONG_TOO = "y" * 101, "y" * 201
LONG_WHY = "words end at 100 characters, not at 200"
DIFFERENCES = [
    ("fast", False, SIGMA, SIGMA_TOO, "knows no final sigma"),
    ("slow", False, SIGMA, SIGMA_TOO, "lower-cases letter by letter: no final sigma"),
    ("slow", False, LONG, LONG_TOO, LONG_WHY),
    ("slow", True, LONG, LONG_TOO, LONG_WHY),
    ("slow", True, COMBINING, unicodedata.normalize("NFC", COMBINING), "composes accents first"),
]
if VERSION >= 5:  # its BertTokenizer takes the vocabulary from tokenizer.json and not the limit
    DIFFERENCES += [("fast", cased, LONG, LONG_TOO, LONG_WHY) for cased in (False, True)]


SPECIAL_TEXTS = sorted({text for _, _, text, _, _ in DIFFERENCES})


def texts_for_letters():
    """What the vocabulary is learnt from besides: twice, in all their forms, so that few are [UNK]."""
    return 2 * (TEXTS + SPECIAL_TEXTS + [other for _, _, _, other, _ in DIFFERENCES])


class Export:
    """A trained step of a model, exported."""

    def __init__(self, lambert, folder, name, words, cased=()):
        corpora = program.make_corpora(lambert, os.path.join(folder, name + "-text"), 600, cased,
                                       "".join(text + "\n" for text in texts_for_letters()))
        self.lambert, self.vocabulary, self.cased = lambert, corpora["vocab.txt"], cased
        self.config = os.path.join(folder, "clients.ini")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.words = [f"data.corpus={corpora['long']}", *words]
        self.start = program.start_folder(lambert, self.config, self.words, folder, name)
        self.run = os.path.join(folder, name)
        self.words += [f"run.start_from={self.start}"]
        lambert.run("train", self.config, *self.words, f"run.folder={self.run}")
        self.checkpoint = program.checkpoint_path(self.run)
        self.folder = os.path.join(folder, name + "-exported")
        self.tensors = lambert.export(self.checkpoint, self.folder)


def check_names(table, name, export):
    """The list of tensors is that of the specification, to the letter."""
    config = Config.from_json(os.path.join(export.folder, "config.json"))
    wanted = {tensor: list(shape) for tensor, shape in shapes(config).items()}
    entries, metadata, _, _ = safetensors_io.header(os.path.join(export.folder, "model.safetensors"))
    found = {tensor: entry["shape"] for tensor, entry in entries.items()}
    count = 14 + 16 * config.num_hidden_layers
    table.check(name, f"{count} tensors by name and shape", found == wanted and len(found) == count)
    table.check(name, "metadata says format pt", metadata.get("format") == "pt")


def load(folder, kind, dtype=torch.float32):
    """The model, and the names that were missing, unexpected or of the wrong shape."""
    model, information = kind.from_pretrained(folder, output_loading_info=True, dtype=dtype)
    trouble = {key: sorted(map(str, value)) for key, value in information.items()
               if key != "error_msgs" and value}
    if information.get("error_msgs"):
        trouble["error_msgs"] = [str(information["error_msgs"])]
    return model.eval(), trouble


def without_heads(trouble, heads):
    """What is left of the trouble when these tensors are not wanted by the class."""
    left = {key: [name for name in names if not name.startswith(heads)]
            for key, names in trouble.items()}
    return {key: names for key, names in left.items() if names}


def check_loading(table, name, export):
    """BertForPreTraining wants every tensor; the others have no use for some heads, and BertModel and
    BertForMaskedLM make nothing up but what they are without."""
    for kind, unused in ((transformers.BertForPreTraining, ()),
                         (transformers.BertForMaskedLM, ("cls.seq_relationship.", "bert.pooler.")),
                         (transformers.BertModel, ("cls.",))):
        model, trouble = load(export.folder, kind)
        missing = trouble.get("missing_keys", []) + trouble.get("mismatched_keys", [])
        left = without_heads(trouble, unused) if unused else trouble
        table.check(name, f"{kind.__name__} loads, nothing missing or left over",
                    not missing and not left)
        if missing or left:
            print("   ", trouble)
        prefix = "bert." if kind is transformers.BertModel else ""
        same = all(torch.equal(parameter.detach(), torch.from_numpy(export.tensors[prefix + key].copy()))
                   for key, parameter in model.named_parameters())
        table.check(name, f"{kind.__name__}: weights as exported", same)


def losses_of(model, samples):
    """By transformers: all samples in one padded batch, its own cross entropies."""
    longest = max(len(sample["input_ids"]) for sample in samples)
    ids, types, mask = (torch.zeros(len(samples), longest, dtype=torch.long) for _ in range(3))
    labels = torch.full((len(samples), longest), -100)
    for row, sample in enumerate(samples):
        length = len(sample["input_ids"])
        ids[row, :length] = torch.tensor(sample["input_ids"])
        types[row, :length] = torch.tensor(sample["token_type_ids"])
        mask[row, :length] = 1
        labels[row, sample["masked_positions"]] = torch.tensor(sample["masked_labels"])
    next_labels = torch.tensor([sample["next_sentence_label"] for sample in samples])
    with torch.no_grad():
        out = model(input_ids=ids, token_type_ids=types, attention_mask=mask, labels=labels,
                    next_sentence_label=next_labels)
    nsp = torch.nn.functional.cross_entropy(out.seq_relationship_logits, next_labels)
    return {"mlm_loss": float(out.loss - nsp), "nsp_loss": float(nsp)}


def check_losses(table, name, export):
    words = export.words + [f"run.start_from={export.folder}", f"run.folder={export.run}-none"]
    seen = json.loads(export.lambert.run(
        "show", "gradients", export.config, *words, "--json", "--output",
        export.run + "-gradients.safetensors"))
    samples = export.lambert.samples(export.config, words, "one", 0, 24)
    model, _ = load(export.folder, transformers.BertForPreTraining, torch.float64)
    wanted = losses_of(model, samples)
    for key in wanted:
        table.add(name, f"BertForPreTraining: {key}", abs(seen[key] - wanted[key]) / wanted[key],
                  LOSS_LIMIT)


def token_ids(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def our_ids(export, texts):
    lines = export.lambert.run("show", "tokens", "--vocabulary", export.vocabulary, "--json",
                               *export.cased, text="".join(text + "\n" for text in texts)).splitlines()
    if len(lines) != len(texts):
        raise program.Failure(f"show tokens printed {len(lines)} lines for {len(texts)}")
    return {text: json.loads(line)["ids"] for text, line in zip(texts, lines)}


def check_texts(table, name, export, kind, tokenizer):
    known = {text: (other, why) for which, cased, text, other, why in DIFFERENCES
             if which == kind and cased == bool(export.cased)}
    texts = TEXTS + [text for text in SPECIAL_TEXTS if text not in known]
    seen = our_ids(export, texts + [other for other, _ in known.values()])
    differing = [text for text in texts if token_ids(tokenizer, text) != seen[text]]
    table.check(name, f"{kind} tokenizer: our ids on {len(texts)} texts", not differing)
    for text in differing:
        print(f"    {text!r}: {tokenizer.convert_ids_to_tokens(token_ids(tokenizer, text))}, "
              f"ours {tokenizer.convert_ids_to_tokens(seen[text])}")
    for text, (other, why) in known.items():
        table.check(name, f"{kind} tokenizer: {why}", token_ids(tokenizer, text) == seen[other])


def check_pair(table, name, kind, tokenizer):
    """[CLS] A [SEP] B [SEP], and [MASK] in a text is the token."""
    pair = tokenizer("The king", "a river")
    a, b = token_ids(tokenizer, "The king"), token_ids(tokenizer, "a river")
    ids = [tokenizer.cls_token_id, *a, tokenizer.sep_token_id, *b, tokenizer.sep_token_id]
    types = [0] * (len(a) + 2) + [1] * (len(b) + 1)
    table.check(name, f"{kind} tokenizer: [CLS] A [SEP] B [SEP]",
                pair["input_ids"] == ids and pair["token_type_ids"] == types)
    table.check(name, f"{kind} tokenizer: [MASK] is a token",
                token_ids(tokenizer, "The [MASK] king") == a[:1] + [tokenizer.mask_token_id] + a[1:])


def check_tokens(table, name, export):
    """The tokenizers of transformers against ours."""
    with open(export.vocabulary, encoding="utf-8") as file:
        entries = file.read().split("\n")
    wanted = [entries.index(token) for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]
    for kind in KINDS:
        tokenizer = transformers.AutoTokenizer.from_pretrained(export.folder, use_fast=kind == "fast")
        table.check(name, f"{kind} tokenizer: is one", tokenizer.is_fast == (kind == "fast"))
        check_texts(table, name, export, kind, tokenizer)
        check_pair(table, name, kind, tokenizer)
        special = [tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.cls_token_id,
                   tokenizer.sep_token_id, tokenizer.mask_token_id]
        table.check(name, f"{kind} tokenizer: special tokens and longest input",
                    special == wanted and tokenizer.model_max_length == 70)


def check_pipeline(table, name, export):
    """lambert fill against the fill-mask pipeline: the same tokens, with the same probabilities."""
    texts = ["the old [MASK] saw the river", "The [MASK] king, [MASK] the don[MASK]t",
             "[MASK][MASK]", "\u6771[MASK] CAF\u00c9 near [MASK]."]
    fill = transformers.pipeline("fill-mask", model=export.folder, tokenizer=export.folder, device=-1)
    seen = export.lambert.run("fill", "--model", export.checkpoint, "--top", "7", "--json",
                              text="".join(text + "\n" for text in texts)).splitlines()
    worst, same = 0, len(seen) == len(texts)
    for text, line in zip(texts, seen):
        masks, answers = json.loads(line)["masks"], fill(text, top_k=7)
        answers = answers if isinstance(answers[0], list) else [answers]
        same = same and len(masks) == len(answers)
        for ours, theirs in zip((guess for mask in masks for guess in mask["tokens"]),
                                (guess for answer in answers for guess in answer)):
            same = same and ours["id"] == theirs["token"]
            worst = max(worst, abs(ours["probability"] - theirs["score"]))
    table.check(name, "fill-mask pipeline: the tokens of lambert fill", same)
    table.add(name, "fill-mask pipeline: probabilities", worst, LOSS_LIMIT)


def pseudo_log_likelihood(model, tokenizer, text):
    """The sum over the pieces of log p of each, it and the rest of its word masked."""
    coded = tokenizer(text, return_tensors="pt")
    ids, words = coded["input_ids"][0], coded.word_ids()
    score = 0
    for at in range(1, len(ids) - 1):
        masked = ids.clone()
        masked[[t for t in range(at, len(ids)) if words[t] == words[at]]] = tokenizer.mask_token_id
        with torch.no_grad():
            score += float(model(masked[None]).logits[0, at].log_softmax(-1)[ids[at]])
    return score


def check_pairs(table, name, export):
    """lambert score --pairs against the definition, with transformers' model and tokenizer."""
    pairs = [("the old king saw the river.", "the king old saw the river."),
             ("UNwant\u00e9d hello!", "don't e-mail"), ("emoji", "4567 caf\u00e9 \u6771\u4eac")]
    file, scores = export.run + "-pairs.jsonl", export.run + "-scores.jsonl"
    with open(file, "w", encoding="utf-8") as stream:
        for good, bad in pairs:
            print(json.dumps({"sentence_good": good, "sentence_bad": bad}), file=stream)
    export.lambert.run("score", "--pairs", file, "--model", export.folder, "--sentence-scores", scores)
    with open(scores, encoding="utf-8") as stream:
        seen = [json.loads(line) for line in stream]
    model, _ = load(export.folder, transformers.BertForMaskedLM, torch.float64)
    tokenizer = transformers.AutoTokenizer.from_pretrained(export.folder)
    wanted = [[pseudo_log_likelihood(model, tokenizer, text) for text in pair] for pair in pairs]
    worst = max(abs(ours[key] - theirs) / abs(theirs) for ours, both in zip(seen, wanted)
                for key, theirs in zip(("score_good", "score_bad"), both))
    table.check(name, "minimal pairs: a line a pair", len(seen) == len(pairs))
    table.add(name, "minimal pairs: pseudo-log-likelihoods", worst, LOSS_LIMIT)


def check_dtype(table, name, export, dtype):
    """Rounded to nearest even, as PyTorch rounds."""
    folder = f"{export.folder}-{dtype}"
    seen = export.lambert.export(export.checkpoint, folder, dtype)
    same = all(torch.equal(torch.from_numpy(seen[key].astype("f4")),
                           torch.from_numpy(value.copy()).to(DTYPES[dtype]).float())
               for key, value in export.tensors.items())
    table.check(name, f"exported as {dtype}: rounded as PyTorch does", same)
    model, trouble = load(folder, transformers.BertForPreTraining, "auto")
    table.check(name, f"exported as {dtype}: loads as such",
                not trouble and model.dtype == DTYPES[dtype])


def check_import(table, name, export, kind, dtype):
    """A model of transformers, saved, imported, exported: same float32 tensors."""
    folder = f"{export.run}-{kind.__name__}-{dtype}"
    torch.manual_seed(5)
    shape = transformers.BertConfig.from_pretrained(export.folder)
    model = kind(shape).to(DTYPES[dtype])
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(export.folder).save_pretrained(folder)
    checkpoint = folder + ".checkpoint"
    export.lambert.run("import", "--from", folder, "--output", checkpoint)
    seen = export.lambert.export(checkpoint, folder + "-again")
    prefix = "bert." if kind is transformers.BertModel else ""
    saved = {prefix + key: value.detach().float().numpy() for key, value in model.named_parameters()}
    lost = sorted(set(saved) - set(seen))
    differing = [key for key in saved if key in seen
                 and seen[key].tobytes() != numpy.ascontiguousarray(saved[key], "<f4").tobytes()]
    table.check(name, f"{kind.__name__} as {dtype}: there and back", not lost and not differing)
    if lost or differing:
        print("    lost:", lost, "differing:", differing)
    wanted = {tensor for tensor in shapes(Config.from_json(os.path.join(export.folder, "config.json")))}
    table.check(name, f"{kind.__name__} as {dtype}: all heads there, all finite",
                set(seen) == wanted and all(numpy.isfinite(value).all() for value in seen.values()))


def check_twice(table, name, export):
    """Exported, imported, exported: the same file to the byte."""
    checkpoint = export.run + "-again.checkpoint"
    export.lambert.run("import", "--from", export.folder, "--output", checkpoint)
    export.lambert.export(checkpoint, export.run + "-again")
    for file in ("model.safetensors", "vocab.txt"):
        contents = []
        for folder in (export.folder, export.run + "-again"):
            with open(os.path.join(folder, file), "rb") as stream:
                contents.append(stream.read())
        table.check(name, f"exported, imported, exported: {file}", contents[0] == contents[1])


def check_all(table, name, export, pattern):
    checks = {"names": check_names, "loading": check_loading, "losses": check_losses,
              "tokens": check_tokens, "pipeline": check_pipeline, "pairs": check_pairs,
              "twice": check_twice}
    for key, check in checks.items():
        if pattern in key:
            check(table, name, export)
    for dtype in DTYPES:
        if pattern in f"dtype {dtype}":
            check_dtype(table, name, export, dtype)
        for kind in (transformers.BertForPreTraining, transformers.BertForMaskedLM,
                     transformers.BertModel):
            if pattern in f"import {dtype}":
                check_import(table, name, export, kind, dtype)


def compare(lambert, folder, pattern):
    table = program.Table("")
    two = Export(lambert, folder, "two", ["model.num_hidden_layers=2"])
    check_all(table, "2 layers, gelu", two, pattern)
    deep = Export(lambert, folder, "twelve", ["model.hidden_act=gelu_new"], ["--cased"])
    for key, check in (("names", check_names), ("loading", check_loading), ("losses", check_losses),
                       ("tokens", check_tokens)):
        if pattern in key:
            check(table, "12 layers, gelu_new, cased", deep)
    for name, export in (("2 layers, gelu", two), ("12 layers, gelu_new, cased", deep)):
        if pattern in "vectors":
            vectors.check(table, name, lambert, export.folder, vectors.TEXTS, export.run + "-vectors", 70)
    if pattern in "heads":
        heads.check(table)
    if pattern in "task folders":
        task_folders.check(table, two, load)
    return table.end()


if __name__ == "__main__":
    torch.set_num_threads(1)
    program.main(__doc__, compare)
