#!/usr/bin/python3
"""Writes the tables of docs/scaling.md anew, between their marks, and draws docs/scaling.png.

    scripts/scaling/report.py scripts/scaling/scaling.json [FOLDER]      FOLDER: instead of docs

Needs Debian's python3-matplotlib."""
import collections
import json
import logging
import os
import statistics
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import model
from marked_tables import put_tables

logging.getLogger("matplotlib").setLevel(logging.ERROR)
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

NETWORKS = [100, 25, 10]
COLOURS = {100: "#0072b2", 25: "#009e73", 10: "#d55e00"}
SPEEDS = {"2t": "1x", "2x": "2x", "8x": "8x"}  # of the page's nodes: as fast as 2 TFLOP/s
STYLES = {"2t": "-", "2x": "--", "8x": ":"}
HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs")


def rows_of(results, gigabits, bfloat16=False, node="2t"):
    """(row, its phases) in the order of model.ROWS."""
    for row in model.ROWS:
        yield row, [found for found in results["model"]
                    if (found["row"], found["nodes"]) == (row.label, row.nodes)
                    and found["gigabits"] == gigabits and found["bfloat16"] == bfloat16
                    and found["node"] == node]


def run_efficiency(phases):
    """Of both phases: computing, as a part of all that passes."""
    computing = sum(phase["steps"] * phase["compute"] for phase in phases)
    return computing / sum(phase["steps"] * phase["seconds"] for phase in phases)


def hours(phases):
    return sum(phase["steps"] * phase["seconds"] for phase in phases) / 3600


def against_first(results, gigabits):
    """Node-hours of the 512 row, divided by those of each row of the paper: what the paper counts."""
    found = {}
    for row, phases in rows_of(results, gigabits):
        if row.paper_chips:
            found[row] = hours(phases) * row.nodes
    first = found[model.ROWS[0]]
    return {row: first / spent for row, spent in found.items()}


def paper_efficiency(row):
    first = model.ROWS[0]
    return first.paper_hours * first.paper_chips / (row.paper_hours * row.paper_chips)


def speed(results, node):
    return f"{results['nodes'][node]['useful'] / 1e12:.0f} TFLOP/s"


def per_cent(value):
    return f"{100 * value:.1f}%"


def weak_table(results):
    lines = ["| row | nodes | paper | " + " | ".join(f"{g} Gbit/s" for g in NETWORKS) + " | "
             + " | ".join(f"{g}: against the 512 row" for g in NETWORKS[:1]) + " | hours at 100 |",
             "|---|---|---|" + "---|" * (len(NETWORKS) + 2)]
    relative = against_first(results, 100)
    by_network = {g: list(rows_of(results, g)) for g in NETWORKS}
    for index, row in enumerate(model.ROWS):
        if not row.paper_chips:
            continue
        cells = [per_cent(run_efficiency(by_network[g][index][1])) for g in NETWORKS]
        lines.append(f"| {row.label} | {row.nodes} | {per_cent(paper_efficiency(row))} | "
                     + " | ".join(cells) + f" | {per_cent(relative[row])} | "
                     f"{hours(by_network[100][index][1]):.1f} |")
    return lines


def wide_table(results):
    columns = [("100 Gbit/s", 100, False, "2t"), ("25", 25, False, "2t"), ("10", 10, False, "2t"),
               ("25, bfloat16", 25, True, "2t"), ("10, bfloat16", 10, True, "2t"),
               ("8 TFLOP/s a node, 100", 100, False, "8t"), ("2 cores a node, 100", 100, False, "2c"),
               ("2 cores, 10", 10, False, "2c")]
    lines = ["| row | " + " | ".join(name for name, _, _, _ in columns) +
             " | lost most, first phase, 25 Gbit/s |", "|---|" + "---|" * (len(columns) + 1)]
    for row, plain in rows_of(results, 25):
        if row.nodes != 1024:
            continue
        cells = [per_cent(run_efficiency(dict(rows_of(results, *which))[row]))
                 for _, *which in columns]
        lost = model.limits(plain[0], plain[0]["seconds"])
        lines.append(f"| {row.label} | " + " | ".join(cells) + f" | {lost} |")
    return lines


def faster_table(results, node):
    """The rows for a node of another speed, and what its first phase loses most at 25 Gbit/s."""
    columns = [(g, bfloat16) for bfloat16 in (False, True) for g in NETWORKS]
    lines = ["| row | nodes | computing, s | " + " | ".join(
        f"{g}, bfloat16" if bfloat16 else f"{g} Gbit/s" for g, bfloat16 in columns)
        + " | lost most, first phase, 25 Gbit/s |", "|---|---|---|" + "---|" * (len(columns) + 1)]
    for row, plain in rows_of(results, 25, node=node):
        cells = [per_cent(run_efficiency(dict(rows_of(results, *which, node=node))[row]))
                 for which in columns]
        lost = model.limits(plain[0], plain[0]["seconds"])
        lines.append(f"| {row.label} | {row.nodes} | {plain[0]['compute']:.3f} | " + " | ".join(cells)
                     + f" | {lost} |")
    return lines


def pay_table(results):
    """Nodes and hours up to which doubling pays, for each speed and each way to divide and send."""
    by_row, kinds = collections.defaultdict(dict), {}
    for found in results["fixed"]:
        kind = found["node"], found["bfloat16"], found["micro_batch"]
        kinds[kind] = speed(results, found["node"])
        if found["bfloat16"]:
            kinds[kind] = "bfloat16"
        if found["micro_batch"] != model.Schedule.micro_batch:
            kinds[kind] += f", micro-batches of {found['micro_batch']:,}"
        by_row[found["row"], found["gigabits"]][kind] = found["hours"]
    lines = ["| row | Gbit/s | " + " | ".join(kinds.values()) + " |", "|---|---|" + "---|" * len(kinds)]
    for (label, gigabits), hours in by_row.items():
        cells = ["{:,}: {:.1f} h".format(*model.most_that_pay(hours[kind])) for kind in kinds]
        lines.append(f"| {label} | {gigabits} | " + " | ".join(cells) + " |")
    return lines


def phase_table(results):
    lines = ["| row | phase | sequences a node | imbalance | computing, s | step at 100 | at 25 | "
             "at 10 |", "|---|---|---|---|---|---|---|---|"]
    seen = collections.defaultdict(dict)
    for found in results["model"]:
        if not found["bfloat16"] and found["node"] == "2t":
            seen[found["row"], found["nodes"], found["phase"]][found["gigabits"]] = found
    for (label, nodes, phase), networks in seen.items():
        one = networks[100]
        lines.append(f"| {label} on {nodes} | {phase} | {one['sequences'] / nodes:.0f} | "
                     f"{per_cent(one['imbalance'])} | {one['compute']:.3f} | " +
                     " | ".join(f"{networks[g]['seconds']:.3f}" for g in NETWORKS) + " |")
    return lines


def simulated_table(results):
    lines = ["| row | nodes | as fast | Gbit/s | bucket | | simulated, s | model, s | | efficiency |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    ordered = sorted(results["simulated"].values(),
                     key=lambda found: (found["nodes"], found["row"], found["node"], -found["gigabits"],
                                        found["bfloat16"], found["bucket"], found["taper"],
                                        found["shuffle"]))
    for found in ordered:
        what = ["bfloat16"] * found["bfloat16"]
        what += ["weights gathered before forward"] * (not found["overlap"])
        what += [f"{found['taper']}:1 fat tree"] * (found["taper"] > 0)
        what += ["hosts in random order"] * found["shuffle"]
        seen = found["simulated"]
        lines.append(f"| {found['row']} | {found['nodes']} | {SPEEDS[found['node']]} | "
                     f"{found['gigabits']} | {found['bucket'] >> 20}M | {', '.join(what)} | "
                     f"{seen['step']:.3f} | "
                     f"{found['model_seconds']:.3f} | "
                     f"{100 * (found['model_seconds'] / seen['step'] - 1):+.1f}% | "
                     f"{per_cent(seen['compute'] / seen['step'])} |")
    return lines


def check_table(results):
    lines = ["| hosts | Mbit/s | alone, s | measured, s | model, s | | by `bench` only, s | | "
             "without overlap, s |", "|---|---|---|---|---|---|---|---|---|"]
    for _, found in sorted(results["check"].items(), key=lambda item: (item[1]["hosts"],
                                                                     -item[1]["megabits"])):
        parts = found["predicted"]
        lines.append(f"| {found['hosts']} | {found['megabits']} | {found['alone']:.3f} | "
                     f"{found['measured']:.3f} | {parts['seconds']:.3f} | "
                     f"{100 * found['error']:+.0f}% | {found['by_benches']:.3f} | "
                     f"{100 * (found['by_benches'] / found['measured'] - 1):+.0f}% | "
                     f"{parts['not_overlapped']:.3f} |")
    return lines


PLACES = {"apart": "four jobs of one rank, which exchange nothing",
          "together": "four ranks through the memory of one host",
          "unlimited": "four hosts, links without a limit and without delay",
          "network": "four hosts, 1 Gbit/s and 0.2 ms",
          "network-bfloat16": "the same, bfloat16"}


def medians(times):
    """Of all times that a case was measured: a step, what its ranks waited, what they did for messages
    otherwise, what the switch took."""
    of = lambda value: statistics.median(value(one) for one in times)
    return (of(lambda one: one["seconds"]), of(lambda one: one["communication_wait_seconds"]),
            of(lambda one: one["communication_seconds"] - one["communication_wait_seconds"]),
            of(lambda one: one["processors"].get("switch", 0)))


def loss_table(results):
    """lost: against the same ranks together."""
    lines = ["| length | | times | step, s | lost | waiting for messages, s | sending and summing, s | "
             "switch, s of a core |", "|---|---|---|---|---|---|---|---|"]
    for length in 128, 512:
        for place, words in PLACES.items():
            times = results["loss"].get(f"{length}-{place}")
            if not times:
                continue
            seconds, waited, busy, switch = medians(times)
            together = results["loss"][f"{length}-together"]
            if place == "apart":  # other samples than the others had: as many tokens as theirs
                seconds = together[0]["tokens"] / statistics.median(
                    one["tokens_per_second"] for one in times)
            lost = 1 - medians(together)[0] / seconds
            lines.append(f"| {length} | {words} | {len(times)} | {seconds:.2f} | {per_cent(lost)} | "
                         f"{waited:.2f} | {busy:.2f} | {switch:.2f} |")
    return lines


def loss_model_table(results):
    lines = ["| as fast as here, times | 128 | bfloat16 | 512 | bfloat16 |",
             "|---|---|---|---|---|"]
    for index in range(0, len(results["loss_model"]["128"]), 2):
        rows = [results["loss_model"][length][index + half] for length in ("128", "512")
                for half in (0, 1)]
        cells = [f"{per_cent(row['lost'])} ({per_cent(row['simulated_lost'])})" for row in rows]
        times = results["loss_model"]["128"][index]
        lines.append(f"| {times['times']} ({times['useful'] / 1e9:.0f} GFLOP/s) | " + " | ".join(cells)
                     + " |")
    return lines


def draw_weak(results, axes):
    paper = [row for row in model.ROWS if row.paper_chips]
    places = range(len(paper))
    axes.plot(places, [100 * paper_efficiency(row) for row in paper], "o-", color="#606060",
              label="the paper, TPUv3 (time on chips against its 512 row)")
    for gigabits in NETWORKS:
        axes.plot(places, [100 * run_efficiency(phases) for row, phases in
                           rows_of(results, gigabits) if row.paper_chips],
                  "s-", color=COLOURS[gigabits], label=f"model, {gigabits} Gbit/s")
        seen = [(paper.index(row), found) for row in paper for found in
                results["simulated"].values()
                if (found["row"], found["nodes"], found["gigabits"]) == (row.label, row.nodes, gigabits)
                and found["node"] == "2t"
                and found["overlap"] and not found["taper"] and not found["bfloat16"]
                and found["bucket"] == model.bucket_of(found["nodes"], model.Schedule())]
        axes.plot([place for place, _ in seen],
                  [100 * found["simulated"]["compute"] / found["simulated"]["step"]
                   for _, found in seen], "x", color=COLOURS[gigabits], markersize=8,
                  label=f"simulated, first phase, {gigabits} Gbit/s")
    axes.set_xticks(list(places), [f"{row.label}\n{row.nodes}" for row in paper])
    axes.set_xlabel("row and nodes, of 2 TFLOP/s")
    axes.set_ylabel("weak-scaling efficiency, %")
    axes.set_ylim(70, 104)


def draw_fixed(results, axes, label="32K"):
    """Hours of a run of one batch on ever more nodes, of each speed."""
    for found in results["fixed"]:
        if (found["row"], found["bfloat16"], found["micro_batch"]) == (
                label, False, model.Schedule.micro_batch):
            nodes, hours = zip(*[pair for pair in found["hours"] if pair[0] >= 8])
            axes.plot(nodes, hours, STYLES[found["node"]], color=COLOURS[found["gigabits"]],
                      label=f"{speed(results, found['node'])}, {found['gigabits']} Gbit/s")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    ticks = [1 << power for power in range(1, 12)]
    axes.set_xticks(ticks[2:-1], ticks[2:-1])
    axes.set_yticks(ticks, ticks)
    axes.set_ylim(1.5, 2200)
    axes.set_xlabel("nodes")
    axes.set_ylabel(f"hours of the {label} run")


def draw(results, path):
    figure, (weak, fixed) = plt.subplots(1, 2, figsize=(12, 4.8), width_ratios=(1.3, 1))
    draw_weak(results, weak)
    draw_fixed(results, fixed)
    for axes in weak, fixed:
        axes.grid(color="#e6e6e6")
        axes.set_axisbelow(True)
        axes.legend(fontsize=7, loc="lower left")
        for side in "top", "right":
            axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    docs = sys.argv[2] if len(sys.argv) == 3 else DOCS
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)
    found = {"weak": weak_table(results), "wide": wide_table(results),
             "faster_2x": faster_table(results, "2x"), "faster_8x": faster_table(results, "8x"),
             "pay": pay_table(results), "steps": phase_table(results),
             "simulated": simulated_table(results), "check": check_table(results),
             "loss": loss_table(results), "loss_model": loss_model_table(results)}
    put_tables(os.path.join(docs, "scaling.md"), {name: ["", *lines, ""] for name, lines in found.items()})
    draw(results, os.path.join(docs, "scaling.png"))


if __name__ == "__main__":
    main()
