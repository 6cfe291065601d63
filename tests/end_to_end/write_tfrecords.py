#!/usr/bin/env python3
"""Writes pre-training samples as TFRecords, from the formats' descriptions and with nothing but the
standard library: the encoder that Lambert's decoder is tested against.

    write_tfrecords.py OUTPUT VOCABULARY [--first I] [--count N] [--length L] [--seed S]
                       [--form plain|gzip|members|zlib] [--unpacked] [--new-names] [--no-weights]
                       [--bare] [--masked N] [--damage NAME] [--json FILE]

Sample i is a function of (seed, i). --json appends each sample as `lambert show batch --json` prints
it, index apart. --damage makes one mistake in the middle record (in all, where one is not enough).
"""

import argparse
import gzip
import json
import random
import struct
import zlib

PLACES = 8  # masked_lm_positions of a record


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = crc32c_table()


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(data):
    length = struct.pack("<Q", len(data))
    return (length + struct.pack("<I", masked_crc(length)) + data
            + struct.pack("<I", masked_crc(data)))


def varint(value):
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def feature(values, packed):
    if isinstance(values[0], float):
        if packed:
            return field(2, field(1, struct.pack("<%df" % len(values), *values)))
        return field(2, b"".join(varint(1 << 3 | 5) + struct.pack("<f", v) for v in values))
    if packed:
        return field(3, field(1, b"".join(map(varint, values))))
    return field(3, b"".join(varint(1 << 3 | 0) + varint(v) for v in values))


def example(features, packed, order):
    names = list(features)
    order.shuffle(names)
    entries = b"".join(
        field(1, field(1, name.encode()) + field(2, feature(features[name], packed)))
        for name in names)
    return field(1, entries)


def sample(ids, index, length, seed):
    """[CLS] A [SEP] B [SEP] of random words, masked; the words of ids are its vocabulary."""
    draw = random.Random(seed * 1000003 + index)
    words = [i for token, i in ids.items() if not token.startswith("[")]
    a = [draw.choice(words) for _ in range(draw.randint(1, (length - 3) // 2))]
    b = [draw.choice(words) for _ in range(draw.randint(1, (length - 3) // 2))]
    tokens = [ids["[CLS]"]] + a + [ids["[SEP]"]] + b + [ids["[SEP]"]]
    segments = [0] * (len(a) + 2) + [1] * (len(b) + 1)
    free = [p for p in range(len(tokens)) if p not in (0, len(a) + 1, len(tokens) - 1)]
    count = min(PLACES, max(1, round(0.15 * len(tokens))), len(free))
    positions = sorted(draw.sample(free, count))
    labels = [tokens[p] for p in positions]
    for p in positions:
        kind = draw.random()
        if kind < 0.8:
            tokens[p] = ids["[MASK]"]
        elif kind < 0.9:
            tokens[p] = draw.choice(words)
    return {"input_ids": tokens, "token_type_ids": segments, "masked_positions": positions,
            "masked_labels": labels, "next_sentence_label": draw.randint(0, 1)}


def features_of(made, length):
    def padded(values, size, filler=0):
        return values + [filler] * (size - len(values))
    tokens, masks = len(made["input_ids"]), len(made["masked_positions"])
    return {"input_ids": padded(made["input_ids"], length),
            "input_mask": padded([1] * tokens, length),
            "segment_ids": padded(made["token_type_ids"], length),
            "masked_lm_positions": padded(made["masked_positions"], PLACES),
            "masked_lm_ids": padded(made["masked_labels"], PLACES),
            "masked_lm_weights": padded([1.0] * masks, PLACES, 0.0),
            "next_sentence_labels": [made["next_sentence_label"]]}


def damage(f, name, ids):
    """One mistake in the features of a record."""
    tokens = sum(f["input_mask"])
    separator = f["input_ids"].index(ids["[SEP]"])
    if name == "missing":
        del f["segment_ids"]
    elif name == "odd":
        f["input_mask"] = [float(v) for v in f["input_mask"]]
    elif name == "length":
        f["segment_ids"] = f["segment_ids"][:-1]
    elif name == "places":
        f["masked_lm_ids"] = f["masked_lm_ids"][:-1]
    elif name == "weights":
        f["masked_lm_weights"] = f["masked_lm_weights"][:-1]
    elif name == "labels":
        f["next_sentence_labels"] = [0, 1]
    elif name == "id":
        f["input_ids"][1] = len(ids)
    elif name == "negative":
        f["input_ids"][1] = -1
    elif name == "cls":
        f["input_ids"][0] = ids["[UNK]"]
    elif name == "sep":
        f["input_ids"][separator] = ids["[UNK]"]
    elif name == "end":
        f["input_ids"][tokens - 1] = ids["[UNK]"]
    elif name == "mask":
        f["input_mask"][1] = 0
    elif name == "segments":
        f["segment_ids"][tokens - 1] = 0
    elif name == "outside":
        f["masked_lm_positions"][0] = tokens
    elif name == "special":
        f["masked_lm_positions"][0] = separator
    elif name == "order":
        f["masked_lm_positions"][1] = f["masked_lm_positions"][0]
        f["masked_lm_weights"][:2] = [1.0, 1.0]
    elif name == "weight":
        f["masked_lm_weights"][0] = 0.5
    elif name == "label-id":
        f["masked_lm_ids"][0] = len(ids)
    elif name == "label":
        f["next_sentence_labels"] = [2]
    elif name == "one-label":
        f["next_sentence_labels"] = [1]
    elif name == "no-masks":
        f["masked_lm_weights"] = [0.0] * PLACES
    elif name == "other-mask":
        f["input_ids"] = [ids["[UNK]"] if i == ids["[MASK]"] else i for i in f["input_ids"]]
    elif name == "unlabelled":
        del f["next_sentence_labels"]
    else:
        raise SystemExit("no such damage: " + name)


EVERYWHERE = {"one-label", "no-masks", "other-mask"}


def compress(form, records):
    if form == "gzip":
        return gzip.compress(b"".join(records))
    if form == "members":
        half = len(records) // 2
        return gzip.compress(b"".join(records[:half])) + gzip.compress(b"".join(records[half:]))
    if form == "zlib":
        return zlib.compress(b"".join(records))
    return b"".join(records)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("output")
    parser.add_argument("vocabulary")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--length", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--form", default="plain")
    parser.add_argument("--unpacked", action="store_true")
    parser.add_argument("--new-names", action="store_true")
    parser.add_argument("--no-weights", action="store_true")
    parser.add_argument("--bare", action="store_true", help="every fourth record without masks")
    parser.add_argument("--masked", type=int, help="the first so many records with masks, no more")
    parser.add_argument("--damage")
    parser.add_argument("--json")
    return parser.parse_args()


def main():
    a = arguments()
    with open(a.vocabulary, encoding="utf-8") as file:
        ids = {line.rstrip("\n"): i for i, line in enumerate(file)}
    order = random.Random(a.seed)
    records, lines = [], []
    for i in range(a.first, a.first + a.count):
        made = sample(ids, i, a.length, a.seed)
        if (a.bare and i % 4 == 0) or (a.masked is not None and i >= a.first + a.masked):
            for p, label in zip(made["masked_positions"], made["masked_labels"]):
                made["input_ids"][p] = label
            made["masked_positions"], made["masked_labels"] = [], []
        f = features_of(made, a.length)
        lines.append(json.dumps(made, sort_keys=True))
        if a.damage and (a.damage in EVERYWHERE or i == a.first + a.count // 2):
            damage(f, a.damage, ids)
        if a.no_weights:
            f.pop("masked_lm_weights", None)
        if a.new_names:
            f["input_word_ids"], f["input_type_ids"] = f.pop("input_ids"), f.pop("segment_ids")
        records.append(record(example(f, not a.unpacked, order)))
    with open(a.output, "wb") as file:
        file.write(compress(a.form, records))
    if a.json:
        with open(a.json, "a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)


if __name__ == "__main__":
    main()
