#!/usr/bin/env python3
"""The rows of docs/scaling.md for your nodes and your network, by the model; a table, in Markdown.

    scripts/scaling/own.py BUILD CORPUS [--model MODEL.json] [--net NET.json]

Of both files at least one: what `lambert bench model --json` and `lambert bench net --json` printed
(rates.py). What is not measured is assumed: 2 TFLOP/s and 200 GB/s a node, 100 Gbit/s and 2 us, 1 us a
message."""
import argparse
import dataclasses

import model
import rates
import run


def rates_of(model_path, net_path):
    """(length -> Node, Network)"""
    network, message, node = run.NETWORKS[100], rates.MESSAGE, lambda length: run.NODES["2t"]
    if net_path:
        net = rates.results_of(net_path, "net")
        network, message = rates.network_of(net), rates.message_of(net)
    if model_path:
        results = rates.results_of(model_path, "model")
        node = lambda length: rates.node_of(results, length)
    return lambda length: dataclasses.replace(node(length), message=message), network


def table(build, corpus, node_for, network):
    yield "| row | nodes | phase | computing, s | a step, s | efficiency | lost most |"
    yield "|---|---|---|---|---|---|---|"
    for row in model.ROWS:
        for phase in model.phases_of(run.config_of(row)):
            work, _ = run.deal_of(build, corpus, row, phase)
            step = model.step_time(run.SHAPE, work, row.nodes, node_for(phase.length), network,
                                   run.PLAIN)
            lost = model.limits(dataclasses.asdict(step), step.seconds)
            yield (f"| {row.label} | {row.nodes} | {phase.name} | {step.compute:.3f} | "
                   f"{step.seconds:.3f} | {100 * step.efficiency:.1f}% | {lost} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("corpus")
    parser.add_argument("--model", metavar="MODEL.json")
    parser.add_argument("--net", metavar="NET.json")
    arguments = parser.parse_args()
    model.use(arguments.build)
    if not (arguments.model or arguments.net):
        parser.error("wanted: --model MODEL.json, --net NET.json, or both")
    node_for, network = rates_of(arguments.model, arguments.net)
    print(f"{node_for(128).useful / 1e12:.3g} TFLOP/s useful at length 128, "
          f"{node_for(512).useful / 1e12:.3g} at 512; {node_for(128).memory / 1e9:.3g} GB/s of memory, "
          f"{1e6 * node_for(128).message:.2g} us a message; {network.gigabits:.3g} Gbit/s, "
          f"{1e6 * network.latency:.3g} us\n")
    print("\n".join(table(arguments.build, arguments.corpus, node_for, network)))


if __name__ == "__main__":
    main()
