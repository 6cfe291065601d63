#!/usr/bin/env python3
"""Draws the roofline of `lambert bench model --json`.

    build/lambert bench model configs/bert-base-512.ini --json > bench.json
    scripts/plot-roofline.py bench.json --output docs/roofline.png

The roof is the measured FMA peak and the measured memory bandwidth; a point is a matrix product (by
Lambert's tiles and by the BLAS) or the LAMB update, at its operations a byte; lines across are whole
steps (Williams, Waterman, Patterson, "Roofline", CACM 52(4), 2009).
"""
import argparse
import json

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

# One element: 2 for the norm, 18 for moments, direction and the norms of w and u, 2 for the weights;
# the bytes are those that bench model counts.
UPDATE_INTENSITY = 22 / 48


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bench")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    bench = json.load(open(arguments.bench))
    value = {result["name"]: result["value"] for result in bench["results"]}
    peak, bandwidth = value["peak"], value["bandwidth-mixed"]

    figure, axes = plt.subplots(figsize=(8, 5))
    x = sorted([2.0 ** e for e in range(-3, 11)] + [peak / bandwidth])
    axes.plot(x, [min(peak, bandwidth * i) for i in x], color="black", linewidth=1.5)
    axes.annotate(f"FMA peak {peak:.0f} GFLOP/s", (x[-1], peak), ha="right", va="bottom")
    axes.annotate(f"{bandwidth:.0f} GB/s", (x[1], bandwidth * x[1]), ha="right", va="bottom")
    for maker, marker, label in (("blas", "x", "BLAS"), ("gemm", "o", "Lambert's tiles")):
        names = [n[len(maker) + 1:] for n in value if n.startswith(maker + "-")]
        if names:
            axes.plot([value["intensity-" + n] for n in names],
                      [value[f"{maker}-{n}"] / 100 * peak for n in names], marker, linestyle="",
                      markersize=5, label=f"matrix products, {label}")
    updates = value["update-bandwidth"] * UPDATE_INTENSITY
    axes.plot([UPDATE_INTENSITY], [updates], "s", label="LAMB update")
    steps = sorted(n for n in value if n.startswith("step-useful-"))
    for i, name in enumerate(steps):
        axes.axhline(value[name], linestyle="--", linewidth=0.8, color="grey")
        axes.annotate(f"whole step, S = {name.rsplit('-', 1)[1]}", (x[4 * i], value[name]), va="bottom",
                      fontsize=8)  # side by side: steps are about as fast as each other
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xlabel("operations a byte of memory")
    axes.set_ylabel("GFLOP/s")
    axes.set_title(f"{bench['cpu']}, {bench['threads']} threads")
    axes.legend(loc="lower right", fontsize=8)
    figure.tight_layout()
    figure.savefig(arguments.output, dpi=110)


if __name__ == "__main__":
    main()
