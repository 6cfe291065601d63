#!/usr/bin/env python3
"""Holds the sequences that examples become, and the answers that logits mean, against an independent
implementation: BERT's tokenizer, the windows and answers of SQuAD, texts, tagged words, written from the
rules and not from Lambert's code. All has to be equal: ids, segments, words, labels, most context, texts.

    scripts/numerics/features.py BUILD [--squad FILE --vocabulary FILE [--cased]
                                        [--sequence-length 384] [--stride 128] [--question-length 64]]

Without --squad it makes examples up that have what goes wrong most easily. With it, FILE is a set of SQuAD,
v1.1 or v2.0, plain or gzipped: every window of every question is compared, as for training (where a question
has several answers, the first counts) and as for predicting, then answers for made-up logits. Needs numpy
and the standard library. Exit code 1: something differs.
"""
import argparse
import bisect
import gzip
import json
import math
import os
import random
import sys
import tempfile
import unicodedata

import numpy

import program

# --- BERT's tokenizer -----------------------------------------------------------------------------

IDEOGRAPHS = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
              (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))
ASCII_PUNCTUATION = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def cleaned(text):
    """Control characters gone, white space as blanks, blanks around ideographs."""
    for c in text:
        if c in " \t\n\r" or unicodedata.category(c) == "Zs":
            yield " "
        elif c in "\0\ufffd" or unicodedata.category(c) in ("Cc", "Cf"):
            continue
        elif any(first <= ord(c) <= last for first, last in IDEOGRAPHS):
            yield f" {c} "
        else:
            yield c


def plain(token):
    """Lower case, without accents."""
    decomposed = unicodedata.normalize("NFD", token.lower())
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def basic_words(text, lower):
    """Words and punctuation of a text, before they become pieces."""
    words = []
    for token in "".join(cleaned(text)).split():
        for c in plain(token) if lower else token:
            if c in ASCII_PUNCTUATION or unicodedata.category(c).startswith("P"):
                words += [c, ""]
            else:
                words = words or [""]
                words[-1] += c
        words.append("")
    return " ".join(words).split()


class Pieces:
    def __init__(self, path, lower):
        with open(path, encoding="utf-8", newline="\n") as file:
            self.tokens = [line.strip() for line in file]
        self.ids = {token: number for number, token in enumerate(self.tokens)}
        self.lower = lower
        self.known = {}  # of words apart by white space
        self.cls, self.sep, self.unk = (self.ids[name] for name in ("[CLS]", "[SEP]", "[UNK]"))

    def of_word(self, word):
        """The longest piece first; [UNK] where one is lacking, or from 201 characters on."""
        found, start = [], 0
        while start < len(word) <= 200:
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.ids:
                    break
            else:
                return [self.unk]
            found.append(self.ids[piece])
            start = end
        return found or [self.unk]

    def of(self, text):
        if text not in self.known:
            self.known[text] = [piece for word in basic_words(text, self.lower)
                                for piece in self.of_word(word)]
        return self.known[text]


# --- questions ------------------------------------------------------------------------------------

class Paragraph:
    """Words apart by space, tab, line end or U+202F, as [start, end) in characters, and their pieces."""

    def __init__(self, context, pieces):
        self.context, self.words = context, []
        inside = False
        for place, c in enumerate(context):
            if c in " \t\r\n\u202f":
                inside = False
                continue
            if not inside:
                self.words.append([place, place])
            inside = True
            self.words[-1][1] = place + 1
        self.starts = [start for start, _ in self.words]
        self.pieces, self.word_of, self.first_of = [], [], []
        for number, (start, end) in enumerate(self.words):
            self.first_of.append(len(self.pieces))
            found = pieces.of(context[start:end])
            self.pieces += found
            self.word_of += [number] * len(found)
        self.first_of.append(len(self.pieces))
        self.byte_of = [0]  # of each character
        for c in context:
            self.byte_of.append(self.byte_of[-1] + len(c.encode("utf-8")))

    def text(self, first, last):
        return " ".join(self.context[start:end] for start, end in self.words[first:last + 1])

    def find(self, answer, start, pieces):
        """First and last piece of an answer, or None where it is not in the words it should be in."""
        end = start + len(answer) - 1
        if not answer or end >= len(self.context):
            return None
        first, last = (bisect.bisect_right(self.starts, place) - 1 for place in (start, end))
        if first < 0 or " ".join(answer.split()) not in self.text(first, last):
            return None
        low, high = self.first_of[first], self.first_of[last + 1] - 1
        wanted = pieces.of(answer)
        for begin in range(low, high + 1):
            if wanted and begin + len(wanted) - 1 <= high \
                    and self.pieces[begin:begin + len(wanted)] == wanted:
                return begin, begin + len(wanted) - 1
        return (low, high) if low <= high else None


def windows_of(count, room, stride):
    """(first piece, how many) of each."""
    windows, first = [], 0
    while first < count:
        size = min(room, count - first)
        windows.append((first, size))
        if first + size == count:
            break
        first += min(size, stride)
    return windows


def most_context(windows, piece):
    """The number of the window where the piece has most surroundings; the first of equals."""
    def score(number):
        first, size = windows[number]
        return min(piece - first, first + size - 1 - piece) + 0.01 * size
    inside = [n for n, (first, size) in enumerate(windows) if first <= piece < first + size]
    return max(inside, key=score)


class Question:
    def __init__(self, number, data, paragraph):
        self.number, self.paragraph = number, paragraph
        self.id, self.text = data["id"], data["question"]
        self.impossible = data.get("is_impossible", False)
        self.answer = None if self.impossible else data["answers"][0]

    def features(self, pieces, options, training):
        """A dict a window, as `lambert show features` prints it; None: the answer is not there."""
        paragraph, gold = self.paragraph, None
        question = pieces.of(self.text)[:options.question_length]
        if training and self.answer:
            gold = paragraph.find(self.answer["text"], self.answer["answer_start"], pieces)
            if gold is None:
                return None
        room = options.sequence_length - len(question) - 3
        windows = windows_of(len(paragraph.pieces), room, options.stride)
        best = [most_context(windows, piece) for piece in range(len(paragraph.pieces))]
        made = []
        for number, (first, size) in enumerate(windows):
            ids = [pieces.cls] + question + [pieces.sep] + paragraph.pieces[first:first + size] + [pieces.sep]
            labels = [0, 0] if training else [-1, -1]
            if gold and first <= gold[0] and gold[1] < first + size:
                labels = [place - first + len(question) + 2 for place in gold]
            words = [paragraph.words[w] for w in paragraph.word_of[first:first + size]]
            made.append({"example": self.number, "id": self.id, "input_ids": ids,
                         "segment_b": len(question) + 2, "labels": labels, "first_piece": first,
                         "words": [[paragraph.byte_of[start], paragraph.byte_of[end]]
                                   for start, end in words],
                         "most_context": [int(b == number) for b in best[first:first + size]]})
        return made


def read_squad(path, pieces):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        data = json.load(file)["data"]
    questions = []
    for article in data:
        for paragraph in article["paragraphs"]:
            made = Paragraph(paragraph["context"], pieces)
            questions += [Question(len(questions) + n, each, made)
                          for n, each in enumerate(paragraph["qas"])]
    return questions, any("is_impossible" in each for article in data
                          for paragraph in article["paragraphs"] for each in paragraph["qas"])


# --- answers --------------------------------------------------------------------------------------

def original(text, normalised, lower):
    """The part of the text that its normalised form has at the place of `normalised`."""
    joined = " ".join(basic_words(text, lower))
    at = joined.find(normalised)
    here = [place for place, c in enumerate(text) if c != " "]
    there = {place: n for n, place in enumerate(p for p, c in enumerate(joined) if c != " ")}
    if at < 0 or not normalised or len(here) != len(there):
        return text
    return text[here[there[at]]:here[there[at + len(normalised) - 1]] + 1]


def answer_text(question, feature, start, end, pieces):
    spelt = " ".join(pieces.tokens[number] for number in feature["input_ids"][start:end + 1])
    spelt = " ".join(spelt.replace(" ##", "").replace("##", "").split())
    first, last = (question.paragraph.word_of[feature["first_piece"] + row - feature["segment_b"]]
                   for row in (start, end))
    return original(question.paragraph.text(first, last), spelt, pieces.lower)


def answers_of(question, features, logits, pieces, none, n_best=20, longest=30):
    """As `lambert show answers` prints it. logits: an array [rows, 2] for each feature."""
    spans, least = [], (1e6, 0.0, 0.0)
    for feature, here in zip(features, logits):
        least = min(least, (here[0][0] + here[0][1], here[0][0], here[0][1]), key=lambda n: n[0])
        starts, ends = (sorted(range(len(here)), key=lambda row: -here[row][which])[:n_best]
                        for which in (0, 1))
        first = feature["segment_b"]
        for start in starts:
            for end in ends:
                if first <= start <= end < len(here) - 1 and end - start < longest \
                        and feature["most_context"][start - first]:
                    spans.append((here[start][0], here[end][1], feature, start, end))
    if none:
        spans.append((least[1], least[2], None, 0, 0))
    best, seen = [], set()
    for start_logit, end_logit, feature, start, end in sorted(spans, key=lambda s: -(s[0] + s[1])):
        if len(best) == n_best:
            break
        text = answer_text(question, feature, start, end, pieces) if feature else ""
        if text not in seen:
            seen.add(text)
            best.append((text, start_logit, end_logit))
    if none and "" not in seen:
        best.append(("", least[1], least[2]))
    best = best or [("empty", 0.0, 0.0)]
    highest = max(start + end for _, start, end in best)
    weights = [math.exp(start + end - highest) for _, start, end in best]
    said = {"id": question.id, "text": best[0][0],
            "answers": [{"text": text, "probability": weight / sum(weights), "start_logit": start,
                         "end_logit": end} for (text, start, end), weight in zip(best, weights)]}
    if none:
        spoken = next((b for b in best if b[0]), ("", 0.0, 0.0))
        said["null_difference"] = least[0] - spoken[1] - spoken[2]
        said["text"] = "" if said["null_difference"] > 0 else spoken[0]
    return said


def same_answers(ours, theirs):
    """Texts equal, numbers to rounding in their text."""
    def close(a, b):
        return abs(a - b) <= 1e-14 * max(abs(a), abs(b))
    return ours.keys() == theirs.keys() and ours["id"] == theirs["id"] and ours["text"] == theirs["text"] \
        and close(ours.get("null_difference", 0), theirs.get("null_difference", 0)) \
        and [a["text"] for a in ours["answers"]] == [a["text"] for a in theirs["answers"]] \
        and all(close(a[key], b[key]) for a, b in zip(ours["answers"], theirs["answers"])
                for key in ("probability", "start_logit", "end_logit"))


# --- comparing ------------------------------------------------------------------------------------

def lines_of(text):
    return [json.loads(line) for line in text.split("\n") if line]


def first_difference(ours, theirs):
    """For people: which key of which of two lists of dicts differs first."""
    for number, (a, b) in enumerate(zip(ours, theirs)):
        for key in sorted(a.keys() | b.keys()):
            if a.get(key) != b.get(key):
                return f"number {number}, {key}: {str(a.get(key))[:300]} and {str(b.get(key))[:300]}"
    return f"{len(ours)} and {len(theirs)} of them"


def check_lists(table, name, unit, ours, theirs):
    differing = abs(len(ours) - len(theirs)) + sum(a != b for a, b in zip(ours, theirs))
    table.check(name, f"{len(theirs)} {unit}, {differing} differ", differing == 0)
    if differing:
        print("   ", first_difference(ours, theirs))


def words_for(options, pieces):
    return ["--vocabulary", options.vocabulary, *(["--cased"] if not pieces.lower else []),
            "--sequence-length", str(options.sequence_length), "--stride", str(options.stride),
            "--question-length", str(options.question_length)]


def check_windows(table, name, lambert, path, options, pieces, questions, training):
    """Returns all windows, of each question."""
    theirs = [question.features(pieces, options, training) for question in questions]
    lost = [question.id for question, features in zip(questions, theirs) if features is None]
    *ours, report = lines_of(lambert.run("show", "features", "--task", "questions",
                                         *words_for(options, pieces),
                                         *([] if training else ["--unlabelled"]), path))
    kept = [feature for features in theirs if features for feature in features]
    what = f"{name}: for {'training' if training else 'predicting'}"
    check_lists(table, what, "windows", ours, kept)
    table.check(what, f"{len(questions)} questions, {report['left_out']} left out",
                report["left_out"] == len(lost) and report["sequences"] == len(kept))
    spans = sum(feature["labels"][1] > 0 for feature in kept)
    if training:
        print(f"    {spans} windows have their answer; left out: {' '.join(lost[:5]) or 'none'}")
    return theirs


def check_answers(table, name, lambert, path, folder, options, pieces, questions, features, none):
    """Logits that are multiples of 1/4 have many ties, others none."""
    rows = sum(len(window["input_ids"]) for windows in features for window in windows)
    for ties in (False, True):
        logits = numpy.random.default_rng(8).normal(0, 3, (rows, 2)).astype("=f4")
        if ties:
            logits = numpy.round(logits * 4).astype("=f4") / 4
        file = os.path.join(folder, "logits.bin")
        logits.tofile(file)
        numbers, first, theirs = logits.tolist(), 0, []
        for question, windows in zip(questions, features):
            here = []
            for window in windows:
                here.append(numbers[first:first + len(window["input_ids"])])
                first += len(window["input_ids"])
            theirs.append(answers_of(question, windows, here, pieces, none))
        ours = lines_of(lambert.run("show", "answers", *words_for(options, pieces), path, file))
        differing = [n for n, pair in enumerate(zip(ours, theirs)) if not same_answers(*pair)]
        texts = sum(len(each["answers"]) for each in theirs)
        table.check(f"{name}: answers of logits{' with ties' if ties else ''}",
                    f"{len(theirs)} questions, {texts} texts, {len(differing)} differ",
                    not differing and len(ours) == len(theirs))
        if differing:
            print("   ", first_difference([ours[differing[0]]], [theirs[differing[0]]]))


def check_squad(table, name, lambert, path, folder, options, pieces):
    questions, none = read_squad(path, pieces)
    check_windows(table, name, lambert, path, options, pieces, questions, True)
    features = check_windows(table, name, lambert, path, options, pieces, questions, False)
    check_answers(table, name, lambert, path, folder, options, pieces, questions, features, none)


# --- what is made up ------------------------------------------------------------------------------

ODD = ["\u00c5ngstr\u00f6m", "na\u00efve", "e\u0301t\u00e9", "\u0130stanbul", "\u03a3\u0391\u03a3", "\u6771\u4eac", "(1895-1943).",
       "$5.00", "don't", "U.S.-led", "\u201cquoted\u201d", "10\u00a0km", "soft\u00adware", "\u200b", "\u00ad", "zero\u200bwidth",
       "[MASK]", "a\u2028b", "\ufeffmark", "##s", "\u00bd", "\u2167", "\U0001f600", "ab\u0301\u0323c", "\u1e9e", "...",
       "rock\u2013paper", "\ud55c\uad6d\uc5b4", "x" * 201]
BLANKS = [" "] * 12 + ["  ", "\t", "\n", "\r\n", "\u202f", " \u202f "]


def made_text(rng, count):
    words = [rng.choice(ODD) if rng.random() < 0.3
             else rng.choice(program.NOUNS + program.VERBS + program.ADJECTIVES).title()
             + rng.choice(["", "", "", ",", ".", "'s", ")"]) for _ in range(count)]
    return "".join(word + rng.choice(BLANKS) for word in words)


def made_questions(rng, version, paragraphs=40, each=10):
    """Answers are any characters of the paragraph; two of all are beside it."""
    data, number = [], 0
    for _ in range(paragraphs):
        context = rng.choice(["", "", " ", "\n"]) + made_text(rng, rng.choice([1, 5, 30, 80, 200]))
        if not any(c.isalnum() for c in context):
            context += "stone"
        questions = []
        for _ in range(each):
            place = rng.randrange(len(context))
            while not context[place].isalnum():
                place = rng.randrange(len(context))
            text = context[place:place + rng.choice([1, 3, 8, 30, 90])]
            if any(c in "\u00a0\u2028" for c in text.strip()):
                text = text[0]
            question = {"id": f"{version}-{number}", "question": made_text(rng, rng.randrange(1, 14)),
                        "answers": [{"text": text, "answer_start": place}]}
            if number in (17, 171):
                question["answers"][0]["text"] = "not to be found"
            if version == "2.0":
                question["is_impossible"] = rng.random() < 0.3
                if question["is_impossible"]:
                    question["answers"] = []
            questions.append(question)
            number += 1
        data.append({"title": "made", "paragraphs": [{"context": context, "qas": questions}]})
    return {"version": version, "data": data}


def check_texts(table, name, lambert, folder, options, pieces, rng):
    path, theirs = os.path.join(folder, "pairs.tsv"), []
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("one\ttwo\tvalue\n")
        for number in range(200):
            one, two = (" ".join(made_text(rng, rng.randrange(1, 40)).split()) for _ in range(2))
            file.write(f"{one}\t{two}\t{number / 8}\n")
            a, b = list(pieces.of(one)), list(pieces.of(two))
            while len(a) + len(b) > options.sequence_length - 3:
                (a if len(a) > len(b) else b).pop()
            theirs.append({"example": number, "id": str(number), "segment_b": len(a) + 2, "labels": [],
                           "input_ids": [pieces.cls] + a + [pieces.sep] + b + [pieces.sep],
                           "value": number / 8})
    *ours, _ = lines_of(lambert.run("show", "features", "--task", "regression", "--text", "one", "--pair",
                                    "two", "--label", "value", *words_for(options, pieces), path))
    check_lists(table, f"{name}: pairs of texts", "sequences", ours, theirs)


def check_sentences(table, name, lambert, folder, options, pieces, rng):
    path, theirs, tags = os.path.join(folder, "words.conll"), [], ["B-X", "I-X", "O"]
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for number in range(100):
            sequence, words = None, "".join(made_text(rng, rng.randrange(1, 60))).split()
            for place, word in enumerate(words):
                tag = rng.randrange(3)
                file.write(f"{word} {tags[tag]}\n")
                found = (pieces.of(word) or [pieces.unk])[:options.sequence_length - 2]
                if not sequence or len(sequence["input_ids"]) + len(found) >= options.sequence_length:
                    sequence = {"example": number, "input_ids": [pieces.cls], "first_word": place,
                                "rows": [], "row_labels": []}
                    theirs.append(sequence)
                sequence["rows"].append(len(sequence["input_ids"]))
                sequence["row_labels"].append(tag)
                sequence["input_ids"] += found
            file.write("\n")
    for sequence in theirs:
        sequence["input_ids"].append(pieces.sep)
        sequence["segment_b"] = len(sequence["input_ids"])
    *ours, _ = lines_of(lambert.run("show", "features", "--task", "tagging",
                                    *words_for(options, pieces), path))
    check_lists(table, f"{name}: tagged words", "sequences", ours, theirs)


def check_made_up(table, lambert, folder, options):
    rng = random.Random(19)
    text = os.path.join(folder, "text.txt")
    with open(text, "w", encoding="utf-8", newline="\n") as file:
        for _ in range(60):
            file.write(" ".join(made_text(rng, 60).split()) + "\n\n")
    for cased in (False, True):
        name = "made up, cased" if cased else "made up"
        options.vocabulary = os.path.join(folder, f"vocab-{cased}.txt")
        lambert.run("vocab", "--output", options.vocabulary, "--size", "400",
                    *(["--cased"] if cased else []), text)
        pieces = Pieces(options.vocabulary, not cased)
        options.sequence_length, options.stride, options.question_length = 48, 12, 20
        for version in ("1.1", "2.0"):
            path = os.path.join(folder, f"made-{version}-{cased}.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(made_questions(rng, version), file, ensure_ascii=cased)
            check_squad(table, f"{name}, v{version}", lambert, path, folder, options, pieces)
        check_texts(table, name, lambert, folder, options, pieces, rng)
        check_sentences(table, name, lambert, folder, options, pieces, rng)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--squad")
    parser.add_argument("--vocabulary")
    parser.add_argument("--cased", action="store_true")
    parser.add_argument("--sequence-length", type=int, default=384)
    parser.add_argument("--stride", type=int, default=128)
    parser.add_argument("--question-length", type=int, default=64)
    options = parser.parse_args()
    if bool(options.squad) != bool(options.vocabulary):
        parser.error("--squad and --vocabulary go together")
    try:
        lambert = program.Lambert(options.build)
        with tempfile.TemporaryDirectory(prefix="lambert-numerics.") as folder:
            table = program.Table("")
            if options.squad:
                check_squad(table, os.path.basename(options.squad), lambert, options.squad, folder,
                            options, Pieces(options.vocabulary, not options.cased))
            else:
                check_made_up(table, lambert, folder, options)
            sys.exit(table.end())
    except program.Failure as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
