#!/usr/bin/env python3
"""Compares the program with reference.py and optimizers.py, which know nothing of each other:
losses, the gradient of every tensor, and every weight after ten updates; and for fine-tuning with tasks.py.

    scripts/numerics/compare.py BUILD [PATTERN] [--keep DIR]

    BUILD       build folder with the program lambert
    PATTERN     only cases whose name contains it
    --keep DIR  work there and leave the files (a new folder)

The reference works in double, the program in float: limits (differences.py) allow its rounding. Exit code 1:
something is beyond its limit.
"""
import dataclasses
import json
import os

import torch

import compare_tasks
import program
import safetensors_io
from differences import (BFLOAT16_LOSS_LIMIT, LOSS_LIMIT, check_names, compare_bfloat16, compare_gradients,
                         compare_reports, compare_weights, option_words, relative, rounding_limit)
from optimizers import Optimizer, Options, Schedule, rate
from reference import Config, RoundedProduct, as_weights, differentiate, shapes

BASE = """
[model]
num_hidden_layers = 2
max_position_embeddings = 160
hidden_dropout_prob = 0
attention_probs_dropout_prob = 0
[train]
evaluate_sequences = 1
checkpoint_every = 0
micro_batch_tokens = {micro_batch}
[phase one]
steps = 10
"""

# name: (corpus, hidden, heads, intermediate, sequence_length, global_batch, micro_batch, more)
SHAPES = {
    "24, 1 head, gelu": ("long", 24, 1, 40, 29, 13, 100, []),
    "48, 12 heads, gelu_new": ("long", 48, 12, 100, 61, 9, 4096, ["model.hidden_act=gelu_new"]),
    "64, 2 heads, 3 layers, gelu": ("long", 64, 2, 256, 47, 8, 64, [
        "model.num_hidden_layers=3", "phase.one.max_predictions_per_sequence=3",
        "data.short_sequence_probability=0.7"]),
    "21, 3 heads, 1 layer, gelu_new": ("long", 21, 3, 37, 15, 7, 50, [
        "model.hidden_act=gelu_new", "model.num_hidden_layers=1", "model.type_vocab_size=3"]),
    "32, 4 heads, short documents, gelu": ("short", 32, 4, 64, 37, 10, 4096, [
        "data.masking=whole_words", "model.layer_norm_eps=1e-3"]),
    "128, 2 heads, long sequences, gelu": ("long", 128, 2, 96, 151, 24, 100000, [
        "data.masked_lm_probability=0.3"]),
}

# Keys of the phase, and what they mean; the peak is the optimizer's of RATES.
SCHEDULES = {
    "continuous": (["warmup_steps=3"], Schedule(10, 1, 3)),
    "ratio": (["warmup_ratio=0.25"], Schedule(10, 1, 2.5)),
    "google": (["schedule=google", "warmup_ratio=0.4"], Schedule(10, 1, 4, 1, "google")),
    "nvidia": (["schedule=nvidia", "warmup_steps=3", "decay_power=0.5"],
               Schedule(10, 1, 3, 0.5, "nvidia")),
    "trapezoid": (["schedule=trapezoid", "warmup_steps=2", "decay_ratio=0.4"],
                  Schedule(10, 1, 2, 1, "trapezoid", 4)),
    "trapezoid_sqrt": (["schedule=trapezoid_sqrt", "warmup_steps=2", "decay_steps=5"],
                       Schedule(10, 1, 2, 1, "trapezoid_sqrt", 5)),
}

# Such that every tensor moves by a few hundredths to a few tenths of itself.
RATES = {"lamb": 0.02, "adamw": 0.002, "lars": 0.2, "sgd": 0.2, "lans": 0.02}


def optimizer_cases():
    """name -> (options, schedule's name)"""
    schedules = list(SCHEDULES)
    cases = {}
    for clip in (0.0, 0.1):
        for corrected in (True, False):
            for everything in (False, True):
                name = "lamb" + (", clipped" if clip else "") + ("" if corrected else ", uncorrected") \
                    + (", all" if everything else "")
                cases[name] = (Options("lamb", max_grad_norm=clip, bias_correction=corrected,
                                       decay_all=everything, adapt_all=everything),
                               schedules[len(cases) % len(schedules)])
    cases["lamb, other constants"] = (Options("lamb", beta1=0.8, beta2=0.95, epsilon=1e-3,
                                              weight_decay=0), "ratio")
    cases["adamw"] = (Options("adamw"), "continuous")
    cases["adamw, uncorrected, decay of all"] = (
        Options("adamw", bias_correction=False, decay_all=True, max_grad_norm=0.1), "nvidia")
    cases["lars"] = (Options("lars", trust_coefficient=0.05), "continuous")
    cases["lars, all"] = (Options("lars", trust_coefficient=0.05, momentum=0.5, weight_decay=0.1,
                                  decay_all=True, adapt_all=True, max_grad_norm=0), "google")
    cases["sgd"] = (Options("sgd"), "continuous")
    cases["sgd, decay of all"] = (Options("sgd", decay_all=True, max_grad_norm=0.1, momentum=0.5,
                                          weight_decay=0.1), "nvidia")
    cases["lans"] = (Options("lans"), "continuous")
    cases["lans, uncorrected, all"] = (Options("lans", bias_correction=False, decay_all=True,
                                               adapt_all=True), "google")
    cases["adamw, stable"] = (Options("adamw", max_update_rms=1.0, max_grad_norm=0.0), "continuous")
    cases["lamb, bounded"] = (Options("lamb", ratio_min=0.3, ratio_max=0.6), "google")
    cases["lars, bounded"] = (Options("lars", trust_coefficient=0.05, ratio_max=1.7), "continuous")
    cases["lans, bounded"] = (Options("lans", ratio_min=0.2, ratio_max=0.6), "ratio")
    return cases


class Setting:
    """A shape with its corpus, configuration file, words and start."""

    def __init__(self, lambert, folder, corpora, name):
        corpus, hidden, heads, intermediate, length, batch, micro_batch, more = SHAPES[name]
        self.lambert, self.folder, self.batch, self.known = lambert, folder, batch, {}
        os.makedirs(folder, exist_ok=True)
        self.short = "".join(c if c.isalnum() else "-" for c in name)
        self.config = os.path.join(folder, self.short + ".ini")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(BASE.format(micro_batch=micro_batch))
        self.words = [f"data.corpus={corpora[corpus]}", f"model.hidden_size={hidden}",
                      f"model.num_attention_heads={heads}", f"model.intermediate_size={intermediate}",
                      f"phase.one.sequence_length={length}", f"phase.one.global_batch={batch}", *more]
        self.start = program.start_folder(lambert, self.config, self.words, folder, self.short)
        self.words += [f"run.start_from={self.start}", "phase.one.learning_rate=0.02"]
        self.model = Config.from_json(os.path.join(self.start, "config.json"))
        self.weights = as_weights(safetensors_io.read(os.path.join(self.start, "model.safetensors")))
        check_names(self.weights, shapes(self.model))

    def add_phase(self, text):
        """Phases begin in the file; later cases have this one too."""
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(text)

    def batches(self, phase, steps, batch):
        """The global batches of a phase's steps; no key of the optimizer changes them."""
        if (phase, steps) not in self.known:
            found = self.lambert.samples(self.config, self.words + [f"run.folder={self.folder}/none"],
                                         phase, 0, steps * batch)
            self.known[phase, steps] = [found[s * batch:(s + 1) * batch] for s in range(steps)]
        return self.known[phase, steps]


def program_gradients(setting, compute_type):
    """(losses, the gradient of every tensor) of the first global batch."""
    path = os.path.join(setting.folder, f"{setting.short}-{compute_type}.safetensors")
    words = setting.words + [f"run.folder={setting.folder}/none", f"train.compute_type={compute_type}"]
    losses = json.loads(setting.lambert.run("show", "gradients", setting.config, *words, "--json",
                                            "--output", path))
    seen = as_weights(safetensors_io.read(path))
    check_names(seen, shapes(setting.model))
    return losses, seen


def compare_losses(table, name, losses, result, limit):
    for loss in ("mlm_loss", "nsp_loss"):
        table.add(name, loss, relative(losses[loss], float(getattr(result, loss))), limit)


def compare_batch(table, setting, name):
    """The first global batch, computed in both types."""
    samples = setting.batches("one", 1, setting.batch)[0]
    result, wanted = differentiate(setting.model, setting.weights, samples)
    losses, seen = program_gradients(setting, "float32")
    compare_losses(table, name, losses, result, LOSS_LIMIT)
    compare_gradients(table, name, seen, wanted)
    _, rounded = differentiate(setting.model, setting.weights, samples, RoundedProduct.apply)
    losses, in_bfloat16 = program_gradients(setting, "bfloat16")
    compare_losses(table, name + ", bfloat16", losses, result, BFLOAT16_LOSS_LIMIT)
    compare_bfloat16(table, name + ", bfloat16", in_bfloat16, wanted, rounded, seen)


def reference_run(setting, options, phases, resets):
    """Ten updates by the reference: (what each step reports, the weights after them). phases:
    (name, schedule, sequences of a step); resets: those that begin with moments of 0"""
    weights, optimizer, reports = dict(setting.weights), Optimizer(options), []
    for phase, schedule, batch in phases:
        if phase in resets:
            optimizer.reset_moments()
        for s, samples in enumerate(setting.batches(phase, schedule.steps, batch)):
            result, gradients = differentiate(setting.model, weights, samples)
            length = optimizer.step(weights, gradients, rate(schedule, s))
            reports.append({"mlm_loss": float(result.mlm_loss), "nsp_loss": float(result.nsp_loss),
                            "mlm_accuracy": result.mlm_accuracy, "nsp_accuracy": result.nsp_accuracy,
                            "gradient_norm": length, "learning_rate": rate(schedule, s),
                            "masked": result.masked})
    return reports, weights


def program_run(setting, words, name):
    """The same by the program."""
    run = os.path.join(setting.folder, "run-" + name)
    setting.lambert.run("train", setting.config, *words, f"run.folder={run}")
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    exported = setting.lambert.export(program.checkpoint_path(run), run + "-exported")
    return [line for line in lines if line["kind"] == "step"], as_weights(exported)


def compare_optimizer(table, setting, name, options, schedule_name):
    keys, schedule = SCHEDULES[schedule_name]
    schedule = dataclasses.replace(schedule, learning_rate=RATES[options.name])
    words = setting.words + option_words(options) + [f"phase.one.{key}" for key in keys] + [
        f"phase.one.learning_rate={schedule.learning_rate}"]
    compare_run(table, setting, name + f" ({schedule_name})", words, options,
                [("one", schedule, setting.batch)])


def compare_phases(table, setting):
    """Two phases: moments and the count of updates go on, or begin anew as schedule and samples do."""
    setting.add_phase("[phase two]\nsteps = 4\nlearning_rate = 0.01\nsequence_length = 53\n"
                      "global_batch = 5\nschedule = google\nwarmup_steps = 2\n")
    words = setting.words + option_words(Options()) + ["phase.one.steps=6",
                                                       "phase.one.warmup_steps=2"]
    phases = [("one", Schedule(6, 0.02, 2), setting.batch), ("two", Schedule(4, 0.01, 2, 1, "google"), 5)]
    compare_run(table, setting, "lamb, two phases", words, Options(), phases)
    compare_run(table, setting, "lamb, two phases, moments reset", words + ["phase.two.moments=reset"], Options(),
                phases, ("two",))


def compare_run(table, setting, name, words, options, phases, resets=()):
    wanted, weights = reference_run(setting, options, phases, resets)
    short = "".join(c if c.isalnum() else "-" for c in name)
    seen, exported = program_run(setting, words, short)
    check_names(exported, shapes(setting.model))
    compare_reports(table, name, seen, wanted, ("mlm_loss", "nsp_loss", "gradient_norm"),
                    ("learning_rate", "masked", "mlm_accuracy", "nsp_accuracy"))
    limit = rounding_limit(options, [report["learning_rate"] for report in wanted])
    compare_weights(table, name, exported, weights, setting.weights, limit)


def compare(lambert, folder, pattern):
    corpora = program.make_corpora(lambert, folder)
    table = program.Table("worst")
    for name in SHAPES:
        if pattern in name:
            compare_batch(table, Setting(lambert, folder, corpora, name), name)
    cases = {name: case for name, case in optimizer_cases().items() if pattern in name}
    phases = pattern in "lamb, two phases, moments reset"
    if cases or phases:
        setting = Setting(lambert, os.path.join(folder, "steps"), corpora, "48, 12 heads, gelu_new")
        for name, (options, schedule) in cases.items():
            compare_optimizer(table, setting, name, options, schedule)
        if phases:
            compare_phases(table, setting)
    compare_tasks.compare(table, lambert, folder, corpora, pattern)
    return table.end()


if __name__ == "__main__":
    torch.set_num_threads(1)
    program.main(__doc__, compare)
