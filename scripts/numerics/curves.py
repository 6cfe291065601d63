#!/usr/bin/env python3
"""The curves of one run from the program and from reference.py, fed the same samples: is the loss
right, not only at the first step?

    scripts/numerics/curves.py BUILD CORPUS FOLDER

    CORPUS  a prepared corpus; docs/reference-curves.md has that of the demo
    FOLDER  a new folder: lambert/ and pytorch/ in it are run folders for scripts/plot-run.py, and
            table.md has both curves side by side
"""
import json
import os
import sys
import time

import program
from optimizers import Optimizer, Options, Schedule, rate
from reference import Config, as_weights, differentiate

STEPS, BATCH, EVERY = 800, 32, 50
WORDS = ["model.hidden_size=64", "model.num_hidden_layers=2", "model.num_attention_heads=4",
         "model.intermediate_size=256", "model.max_position_embeddings=32",
         "model.hidden_dropout_prob=0", "model.attention_probs_dropout_prob=0",
         "model.initializer_range=0.07", "train.evaluate_sequences=256", "train.checkpoint_every=0",
         "phase.one.sequence_length=32", f"phase.one.global_batch={BATCH}"]
SCHEDULE = Schedule(steps=STEPS, learning_rate=0.01, warmup_steps=80)


def phase_words(steps, learning_rate, warmup_steps):
    return [f"phase.one.steps={steps}", f"phase.one.learning_rate={learning_rate}",
            f"phase.one.warmup_steps={warmup_steps}"]


def program_run(lambert, config, words, folder):
    """Fresh weights, exported, and the run that starts from them."""
    start, run = os.path.join(folder, "start"), os.path.join(folder, "lambert")
    lambert.run("train", config, *words, *phase_words(1, 1e-9, 0),
                f"run.folder={os.path.join(folder, 'fresh')}")
    weights = lambert.export(program.checkpoint_path(os.path.join(folder, "fresh")), start)
    lambert.run("train", config, *words, f"run.start_from={start}", f"run.folder={run}",
                *phase_words(STEPS, SCHEDULE.learning_rate, SCHEDULE.warmup_steps))
    return weights, start


def reference_run(lambert, config, words, folder, start, weights):
    shape = Config.from_json(os.path.join(start, "config.json"))
    weights, optimizer = as_weights(weights), Optimizer(Options())
    os.makedirs(os.path.join(folder, "pytorch"))
    words = [*words, f"run.folder={folder}/none", *phase_words(STEPS, 1, 0)]
    samples = lambert.samples(config, words, "one", 0, STEPS * BATCH)
    sequences = tokens = 0
    with open(os.path.join(folder, "pytorch", "metrics.jsonl"), "w", encoding="utf-8") as metrics:
        for s in range(STEPS):
            started, batch = time.time(), samples[s * BATCH:(s + 1) * BATCH]
            result, gradients = differentiate(shape, weights, batch)
            norm = optimizer.step(weights, gradients, rate(SCHEDULE, s))
            seconds = time.time() - started
            count = sum(len(sample["input_ids"]) for sample in batch)
            sequences, tokens = sequences + BATCH, tokens + count
            line = {"kind": "step", "phase": "one", "phase_step": s + 1, "total_step": s + 1,
                    "total_sequences": sequences, "total_tokens": tokens,
                    "mlm_loss": float(result.mlm_loss), "nsp_loss": float(result.nsp_loss),
                    "mlm_accuracy": result.mlm_accuracy, "nsp_accuracy": result.nsp_accuracy,
                    "learning_rate": rate(SCHEDULE, s), "gradient_norm": norm,
                    "seconds": seconds, "tokens_per_second": count / seconds,
                    "peak_fraction": None}
            metrics.write(json.dumps(line) + "\n")


def read_steps(folder):
    with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [line for line in lines if line["kind"] == "step"]


def mean(lines, field):
    return sum(line[field] for line in lines) / len(lines)


def write_table(folder):
    """Means of EVERY steps. Returns the largest relative difference of MLM losses at a step."""
    seen, wanted = read_steps(folder + "/lambert"), read_steps(folder + "/pytorch")
    if len(seen) != STEPS or len(wanted) != STEPS:
        raise program.Failure("the runs have not as many steps as they should")
    fields = ("mlm_loss", "mlm_accuracy", "nsp_loss", "nsp_accuracy")
    with open(os.path.join(folder, "table.md"), "w", encoding="utf-8") as table:
        table.write("| tokens | MLM loss, Lambert | PyTorch | MLM accuracy, Lambert | PyTorch "
                    "| NSP loss, Lambert | PyTorch | NSP accuracy, Lambert | PyTorch |\n"
                    "|" + "---:|" * 9 + "\n")
        for first in range(0, STEPS, EVERY):
            ours, theirs = seen[first:first + EVERY], wanted[first:first + EVERY]
            cells = [f"{ours[-1]['total_tokens']:.0f}"]
            for field in fields:
                form = ".2%" if "accuracy" in field else ".4f"
                cells += [format(mean(ours, field), form), format(mean(theirs, field), form)]
            table.write("| " + " | ".join(cells) + " |\n")
    return max(abs(a["mlm_loss"] / b["mlm_loss"] - 1) for a, b in zip(seen, wanted))


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return
    if len(sys.argv) != 4:
        sys.exit("curves.py: a build folder, a corpus and a new folder are wanted; see --help")
    build, corpus, folder = sys.argv[1:]
    try:
        lambert = program.Lambert(build)
        os.makedirs(folder)
        config = os.path.join(folder, "curves.ini")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"[data]\ncorpus = {corpus}\n[phase one]\nsteps = 1\nlearning_rate = 1\n")
        weights, start = program_run(lambert, config, WORDS, folder)
        reference_run(lambert, config, WORDS, folder, start, weights)
        print(f"{STEPS} steps: MLM losses differ by at most {write_table(folder):.1e}")
    except program.Failure as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
