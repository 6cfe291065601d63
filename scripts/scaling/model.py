"""A model of the time of a training step on N nodes, one rank a node. Plain formulas; docs/scaling.md
says them in words.

    compute   operations of the busiest node / useful operations a second of a node
    clear     of the gradients, before the first micro-batch
    stall     of the first forward, for weights that have not arrived (the all-gather of the step before)
    sums      adding up the gradients that arrive, in memory, by the cores that compute otherwise
    messages  the calls that send and receive, by one core while the others wait
    exposed   what the reduce-scatter takes beyond the end of backward
    update    LAMB on 1/N of the weights, and sums over all ranks: of losses, norms, trust ratios
"""
import configparser
import math
from dataclasses import dataclass, replace

FLOATS_UPDATED = 11  # read or written for each element by norms, moments and update, in floats
NORM_BYTES = 150e3   # of exact sums of squares that go over all ranks (src/optim/exact_sum.c)
SMALL_SUMS = 3       # over all ranks, of a few numbers each (src/train/step.c)
UNIT = 2048          # elements at whose multiples slices are cut (OPTIMIZER_UNIT)


@dataclass(frozen=True)
class Node:
    name: str
    useful: float   # operations a second of forward and backward
    memory: float   # bytes a second, in sums and in the update
    message: float  # seconds that sending or receiving a message takes of the node's computing


@dataclass(frozen=True)
class Network:
    gigabits: float
    latency: float  # seconds
    in_turn: bool = False  # what goes from one node to another goes in turn, as on one TCP connection;
                           # else all that is on its way shares the wire

    @property
    def bandwidth(self):
        return self.gigabits * 1e9 / 8


@dataclass(frozen=True)
class Schedule:
    """What src/dist/exchange.c and src/train do."""
    bucket: int = 4 << 20     # elements
    slots: int = 4            # buckets on their way at a time
    split: int = 16           # nodes from which there are two stages; from its square on three
    bfloat16: bool = False    # gradients on the wire
    overlap: bool = True      # the gathering of weights with the next forward
    micro_batch: int = 4096   # tokens
    polls_forward: int = 4    # in a layer
    polls_backward: int = 7


@dataclass(frozen=True)
class Shape:
    layers: int = 24
    hidden: int = 1024
    intermediate: int = 4096
    vocab: int = 30522
    positions: int = 512

    @property
    def embedding(self):
        return (self.vocab + self.positions + 2 + 2) * self.hidden

    @property
    def layer(self):
        H, F = self.hidden, self.intermediate
        return 4 * (H * H + H) + 2 * H * F + F + H + 4 * H

    @property
    def head(self):
        H = self.hidden
        return 2 * (H * H + H) + 2 * H + self.vocab + 2 * H + 2

    @property
    def elements(self):
        return self.embedding + self.layers * self.layer + self.head

    def pieces(self, tokens, masked):
        """(share of the operations, first element, end) in the order of forward, of sequences of so
        many tokens and masked positions: bert_operations() in src/model/bert.c."""
        H, F = self.hidden, self.intermediate
        rows = masked + 1
        block = tokens * (4 * H * H + 2 * H * F) + 2 * tokens * tokens * H
        last = 2 * tokens * H * H + rows * (2 * H * H + 2 * H * F) + 2 * rows * tokens * H
        head = masked * (H * H + H * self.vocab) + H * H + 2 * H
        work = [0] + [block] * (self.layers - 1) + [last, head]
        ends = [self.embedding + i * self.layer for i in range(self.layers + 1)] + [self.elements]
        return [(w / sum(work), begin, end) for w, begin, end in zip(work, [0] + ends, ends)]


@dataclass(frozen=True)
class Work:
    """Of a global batch and its dealing: `lambert show deal --json`."""
    sequences: int
    tokens: float
    masked: float
    operations: float
    imbalance: float  # of the busiest rank: operations beyond the average, as a part of it

    @classmethod
    def of_deal(cls, deal):
        return cls(deal["global_batch"], deal["tokens"], deal["masked"], deal["operations"],
                   deal["imbalance"])


@dataclass(frozen=True)
class Step:
    compute: float  # of the average node
    waiting: float  # the busiest node's beyond that
    clear: float
    stall: float
    sums: float
    messages: float
    exposed: float
    update: float

    @property
    def seconds(self):
        return (self.compute + self.waiting + self.clear + self.stall + self.sums +
                self.messages + self.exposed + self.update)

    @property
    def efficiency(self):
        return self.compute / self.seconds


PARTS = {"waiting": "imbalance", "clear": "clearing", "stall": "weights not there yet",
         "sums": "sums", "messages": "calls", "exposed": "gradients not there yet",
         "update": "update"}


def limits(parts, seconds):
    """The two greatest losses of a step, in words."""
    lost = sorted(PARTS, key=lambda part: -parts[part])[:2]
    return ", ".join(f"{PARTS[part]} {100 * parts[part] / seconds:.1f}%" for part in lost)


def stages(nodes, split):
    """Members of a group in each stage: stages_of() in src/dist/stages.c."""
    divisors = [f for f in range(1, nodes + 1) if nodes % f == 0]
    ways = [(a, b, c) for c in divisors for b in divisors if nodes % (b * c) == 0
            for a in (nodes // (b * c),) if a >= b >= c and (b == 1 or nodes >= split)
            and (c == 1 or nodes >= split * split)]
    return [f for f in min(ways, key=sum) if f > 1]


def traffic(shape, nodes, schedule, element):
    """Of one rank in a reduce-scatter: bytes sent (and received), bytes that sums move in memory, and
    messages begun, receiving ones too."""
    sent = summed = messages = 0
    part = shape.elements * 4.0
    for members in stages(nodes, schedule.split):
        wire = part * element / 4
        sent += wire * (members - 1) / members
        summed += part / members * 2 + wire * (members - 1) / members  # own, result; received
        if element == 2:
            summed += part + wire  # rounding before it is sent
        messages += 2 * (members - 1)
        part /= members
    return sent, summed, messages * math.ceil(shape.elements / schedule.bucket)


def micro_shares(work, nodes, schedule):
    """Parts of a node's work in each micro-batch: full ones, and what is left for the last
    (packed_batch_fit() in src/base/packed_batch.c)."""
    tokens, length = work.tokens / nodes, work.tokens / work.sequences
    full = schedule.micro_batch - length / 2  # no sequence is cut
    count = max(1, math.ceil(tokens / full))
    return [full / tokens] * (count - 1) + [1 - (count - 1) * full / tokens]


def stall_of(pieces, buckets, behind, bucket, clear, first, transfer):
    """Seconds that the first forward, which computes for `first` seconds after clearing, waits: bucket
    b of the weights has come after b + 1 transfers and those of the `behind` it that share the wire."""
    clock = clear
    for share, _, end in pieces:
        last = math.ceil(end / bucket)
        clock = max(clock, transfer * min(last + behind, buckets)) + share * first
    return clock - first - clear


def exposed_of(pieces, buckets, schedule, backward, transfer):
    """Seconds from the end of the last backward until all gradients are summed: buckets travel one
    after another, each when the gradients of its last piece are there."""
    clock = sent = 0.0
    bucket = buckets - 1
    for share, begin, _ in reversed(pieces):
        clock += share * backward
        while bucket >= 0 and bucket * schedule.bucket >= begin:
            sent = max(sent, clock) + transfer
            bucket -= 1
    return max(0.0, sent - clock)


def step_time(shape, work, nodes, node, network, schedule):
    compute = work.operations / nodes / node.useful
    clear = shape.elements * 4 / node.memory
    if nodes == 1:
        return Step(compute, 0, clear, 0, 0, 0, 0, shape.elements * 4 * FLOATS_UPDATED / node.memory)
    buckets = math.ceil(shape.elements / schedule.bucket)
    reduced, summed, messages = traffic(shape, nodes, schedule, 2 if schedule.bfloat16 else 4)
    gathered, _, _ = traffic(shape, nodes, schedule, 4)
    sums, calls = summed / node.memory, messages * node.message
    pieces = shape.pieces(work.tokens / work.sequences, work.masked / work.sequences)
    busiest = compute * (1 + work.imbalance)
    shares = micro_shares(work, nodes, schedule)
    stages_latency = len(stages(nodes, schedule.split)) * network.latency
    gather = gathered / buckets / network.bandwidth
    behind = 0 if network.in_turn else schedule.slots - 1
    stall = stall_of(pieces, buckets, behind, schedule.bucket, clear, busiest * shares[0] / 3 + calls, gather)
    if not schedule.overlap:
        stall = gather * buckets
    exposed = exposed_of(pieces, buckets, schedule, busiest * shares[-1] * 2 / 3 + sums + calls,
                         reduced / buckets / network.bandwidth)
    rounds = math.ceil(math.log2(nodes))
    update = (shape.elements / nodes * 4 * FLOATS_UPDATED / node.memory +
              rounds * ((SMALL_SUMS + 2) * network.latency + NORM_BYTES / network.bandwidth))
    return Step(compute, compute * work.imbalance, clear, stall + stages_latency, sums, 2 * calls,
                exposed + stages_latency, update)


# --- rows of the paper --------------------------------------------------------------------------

@dataclass(frozen=True)
class Row:
    config: str         # configs/NAME.ini
    nodes: int
    paper_chips: int    # 0: not a row of the paper
    paper_hours: float
    label: str


# You et al., arXiv 1904.00962v1, table 1: 32 sequences a chip.
ROWS = [
    Row("bert-large-512", 16, 16, 82.8, "512"),
    Row("bert-large-1k", 32, 32, 43.2, "1K"),
    Row("bert-large-2k", 64, 64, 21.4, "2K"),
    Row("bert-large-4k", 128, 128, 693.6 / 60, "4K"),
    Row("bert-large-8k", 256, 256, 390.5 / 60, "8K"),
    Row("bert-large-16k", 512, 512, 200.0 / 60, "16K"),
    Row("bert-large-32k", 1024, 1024, 101.2 / 60, "32K"),
    Row("bert-large-64k", 1024, 1024, 76.19 / 60, "64K/32K"),
    # not the paper's: what is asked of 1,024 nodes
    Row("bert-large-8k", 1024, 0, 0, "8K"),
    Row("bert-large-16k", 1024, 0, 0, "16K"),
]


@dataclass(frozen=True)
class Phase:
    name: str
    length: int
    batch: int
    steps: int


def phases_of(path):
    parser = configparser.ConfigParser(inline_comment_prefixes=("#",))
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)
    return [Phase(section.split()[1], parser.getint(section, "sequence_length"),
                  parser.getint(section, "global_batch"), parser.getint(section, "steps"))
            for section in parser.sections() if section.startswith("phase ")]
