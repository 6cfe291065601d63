#!/usr/bin/env python3
"""Holds the model of step time against steps that were made: a small BERT on hosts in network
namespaces of this machine (measure_steps.sh).

    scripts/scaling/check.py BUILD RESULTS.json [--case HOSTS:MEGABITS ...]     adds to the file

What computing costs is measured with the same ranks on the same cores and no network between them,
before and afterwards; what the network does, by `lambert bench net`. From both the model says how long
a step should take with the network in between; and once more from nothing but the JSON of `lambert
bench`, as scripts/scaling/own.py does. Nothing else may run on the machine meanwhile.
"""
import argparse
import dataclasses
import json
import os
import subprocess
import sys

import model
import rates
import run

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = ["2:1000", "2:300", "4:1000", "4:300"]


def measure(build, hosts, megabits):
    done = subprocess.run([os.path.join(HERE, "measure_steps.sh"), build, str(hosts),
                           str(megabits)], stdout=subprocess.PIPE, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or len(lines) != 6:
        sys.exit(f"check: measure_steps.sh failed ({done.returncode}): {done.stdout}")
    deal, net, bench, before, spread, after = lines
    alone = {name: (before[name] + after[name]) / 2 for name in before if name != "run"}
    return (deal, rates.results_in(net, "net", "bench net"), rates.results_in(bench, "model", "bench model"),
            alone, spread)


SCHEDULE = model.Schedule(micro_batch=2048)


def predict(hosts, deal, net, alone, shape):
    """Seconds of a step: the parts, and the whole."""
    work = model.Work.of_deal(deal)
    summing = alone["communication_seconds"] - alone["communication_wait_seconds"]
    computing = alone["seconds"] - alone["communication_seconds"]  # clearing and update included
    moved = (hosts + 1) / hosts * shape.elements * 4  # in memory, on one host
    node = model.Node("measured", useful=deal["operations"] / hosts / computing,
                      memory=moved / summing, message=0)
    network = model.Network(net["bandwidth"] * 8, net["latency"] * 1e-6)
    step = model.step_time(shape, work, hosts, node, network, SCHEDULE)
    seconds = step.seconds - step.clear - step.update  # they are in the computing
    return {"computing": computing, "imbalance": step.waiting, "stall": step.stall,
            "sums": step.sums, "exposed": step.exposed, "seconds": seconds,
            "not_overlapped": computing + step.waiting + step.sums + 2 *
            4 * shape.elements * (hosts - 1) / hosts / network.bandwidth}


def predict_by_benches(hosts, deal, net, bench, shape):
    """Of the same step, from what `lambert bench` says of the ranks and of the network."""
    node = dataclasses.replace(rates.node_of(bench, 128), message=rates.message_of(net))
    network = rates.network_of(net)
    return model.step_time(shape, model.Work.of_deal(deal), hosts, node, network, SCHEDULE).seconds


def check(build, hosts, megabits):
    deal, net, bench, alone, spread = measure(build, hosts, megabits)
    shape = model.Shape(layers=4, hidden=512, intermediate=2048, vocab=alone["vocabulary"], positions=128)
    parts = predict(hosts, deal, net, alone, shape)
    return {"hosts": hosts, "megabits": megabits, "bandwidth": net["bandwidth"], "all_at_once": net["all-at-once"],
            "latency": net["latency"], "message": net["message"], "alone": alone["seconds"],
            "predicted": parts, "by_benches": predict_by_benches(hosts, deal, net, bench, shape),
            "measured": spread["seconds"], "measured_wait": spread["communication_wait_seconds"],
            "error": parts["seconds"] / spread["seconds"] - 1}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("output")
    parser.add_argument("--case", action="append", metavar="HOSTS:MEGABITS")
    arguments = parser.parse_args()
    model.use(arguments.build)
    results = run.load(arguments.output)
    found = results.setdefault("check", {})
    for case in arguments.case or CASES:
        hosts, megabits = map(int, case.split(":"))
        found[case] = result = check(arguments.build, hosts, megabits)
        print(f"{hosts} hosts at {megabits} Mbit/s: measured {result['measured']:.3f} s, model "
              f"{result['predicted']['seconds']:.3f} s ({100 * result['error']:+.1f}%), by lambert bench "
              f"{result['by_benches']:.3f} s")
        run.save(arguments.output, results)


if __name__ == "__main__":
    main()
