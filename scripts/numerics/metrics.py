#!/usr/bin/env python3
"""Holds the metrics of `lambert score` against scikit-learn, scipy and seqeval, and for questions against
transformers' copy of SQuAD's script and the rules of v1.1's, on files made by hand and drawn at random.

    scripts/numerics/metrics.py BUILD [PATTERN] [--keep DIR]

PATTERN names the kinds to try, as in "questions"; --keep leaves the files there. No network is used. Exit code
1: something does not agree.
"""
import collections
import json
import math
import os
import random
import re
import string
import types
import warnings

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

import numpy
import scipy.stats
import seqeval.metrics
import sklearn.metrics
from transformers.data.metrics import squad_metrics

import program

LIMIT = 1e-12  # of what is added up in another order
RANDOM_CASES = 25


class Scorer:
    """One call of `lambert score`: files in a folder of their own, and what came out."""

    def __init__(self, lambert, folder, table):
        self.lambert, self.folder, self.table = lambert, folder, table
        self.cases = 0

    def path(self, name):
        return os.path.join(self.folder, f"{self.cases}-{name}")

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return self.path(name)

    def score(self, kind, *words):
        """The metrics as a dict; not a number for null."""
        said = json.loads(self.lambert.run("score", "--task", kind, *words, "--json", "--samples", "0"))
        self.cases += 1
        return {name: math.nan if metric["value"] is None else metric["value"]
                for name, metric in said["metrics"].items()}

    def compare(self, what, got, wanted):
        """Every metric that is wanted, and no other; both not a number is the same."""
        if set(got) != set(wanted):
            self.table.check(what, f"metrics are {', '.join(sorted(got))}", False)
            return
        differences = {}
        for name, value in wanted.items():
            both_nan = math.isnan(got[name]) and math.isnan(value)
            differences[name] = 0 if both_nan else abs(got[name] - value) / max(1, abs(value))
        self.table.add_worst(what, differences, LIMIT)


def rng_of(name):
    return random.Random(f"metrics {name}")


# --- classification -----------------------------------------------------------------------------------

def classes_wanted(gold, said, positive):
    wanted = {"accuracy": sklearn.metrics.accuracy_score(gold, said),
              "macro_f1": sklearn.metrics.f1_score(gold, said, average="macro", zero_division=0),
              "matthews": sklearn.metrics.matthews_corrcoef(gold, said)}
    names = sorted(set(gold) | set(said), key=int)
    if positive is None and len(names) == 2:
        positive = names[1]
    if positive is not None:
        wanted["f1"] = sklearn.metrics.f1_score(gold, said, labels=[positive], average="macro",
                                                zero_division=0)
    return wanted


def classification(scorer):
    rng = rng_of("classification")
    cases = [("all right", ["0", "1", "1"], ["0", "1", "1"], None),
             ("all wrong", ["0", "1"], ["1", "0"], None),
             ("one class said", ["0", "1", "1", "0"], ["1"] * 4, None),
             ("one class right", ["2"] * 4, ["2", "1", "1", "0"], "1"),
             ("one class at all", ["3"] * 3, ["3"] * 3, None),
             ("one example", ["1"], ["0"], None),
             ("a class that is never said", ["0", "1", "2", "10"], ["0", "1", "1", "1"], "2")]
    for number in range(RANDOM_CASES):
        classes, count = rng.choice([2, 2, 3, 10, 150]), rng.choice([5, 60, 1000])
        skill = rng.random()
        gold = [str(int(classes * rng.random() ** 2)) for _ in range(count)]
        said = [g if rng.random() < skill else str(rng.randrange(classes)) for g in gold]
        positive = rng.choice([None, gold[0], said[-1]])
        cases.append((f"random {number}: {classes} classes, {count} examples", gold, said, positive))
    for what, gold, said, positive in cases:
        order = list(range(len(gold)))
        rng.shuffle(order)
        right = scorer.write("gold.tsv", "id\tlabel\n" + "".join(
            f"n{i}\t{label}\n" for i, label in enumerate(gold)))
        other = scorer.write("said.jsonl", "".join(
            json.dumps({"id": f"n{i}", "prediction": rng.choice([said[i], int(said[i])])}) + "\n"
            for i in order))
        words = ["--positive", positive] if positive is not None else []
        got = scorer.score("classification", right, other, "--id-column", "id", *words)
        scorer.compare(f"classification, {what}", got, classes_wanted(gold, said, positive))


# --- regression ---------------------------------------------------------------------------------------

def values_wanted(gold, said):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about constants
        return {"pearson": float(scipy.stats.pearsonr(gold, said)[0]),
                "spearman": float(scipy.stats.spearmanr(gold, said)[0]),
                "mse": sklearn.metrics.mean_squared_error(gold, said)}


def regression(scorer):
    rng = rng_of("regression")
    cases = [("a line", [1, 2, 3], [2, 4, 6]), ("a falling line", [1, 2, 3], [3, 2, 1]),
             ("equal values", [1, 1, 2, 2, 3], [5, 4, 4, 4, 9]),
             ("a constant", [0.1, 0.1, 0.1], [1, 2, 3]), ("another", [1, 2, 3], [0.7] * 3),
             ("far from zero", [1e6 + 1, 1e6 + 2, 1e6 + 4], [1e6 + 1, 1e6 + 3, 1e6 + 2]),
             ("signs of zero", [0.0, -0.0, 1], [-0.0, 2, 0.0])]
    for number in range(RANDOM_CASES):
        count, steps = rng.choice([3, 30, 1500]), rng.choice([5, 26, 10 ** 9])
        gold = [5 * rng.randrange(steps) / steps for _ in range(count)]
        noise = rng.choice([0.01, 1, 10])
        said = [g * rng.choice([1, 1, 1, -0.5]) + rng.gauss(0, noise) for g in gold]
        if rng.random() < 0.5:
            said = [round(s, 1) for s in said]
        cases.append((f"random {number}: {count} examples", gold, said))
    for what, gold, said in cases:
        right = scorer.write("gold.csv", "text,score\n" + "".join(
            f'"a ""text"", of two\nlines",{value!r}\n' for value in gold))
        other = scorer.write("said.tsv", "index\tprediction\n" + "".join(
            f"{i}\t{value!r}\n" for i, value in enumerate(said)))
        got = scorer.score("regression", right, other, "--label-column", "score",
                           "--prediction-id-column", "index")
        scorer.compare(f"regression, {what}", got, values_wanted(gold, said))


# --- several labels -----------------------------------------------------------------------------------

def labels_wanted(gold, said):
    return {"micro_f1": sklearn.metrics.f1_score(gold, said, average="micro", zero_division=0),
            "macro_f1": sklearn.metrics.f1_score(gold, said, average="macro", zero_division=0),
            "accuracy": sklearn.metrics.accuracy_score(gold, said)}


def multilabel(scorer):
    rng = rng_of("multilabel")
    cases = [("all right", [[1, 0], [1, 1]], [[1, 0], [1, 1]]),
             ("nothing right", [[1, 0], [0, 1]], [[0, 1], [1, 0]]),
             ("none", [[0, 0, 0]] * 2, [[0, 0, 0]] * 2),
             ("none said", [[1, 0, 1], [0, 1, 0]], [[0, 0, 0]] * 2)]
    for number in range(RANDOM_CASES):
        labels, count, share = rng.choice([2, 6, 28]), rng.choice([4, 300]), rng.choice([0.03, 0.4])
        gold = [[int(rng.random() < share) for _ in range(labels)] for _ in range(count)]
        said = [[mark if rng.random() < 0.8 else int(rng.random() < share) for mark in row]
                for row in gold]
        cases.append((f"random {number}: {labels} labels, {count} examples", gold, said))
    for what, gold, said in cases:
        names = [f"label {i}" for i in range(len(gold[0]))]
        listed = [[name for name, mark in zip(names, row) if mark] for row in gold]
        right = scorer.write("gold.tsv", "text\tlabel\n" + "".join(
            f"x\t{'; '.join(row)}\n" for row in listed))
        other = scorer.write("said.jsonl", "".join(json.dumps({"id": i, "prediction": [
            name for name, mark in zip(names, row) if mark]}) + "\n" for i, row in enumerate(said)))
        every = scorer.write("labels.txt", "".join(f"{name}\n" for name in names))
        got = scorer.score("multilabel", right, other, "--separator", ";", "--labels", every)
        scorer.compare(f"multilabel, {what}", got, labels_wanted(numpy.array(gold), numpy.array(said)))


# --- tags ---------------------------------------------------------------------------------------------

def tags_wanted(gold, said):
    """seqeval warns of tags that follow no scheme, and reads them all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"entity_f1": seqeval.metrics.f1_score(gold, said, zero_division=0),
                "entity_precision": seqeval.metrics.precision_score(gold, said, zero_division=0),
                "entity_recall": seqeval.metrics.recall_score(gold, said, zero_division=0),
                "accuracy": seqeval.metrics.accuracy_score(gold, said)}


def tagged(rng, scheme, words):
    """Tags of a sentence in the scheme, of entities at random."""
    tags = []
    while len(tags) < words:
        length, kind = rng.choice([1, 1, 2, 4]), rng.choice(["PER", "LOC", "X-Y"])
        follows = bool(tags) and tags[-1][0] != "O" and tags[-1][2:] == kind
        if rng.random() < 0.5:
            tags += ["O"] * length
        elif scheme == "IOB2":
            tags += [f"B-{kind}"] + [f"I-{kind}"] * (length - 1)
        elif scheme == "IOB1":
            tags += [f"{'B' if follows else 'I'}-{kind}"] + [f"I-{kind}"] * (length - 1)
        else:
            tags += [f"S-{kind}"] if length == 1 else (
                [f"B-{kind}"] + [f"I-{kind}"] * (length - 2) + [f"E-{kind}"])
    return tags[:words]


def tagging(scorer):
    rng = rng_of("tagging")
    cases = [("two sentences", [["B-A", "I-A", "O"], ["B-B"]], [["B-A", "I-A", "O"], ["B-A"]]),
             ("an entity cut in two", [["B-A", "I-A"]], [["B-A", "B-A"]]),
             ("other beginnings", [["B-A", "I-A", "O", "I-A"]], [["I-A", "I-A", "O", "B-A"]]),
             ("another type inside", [["B-A", "I-A", "I-A"]], [["B-A", "I-B", "I-A"]]),
             ("nothing said", [["B-A", "O"]], [["O", "O"]]),
             ("nothing there", [["O", "O"]], [["B-A", "O"]]),
             ("ends", [["B-A", "E-A", "B-A", "E-A", "S-A"]], [["B-A", "I-A", "B-A", "E-A", "E-A"]])]
    for number in range(RANDOM_CASES):
        scheme, sentences = rng.choice(["IOB2", "IOB1", "IOBES"]), rng.choice([2, 100])
        gold = [tagged(rng, scheme, rng.randint(1, 30)) for _ in range(sentences)]
        every = sorted({tag for row in gold for tag in row})
        errors = rng.choice([0.02, 0.3])
        said = [[rng.choice(every) if rng.random() < errors else tag for tag in row] for row in gold]
        cases.append((f"random {number}: {scheme}, {sentences} sentences", gold, said))
    for what, gold, said in cases:
        right = scorer.write("gold.txt", "\n".join("".join(
            f"word{i} NN {tag}\n" for i, tag in enumerate(row)) for row in gold))
        other = scorer.write("said.txt", "".join("".join(
            f"word{i}\t{tag}\n" for i, tag in enumerate(row)) + "\n" for row in said))
        scorer.compare(f"tagging, {what}", scorer.score("tagging", right, other),
                       tags_wanted(gold, said))


# --- questions ----------------------------------------------------------------------------------------

# What the rules of normalisation look at: articles, punctuation, case, white space, marks.
PARTS = ["the", "The", "a", "An", "ANOTHER", "theme", "red", "fish", "fish.", "(fish)", "e-mail", "U.S.",
         "$5.00", "5", "\u2013", "a\u2013b", "the\u2019s", "\u0130zmir", "\u03a3\u0391\u03a3", "na\u00efve",
         "\u1e9e", "\u4e2d\u56fd", "e\u0301", "A\u0301", "the_a", "\u00abthe\u00bb", "\u00b2", "a\u00b2",
         "\u2167", "a\u200bb", "I\u0307", "\u01c5", "\U00010400", "\"", "'s"]
SPACES = [" ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u3000", "\u2028", "\x1f", "\x85", "-", "/", ""]


def phrase(rng, longest):
    return "".join(rng.choice(PARTS) + rng.choice(SPACES) for _ in range(rng.randint(1, longest)))


def normalized(text):
    """As the official script of v1.1 has it."""
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


def old_scores(gold, said):
    """F1 and exact match of v1.1."""
    def f1(right):
        words, others = normalized(said).split(), normalized(right).split()
        same = sum((collections.Counter(words) & collections.Counter(others)).values())
        if same == 0:
            return 0
        precision, recall = same / len(words), same / len(others)
        return 2 * precision * recall / (precision + recall)
    return max(map(f1, gold)), max(normalized(said) == normalized(right) for right in gold)


def squad_file(gold, impossible):
    """Questions q0, q1, ... a paragraph each, which has its answers one behind the other."""
    paragraphs = []
    for number, answers in enumerate(gold):
        context, listed = "", []
        for text in answers:
            listed.append({"text": text, "answer_start": len(context)})
            context += text
        question = {"id": f"q{number}", "question": "What?", "answers": listed}
        if impossible:
            question["is_impossible"] = not answers
        paragraphs.append({"context": context or "x", "qas": [question]})
    return json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]}, ensure_ascii=False)


def old_questions(scorer, rng):
    for number in range(RANDOM_CASES):
        count = rng.choice([1, 40])
        gold = [[phrase(rng, 5) for _ in range(rng.randint(1, 4))] for _ in range(count)]
        said = [rng.choice(answers + [phrase(rng, 5), rng.choice(answers) + phrase(rng, 2), ""])
                for answers in gold]
        scores = [old_scores(*pair) for pair in zip(gold, said)]
        wanted = {"f1": 100 * sum(f1 for f1, _ in scores) / count,
                  "exact_match": 100 * sum(exact for _, exact in scores) / count}
        right = scorer.write("gold.json", squad_file(gold, False))
        other = scorer.write("said.json", json.dumps({f"q{i}": text for i, text in enumerate(said)}))
        scorer.compare(f"questions, v1.1, random {number}: {count} questions",
                       scorer.score("questions", right, other), wanted)


def new_wanted(gold, said, odds):
    """By transformers' copy of the official script of v2.0."""
    examples = [types.SimpleNamespace(qas_id=f"q{i}", answers=[{"text": text} for text in answers])
                for i, answers in enumerate(gold)]
    texts = {f"q{i}": text for i, text in enumerate(said)}
    found = squad_metrics.squad_evaluate(examples, texts)
    wanted = {"f1": found["f1"], "exact_match": found["exact"]}
    for ours, theirs in (("has_answer", "HasAns"), ("no_answer", "NoAns")):
        wanted[ours + "_f1"] = found.get(theirs + "_f1", math.nan)
        wanted[ours + "_exact"] = found.get(theirs + "_exact", math.nan)
    if odds:
        differences = {f"q{i}": value for i, value in enumerate(odds)}
        has_answer = {f"q{i}": bool(answers) for i, answers in enumerate(gold)}
        exact, f1 = squad_metrics.get_raw_scores(examples, texts)
        for name, scores in (("best_f1", f1), ("best_exact", exact)):
            best, threshold = squad_metrics.find_best_thresh(texts, scores, differences, has_answer)
            wanted[name], wanted[name + "_threshold"] = best, threshold
    return wanted


def new_questions(scorer, rng):
    for number in range(RANDOM_CASES):
        count = rng.choice([2, 60])
        gold = [[phrase(rng, 5) for _ in range(rng.randint(1, 3))] if rng.random() < 0.6 else []
                for _ in range(count)]
        gold[0] = gold[0] or ["The"]  # else the file would not say that it is v2.0's
        said = [rng.choice(answers + [phrase(rng, 4), "", "the"]) for answers in gold]
        odds = [rng.choice([round(rng.gauss(-2 if answers else 2, 3), 1), 0.0]) for answers in gold]
        with_odds = rng.random() < 0.7
        right = scorer.write("gold.json", squad_file(gold, True))
        other = scorer.write("said.json", json.dumps({f"q{i}": text for i, text in enumerate(said)}))
        null = scorer.write("odds.json", json.dumps({f"q{i}": value for i, value in enumerate(odds)}))
        words = ["--null-odds", null] if with_odds else []
        scorer.compare(f"questions, v2.0, random {number}: {count} questions",
                       scorer.score("questions", right, other, *words),
                       new_wanted(gold, said, odds if with_odds else None))


def questions(scorer):
    rng = rng_of("questions")
    old_questions(scorer, rng)
    new_questions(scorer, rng)


# --- intervals ----------------------------------------------------------------------------------------

def intervals(scorer):
    """Against numpy's bootstrap: other samples, so only near, by the noise of percentiles."""
    rng, samples = rng_of("intervals"), 4000
    gold = [5 * rng.random() for _ in range(400)]
    said = [g + rng.gauss(0, 1) for g in gold]
    right = scorer.write("gold.tsv", "label\n" + "".join(f"{value!r}\n" for value in gold))
    other = scorer.write("said.tsv", "prediction\n" + "".join(f"{value!r}\n" for value in said))
    got = json.loads(scorer.lambert.run("score", "--task", "regression", right, other, "--json",
                                        "--samples", str(samples), "--confidence", "0.9"))["metrics"]
    draw = numpy.random.default_rng(1)
    x, y = numpy.array(gold), numpy.array(said)
    drawn = []
    for _ in range(samples):
        picked = draw.integers(0, len(x), len(x))
        drawn.append(list(values_wanted(x[picked], y[picked]).values()))
    low, high = numpy.percentile(drawn, [5, 95], axis=0)
    for m, name in enumerate(("pearson", "spearman", "mse")):
        width = high[m] - low[m]
        scorer.table.add_worst(f"intervals, {name}", {
            "low": abs(got[name]["low"] - low[m]) / width,
            "high": abs(got[name]["high"] - high[m]) / width}, 0.08)


KINDS = {"classification": classification, "regression": regression, "multilabel": multilabel,
         "tagging": tagging, "questions": questions, "intervals": intervals}


def compare(lambert, folder, pattern):
    table = program.Table("metric")
    for name, kind in KINDS.items():
        if re.search(pattern, name):
            own = os.path.join(folder, name)
            os.makedirs(own, exist_ok=True)
            kind(Scorer(lambert, own, table))
    return table.end()


if __name__ == "__main__":
    program.main(__doc__, compare)
