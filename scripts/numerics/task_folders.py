"""Folders of fine-tuned models: one that transformers saved comes in and goes out again, and transformers
loads it with nothing missing or left over, the same labels and the same tensors; its logits are those that
tasks.py computes from the tensors of the folder; and what `lambert predict` says with the folder is what
transformers says of the same texts."""
import json
import os
import random

import numpy
import torch
import transformers

import program
import tasks
from heads import KINDS, logits_of
from optimizers import norm
from reference import Config, as_weights

LIMIT = 1e-5

# What each is for, and the names of its labels (None: transformers' LABEL_0 ...).
TASKS = [(tasks.Task("classes", 3), ["contradiction", "entailment", "neutral"]),
         (tasks.Task("classes", 2), None),
         (tasks.Task("value", 1), None),
         (tasks.Task("labels", 4), ["joy", "anger, \"mild\"", "l\u00e4ngst", "none"]),
         (tasks.Task("labels", 1), ["toxic"]),
         (tasks.Task("tags", 5), ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]),
         (tasks.Task("span", 2), None)]


def saved(export, task, labels, folder):
    """A model of transformers with weights that no one has trained, saved with the tokenizer."""
    kind, problem = KINDS[task.name]
    torch.manual_seed(task.outputs)
    names = labels or [f"LABEL_{i}" for i in range(task.outputs)]
    config = transformers.BertConfig.from_pretrained(
        export.folder, problem_type=problem, id2label=dict(enumerate(names)),
        label2id={name: i for i, name in enumerate(names)})
    model = kind(config).eval()
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.add_(0.2 * torch.randn_like(tensor))
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(export.folder).save_pretrained(folder)
    return model


def samples(vocab, longest):
    random = numpy.random.default_rng(3)
    for length in (3, 9, longest):
        ids, second = random.integers(0, vocab, length).tolist(), length // 3
        yield {"input_ids": ids, "token_type_ids": [0] * second + [1] * (length - second),
               "positions": sorted(random.choice(length, length // 2 + 1, replace=False).tolist())}


def check_logits(table, name, task, model, folder, tensors):
    config = Config.from_json(os.path.join(folder, "config.json"))
    reference = tasks.Model(config, as_weights(tensors))
    model = model.to(torch.float64)
    found = {}
    for sample in samples(config.vocab_size, config.max_position_embeddings):
        with torch.no_grad():
            out = model(input_ids=torch.tensor([sample["input_ids"]]),
                        token_type_ids=torch.tensor([sample["token_type_ids"]]))
        wanted = tasks.logits_of(task, reference, sample)
        length = len(sample["input_ids"])
        found[f"logits of {length} tokens"] = norm(logits_of(task, out, sample) - wanted) / norm(wanted)
    table.add_worst(name, found, LIMIT)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def told(export, folder, path, *words):
    """What `lambert predict` writes, as text."""
    export.lambert.run("predict", "--model", folder, "--input", path, "--output", path + ".jsonl", *words)
    with open(path + ".jsonl", encoding="utf-8") as file:
        return file.read()


def outputs_of(model, inputs):
    with torch.no_grad():
        return model(**{key: torch.tensor([inputs[key]]) for key in ("input_ids", "token_type_ids")})


def check_texts(table, name, export, task, model, tokenizer, folder):
    """Probabilities, or the number, of pairs of texts."""
    rng = random.Random(4)
    pairs = [(program.sentence(rng), program.sentence(rng)) for _ in range(12)]
    path = write(folder + "-texts.tsv", "a\tb\n" + "".join(f"{a}\t{b}\n" for a, b in pairs))
    said = [json.loads(line) for line in
            told(export, folder, path, "--text", "a", "--pair", "b").splitlines()]
    found = {} if len(said) == len(pairs) else {"lines": float("inf")}
    for number, ((a, b), line) in enumerate(zip(pairs, said)):
        logits = outputs_of(model, tokenizer(a, b, truncation=True)).logits[0]
        wanted = {"classes": lambda z: torch.softmax(z, -1), "labels": torch.sigmoid,
                  "value": lambda z: z}[task.name](logits)
        seen = [line["prediction"]] if task.name == "value" else list(line["probabilities"].values())
        found[f"lambert predict, text {number}"] = \
            norm(torch.tensor(seen) - wanted) / max(1.0, float(norm(wanted)))
    table.add_worst(name, found, LIMIT)


def check_words(table, name, export, model, tokenizer, folder):
    """The tag of each word: that of its first piece."""
    rng = random.Random(4)
    sentences = [program.sentence(rng).replace(",", " ,").rstrip(".").split() for _ in range(20)]
    path = write(folder + "-words.txt", "\n".join("".join(w + "\n" for w in s) for s in sentences))
    said = [json.loads(line)["tags"] for line in told(export, folder, path).splitlines()]
    wanted = []
    for words in sentences:
        inputs = tokenizer(words, is_split_into_words=True)
        tags = outputs_of(model, inputs).logits[0].argmax(-1).tolist()
        places = inputs.word_ids()
        wanted.append([model.config.id2label[tags[places.index(word)]] for word in range(len(words))])
    table.check(name, "lambert predict: the same tags", said == wanted)


def best_span(model, tokenizer, question, context):
    """The largest sum of a start and an end in the context, at most 30 pieces apart."""
    inputs = tokenizer(question, context)
    out = outputs_of(model, inputs)
    rows = [row for row, part in enumerate(inputs.sequence_ids()) if part == 1]
    return max(float(out.start_logits[0, start] + out.end_logits[0, end])
               for start in rows for end in rows if start <= end < start + 30)


def check_questions(table, name, export, model, tokenizer, folder):
    rng = random.Random(4)
    questions = {f"q{n}": (program.sentence(rng), program.sentence(rng)) for n in range(12)}
    paragraphs = [{"context": context, "qas": [{"id": key, "question": question, "answers": []}]}
                  for key, (question, context) in questions.items()]
    path = write(folder + "-questions.json",
                 json.dumps({"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]}))
    told(export, folder, path, "--n-best", "1000", "--n-best-output", path + ".best")
    with open(path + ".best", encoding="utf-8") as file:
        said = json.load(file)
    found = {"questions": 0.0 if set(said) == set(questions) else float("inf")}
    for key, (question, context) in questions.items():
        wanted, best = best_span(model, tokenizer, question, context), said[key][0]
        found[f"lambert predict, question {key}"] = \
            abs(best["start_logit"] + best["end_logit"] - wanted) / max(1.0, abs(wanted))
    table.add_worst(name, found, LIMIT)


def check_predictions(table, name, export, task, model, folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if task.name == "tags":
        check_words(table, name, export, model, tokenizer, folder)
    elif task.name == "span":
        check_questions(table, name, export, model, tokenizer, folder)
    else:
        check_texts(table, name, export, task, model, tokenizer, folder)


def words_of(folder):
    """What its config.json says of labels."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    return {key: config.get(key) for key in ("architectures", "problem_type", "id2label", "label2id")}


def check_task(table, export, load, number, task, labels):
    kind, problem = KINDS[task.name]
    name = f"{kind.__name__}: {task.name}, {task.outputs}"
    folder = f"{export.run}-task-{number}"
    model = saved(export, task, labels, folder)
    export.lambert.run("import", "--from", folder, "--output", folder + ".checkpoint")
    tensors = export.lambert.export(folder + ".checkpoint", folder + "-again")
    again, trouble = load(folder + "-again", kind)
    table.check(name, "loads, nothing missing or left over", not trouble)
    if trouble:
        print("   ", trouble)
    wanted = {key: tensor.detach().numpy() for key, tensor in model.named_parameters()}
    table.check(name, "the same tensors", set(wanted) == set(tensors) and all(
        tensors[key].tobytes() == numpy.ascontiguousarray(wanted[key], "<f4").tobytes()
        for key in wanted))
    table.check(name, "labels and problem_type", again.config.id2label == model.config.id2label
                and again.config.label2id == model.config.label2id
                and again.config.problem_type == problem)
    check_logits(table, name, task, again, folder + "-again", tensors)
    check_predictions(table, name, export, task, again, folder)
    export.lambert.run("import", "--from", folder + "-again", "--output", folder + "-2.checkpoint")
    export.lambert.export(folder + "-2.checkpoint", folder + "-twice")
    table.check(name, "out, in and out: the same config.json", words_of(folder + "-again")
                == words_of(folder + "-twice"))


def check(table, export, load):
    """load: of clients.py, which imports this."""
    for number, (task, labels) in enumerate(TASKS):
        check_task(table, export, load, number, task, labels)
