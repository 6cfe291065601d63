#!/usr/bin/env python3
"""What four ranks lose to a network of 1 Gbit/s and 0.2 ms: steps of BERT-Base, 64 sequences in all, with
and without the network (measure_training.sh).

    scripts/scaling/loss.py BUILD CORPUS RESULTS.json [--only PATTERN] [--list]     adds to the file

Every case is measured once more each time; docs/scaling.md has medians over all times. Nothing else may
run on the machine meanwhile: a case takes one to two minutes on 2 cores, and 14 GB of memory."""
import dataclasses
import json
import os
import statistics
import subprocess
import sys

import model
import run
import simulation

ROOT = run.simulation.ROOT
CONFIG = os.path.join(ROOT, "configs/bert-base-512.ini")
HOSTS, BATCH, STEPS, LENGTHS = 4, 64, 4, (128, 512)
TIMES = 1, 2.5, 5, 10, 40  # as fast as the machine that measured, which is slow
MEGABITS, DELAY = 1000, 200  # microseconds each way
BASE = model.Shape(layers=12, hidden=768, intermediate=3072)
MEMORY = 13e9     # bytes a second of a host: half of what the machine's two cores move
ON_WIRE = 0.949   # of a link's bits that are TCP's payload, in frames of 1,514 bytes
# What measure_training.sh calls them, and keys of the configuration.
PLACES = {
    "apart": ("apart", []),
    "together": ("together", []),
    "unlimited": ("100000:0", []),
    "network": (f"{MEGABITS}:{DELAY}", []),
    "network-bfloat16": (f"{MEGABITS}:{DELAY}", ["train.gradient_wire=bfloat16",
                                                 "train.weight_type=bfloat16"]),
}


def measure(build, corpus, length, place):
    where, words = PLACES[place]
    done = subprocess.run([os.path.join(run.simulation.HERE, "measure_training.sh"), build, CONFIG,
                           os.path.abspath(corpus), where, str(HOSTS), str(length), str(BATCH),
                           str(STEPS), *words], stdout=subprocess.PIPE, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or len(lines) != 1:
        sys.exit(f"loss: measure_training.sh failed ({done.returncode}): {done.stdout}")
    return json.loads(lines[0])


def deal_of(build, corpus, length):
    """Of the batches that were trained."""
    deal = run.show_balance(build, CONFIG, corpus, "one", HOSTS, STEPS,
                         f"phase.one.sequence_length={length}",
                         f"phase.one.max_predictions_per_sequence={length * 20 // 128}",
                         f"phase.one.global_batch={BATCH}")
    return model.Work.of_deal(json.loads(deal))


def predict(build, program, work, useful, bfloat16):
    """What communication adds to a step of nodes that compute so fast, as a part of it: by the model, and
    simulated."""
    node = model.Node("", useful=useful, memory=MEMORY, message=1e-6)
    network = model.Network(MEGABITS / 1000 * ON_WIRE, DELAY * 1e-6)
    schedule = model.Schedule(bfloat16=bfloat16)
    step = model.step_time(BASE, work, HOSTS, node, network, schedule)
    seen = simulation.run(program, os.path.join(build, "scaling"), BASE, work,
                          [work.operations / HOSTS] * HOSTS, node, network, schedule)
    return {"useful": useful, "bfloat16": bfloat16, "seconds": step.seconds, **dataclasses.asdict(step),
            "lost": (step.stall + step.sums + step.messages + step.exposed) / step.seconds,
            "simulated": seen,
            "simulated_lost": (seen["gather_wait"] + seen["sums"] + seen["reduce_wait"]) / seen["step"]}


def predictions(build, program, work, seconds):
    """For nodes as fast as those measured, whose step without a network takes so many seconds; and for
    faster ones."""
    return [{"times": times, **predict(build, program, work, work.operations / HOSTS / seconds * times, bfloat16)}
            for times in TIMES for bfloat16 in (False, True)]


def add_predictions(arguments, results):
    """By the speed of the ranks together, where that has been measured."""
    program = simulation.build(os.path.join(arguments.build, "scaling"))
    for length in LENGTHS:
        together = results["loss"].get(f"{length}-together")
        if together:
            work = deal_of(arguments.build, arguments.corpus, length)
            seconds = statistics.median(one["seconds"] for one in together)
            results.setdefault("loss_model", {})[str(length)] = predictions(
                arguments.build, program, work, seconds)


def main():
    arguments = run.arguments_of(__doc__)
    cases = run.cases_wanted(arguments, {f"{length}-{place}": (length, place)
                                         for length in LENGTHS for place in PLACES})
    results = run.load(arguments.output)
    found = results.setdefault("loss", {})
    for name, (length, place) in cases.items():
        times = found.setdefault(name, [])
        times.append(measure(arguments.build, arguments.corpus, length, place))
        print(f"{name}: {times[-1]['seconds']:.3f} s a step", file=sys.stderr)
        run.save(arguments.output, results)
    add_predictions(arguments, results)
    run.save(arguments.output, results)


if __name__ == "__main__":
    main()
