#!/usr/bin/env python3
"""Writes configs/README.md's table of recipes anew: how long they take one to eight nodes, by `lambert plan`.

    scripts/study/recipes.py BUILD [--check]

A node is that of docs/scaling.md (2 TFLOP/s of useful arithmetic), the network 25 Gbit/s, and all sequences are of full
length. --check says with exit code 1 that the table is not what the plans say, and writes nothing."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(1, os.path.join(ROOT, "scripts"))
from marked_tables import check_tables, put_tables
from sweeping import settings_of
from tables import table

PAGE = os.path.join(ROOT, "configs", "README.md")
RECIPES = ("mini", "small", "medium", "base")
NODES = (1, 2, 4, 8)
LENGTHS = {"one": 128, "two": 512}


def node_file(folder):
    """A file as lambert bench model makes it, of a node that nobody has measured: docs/scaling.md's."""
    with open(os.path.join(ROOT, "scripts", "scaling", "scaling.json"), encoding="utf-8") as file:
        node = json.load(file)["nodes"]["2t"]
    values = {"update-bandwidth": node["memory"] / 1e9}
    for length in LENGTHS.values():
        values.update({f"peak-{length}": node["useful"] / 1e9, f"micro-batch-share-of-peak-{length}": 100,
                       f"forward-share-of-peak-{length}": 100})
    path = os.path.join(folder, "node.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"part": "model", "ranks": 1,
                   "results": [{"name": name, "value": value} for name, value in values.items()]}, file)
    return path


def plan_of(program, config, node):
    words = ["--bench", node, "--nodes", ",".join(map(str, NODES)), "--bandwidth", "25", "--latency", "10",
             "--disk-rate", "500", "--full-length", "--json"]
    return json.loads(subprocess.run([program, "plan", config, *words], stdout=subprocess.PIPE, text=True, check=True).stdout)


def hours_word(seconds):
    hours = seconds / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.1f} days"


def row_of(program, name, node):
    config = os.path.join(ROOT, "configs", f"recipe-{name}.ini")
    plan, settings = plan_of(program, config, node), settings_of(program, [config])
    one, two = plan["rows"][0]["phases"]
    tokens = sum(phase["steps"] * phase["global_batch"] * phase["sequence_length"] for phase in (one, two))
    warmup = float(settings["phase.one.warmup_ratio"]) * (one["steps"] + two["steps"])
    return [f"`recipe-{name}.ini`", f"{plan['weights'] / 1e6:.0f} million", f"{tokens / 1e9:.1f} G",
            f"{one['global_batch']} × {one['steps']:,} + {two['steps']:,}",
            f"{float(settings['phase.one.learning_rate']):g}", f"{warmup:,.0f} steps",
            *(hours_word(row["seconds"]) for row in plan["rows"])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--check", action="store_true")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        node = node_file(folder)
        rows = [row_of(os.path.join(words.build, "lambert"), name, node) for name in RECIPES]
    head = ["recipe", "weights", "tokens", "batch × steps", "rate", "warm-up",
            *(f"{count} node{'s' if count > 1 else ''}" for count in NODES)]
    found = {"recipes": table(head, rows)}
    if words.check:
        check_tables(PAGE, found, f"scripts/study/recipes.py {words.build}")
    else:
        put_tables(PAGE, found)


if __name__ == "__main__":
    main()
