"""How fast a node computes and a network carries: as `lambert bench` measured it, or assumed.

    mpirun ... one rank a node ... lambert bench net --json > net.json
    lambert bench model configs/bert-large-512.ini --steps --json > model.json"""
import json
import sys

from model import Network, Node

MESSAGE = 1e-6  # seconds that beginning a message takes: assumed where bench net was not run


def results_in(found, part, where):
    """{name: value} of what `lambert bench PART --json` printed."""
    if found.get("part") != part:
        sys.exit(f"{where}: not the JSON of lambert bench {part}")
    return {result["name"]: result["value"] for result in found["results"]}


def results_of(path, part):
    with open(path, encoding="utf-8") as file:
        return results_in(json.load(file), part, path)


def node_of(results, length):
    """A node that computes sequences of that length as `lambert bench model` measured it."""
    try:
        useful = results[f"micro-batch-share-of-peak-{length}"] / 100 * results[f"peak-{length}"] * 1e9
    except KeyError:
        sys.exit(f"lambert bench model has measured no sequences of {length} tokens: name a configuration "
                 "with a phase of that length")
    return Node("measured", useful=useful, memory=results["bandwidth-mixed"] * 1e9, message=MESSAGE)


def message_of(results):
    return results["message"] * 1e-6


def network_of(results):
    """The network between nodes as `lambert bench net` measured it, with one rank a node: what all
    carry at once."""
    if results["ranks"] != results["nodes"]:
        sys.exit(f"lambert bench net has measured {results['ranks']:.0f} ranks on {results['nodes']:.0f} "
                 "nodes; the model is of one rank a node")
    return Network(results["all-at-once"] * 8, results["latency"] * 1e-6)
