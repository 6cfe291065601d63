"""What the peer reads and writes: examples as features by transformers' tokenizer, and what its model
says of them as the files that `lambert score` takes.

A feature is a dictionary: input_ids, token_type_ids, and what is right by the names that transformers'
models have for it. Texts are cut as Google's run_classifier.py cuts them; questions are transformers' own
squad code, which is that of Google's run_squad.py."""
import json
import os

import torch

from tasks import opened, read_lines

IGNORED = -100  # transformers' label of a token that is not asked for
EXAMPLES_AT_ONCE = 2000  # whose windows are made in one go: transformers' have much that is not needed


class Texts:
    """Classification, regression and several labels at once: a row an example."""
    right = ("labels",)
    per_token = False

    def __init__(self, job, tokenizer):
        self.job, self.kind, self.tokenizer = job, job["kind"], tokenizer
        self.labels = None if self.kind == "regression" else self.find_labels(job["train"])
        self.train, self.evaluate = self.features(job["train"]), self.features(job["evaluate"])

    def rows(self, path):
        """(text, second text or None, label as it is written) of each example."""
        lines = read_lines(path)
        names = lines.pop(0).split("\t") if self.job["header"] else []
        columns = {key: int(name) - 1 if name.isdigit() else names.index(name)
                   for key, name in self.job["columns"].items()}
        for line in lines:
            words = line.split("\t")
            yield (words[columns["text"]], words[columns["pair"]] if "pair" in columns else None,
                   words[columns["label"]])

    def written(self, label):
        return label.split(self.job["separator"]) if self.kind == "multilabel" else [label]

    def find_labels(self, path):
        found = {name for _, _, label in self.rows(path) for name in self.written(label)}
        return sorted(found, key=int) if all(name.isdigit() for name in found) else sorted(found)

    def target(self, label):
        if self.kind == "regression":
            return float(label)
        numbers = [self.labels.index(name) for name in self.written(label)]
        if self.kind == "classification":
            return numbers[0]
        return [float(number in numbers) for number in range(len(self.labels))]

    def pieces(self, text):
        return self.tokenizer.convert_tokens_to_ids(self.tokenizer.tokenize(text))

    def feature(self, text, pair, label):
        first, second = self.pieces(text), [] if pair is None else self.pieces(pair)
        room = self.job["sequence_length"] - (2 if pair is None else 3)
        while len(first) + len(second) > room:
            (first if len(first) > len(second) else second).pop()
        begin, end = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        ids, types = [begin, *first, end], [0] * (len(first) + 2)
        if pair is not None:
            ids, types = ids + [*second, end], types + [1] * (len(second) + 1)
        return {"input_ids": ids, "token_type_ids": types, "labels": self.target(label)}

    def features(self, path):
        return [self.feature(*row) for row in self.rows(path)]

    def said(self, output):
        """What a row of logits, or a value, says, as files have it."""
        if self.kind == "regression":
            return repr(float(output[0]))
        if self.kind == "classification":
            return self.labels[int(output.argmax())]
        return self.job["separator"].join(name for name, logit in zip(self.labels, output) if logit > 0)

    def write(self, outputs, path):
        """outputs: of each example [labels]."""
        with open(path, "w", encoding="utf-8") as file:
            file.write("id\tprediction\n")
            file.writelines(f"{number}\t{self.said(output)}\n" for number, output in enumerate(outputs))


class Sentences:
    """Words with a tag each. A sentence that is too long becomes several features, cut between words."""
    right = ("labels",)
    per_token = True

    def __init__(self, job, tokenizer):
        self.tokenizer, self.room = tokenizer, job["sequence_length"] - 2
        train, self.evaluated = list(sentences_of(job["train"])), list(sentences_of(job["evaluate"]))
        self.labels = sorted({tag for sentence in train for _, tag in sentence})
        self.train = [feature for sentence in train for feature in self.features(sentence)]
        self.evaluate = [feature for sentence in self.evaluated for feature in self.features(sentence)]

    def features(self, sentence):
        ids, labels, rows = [], [], []
        for word, tag in sentence:
            pieces = self.tokenizer.convert_tokens_to_ids(self.tokenizer.tokenize(word))
            pieces = pieces[:self.room] or [self.tokenizer.unk_token_id]
            if len(ids) + len(pieces) > self.room:
                yield self.feature(ids, labels, rows)
                ids, labels, rows = [], [], []
            rows.append(len(ids) + 1)
            ids += pieces
            labels += [self.labels.index(tag) if tag in self.labels else IGNORED]
            labels += [IGNORED] * (len(pieces) - 1)
        yield self.feature(ids, labels, rows)

    def feature(self, ids, labels, rows):
        ids = [self.tokenizer.cls_token_id, *ids, self.tokenizer.sep_token_id]
        return {"input_ids": ids, "token_type_ids": [0] * len(ids), "rows": rows,
                "labels": [IGNORED, *labels, IGNORED]}

    def write(self, outputs, path):
        """outputs: of each feature [tokens, labels]."""
        tags = iter([self.labels[int(output[row].argmax())]
                     for feature, output in zip(self.evaluate, outputs) for row in feature["rows"]])
        with open(path, "w", encoding="utf-8") as file:
            for sentence in self.evaluated:
                file.writelines(f"{word}\t{next(tags)}\n" for word, _ in sentence)
                file.write("\n")


def sentences_of(path):
    sentence = []
    for line in [*read_lines(path), ""]:
        columns = line.split()
        if columns and columns[0] != "-DOCSTART-":
            sentence.append((columns[0], columns[-1]))
        elif sentence:
            yield sentence
            sentence = []


class Questions:
    """Spans of paragraphs, a feature a window."""
    right = ("start_positions", "end_positions")
    per_token = False
    labels = None

    def __init__(self, job, tokenizer):
        self.job, self.tokenizer = job, tokenizer
        self.train = self.kept("train", self.training_windows)
        self.examples, self.evaluate = self.kept("evaluate", self.evaluation_windows)
        # Of files of v2.0 alone it is said which questions have no answer.
        self.may_be_none = any(example.is_impossible for example in self.examples)

    def kept(self, part, make):
        """What make() makes of a file, which takes minutes; it is kept in another file."""
        path, kept = self.job[part], os.path.join(self.job["cache"], f"{self.job['task']}-{part}.pt")
        identity = [os.path.abspath(path), os.path.getsize(path), self.job["sequence_length"],
                    self.job["stride"], self.job["question_length"]]
        if os.path.exists(kept):
            found = torch.load(kept, weights_only=False)
            if found["identity"] == identity:
                return found["made"]
        made = make(path)
        os.makedirs(self.job["cache"], exist_ok=True)
        torch.save({"identity": identity, "made": made}, kept + ".new")
        os.replace(kept + ".new", kept)
        return made

    def examples_of(self, path, part):
        from transformers.data.processors.squad import SquadV2Processor
        with opened(path) as file:
            return SquadV2Processor()._create_examples(json.load(file)["data"], part)

    def convert(self, examples, is_training):
        from transformers.data.processors.squad import squad_convert_examples_to_features
        return squad_convert_examples_to_features(
            examples=examples, tokenizer=self.tokenizer, max_seq_length=self.job["sequence_length"],
            doc_stride=self.job["stride"], max_query_length=self.job["question_length"],
            is_training=is_training, padding_strategy="do_not_pad", threads=self.job["threads"],
            tqdm_enabled=False)

    def training_windows(self, path):
        examples = self.examples_of(path, "train")
        return [{"input_ids": window.input_ids, "token_type_ids": window.token_type_ids,
                 "start_positions": window.start_position, "end_positions": window.end_position}
                for first in range(0, len(examples), EXAMPLES_AT_ONCE)
                for window in self.convert(examples[first:first + EXAMPLES_AT_ONCE], True)]

    def evaluation_windows(self, path):
        examples = self.examples_of(path, "dev")
        return examples, [{"input_ids": window.input_ids, "token_type_ids": window.token_type_ids,
                           "window": window} for window in self.convert(examples, False)]

    def write(self, outputs, path):
        """outputs: of each window [tokens, 2], logits of start and end."""
        from transformers.data.metrics.squad_metrics import compute_predictions_logits
        from transformers.data.processors.squad import SquadResult
        windows = [feature["window"] for feature in self.evaluate]
        results = [SquadResult(window.unique_id, *output.T.tolist())
                   for window, output in zip(windows, outputs)]
        beside = lambda name: os.path.join(os.path.dirname(path), name)
        compute_predictions_logits(
            self.examples, windows, results, self.job["n_best"], self.job["answer_length"],
            self.job["lower_case"], path, beside("nbest_predictions.json"), beside("null_odds.json"),
            False, self.may_be_none, 0.0, self.tokenizer)


KINDS = {"classification": Texts, "regression": Texts, "multilabel": Texts, "tagging": Sentences,
         "questions": Questions}


def padded(features, data, pad):
    """The features as tensors, padded to the longest of them, and how many tokens they have."""
    lengths = [len(feature["input_ids"]) for feature in features]
    fill = lambda name, value: torch.tensor([feature[name] + [value] * (max(lengths) - length)
                                             for feature, length in zip(features, lengths)])
    batch = {"input_ids": fill("input_ids", pad), "token_type_ids": fill("token_type_ids", 0),
             "attention_mask": torch.tensor([[1] * length + [0] * (max(lengths) - length)
                                             for length in lengths])}
    for name in data.right:
        if name in features[0]:
            batch[name] = (fill(name, IGNORED) if data.per_token
                           else torch.tensor([feature[name] for feature in features]))
    return batch, sum(lengths)
