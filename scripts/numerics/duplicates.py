#!/usr/bin/env python3
"""Holds what `lambert prep --drop-duplicates --exclude` leaves of a text against an independent implementation,
which reads the input and the finished shards by itself, from docs/formats.md and the rules in prep's help.

    scripts/numerics/duplicates.py BUILD [--variants 120] [--seed 1] [--keep FOLDER]

A variant is an input of some files (plain, JSON lines, WikiExtractor's; some compressed; or standard input) whose
documents repeat each other in other places, other layouts and other white space, and nearly repeat each other; and
a test set, as lines, TSV, CSV, JSON or JSON lines, whose texts lie in documents at their edges, across their lines,
in another case, with other punctuation, or one word short. Each is prepared on 1, 2 or 3 ranks. Documents, their
sentences and ids, numbers of the report and counts of tokens have to be equal. Exit code 1: something differs.
"""
import argparse
import collections
import gzip
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zlib

from features import ASCII_PUNCTUATION, basic_words

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [a + b for a in "ba be bi bo da de di do fa fe fi fo".split() for b in "k l m n r s t".split()]
SIGNS = list(".,;:!?-\"'()")
VOCABULARY = SPECIAL + SIGNS + WORDS


# --- what is right ------------------------------------------------------------------------------------

def is_sign(word):
    return len(word) == 1 and (word in ASCII_PUNCTUATION or unicodedata.category(word).startswith("P"))


def ngrams(text, n):
    words = [word for word in basic_words(text, True) if not is_sign(word)]
    return {tuple(words[i:i + n]) for i in range(len(words) - n + 1)}


def expected(documents, tests, n, drop):
    """Documents (lists of lines) that stay, and how many were excluded and dropped, with their bytes."""
    banned = set().union(*(ngrams(text, n) for text in tests)) if tests else set()
    kept, seen, numbers = [], set(), collections.Counter()
    for lines in documents:
        lines = [line.strip() for line in lines if line.strip()]
        text, size = "\n".join(lines), sum(len(line.encode()) for line in lines)
        numbers["documents"] += 1
        if not text:
            numbers["empty_documents"] += 1
        elif banned & ngrams(text, n):
            numbers["excluded_documents"] += 1
            numbers["excluded_document_bytes"] += size
        elif drop and text in seen:
            numbers["dropped_documents"] += 1
            numbers["dropped_document_bytes"] += size
        else:
            numbers["duplicate_documents"] += text in seen
            numbers["duplicate_document_bytes"] += size if text in seen else 0
            numbers["text_bytes"] += size
            numbers["lines"] += len(lines)
            kept.append(lines)
        seen.add(text)
    counts = collections.Counter(line for lines in kept for line in lines)
    numbers["duplicate_lines"] = sum(count - 1 for count in counts.values())
    numbers["exclusion_ngrams"] = len(banned)
    return kept, numbers


def ids_of(line):
    known = {token: number for number, token in enumerate(VOCABULARY)}
    return tuple(known.get(word, 1) for word in basic_words(line, True))


# --- what the program made ------------------------------------------------------------------------------

def sections(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"LAMBERT\n" and data[-8:] == b"\nTREBMAL", path
    table, count = struct.unpack("<QQ", data[-40:-24])
    found = {}
    for i in range(count):
        name, offset, size, crc, _ = struct.unpack_from("<16sQQII", data, table + 40 * i)
        found[name.rstrip(b"\0").decode()] = data[offset:offset + size]
        assert zlib.crc32(data[offset:offset + size]) == crc, (path, name)
    return found


def documents_of(path):
    """Each document of a shard as a tuple of sentences, each a tuple of ids."""
    parts = sections(path)
    id_bytes, block = struct.unpack_from("<II", parts["META"], 12)
    documents, _, tokens = struct.unpack_from("<QQQ", parts["META"], 24)
    blocks = (tokens + block - 1) // block
    offsets = struct.unpack_from(f"<{blocks + 1}Q", parts["BLOCKS"])
    raw = b"".join(zlib.decompress(parts["IDS"][offsets[b]:offsets[b + 1]]) for b in range(blocks))
    ids = struct.unpack(f"<{tokens}{'H' if id_bytes == 2 else 'I'}", raw)
    lengths = struct.unpack(f"<{len(parts['LENGTHS']) // 2}H", parts["LENGTHS"])
    places = struct.unpack(f"<{2 * (documents + 1)}Q", parts["DOCS"])
    for d in range(documents):
        sentence, token = places[2 * d], places[2 * d + 1]
        found = []
        for length in lengths[sentence:places[2 * d + 2]]:
            found.append(ids[token:token + length])
            token += length
        assert token == places[2 * d + 3]
        yield tuple(found)


# --- variants -----------------------------------------------------------------------------------------------

def sentence(rng, words):
    text = []
    for _ in range(words):
        word = rng.choice(WORDS)
        if rng.random() < 0.1:
            word = word.capitalize()
        if rng.random() < 0.02:
            word = word.replace("e", "\u00e9")  # an accent: the same word
        text.append(word + (rng.choice(SIGNS) if rng.random() < 0.15 else ""))
    return " ".join(text)


def disguised(rng, text):
    """The same words in other case, signs and spaces."""
    words = [word for word in basic_words(text, True) if not is_sign(word)]
    return "".join(rng.choice([word, word.upper(), word.capitalize(), f'"{word}"', f"({word}"]) +
                   rng.choice([" ", "  ", ", ", " - ", "! "]) for word in words)


def make_documents(rng, n):
    """Documents and the texts of a test set, of which some lie in some of them."""
    documents, tests = [], []
    for _ in range(rng.randint(3, 60)):
        kind = rng.random()
        if documents and kind < 0.35:  # the same, with other white space around its lines
            copy = [rng.choice(["", " ", "\t"]) + line + rng.choice(["", "  "]) for line in rng.choice(documents)]
            documents.append(copy)
        elif documents and kind < 0.45:  # nearly the same
            copy = list(rng.choice(documents))
            place = rng.randrange(len(copy))
            copy[place] = rng.choice([copy[place].upper(), copy[place] + ".", copy[place] + " bak", "bak bal"])
            documents.append(copy)
        elif kind < 0.5:  # cut in other lines: another text
            words = " ".join(rng.choice(documents)).split() if documents else ["bak"]
            place = rng.randint(1, len(words))
            documents.append([" ".join(part) for part in (words[:place], words[place:]) if part])
        else:
            documents.append([sentence(rng, rng.choice([1, 4, 12, 13, 14, 30])) for _ in range(rng.randint(1, 6))])
    for _ in range(rng.randint(0, 8)):
        document = rng.choice(documents)
        words = " ".join(document).split()
        place = rng.choice(["begin", "end", "across", "none"])
        size = rng.choice([n - 1, n, n, n + 1, 3 * n])
        if place == "begin":
            piece = words[:size]
        elif place == "end":
            piece = words[-size:]
        elif place == "across":
            middle = len(document[0].split())
            piece = words[max(0, middle - size // 2):][:size]
        else:
            piece = sentence(rng, size).split()
        text = " ".join(piece)
        tests.append(disguised(rng, text) if rng.random() < 0.5 else text)
    return documents, [text for text in tests if text.strip()]


def write_test_set(rng, path, tests):
    form = rng.choice(["lines", "tsv", "csv", "json", "jsonl"])
    if form == "lines":
        text = "\n\n".join(rng.choice([test, test.replace(" ", "\n", 1)]) for test in tests) + "\n"
    elif form == "tsv":
        text = "id\ttext\tmore\n" + "".join(f"{i}\t{test}\tx\n" for i, test in enumerate(tests))
    elif form == "csv":
        text = "".join('%d,"%s"\n\n' % (i, test.replace('"', '""')) for i, test in enumerate(tests))
    elif form == "json":
        text = json.dumps({"data": [{"paragraphs": [{"context": test, "qas": [{"id": i}]}]}
                                    for i, test in enumerate(tests)]}, indent=rng.choice([None, 1]),
                          ensure_ascii=rng.random() < 0.5)
    else:
        text = "".join(json.dumps({"a": i, "text": test}) + "\n" for i, test in enumerate(tests))
    opened = gzip.open if rng.random() < 0.3 else open
    with opened(path, "wt", encoding="utf-8") as file:
        file.write(text)


def as_text(layout, documents):
    out = []
    for number, lines in enumerate(documents):
        if layout == "plain":
            out.append("".join(line + "\n" for line in lines) + "\n")
        elif layout == "json":
            out.append(json.dumps({"id": number, "text": "\n".join(lines)}) + "\n")
        else:
            out.append(f'<doc id="{number}" url="x" title="zz {number}">\nzz {number}\n\n' +
                       "".join(line + "\n\n" for line in lines) + "</doc>\n")
    return "".join(out)


def write_input(rng, folder, documents):
    """Files whose texts, in the order of their names, are the documents; returns what prep is given."""
    # Now and then so much between them that they lie in several chunks, or parts of a stream.
    long = rng.random() < 0.3
    if long:
        filler = [[" ".join(rng.choices(WORDS, k=150)) for _ in range(200)] for _ in range(rng.randint(8, 16))]
        for lines in filler:
            documents.insert(rng.randint(0, len(documents)), lines)
        documents += rng.choices(filler, k=rng.randint(0, 2))
    if rng.random() < 0.2:
        return None, as_text("plain", documents)
    cuts = sorted(rng.choices(range(len(documents) + 1), k=rng.randint(0, 4)))
    os.mkdir(folder)
    for number, (begin, end) in enumerate(zip([0] + cuts, cuts + [len(documents)])):
        if begin == end:
            continue
        layout = rng.choice(["plain", "plain", "json", "wiki"])
        opened = gzip.open if rng.random() < 0.3 else open
        with opened(os.path.join(folder, f"f{number}"), "wt", encoding="utf-8") as file:
            file.write(as_text(layout, documents[begin:end]))
    return folder, None


def try_variant(program, seed, folder):
    rng = random.Random(seed)
    n = rng.choice([2, 5, 13, 13, 13])
    documents, tests = make_documents(rng, n)
    source, stream = write_input(rng, os.path.join(folder, "text"), documents)
    drop, heldout = rng.random() < 0.7, rng.choice(["0", "0", "0.3"])
    ranks = rng.choice([1, 2, 3]) if source else 1
    words = [program, "prep", "--vocabulary", os.path.join(folder, "vocab.txt"), "--heldout", heldout,
             "--output", os.path.join(folder, "corpus"), "--lines-are-sentences", "--shard-megabytes", "1"]
    if drop:
        words.append("--drop-duplicates")
    path = os.path.join(folder, "tests")
    if any(ngrams(test, n) for test in tests):
        write_test_set(rng, path, tests)
        words += ["--exclude", path, "--exclude-words", str(n)]
    else:
        tests = []
    if ranks > 1:
        words = ["mpirun", "-n", str(ranks), "--oversubscribe"] + words
    done = subprocess.run(words + [source or "-"], input=stream, capture_output=True, encoding="utf-8",
                          env={"OMP_NUM_THREADS": str(rng.choice([1, 2])), "OMPI_ALLOW_RUN_AS_ROOT": "1",
                               "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", **os.environ})
    kept, numbers = expected(documents, tests, n, drop)
    if not kept:
        assert done.returncode == 1, "nothing is left, but that was no error"
        return "nothing left"
    if done.returncode != 0 and "set aside" in done.stderr:
        return "all set aside"
    assert done.returncode == 0, done.stderr
    with open(os.path.join(folder, "corpus/corpus.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    if manifest["report"]["cut_documents"]:  # the last chunk of a file lies within one document
        return "a document was cut"
    for name in ("documents", "empty_documents", "excluded_documents", "excluded_document_bytes",
                 "dropped_documents", "dropped_document_bytes", "duplicate_documents",
                 "duplicate_document_bytes", "duplicate_lines", "text_bytes", "lines"):
        found = manifest["report"][name]
        assert found == numbers[name], f"{name}: {found}, not {numbers[name]}"
    assert manifest["report"]["exclusion_words"] == (n if tests else 0), "exclusion_words"
    wanted = [tuple(ids_of(line) for line in lines) for lines in kept]
    splits = {split: [document for shard in manifest["splits"][split]["shards"]
                      for document in documents_of(os.path.join(folder, "corpus", shard["file"]))]
              for split in ("train", "heldout")}
    assert collections.Counter(splits["train"] + splits["heldout"]) == collections.Counter(wanted), "documents"
    for documents in splits.values():
        rest = iter(wanted)
        assert all(document in rest for document in documents), "the order of documents"
    assert heldout != "0" or not splits["heldout"], "documents set aside unasked"
    counts = collections.Counter(i for document in splits["train"] for ids in document for i in ids)
    stored = sections(os.path.join(folder, "corpus/tokens.counts"))["COUNTS"]
    assert list(struct.unpack(f"<{len(VOCABULARY)}Q", stored)) == [counts[i] for i in range(len(VOCABULARY))]
    return (f"{len(kept)} of {numbers['documents']} documents, {numbers['dropped_documents']} dropped, "
            f"{numbers['excluded_documents']} excluded, {ranks} ranks")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--variants", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="leave the first variant that differs in this folder")
    options = parser.parse_args()
    program = os.path.join(os.path.abspath(options.build), "lambert")
    wrong = 0
    for seed in range(options.seed, options.seed + options.variants):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
                file.writelines(token + "\n" for token in VOCABULARY)
            try:
                what = try_variant(program, seed, folder)
                print(f"variant {seed}: {what}")
            except AssertionError as difference:
                wrong += 1
                print(f"variant {seed} DIFFERS: {difference}")
                if options.keep and wrong == 1:
                    shutil.copytree(folder, options.keep)
    print(f"{options.variants} variants, {wrong} differ")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
