#!/usr/bin/env python3
"""Model folders as people have them, some hundred: every field of the tokenizer files and of config.json with
other values, names of tensors with prefixes, shards, dtypes, damage. For each, either Lambert refuses it
and says which file is at fault, or transformers (or PyTorch, from the tensors that we wrote) has the same:
the same ids for the same texts before and after import and export, and the same tensors to the bit.

    scripts/numerics/folders.py BUILD [PATTERN] [--keep DIR]

Words as for compare.py. No network is used. Exit code 1: something does not agree.
"""
import copy
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import unicodedata

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error",
                  TOKENIZERS_PARALLELISM="false")

import numpy
import torch
import transformers
from safetensors.torch import save_file

import program
import safetensors_io

VOCABULARY = ("[PAD] [UNK] [CLS] [SEP] [MASK] the king river caf\u00e9 cafe Cafe Caf\u00e9 na ##\u00efve ##ive "
              "\u6771 ##\u4eac \u4eac \u6771\u4eac a ##b ##c x ##x y ##y old ##er Old K ##ing . , ! ' < url > # "
              "covid ##19 19 \u0440 ##\u0435\u043a\u0430 e ##\u0301 1 ##2").split()

# What each option changes, words of many lengths, and no capital sigma: the fast tokenizer knows no final form.
TEXTS = ["the old king, the RIVER!", "caf\u00e9 CAF\u00c9 Caf\u00e9 cafe\u0301 na\u00efve", "\u6771\u4eac a\u6771\u4eacb \u6771",
         "x" * 6 + " " + "x" * 8, "x" * 100 + " " + "y" * 101, "y" * 200 + " " + "x" * 201, "K\u00ef\u0301ng's # <",
         "a\u0000b \ufffd a\u200bb\tc\u00a0x", "\u0440\u0435\u043a\u0430 1 12 19", "older covid covid, 'x'", "", "  ", "< url >"]


def write_json(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file)


def read_json(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)


class Base:
    """A small model of transformers and its tokenizer files."""

    def __init__(self, lambert, folder):
        self.lambert, self.folder, self.number = lambert, folder, 0
        self.path = os.path.join(folder, "base")
        os.makedirs(self.path, exist_ok=True)
        torch.manual_seed(1)
        config = transformers.BertConfig(
            vocab_size=len(VOCABULARY) + 4, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=12, max_position_embeddings=16)
        self.model = transformers.BertForPreTraining(config)
        with torch.no_grad():
            for tensor in self.model.parameters():
                tensor.add_(0.1 * torch.randn_like(tensor))
        self.model.save_pretrained(self.path)
        with open(os.path.join(self.path, "vocab.txt"), "w", encoding="utf-8") as file:
            file.write("".join(token + "\n" for token in VOCABULARY))
        self.tensors = {key: value.detach().numpy().copy() for key, value in self.model.named_parameters()}
        kept = len(VOCABULARY)
        for key in ("bert.embeddings.word_embeddings.weight", "cls.predictions.bias"):
            self.tensors[key] = self.tensors[key][:kept]
        fast = transformers.BertTokenizerFast(os.path.join(self.path, "vocab.txt"))
        self.fast = json.loads(fast.backend_tokenizer.to_str())
        write_json(self.path, "tokenizer.json", self.fast)
        write_json(self.path, "tokenizer_config.json", {"do_lower_case": True})

    def copy(self):
        """A folder of its own for a variant."""
        self.number += 1
        path = os.path.join(self.folder, f"v{self.number}")
        shutil.copytree(self.path, path)
        return path

    def through(self, path):
        """Imported and exported: the folder, or None and what was said."""
        checkpoint, again = path + ".checkpoint", path + "-again"
        done = subprocess.run([self.lambert.path, "import", "--from", path, "--output", checkpoint],
                              capture_output=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
            if done.returncode != 1 or path not in said:
                raise program.Failure(f"{path}: exit code {done.returncode}: {done.stderr}")
            return None, said
        self.lambert.run("export", "--checkpoint", checkpoint, "--output", again)
        return again, done.stderr

    def drop(self, path):
        for name in (path, path + "-again"):
            shutil.rmtree(name, ignore_errors=True)
        if os.path.exists(path + ".checkpoint"):
            os.remove(path + ".checkpoint")


# --- tokenizers ------------------------------------------------------------------------------------

def ids_of(tokenizer, texts):
    return [tokenizer(text)["input_ids"] for text in texts] + \
           [tokenizer(a, b)["input_ids"] for a, b in zip(texts, texts[1:])]


def our_ids(base, again, texts):
    """By Lambert's tokenizer as the exported folder says that it is."""
    fast = read_json(again, "tokenizer.json")
    normalizer, words = fast["normalizer"], []
    if not normalizer["lowercase"]:
        words += ["--cased"]
    if normalizer["strip_accents"] is not None:
        words += ["--accents", "strip" if normalizer["strip_accents"] else "keep"]
    if not normalizer["handle_chinese_chars"]:
        words += ["--join-han"]
    words += ["--longest-word", str(fast["model"]["max_input_chars_per_word"])]
    lines = base.lambert.run("show", "tokens", "--vocabulary", os.path.join(again, "vocab.txt"), "--json", *words,
                             text="".join(text + "\n" for text in texts)).splitlines()
    return [json.loads(line)["ids"] for line in lines]


def check_tokenizer(table, base, name, path, texts=TEXTS, added=()):
    """added: tokens that both sides cut in other ways where they stand in a text."""
    again, said = base.through(path)
    if again is None:
        return said
    texts = [text for text in texts if not any(token in text.lower() for token in added)]
    first = transformers.AutoTokenizer.from_pretrained(path)
    wanted = ids_of(first, texts)
    plain = [first(text, add_special_tokens=False)["input_ids"] for text in texts]
    found = {"exported": ids_of(transformers.AutoTokenizer.from_pretrained(again), texts) == wanted,
             "Lambert's": our_ids(base, again, texts) == plain}
    for kind, same in found.items():
        if not same:
            table.check(name, f"{kind} ids are not those of transformers", False)
    return "" if all(found.values()) else None


def changed(value, place, new):
    """A copy with the member at "a.b.c" replaced; new ...: taken away."""
    value = copy.deepcopy(value)
    steps, object_ = place.split("."), value
    for step in steps[:-1]:
        object_ = object_[step]
    if new is ...:
        object_.pop(steps[-1], None)
    else:
        object_[steps[-1]] = new
    return value


def has_case(token):
    """Whether lower-casing and stripping accents would change it."""
    kept = unicodedata.normalize("NFD", token.lower())
    return token != "".join(c for c in kept if unicodedata.category(c) != "Mn")


def tokenizer_options():
    """(what tokenizer_config.json says, what tokenizer.json says)"""
    said = (..., True, False)
    for lower, accents, han in itertools.product(said, said, said):
        for fast in ((True, None, True), (False, None, True), (True, False, False), (False, True, False),
                     tuple(None if new is ... and i == 1 else new is not False if new is ... else new
                           for i, new in enumerate((lower, accents, han)))):
            yield {"do_lower_case": lower, "strip_accents": accents, "tokenize_chinese_chars": han}, fast


def check_options(table, base):
    refused = agreed = 0
    for number, (config, (lower, accents, han)) in enumerate(tokenizer_options()):
        path = base.copy()
        write_json(path, "tokenizer_config.json", {key: value for key, value in config.items() if value is not ...})
        fast = changed(base.fast, "normalizer", {"type": "BertNormalizer", "clean_text": True, "lowercase": lower,
                                                 "strip_accents": accents, "handle_chinese_chars": han})
        fast["model"]["max_input_chars_per_word"] = (7, 100, 200)[number % 3]
        write_json(path, "tokenizer.json", fast)
        left = number % 4 == 0
        if left:
            os.remove(os.path.join(path, "vocab.txt"))
        said = check_tokenizer(table, base, f"options {config} {lower} {accents} {han}", path)
        agreed += said == ""
        refused += bool(said)
        base.drop(path)
    table.check("tokenizer: case, accents, Han, longest word", f"{agreed} the same, {refused} refused",
                agreed >= 30 and refused >= 30)
    agreed = 0
    for config in ({"do_lower_case": True}, {"do_lower_case": False}, {"do_lower_case": True, "strip_accents": False},
                   {"do_lower_case": True, "tokenize_chinese_chars": False},
                   {"do_lower_case": False, "strip_accents": True}):
        path = base.copy()
        os.remove(os.path.join(path, "tokenizer.json"))
        write_json(path, "tokenizer_config.json", config)
        agreed += check_tokenizer(table, base, f"slow {config}", path) == ""
        base.drop(path)
    table.check("tokenizer: of vocab.txt alone", f"{agreed} of 5 the same", agreed == 5)
    check_silent_case(table, base)


def check_silent_case(table, base):
    """What says nothing of case is read as the vocabulary tells: as transformers read it once told so."""
    agreed = 0
    for cased in (False, True):
        for config in (None, {}, {"tokenize_chinese_chars": False}):
            path, told = base.copy(), base.copy()
            for folder in (path, told):
                os.remove(os.path.join(folder, "tokenizer.json"))
                os.remove(os.path.join(folder, "tokenizer_config.json"))
                with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
                    plain = [token if cased or token.startswith("[") else f"plain{i}" if has_case(token) else token
                             for i, token in enumerate(VOCABULARY)]
                    file.write("".join(token + "\n" for token in plain))
            if config is not None:
                write_json(path, "tokenizer_config.json", config)
            write_json(told, "tokenizer_config.json", {**(config or {}), "do_lower_case": not cased})
            again, said = base.through(path)
            first = transformers.AutoTokenizer.from_pretrained(told)
            agreed += again is not None and f"is taken for {'cased' if cased else 'uncased'}" in said and \
                ids_of(transformers.AutoTokenizer.from_pretrained(again), TEXTS) == ids_of(first, TEXTS)
            base.drop(path)
            base.drop(told)
    table.check("tokenizer: case by the vocabulary", f"{agreed} of 6 as told", agreed == 6)


FIELDS = [
    ("normalizer", [None, {"type": "Lowercase"}, {"type": "NFC"},
                    {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}]}]),
    ("normalizer.clean_text", [False]),
    ("pre_tokenizer", [{"type": "Whitespace"}, {"type": "WhitespaceSplit"}, None,
                       {"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}]}]),
    ("model.unk_token", ["[MASK]"]),
    ("model.continuing_subword_prefix", ["", "@@", "#"]),
    ("model.max_input_chars_per_word", [1, 2, 7, 99, 100, 101, 200, 1000]),
    ("post_processor", [None, {"type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]},
                        {"type": "BertProcessing", "cls": ["[SEP]", 3], "sep": ["[CLS]", 2]},
                        {"type": "RobertaProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3],
                         "trim_offsets": True, "add_prefix_space": False}]),
    ("post_processor.single", [[{"Sequence": {"id": "A", "type_id": 0}}]]),
    ("post_processor.pair", [[{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}]]),
    ("truncation", [{"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0}]),
    ("decoder", [None, {"type": "WordPiece", "prefix": "##", "cleanup": False}]),
    ("model.vocab.old", [..., 1, 999]),
    ("model.vocab.never", [len(VOCABULARY)]),
]
CONFIG_FIELDS = {"cls_token": ["[CLS]", "<s>"], "mask_token": [{"content": "[MASK]", "__type": "AddedToken"}, "<mask>"],
                 "tokenizer_class": ["BertTokenizer", "BertTokenizerFast", "PreTrainedTokenizerFast", "BertJapaneseTokenizer",
                                     "DistilBertTokenizer", "ElectraTokenizerFast"],
                 "never_split": [["king"], []], "do_basic_tokenize": [True, False], "model_max_length": [512],
                 "additional_special_tokens": [["[E1]"], []], "padding_side": ["left", "right"]}


def check_fields(table, base):
    agreed = refused = 0
    for place, values in FIELDS:
        for value in values:
            path = base.copy()
            write_json(path, "tokenizer.json", changed(base.fast, place, value))
            said = check_tokenizer(table, base, f"{place} = {value}", path, [text for text in TEXTS if len(text) < 15]
                                   if place == "truncation" else TEXTS)
            agreed, refused = agreed + (said == ""), refused + bool(said)
            base.drop(path)
    for place, values in CONFIG_FIELDS.items():
        for value in values:
            path = base.copy()
            write_json(path, "tokenizer_config.json", {"do_lower_case": True, place: value})
            said = check_tokenizer(table, base, f"{place} = {value}", path)
            agreed, refused = agreed + (said == ""), refused + bool(said)
            base.drop(path)
    table.check("tokenizer: one field after the other", f"{agreed} the same, {refused} refused",
                agreed >= 20 and refused >= 15)


def token(content, number=None, special=False, **flags):
    made = {"content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": not special, "special": special, **flags}
    return made if number is None else {"id": number, **made}


def flags_of(tokenizer):
    """Of its added tokens, by id."""
    return {number: (added.content, added.single_word, added.lstrip, added.rstrip, added.normalized, added.special)
            for number, added in tokenizer.added_tokens_decoder.items()}


def check_added(table, base):
    """Rows of added tokens go through, and transformers tell the exported folder's as the first one's."""
    end, agreed = len(VOCABULARY), 0
    cases = [("added_tokens.json", {",": VOCABULARY.index(",")}), ("added_tokens.json", {";": end, "\u201e": end + 1}),
             ("fast", [token(";", end)]), ("fast", [token("[E1]", end, True), token("[E2]", end + 1, True)]),
             ("fast", [token("<", VOCABULARY.index("<"), single_word=True, lstrip=True)]),
             ("fast", [token("\u897f", end), token("[E2]", end + 1, True, rstrip=True)]),
             ("decoder", {str(end): token("[E1]", None, True)}), ("map", "[E1]")]
    for kind, value in cases:
        path = base.copy()
        if kind != "fast":
            os.remove(os.path.join(path, "tokenizer.json"))
        if kind == "added_tokens.json":
            write_json(path, kind, value)
        elif kind == "fast":
            write_json(path, "tokenizer.json", changed(base.fast, "added_tokens", base.fast["added_tokens"] + value))
        elif kind == "decoder":
            write_json(path, "tokenizer_config.json", {"do_lower_case": True, "added_tokens_decoder": value})
        else:
            write_json(path, "added_tokens.json", {value: end})
            write_json(path, "special_tokens_map.json", {"additional_special_tokens": [value]})
        name = f"added tokens in {kind}: {value}"
        names = ["[e1]", "[e2]"]
        texts = TEXTS + ["the king;river , a;b", "a,b<c> <", "the [E1] king [E2]", "x\u201ey \u201e", "a\u897fb \u897f"]
        said = check_tokenizer(table, base, name, path, texts, added=names)
        if said:
            table.check(name, said[:52], False)
            continue
        first, again = (transformers.AutoTokenizer.from_pretrained(p) for p in (path, path + "-again"))
        rows = base.model.bert.embeddings.word_embeddings.weight.detach().numpy()
        seen = safetensors_io.read(os.path.join(path + "-again", "model.safetensors"))
        words = seen["bert.embeddings.word_embeddings.weight"]
        same = ids_of(first, texts) == ids_of(again, texts) and len(first) == len(again) == len(words) and \
            words.tobytes() == rows[:len(words)].tobytes() and \
            flags_of(first) == flags_of(again)
        if not same:
            table.check(name, "texts, ids, rows or flags", False)
        agreed += same
        base.drop(path)
    table.check("tokenizer: added tokens keep ids, rows and flags", f"{agreed} of {len(cases)}", agreed == len(cases))
    refused = 0
    values = ({"<url>": end}, {"virus": end + 1}, {"king": 1}, {"#x": end}, {"caf\u00e9!": end}, {"virus": end},
              {"covid": VOCABULARY.index("covid")}, {"##xy": end}, {"\u20ac": end})
    for value in values:
        path = base.copy()
        os.remove(os.path.join(path, "tokenizer.json"))
        write_json(path, "added_tokens.json", value)
        again, said = base.through(path)
        refused += again is None and list(value)[0] in said
        base.drop(path)
    table.check("tokenizer: added tokens that cannot be honoured", f"{refused} of {len(values)} refused by name",
                refused == len(values))


# --- weights ---------------------------------------------------------------------------------------

PREFIXES = ["", "module.", "model.", "module.model.", "0.auto_model.", "bert_model.net."]


def renamed(tensors, prefix, strip, old, nvidia):
    """As a writer with other habits calls them; strip: BertModel's names, without "bert."."""
    named = {}
    for key, value in tensors.items():
        if strip:
            key = key.removeprefix("bert.")
        if old:
            key = key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        if nvidia:
            key = re.sub(r"(intermediate|pooler|transform)\.dense\.", r"\1.dense_act.", key)
        named[prefix + key] = value
    return named


def put_shards(path, tensors, count, rng):
    """In a random order, in so many files; some may be empty of what others have."""
    os.remove(os.path.join(path, "model.safetensors"))
    names = list(tensors)
    rng.shuffle(names)
    shards = [{} for _ in range(count)]
    for place, name in enumerate(names):
        shards[place if place < count else rng.randrange(count)][name] = tensors[name]
    files = [f"model-{i + 1:05}-of-{count:05}.safetensors" for i in range(count)]
    for file, shard in zip(files, shards):
        save_file(shard, os.path.join(path, file), {"format": "pt"})
    index = {"metadata": {"total_size": 1},
             "weight_map": {name: file for file, shard in zip(files, shards) for name in shard}}
    write_json(path, "model.safetensors.index.json", index)
    return files, index


def same_tensors(base, again, dtype=torch.float32):
    seen = safetensors_io.read(os.path.join(again, "model.safetensors"))
    return set(seen) == set(base.tensors) and all(
        seen[key].tobytes() == torch.from_numpy(value).to(dtype).float().numpy().tobytes()
        for key, value in base.tensors.items())


def torch_tensors(base):
    return {key: value.detach().clone() for key, value in base.model.named_parameters()}


def padded(key, value, multiple):
    """With the rows of a vocabulary rounded up, as trainers have them; what is in the others is nobody's."""
    if not re.search(r"word_embeddings\.weight|predictions\.bias|decoder\.weight", key):
        return value
    rows = -len(value) % multiple
    return torch.cat([value, torch.full((rows, *value.shape[1:]), 7.0, dtype=value.dtype)])


def check_names(table, base):
    rng, agreed, count = random.Random(1), 0, 0
    for prefix, strip, old, nvidia in itertools.product(PREFIXES, *[(False, True)] * 3):
        for shards in (1, rng.randrange(2, 9)):
            path = base.copy()
            tensors = renamed(torch_tensors(base), prefix, strip, old, nvidia)
            if rng.random() < 0.5:
                tensors[prefix + ("" if strip else "bert.") + "embeddings.position_ids"] = torch.arange(16)[None]
            if rng.random() < 0.5:
                tensors[prefix + "cls.predictions.decoder.weight"] = \
                    base.model.cls.predictions.decoder.weight.detach().clone()
            dtype = rng.choice((torch.float64, torch.float32, torch.float32, torch.float16, torch.bfloat16))
            multiple = rng.choice((1, 1, 8, 64, 128))
            tensors = {key: padded(key, value.to(dtype), multiple) if value.is_floating_point() else value
                       for key, value in tensors.items()}
            if shards == 1:
                save_file(tensors, os.path.join(path, "model.safetensors"), {"format": "pt"})
            else:
                put_shards(path, tensors, shards, rng)
            again, said = base.through(path)
            same = again is not None and same_tensors(base, again, torch.float32 if dtype == torch.float64 else dtype)
            if not same:
                table.check(f"names {prefix!r} {strip} {old} {nvidia} {shards} {dtype} {multiple}", said[-52:], False)
            agreed, count = agreed + same, count + 1
            base.drop(path)
    table.check("weights: prefixes, spellings, shards, dtypes, padding", f"{agreed} of {count} bit for bit", agreed == count)


def check_dtypes(table, base):
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        path = base.copy()
        base.model.to(dtype).save_pretrained(path)
        base.model.float()
        again, _ = base.through(path)
        first = safetensors_io.read(os.path.join(path, "model.safetensors"))
        seen = safetensors_io.read(os.path.join(again, "model.safetensors"))
        same = all(value.astype("f4").tobytes() == first[key][:len(value)].astype("f4").tobytes()
                   for key, value in seen.items())
        table.check("weights: as transformers save them", f"{dtype}: the same values", same)
        base.drop(path)
    # the weights of base.model went through float16: made anew
    base.__init__(base.lambert, base.folder)


def damage_shards(path, files, index, rng):
    """One of the things that can be wrong with shards, and what is then to be named."""
    kind = rng.randrange(6)
    file, name = rng.choice(files), rng.choice(list(index["weight_map"]))
    where = index["weight_map"][name]
    if kind == 0:
        os.remove(os.path.join(path, file))
        return [file]
    if kind == 1:
        del index["weight_map"][name]
    elif kind == 2:
        index["weight_map"][name] = rng.choice([other for other in files if other != where])
    elif kind == 3:
        index["weight_map"]["bert.more"] = file
        name = "bert.more"
    elif kind == 4:
        other = rng.choice([other for other in files if other != where])
        tensors = {key: torch.from_numpy(value.copy()) for key, value in
                   safetensors_io.read(os.path.join(path, other)).items()}
        tensors[name] = torch.zeros(1)
        save_file(tensors, os.path.join(path, other), {"format": "pt"})
    else:
        with open(os.path.join(path, file), "r+b") as stream:
            stream.truncate(rng.randrange(os.path.getsize(os.path.join(path, file))))
        return [file]
    write_json(path, "model.safetensors.index.json", index)
    return [name]


def check_damage(table, base):
    rng, refused, count = random.Random(2), 0, 60
    for _ in range(count):
        path = base.copy()
        files, index = put_shards(path, torch_tensors(base), rng.randrange(2, 6), rng)
        words = damage_shards(path, files, index, rng)
        again, said = base.through(path)
        named = again is None and all(word in said for word in words)
        if not named:
            table.check(f"damaged shards: {words}", said[-52:], False)
        refused += named
        base.drop(path)
    table.check("weights: damaged shards", f"{refused} of {count} refused by name", refused == count)


def check_finite(table, base):
    rng, refused, count = random.Random(3), 0, 40
    for number in range(count):
        path, tensors = base.copy(), torch_tensors(base)
        name = rng.choice([key for key in tensors if "word_embeddings" not in key and key != "cls.predictions.bias"])
        flat = tensors[name].reshape(-1)
        places = sorted(rng.sample(range(len(flat)), min(len(flat), rng.randrange(1, 4))))
        for place in places:
            flat[place] = rng.choice([float("nan"), float("inf"), float("-inf")])
        dtype = (torch.float32, torch.float64, torch.float16, torch.bfloat16)[number % 4]
        save_file({key: value.to(dtype) for key, value in tensors.items()}, os.path.join(path, "model.safetensors"),
                  {"format": "pt"})
        again, said = base.through(path)
        index = [int(i) for i in numpy.unravel_index(places[0], tensors[name].shape)]
        named = again is None and name in said and f"{len(places)} of {len(flat)} " in said and f"at {index}" in said
        if not named:
            table.check(f"not finite: {name} {index}", said[-52:], False)
        refused += named
        base.drop(path)
    table.check("weights: not finite", f"{refused} of {count} refused by tensor, place, count", refused == count)


def check_pickles(table, base):
    """The line that the refusal gives makes a folder of it that imports."""
    for shards in (1, 3):
        path, tensors = base.copy(), torch_tensors(base)
        tensors["cls.predictions.decoder.weight"] = tensors["bert.embeddings.word_embeddings.weight"]
        os.remove(os.path.join(path, "model.safetensors"))
        names = sorted(tensors)
        for shard in range(shards):
            name = "pytorch_model.bin" if shards == 1 else f"pytorch_model-0000{shard + 1}-of-0000{shards}.bin"
            torch.save({key: tensors[key] for key in names[shard::shards]}, os.path.join(path, name))
        if shards > 1:
            write_json(path, "pytorch_model.bin.index.json", {"weight_map": {}})
        again, said = base.through(path)
        line = said[said.index("python3 -c"):] if again is None and "python3 -c" in said else "false"
        done = subprocess.run(["bash", "-c", line.replace("python3", sys.executable, 1)], capture_output=True,
                              encoding="utf-8", check=False)
        again = base.through(path)[0] if done.returncode == 0 else None
        table.check("weights: pickled, by the line that is given", f"{shards} file(s): the same tensors",
                    again is not None and same_tensors(base, again))
        if again is None:
            print("   ", said, done.stderr[-500:])
        base.drop(path)


# --- config.json -----------------------------------------------------------------------------------

CONFIGS = {"hidden_act": ["gelu", "gelu_python", "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "relu",
                          "silu", "gelu_10", "quick_gelu", "tanh"],
           "position_embedding_type": ["absolute", "relative_key", "relative_key_query"],
           "is_decoder": [False, True], "add_cross_attention": [False, True], "chunk_size_feed_forward": [0, 4],
           "pruned_heads": [{}, {"0": [1]}], "tie_word_embeddings": [True, False], "layer_norm_eps": [1e-5, 1e-3],
           "type_vocab_size": [2], "model_type": ["bert", "roberta"], "hidden_dropout_prob": [0.0, 0.3],
           "attention_probs_dropout_prob": [0.2], "classifier_dropout": [None, 0.5], "num_attention_heads": [1, 4, 8],
           "initializer_range": [0.05], "quantization_config": [{"bits": 4}], "auto_map": [{"AutoModel": "m.M"}],
           "use_cache": [False], "output_attentions": [True], "problem_type": [None], "pad_token_id": [0, 3]}


def hidden_states(path):
    model = transformers.BertForPreTraining.from_pretrained(path, dtype=torch.float64, attn_implementation="eager").eval()
    with torch.no_grad():
        out = model(input_ids=torch.tensor([[2, 5, 6, 7, 3, 8, 9, 3]]),
                    token_type_ids=torch.tensor([[0, 0, 0, 0, 0, 1, 1, 1]]))
    return out.prediction_logits[..., :len(VOCABULARY)], out.seq_relationship_logits


def check_configs(table, base):
    """What the folder computes in transformers before and after; dropouts and ranges as they were."""
    agreed = refused = 0
    kept = ("hidden_dropout_prob", "attention_probs_dropout_prob", "initializer_range", "layer_norm_eps",
            "type_vocab_size", "num_attention_heads", "max_position_embeddings", "intermediate_size")
    for place, values in CONFIGS.items():
        for value in values:
            path = base.copy()
            config = {**read_json(path, "config.json"), place: value}
            write_json(path, "config.json", config)
            again, said = base.through(path)
            if again is None:
                refused += 1
                if place not in said:
                    table.check(f"{place} = {value}", said[-52:], False)
            else:
                same = all(torch.allclose(a, b, rtol=1e-6, atol=1e-9)
                           for a, b in zip(hidden_states(path), hidden_states(again)))
                same &= all(read_json(again, "config.json")[key] == config[key] for key in kept)
                agreed += same
                if not same:
                    table.check(f"{place} = {value}", "what it computes, or a number of it", False)
            base.drop(path)
    table.check("config.json: one field after the other", f"{agreed} the same, {refused} refused",
                agreed >= 20 and refused >= 12)


def compare(lambert, folder, pattern):
    table = program.Table("")
    base = Base(lambert, folder)
    checks = {"options": check_options, "fields": check_fields, "added": check_added, "names": check_names,
              "damage": check_damage, "finite": check_finite, "pickles": check_pickles, "configs": check_configs,
              "dtypes": check_dtypes}
    for key, check in checks.items():
        if pattern in key:
            check(table, base)
    return table.end()


if __name__ == "__main__":
    torch.set_num_threads(1)
    program.main(__doc__, compare)
