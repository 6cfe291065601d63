"""What is measured: sets of examples as data/tasks leaves them, and how a BERT is fine-tuned on each.

Rates and epochs are one choice for all sets of a kind, and the same for both programs: a yardstick has to
be the same on both sides, and need not be the best on either."""
import dataclasses
import gzip
import json
import os
import random
import re


class Failure(Exception):
    """A sentence for the user."""


@dataclasses.dataclass(frozen=True)
class Task:
    name: str
    kind: str        # task.kind
    train: str       # files below the folder of the data, each plain or with .gz
    evaluate: str
    metrics: tuple   # names of `lambert score`; the first is the one to compare by
    columns: dict = dataclasses.field(default_factory=dict)  # task.text, task.pair, task.label
    header: bool = True
    separator: str = ","
    sequence_length: int = 128
    batch: int = 32
    epochs: float = 3
    learning_rate: float = 5e-5
    warmup_ratio: float = 0.1
    percent: bool = False  # metrics are in percent already

    @property
    def folder(self):
        """Its name in paths."""
        return self.name.lower()


PAIR = {"text": "sentence1", "pair": "sentence2"}
SPANS = {"kind": "questions", "sequence_length": 384, "epochs": 1, "learning_rate": 1e-4, "percent": True}
WORDS = {"kind": "tagging", "metrics": ("entity_f1", "accuracy"), "learning_rate": 1e-4}

TASKS = {task.name: task for task in (
    Task("SST-2", "classification", "glue/SST-2/train.tsv", "glue/SST-2/dev.tsv", ("accuracy",),
         {"text": "sentence", "label": "label"}),
    Task("MRPC", "classification", "glue/MRPC/train.tsv", "glue/MRPC/dev.tsv", ("accuracy", "f1"),
         {"text": "4", "pair": "5", "label": "1"}),
    Task("CoLA", "classification", "glue/CoLA/train.tsv", "glue/CoLA/dev.tsv", ("matthews",),
         {"text": "4", "label": "2"}, header=False),
    Task("STS-B", "regression", "glue/STS-B/train.tsv", "glue/STS-B/dev.tsv", ("pearson", "spearman"),
         {**PAIR, "label": "score"}),
    Task("RTE", "classification", "glue/RTE/train.tsv", "glue/RTE/dev.tsv", ("accuracy",),
         {**PAIR, "label": "label"}),
    Task("SQuAD-1.1", train="squad/train-v1.1-certain.json", evaluate="squad/dev-v1.1.json",
         metrics=("f1", "exact_match"), **SPANS),
    Task("SQuAD-2.0", train="squad/train-v2.0.json", evaluate="squad/dev-v2.0.json",
         metrics=("best_f1", "best_exact", "f1", "exact_match"), **SPANS),
    Task("CoNLL-2003", train="conll2003/train.txt", evaluate="conll2003/dev.txt", **WORDS),
    Task("WNUT-17", train="wnut17/train.txt", evaluate="wnut17/dev.txt", **WORDS),
    Task("GoEmotions", "multilabel", "goemotions/train.tsv", "goemotions/dev.tsv",
         ("micro_f1", "macro_f1"), {"text": "1", "label": "2"}, header=False, separator=",",
         learning_rate=1e-4),
)}
CUSTOMARY = ("SST-2", "MRPC", "CoLA", "STS-B", "RTE", "SQuAD-1.1")


def find_task(name):
    for task in TASKS.values():
        if task.name.lower() == name.lower():
            return task
    raise Failure(f"there is no task {name}; there are {', '.join(TASKS)}")


def changed(task, key, value):
    """The task with another value of `epochs`, `learning_rate`, `batch` or `sequence_length`."""
    kinds = {"epochs": float, "learning_rate": float, "batch": int, "sequence_length": int}
    try:
        return dataclasses.replace(task, **{key: kinds[key](value)})
    except KeyError:
        raise Failure(f"{key} is nothing that can be set; {', '.join(kinds)} can") from None
    except ValueError:
        raise Failure(f"{key}={value}: a number is wanted") from None


# --- files --------------------------------------------------------------------------------------
def find_file(data, name):
    for path in (os.path.join(data, name), os.path.join(data, name + ".gz")):
        if os.path.exists(path):
            return path
    raise Failure(f"there is no {os.path.join(data, name)}, and none with .gz; data/tasks fetches it")


def opened(path):
    return (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8-sig", newline="\n")


def read_lines(path):
    with opened(path) as file:
        return [line.rstrip("\r\n") for line in file]


def read_json(path):
    with opened(path) as file:
        return json.load(file)


def write_atomically(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def write_results(path, results):
    """A line each, so that a file that is kept shows what was added to it."""
    lines = ",\n".join(json.dumps(result) for result in results)
    write_atomically(path, f'{{"results": [\n{lines}\n]}}\n')


# --- parts --------------------------------------------------------------------------------------
# A part of a training set is a file of its own, which both programs read: so many examples, in the order that
# they had, those with the lowest of random numbers, which Python promises to make as it always did.
PART_SEED = 19


def chosen(count, of):
    if count >= of:
        raise Failure(f"a part of {count} examples is none of {of}")
    numbers = random.Random(PART_SEED)
    keys = [numbers.random() for _ in range(of)]
    return set(sorted(range(of), key=keys.__getitem__)[:count])


def part_of_lines(task, lines, count):
    head = lines[:1] if task.header else []
    rows = lines[len(head):]
    keep = chosen(count, len(rows))
    return "\n".join(head + [row for number, row in enumerate(rows) if number in keep]) + "\n"


def part_of_sentences(lines, count):
    blocks = [block for block in re.split(r"\n\s*\n", "\n".join(lines)) if block.strip()]
    blocks = [block.strip("\n") for block in blocks if not block.startswith("-DOCSTART-")]
    keep = chosen(count, len(blocks))
    return "\n\n".join(block for number, block in enumerate(blocks) if number in keep) + "\n"


def part_of_questions(squad, count):
    total = sum(len(paragraph["qas"]) for article in squad["data"] for paragraph in article["paragraphs"])
    keep = chosen(count, total)
    articles, number = [], 0
    for article in squad["data"]:
        paragraphs = []
        for paragraph in article["paragraphs"]:
            qas = [question for offset, question in enumerate(paragraph["qas"]) if number + offset in keep]
            number += len(paragraph["qas"])
            if qas:
                paragraphs.append({**paragraph, "qas": qas})
        if paragraphs:
            articles.append({**article, "paragraphs": paragraphs})
    return json.dumps({**squad, "data": articles}, ensure_ascii=False)


def make_part(task, path, count, folder):
    """The file with a part of the training set, which is made if it is not there."""
    name = f"{task.folder}-{count}" + (".json" if task.kind == "questions" else ".txt")
    part = os.path.join(folder, name)
    if not os.path.exists(part):
        if task.kind == "questions":
            text = part_of_questions(read_json(path), count)
        elif task.kind == "tagging":
            text = part_of_sentences(read_lines(path), count)
        else:
            text = part_of_lines(task, read_lines(path), count)
        write_atomically(part, text)
    return part
