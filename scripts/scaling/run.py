#!/usr/bin/env python3
"""Scaling of Lambert to 1,024 nodes: the model for all rows, the simulation for some of them.

    scripts/scaling/run.py BUILD CORPUS OUTPUT.json [--only PATTERN] [--list]

Adds to OUTPUT.json what it does not hold yet: a simulation of 1,024 nodes takes minutes. Deals
(`lambert show balance`) and the simulation's files go to BUILD/scaling.
"""
import argparse
import dataclasses
import itertools
import json
import os
import re
import subprocess
import sys
import time

import model
import simulation
from model import Network, Node, Schedule

NODES = {
    "2t": Node("2 TFLOP/s", useful=2e12, memory=200e9, message=1e-6),
    "8t": Node("8 TFLOP/s", useful=8e12, memory=400e9, message=1e-6),
    # docs/performance.md: 2 cores of an EPYC with AVX-512, four fifths of their peak
    "2c": Node("2 cores", useful=450e9, memory=27e9, message=1e-6),
    # The node of "2t" in bfloat16: by AVX512_BF16, and by AMX. Its memory and its calls are not faster.
    "2x": Node("2 TFLOP/s, and twice that in bfloat16", useful=4e12, memory=200e9, message=1e-6),
    "8x": Node("2 TFLOP/s, and eight times that in bfloat16", useful=16e12, memory=200e9, message=1e-6),
}
FASTER = "2x", "8x"
NETWORKS = {
    100: Network(100, 2e-6),
    25: Network(25, 10e-6),
    10: Network(10, 20e-6),
}
SHAPE = model.Shape()
PLAIN = Schedule()
# Four or sixteen buckets travel as one: what that changes.
COARSE, COARSEST = Schedule(bucket=16 << 20), Schedule(bucket=64 << 20)

# From so many nodes on all compute as long as the busiest: events then fall together, and simulating
# takes minutes, not hours.
LEVEL_FROM = 256

# Rows whose batch is divided among ever more nodes as well, and these nodes.
FIXED_BATCHES = "8K", "32K", "64K/32K"
FIXED_NODES = [1 << power for power in range(11)]


@dataclasses.dataclass(frozen=True)
class Case:
    row: model.Row
    phase: model.Phase
    gigabits: int
    schedule: Schedule
    taper: int = 0
    shuffle: bool = False
    node: str = "2t"

    @property
    def name(self):
        words = [self.row.label.lower(), f"{self.row.nodes}n", self.phase.name, f"{self.gigabits}g"]
        words += [f"b{model.bucket_of(self.row.nodes, self.schedule) >> 20}m"]
        words += ["bf16"] * self.schedule.bfloat16 + ["late"] * (not self.schedule.overlap)
        words += [f"taper{self.taper}"] * (self.taper > 0) + ["shuffled"] * self.shuffle
        words += [self.node] * (self.node != "2t")
        return "-".join(words)


def config_of(row):
    return os.path.join(simulation.ROOT, "configs", row.config + ".ini")


def simulated_cases():
    """First phases (the shorter steps: the harder ones), and what stands out."""
    by_label = {(row.label, row.nodes): row for row in model.ROWS}
    first = lambda row: model.phases_of(config_of(row))[0]
    case = lambda label, nodes, gigabits, schedule, **words: Case(
        by_label[label, nodes], first(by_label[label, nodes]), gigabits, schedule, **words)
    cases = []
    for row in model.ROWS:
        cases += [Case(row, first(row), gigabits, PLAIN) for gigabits in NETWORKS]
    for bucket in (COARSE, COARSEST):  # what coarse buckets change
        cases += [case("4K", 128, gigabits, bucket) for gigabits in (25, 100)]
    cases += [case("8K", 1024, 25, dataclasses.replace(PLAIN, bfloat16=True)),
              case("8K", 1024, 25, dataclasses.replace(COARSE, bfloat16=True))]
    for label in "8K", "16K", "32K", "64K/32K":  # sooner simulated
        cases += [case(label, 1024, gigabits, COARSE) for gigabits in NETWORKS]
    for label in "8K", "16K", "32K":  # in minutes
        cases += [case(label, 1024, gigabits, COARSEST) for gigabits in (100, 25)]
    cases += [case("8K", 1024, 25, dataclasses.replace(COARSEST, bfloat16=True))]
    cases += [case("8K", 256, 25, COARSE, taper=2), case("8K", 256, 25, COARSE),
              case("8K", 256, 25, COARSE, taper=2, shuffle=True)]
    for node in FASTER:
        for gigabits in NETWORKS:
            cases += [case("512", 16, gigabits, dataclasses.replace(PLAIN, bfloat16=bfloat16), node=node)
                      for bfloat16 in (False, True)]
            cases += [case("32K", 1024, gigabits, COARSEST, node=node)]
    unique = {case.name: case for case in cases}
    return sorted(unique.values(), key=lambda case: case.row.nodes)


def show_balance(build, config, corpus, phase, ranks, batches, *words):
    """JSON of `lambert show balance`; words are keys of the configuration."""
    done = subprocess.run([os.path.join(build, "lambert"), "show", "balance", config,
                           f"data.corpus={corpus}", *words, "--phase", phase, "--ranks", str(ranks),
                           "--batches", str(batches), "--json"], stdout=subprocess.PIPE, check=True)
    return done.stdout


def deal_of(build, corpus, row, phase):
    folder = os.path.join(build, "scaling")
    path = os.path.join(folder, f"deal-{row.config}-{row.nodes}-{phase.name}.json")
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(path):
        deal = show_balance(build, config_of(row), corpus, phase.name, row.nodes, 4)
        with open(path, "wb") as file:
            file.write(deal)
    with open(path, encoding="utf-8") as file:
        deal = json.load(file)
    return model.Work.of_deal(deal), deal["rank_operations"]


def model_rows(build, corpus, name, schedule):
    """Every row, phase and network by the formulas, for the node of that name."""
    rows = []
    for row in model.ROWS:
        for phase in model.phases_of(config_of(row)):
            work, _ = deal_of(build, corpus, row, phase)
            for gigabits, network in NETWORKS.items():
                step = model.step_time(SHAPE, work, row.nodes, NODES[name], network, schedule)
                rows.append({"node": name, "row": row.label, "nodes": row.nodes, "phase": phase.name,
                             "steps": phase.steps, "gigabits": gigabits,
                             "sequences": work.sequences,
                             "imbalance": work.imbalance, "seconds": step.seconds,
                             "bfloat16": schedule.bfloat16, **dataclasses.asdict(step)})
    return rows


def fixed_batches(build, corpus):
    """Hours of a run by the formulas, of batches that stay what they are, on FIXED_NODES. The imbalance is
    that of 1,024 nodes everywhere: fewer have less, and here that is less than 1%."""
    rows = {row.label: row for row in model.ROWS if row.nodes == FIXED_NODES[-1]}
    kinds = [(name, dataclasses.replace(PLAIN, bfloat16=bfloat16))
             for name in ("2t", *FASTER) for bfloat16 in (False, True)]
    kinds += [(FASTER[-1], dataclasses.replace(PLAIN, micro_batch=4 * PLAIN.micro_batch))]
    found = []
    for label in FIXED_BATCHES:
        phases = model.phases_of(config_of(rows[label]))
        works = [deal_of(build, corpus, rows[label], phase)[0] for phase in phases]
        for (name, schedule), (gigabits, network) in itertools.product(kinds, NETWORKS.items()):
            step = lambda nodes, work: model.step_time(SHAPE, work, nodes, NODES[name], network, schedule)
            hours = [[nodes, sum(phase.steps * step(nodes, work).seconds
                                 for phase, work in zip(phases, works)) / 3600] for nodes in FIXED_NODES]
            found.append({"row": label, "node": name, "gigabits": gigabits, "bfloat16": schedule.bfloat16,
                          "micro_batch": schedule.micro_batch, "hours": hours})
    return found


def simulate(program, build, corpus, case):
    """Beside what is simulated, what the formulas say of that very batch and schedule."""
    work, operations = deal_of(build, corpus, case.row, case.phase)
    node = NODES[case.node]
    computing = sum(operations) / len(operations) / node.useful
    if case.row.nodes >= LEVEL_FROM:
        operations = [max(operations)] * len(operations)
    mean = sum(operations) / len(operations)
    work = dataclasses.replace(work, operations=sum(operations),
                               imbalance=max(operations) / mean - 1)
    network = NETWORKS[case.gigabits]
    started = time.monotonic()
    seen = simulation.run(program, os.path.join(build, "scaling"), SHAPE, work, operations,
                          node, network, case.schedule, case.taper, case.shuffle)
    seen["compute"] = round(computing, 6)
    step = model.step_time(SHAPE, work, case.row.nodes, node, network, case.schedule)
    return {"row": case.row.label, "nodes": case.row.nodes, "phase": case.phase.name, "node": case.node,
            "gigabits": case.gigabits, "bucket": model.bucket_of(case.row.nodes, case.schedule),
            "bfloat16": case.schedule.bfloat16, "overlap": case.schedule.overlap,
            "taper": case.taper, "shuffle": case.shuffle, "simulated": seen,
            "model_seconds": round(step.seconds, 6),
            "took_seconds": round(time.monotonic() - started, 1)}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: rounded(inside) for name, inside in value.items()}
    return [rounded(inside) for inside in value] if isinstance(value, list) else value


def load(path):
    """What save() wrote; an empty object where there is no file yet."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def cases_wanted(arguments, cases):
    """Those of --only; with --list prints their names and ends the program."""
    wanted = {name: case for name, case in cases.items() if re.search(arguments.only, name)}
    if arguments.list:
        print("\n".join(wanted))
        sys.exit()
    return wanted


def arguments_of(description):
    """BUILD CORPUS OUTPUT.json [--only PATTERN] [--list]"""
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("corpus")
    parser.add_argument("output")
    parser.add_argument("--only", default="", help="cases whose names match this pattern")
    parser.add_argument("--list", action="store_true", help="print the names of all cases")
    arguments = parser.parse_args()
    model.use(arguments.build)
    return arguments


def save(path, results):
    """An object a line."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        parts = []
        for part, found in sorted(rounded(results).items()):
            rows = [json.dumps(row, sort_keys=True) for row in found] if isinstance(found, list) else [
                f"{json.dumps(name)}: {json.dumps(found[name], sort_keys=True)}"
                for name in sorted(found)]
            brackets = "[]" if isinstance(found, list) else "{}"
            parts.append(f'"{part}": {brackets[0]}\n ' + ",\n ".join(rows) + "\n" + brackets[1])
        file.write("{" + ",\n".join(parts) + "}\n")
    os.replace(path + ".new", path)


def main():
    arguments = arguments_of(__doc__)
    cases = cases_wanted(arguments, {case.name: case for case in simulated_cases()})
    results = {"simulated": {}, **load(arguments.output)}
    results["model"] = []
    for name in NODES:
        for schedule in (PLAIN, dataclasses.replace(PLAIN, bfloat16=True)):
            results["model"] += model_rows(arguments.build, arguments.corpus, name, schedule)
    results["fixed"] = fixed_batches(arguments.build, arguments.corpus)
    results["nodes"] = {name: dataclasses.asdict(node) for name, node in NODES.items()}
    save(arguments.output, results)
    program = simulation.build(os.path.join(arguments.build, "scaling"))
    for name, case in cases.items():
        if name in results["simulated"]:
            continue
        found = simulate(program, arguments.build, arguments.corpus, case)
        results["simulated"][name] = found
        save(arguments.output, results)
        print(f"{name}: {found['simulated']['step']:.4f} s, model {found['model_seconds']:.4f}",
              file=sys.stderr)


if __name__ == "__main__":
    main()
