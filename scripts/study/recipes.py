#!/usr/bin/env python3
"""Writes configs/README.md's table of recipes anew: how long they take one to eight nodes, by `lambert plan`.

    scripts/study/recipes.py BUILD [--check]

A node is that of docs/scaling.md (2 TFLOP/s of useful arithmetic), the network 25 Gbit/s, and all sequences are of full
length. --check says with exit code 1 that the table is not what the plans say, and writes nothing."""
import argparse
import configparser
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PAGE = os.path.join(ROOT, "configs", "README.md")
MARKED = re.compile(r"(<!-- table recipes -->\n).*?(<!-- end -->)", re.DOTALL)
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


def plan_of(build, config, node):
    words = [os.path.join(build, "lambert"), "plan", config, "--bench", node, "--nodes", ",".join(map(str, NODES)),
             "--bandwidth", "25", "--latency", "10", "--disk-rate", "500", "--full-length"]
    said = subprocess.run(words + ["--json"], stdout=subprocess.PIPE, text=True, check=True).stdout
    weights = re.search(r"([\d.]+) million weights", subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return json.loads(said), float(weights[1])


def hours_word(seconds):
    hours = seconds / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.1f} days"


def row_of(build, name, node):
    config = os.path.join(ROOT, "configs", f"recipe-{name}.ini")
    plan, weights = plan_of(build, config, node)
    own = configparser.ConfigParser(delimiters="=")
    with open(config, encoding="utf-8") as file:
        own.read_string("[file]\n" + file.read())
    phases = {phase: own[f"phase {phase}"] for phase in LENGTHS}
    steps = {phase: int(keys["steps"]) for phase, keys in phases.items()}
    tokens = sum(steps[phase] * int(phases[phase]["global_batch"]) * length for phase, length in LENGTHS.items())
    first = phases["one"]
    return [f"`recipe-{name}.ini`", f"{weights:.0f} million", f"{tokens / 1e9:.1f} G",
            f"{first['global_batch']} × {steps['one']:,} + {steps['two']:,}",
            f"{float(first['learning_rate']):g}", f"{sum(steps.values()) * float(first['warmup_ratio']):,.0f} steps",
            *(hours_word(row["seconds"]) for row in plan["rows"])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--check", action="store_true")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        node = node_file(folder)
        rows = [row_of(words.build, name, node) for name in RECIPES]
    head = ["recipe", "weights", "tokens", "batch × steps", "rate", "warm-up",
            *(f"{count} node{'s' if count > 1 else ''}" for count in NODES)]
    lines = ["| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rows]]
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    new, count = MARKED.subn(lambda match: match[1] + "\n".join(lines) + "\n" + match[2], text)
    if count != 1:
        sys.exit(f"recipes: {PAGE} has the marks of the table {count} times")
    if words.check:
        sys.exit(0 if new == text else f"recipes: {PAGE} is not what the plans say; run scripts/study/recipes.py {words.build}")
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(new)


if __name__ == "__main__":
    main()
