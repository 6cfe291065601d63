"""The two programs that are compared: each fine-tunes a model for a task with a seed, and leaves
predictions of the evaluation set in a file. Lambert scores them all.

A run is a folder; what it measured is a dictionary with steps, seconds of training, tokens in them, and
of the peer how many tokens its padded batches had."""
import json
import math
import os
import shutil
import subprocess
import sys

from tasks import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
CONFIGS = os.path.join(HERE, "..", "..", "configs")
sys.path.insert(0, os.path.join(HERE, "..", "peers"))
from machine import find_tcmalloc  # noqa: E402

CONFIG_OF = {"classification": "finetune-glue.ini", "regression": "finetune-regression.ini",
             "multilabel": "finetune-multilabel.ini", "tagging": "finetune-tagging.ini",
             "questions": "finetune-squad.ini"}
# What both programs are given; the first four are task.KEY of Lambert's configuration too.
SPANS = {"stride": 128, "question_length": 64, "answer_length": 30, "n_best": 20}
COMMON = {"epsilon": 1e-6, "weight_decay": 0.01, "dropout": 0.1}


def run(command, environment, text="", log=None):
    """What it prints; what it says on the way is in the file `log`, and a Failure has its last words."""
    with open(log or os.devnull, "w", encoding="utf-8") as said:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=said, text=True, input=text,
                              env=environment)
    if done.returncode != 0:
        words = ""
        if log:
            with open(log, encoding="utf-8", errors="replace") as said:
                words = "\n".join(said.read().strip().splitlines()[-5:])
        raise Failure(f"{' '.join(command)}\nexit code {done.returncode}: {words}")
    return done.stdout


class Lambert:
    name = "lambert"

    def __init__(self, machine, compute_type):
        self.machine, self.compute_type = machine, compute_type

    def lambert(self, *words, log=None):
        return run([self.machine.program, *words], self.machine.environment(), log=log)

    def words(self, task, files, model, seed, folder):
        """The configuration, as words of the command line. Nothing is evaluated on the way, so that the
        last weights are what is asked."""
        task_keys = {"kind": task.kind, "train": files["train"], "evaluate": "",
                     "text": "", "pair": "", "label": "", **task.columns,
                     "header": "yes" if task.header else "no", "separator": task.separator, **SPANS}
        return [os.path.join(CONFIGS, CONFIG_OF[task.kind]),
                *(f"task.{key}={value}" for key, value in task_keys.items()),
                f"run.folder={folder}", f"run.start_from={model}", f"run.seed={seed}",
                f"model.hidden_dropout_prob={COMMON['dropout']}",
                f"model.attention_probs_dropout_prob={COMMON['dropout']}",
                "optimizer.name=adamw", f"optimizer.epsilon={COMMON['epsilon']}",
                f"optimizer.weight_decay={COMMON['weight_decay']}",
                f"phase.one.sequence_length={task.sequence_length}",
                f"phase.one.global_batch={task.batch}", f"phase.one.epochs={task.epochs:g}",
                f"phase.one.learning_rate={task.learning_rate:g}",
                f"phase.one.warmup_ratio={task.warmup_ratio:g}",
                f"train.compute_type={self.compute_type}"]

    def finetune(self, task, files, model, seed, folder, predictions):
        """A run that was stopped goes on."""
        self.lambert("finetune", *self.words(task, files, model, seed, folder), "--resume",
                     log=folder + ".log")
        null_odds = ["--null-output", null_odds_of(predictions)] if "best_f1" in task.metrics else []
        self.lambert("predict", "--model", folder, "--input", files["evaluate"], "--output", predictions,
                     *null_odds, log=folder + ".predict.log")
        return self.measured(os.path.join(folder, "metrics.jsonl"))

    @staticmethod
    def tidy(folder):
        """A run that is done needs no weights any more, which are hundreds of megabytes."""
        shutil.rmtree(os.path.join(folder, "checkpoints"), ignore_errors=True)

    @staticmethod
    def measured(path):
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        steps = [line for line in lines if line["kind"] == "step"]
        return {"steps": len(steps), "seconds": sum(step["seconds"] for step in steps),
                "tokens": sum(step["tokens"] for step in steps)}

    def score(self, task, files, predictions, log):
        """{metric: value} of a file of predictions, whoever made it."""
        words = ["--task", task.kind, files["evaluate"], predictions, "--samples", "0", "--json"]
        if "label" in task.columns:
            words += ["--label-column", task.columns["label"], "--separator", task.separator]
        if not task.header:
            words.append("--no-header")
        if "best_f1" in task.metrics:
            words += ["--null-odds", null_odds_of(predictions)]
        said = json.loads(self.lambert("score", *words, log=log))
        metrics = said["metrics"]
        values = {name: metrics[name]["value"] for name in task.metrics}
        return {name: math.nan if value is None else value for name, value in values.items()}


class Peer:
    name = "pytorch"

    def __init__(self, machine, compute_type, python, cache):
        self.machine, self.compute_type = machine, compute_type
        self.python, self.cache = python, cache

    def finetune(self, task, files, model, seed, folder, predictions):
        """From the beginning, always."""
        os.makedirs(folder, exist_ok=True)
        job = {"task": task.folder, "kind": task.kind, "train": files["train"],
               "evaluate": files["evaluate"], "columns": task.columns, "header": task.header,
               "separator": task.separator, "sequence_length": task.sequence_length,
               "batch": task.batch, "epochs": task.epochs, "learning_rate": task.learning_rate,
               "warmup_ratio": task.warmup_ratio, "seed": seed, "model": model,
               "lower_case": lower_case_of(model), "type": self.compute_type,
               "threads": self.machine.threads, "cache": self.cache,
               "predictions": predictions, **SPANS, **COMMON}
        tcmalloc = find_tcmalloc()
        environment = self.machine.environment(**({"LD_PRELOAD": tcmalloc} if tcmalloc else {}))
        said = run([self.python, os.path.join(HERE, "peer.py")], environment, json.dumps(job),
                   log=folder + ".log")
        return {**json.loads(said.splitlines()[-1]), "tcmalloc": bool(tcmalloc)}

    def tidy(self, folder):
        """It keeps no weights."""


def predictions_name(task):
    special = {"questions": "predictions.json", "tagging": "predictions.txt"}
    return special.get(task.kind, "predictions.tsv")


def null_odds_of(predictions):
    """Beside predictions for SQuAD v2.0: by how much no answer is better than one."""
    return os.path.join(os.path.dirname(predictions), "null_odds.json")


def lower_case_of(model):
    """Whether the model's tokenizer has no capitals; BERT's has none where nothing else is said."""
    path = os.path.join(model, "tokenizer_config.json")
    if not os.path.exists(path):
        return True
    with open(path, encoding="utf-8") as file:
        return json.load(file).get("do_lower_case", True)
