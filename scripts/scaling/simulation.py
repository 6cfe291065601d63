"""Runs simulate.c under SimGrid's SMPI: builds it from Lambert's own sources, writes the platform and
the plan, returns what it printed."""
import json
import math
import os
import random
import subprocess

import model

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SCALE = 64  # bytes for which a simulated byte stands: 1,024 simulated ranks fit into memory

DIST = ["dist", "exchange", "sharding", "stages"]
BASE = ["activity", "arena", "array", "buffer", "clock", "error", "log", "memory", "progress", "terminal"]

# Time is latency + bytes / bandwidth with fair sharing; all messages are sent the same way, whatever
# their length; asking for a message takes no time (simulated.h); sums of a few numbers go by recursive doubling,
# as in Open MPI. Without the last one the same numbers come out more slowly.
SETTINGS = ["smpi/simulate-computation:no", "smpi/bw-factor:0:1", "smpi/lat-factor:0:1",
            "network/crosstraffic:0", "smpi/async-small-thresh:0", "smpi/send-is-detached-thresh:0",
            "smpi/test:0", "smpi/allreduce:rdb", "contexts/stack-size:512", "network/optim:Full"]


# SimGrid goes through lists of all messages on their way, from malloc(), for each that ends: with glibc's
# they lie all over memory, which takes twice the time.
PRELOADED = "libtcmalloc_minimal.so.4"


def sources():
    """What it is built from: its own files, and those of Lambert that they use."""
    return ([os.path.join(HERE, name) for name in ("simulate.c", "sums.c")]
            + [os.path.join(ROOT, "src/dist", name + ".c") for name in DIST]
            + [os.path.join(ROOT, "src/base", name + ".c") for name in BASE])


def build(folder):
    """The program simulate, made in the folder."""
    os.makedirs(folder, exist_ok=True)
    program = os.path.join(folder, "simulate")
    subprocess.run(["smpicc", "-O2", "-std=c11", "-D_XOPEN_SOURCE=700", "-Wall", "-Wextra",
                    "-Wno-unknown-pragmas", "-include", os.path.join(HERE, "simulated.h"),
                    "-I" + os.path.join(ROOT, "include"), "-I" + os.path.join(ROOT, "src/dist"),
                    "-I" + HERE, *sources(), "-lm", "-o", program], check=True)
    return program


def platform(nodes, network, taper):
    """A crossbar; or, for a taper of t, a fat tree of two levels with t times less bandwidth between
    leaves than below them."""
    bandwidth = network.bandwidth / SCALE
    if taper:
        leaf = math.isqrt(nodes)
        topology = (f'topology="FAT_TREE" topo_parameters="2;{leaf},{nodes // leaf};'
                    f'1,{leaf // taper};1,1"')
        latency = network.latency / 4  # a way has four links
    else:
        topology, latency = "", network.latency / 2
    return ('<?xml version="1.0"?>\n'
            '<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">\n'
            '<platform version="4.1">\n'
            f'<cluster id="c" prefix="h" suffix="" radical="0-{nodes - 1}" speed="1Gf" core="1" '
            f'bw="{bandwidth}Bps" lat="{latency}s" {topology} sharing_policy="SPLITDUPLEX" '
            'loopback_bw="100GBps" loopback_lat="0.1us"/>\n</platform>\n')


def plan(shape, work, nodes, node, schedule):
    pieces = shape.pieces(work.tokens / work.sequences, work.masked / work.sequences)
    shares = model.micro_shares(work, nodes, schedule)
    rows = [model.row_bytes(shape, work.tokens / nodes * share, nodes, schedule)
            for share in (shares[0], shares[-1])]
    lines = [f"scale {SCALE}", f"elements {shape.elements}", f"bucket {model.bucket_of(nodes, schedule)}",
             f"slots {model.slots_of(model.bucket_of(nodes, schedule))}", f"bfloat16 {int(schedule.bfloat16)}",
             f"overlap {int(schedule.overlap)}", f"pause {schedule.pause}", f"sum_rate {node.memory}",
             f"message {node.message}", f"update {4 * model.FLOATS_UPDATED / node.memory}",
             f"clear {4 * shape.elements / node.memory}", f"norm_bytes {model.NORM_BYTES}",
             f"small_sums {model.SMALL_SUMS}", f"unit {model.UNIT}",
             f"matrix {shape.matrix if schedule.apart else 0}", f"set_bytes {model.set_bytes(shape)}"]
    lines += [f"piece {share} {begin} {end}" for share, begin, end in pieces]
    lines += [f"micro {share}" for share in shares]
    lines += [f"rows {stage} {fetched} {added}" for stage, (fetched, added) in enumerate(zip(*rows))]
    return "\n".join(lines) + "\n"


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def run(program, folder, shape, work, operations, node, network, schedule, taper=0, shuffle=False):
    """`operations` of each rank. shuffle: ranks lie on hosts in a random order."""
    nodes = len(operations)
    hosts = [f"h{i}" for i in range(nodes)]
    if shuffle:
        random.Random(1).shuffle(hosts)
    paths = {
        "platform": write(folder, "platform.xml", platform(nodes, network, taper)),
        "hosts": write(folder, "hosts", "\n".join(hosts) + "\n"),
        "plan": write(folder, "plan", plan(shape, work, nodes, node, schedule)),
        "work": write(folder, "work", "".join(f"{o / node.useful:.9f}\n" for o in operations)),
    }
    done = subprocess.run(
        ["smpirun", "-np", str(nodes), "-platform", paths["platform"], "-hostfile", paths["hosts"],
         *[f"--cfg={setting}" for setting in SETTINGS], "--log=root.thres:error", program,
         paths["plan"], paths["work"]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        check=False, env={**os.environ, "LD_PRELOAD": PRELOADED})
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or len(lines) != 1:
        raise RuntimeError(f"smpirun failed with {done.returncode}: {done.stdout}{done.stderr}"[:4000])
    return json.loads(lines[0])
