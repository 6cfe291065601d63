"""What docs/scaling.md asks of the model of a step's time on N nodes, one rank a node: rows of the paper, nodes, networks
and schedules. The formulas themselves are the program's, by which `lambert plan` goes (include/lambert/plan/step_time.h):
step_time() asks BUILD/scaling/step-time, which `make scaling` builds. What stands here besides is what the simulation is
told (simulation.py), where it is not of the exchange itself: what is sent when, and how much is computed in between.
"""
import configparser
import itertools
import math
import os
import subprocess
import sys
from dataclasses import dataclass, replace

PROGRAM = ["build/scaling/step-time"]  # use() says which build's

FLOATS_UPDATED = 11  # read or written for each element by norms, moments and update, in floats
NORM_BYTES = 150e3   # of exact sums of squares that go over all ranks (src/optim/exact_sum.c)
SMALL_SUMS = 3       # over all ranks, of a few numbers each: terms, losses (src/trainer/trainer.c), times (src/run/balance.c)
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

    @property
    def bandwidth(self):
        return self.gigabits * 1e9 / 8


@dataclass(frozen=True)
class Schedule:
    """What src/dist/exchange.c and src/trainer do."""
    bucket: int = 0           # elements; 0: as bucket_of() says
    split: int = 16           # nodes from which there are two stages; from its square on three
    bfloat16: bool = False    # gradients and weights on the wire
    overlap: bool = True      # the gathering of weights with the next forward
    apart: bool = True        # rows that are looked up go apart from the matrix of word embeddings
    micro_batch: int = 4096   # tokens
    pause: float = 2.5e-3     # seconds from one look at the messages to the next; 1e-3 in param_sync.c: for
                              # the sake of simulating time


@dataclass(frozen=True)
class Shape:
    layers: int = 24
    hidden: int = 1024
    intermediate: int = 4096
    vocab: int = 30522
    positions: int = 512

    @property
    def matrix(self):
        """Of the word embeddings, which is where the elements begin."""
        return self.vocab * self.hidden

    @property
    def embedding(self):
        return (self.vocab + self.positions + 2 + 2) * self.hidden

    @property
    def layer_parts(self):
        """Elements of queries, keys and values; of attention's output; of the feed-forward's two products."""
        H, F = self.hidden, self.intermediate
        return [3 * (H * H + H), H * H + 3 * H, F * H + F, F * H + 3 * H]

    @property
    def layer(self):
        return sum(self.layer_parts)

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
        block = [tokens * 3 * H * H + 2 * tokens * tokens * H, tokens * H * H] + 2 * [tokens * H * F]
        last = [(2 * tokens + rows) * H * H + 2 * rows * tokens * H, rows * H * H] + 2 * [rows * H * F]
        head = masked * (H * H + H * self.vocab) + H * H + 2 * H
        work = [0] + (self.layers - 1) * block + last + [head]
        sizes = [self.embedding] + self.layers * self.layer_parts + [self.head]
        ends = list(itertools.accumulate(sizes))
        return [(w / sum(work), begin, end) for w, begin, end in zip(work, [0] + ends, ends)]


@dataclass(frozen=True)
class Work:
    """Of a global batch and its dealing: `lambert show balance --json`."""
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


def bucket_of(nodes, schedule):
    """Elements of a bucket: sharding_bucket() in src/dist/sharding.c, with one rank a node."""
    if schedule.bucket:
        return schedule.bucket
    return min(max(max(stages(nodes, schedule.split)) << 18, 1 << 20), 4 << 20)


def slots_of(bucket):
    """Buckets on their way at a time: exchange_slots() in src/dist/exchange.c."""
    return max(4, (8 << 20) // bucket)


def micro_shares(work, nodes, schedule):
    """Parts of a node's work in each micro-batch: even ones, as few as can be (packed_batch_fit() in
    src/batch/packed_batch.c)."""
    tokens, length = work.tokens / nodes, work.tokens / work.sequences
    full = schedule.micro_batch - length / 2  # no sequence is cut
    count = max(1, math.ceil(tokens / full))
    return [1 / count] * count


# Different words among so many tokens, in samples of length 512 of the corpus of docs/scaling.md.
WORDS = [(1, 1), (471, 236), (829, 393), (2097, 873), (4156, 1528), (8243, 2613), (16424, 4310),
         (65601, 10024), (262219, 17953), (4e9, 30522)]


def words_of(tokens):
    """Between two points of WORDS a power of the tokens."""
    for (fewer, few), (more, many) in zip(WORDS, WORDS[1:]):
        if tokens <= more:
            power = math.log(many / few) / math.log(more / fewer)
            return few * (max(tokens, fewer) / fewer) ** power
    return WORDS[-1][1]


def set_bytes(shape):
    """Of a message that says which rows a rank looks up."""
    return shape.vocab / 8


def row_bytes(shape, tokens, nodes, schedule):
    """Of a message of rows in each stage, where a node looks up `tokens`: they go through the stages, and
    what a group has in common goes on once (src/dist/row_exchange.c)."""
    group, found = 1, []
    for members in stages(nodes, schedule.split):
        found.append(words_of(tokens * group) * shape.hidden * 4 / (group * members))
        group *= members
    return found


ASKED = []  # the program, once it runs


def use(build):
    """Asks the program of that build folder from now on."""
    PROGRAM[0] = os.path.join(build, "scaling", "step-time")


def ask(numbers):
    """What it answers to a line of numbers."""
    if not ASKED:
        try:
            ASKED.append(subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        except OSError as error:
            sys.exit(f"{PROGRAM[0]}: {error.strerror}; make {PROGRAM[0]} builds it")
    ASKED[0].stdin.write(" ".join(repr(float(number)) for number in numbers) + "\n")
    ASKED[0].stdin.flush()
    return [float(number) for number in ASKED[0].stdout.readline().split()]


def step_time(shape, work, nodes, node, network, schedule):
    answer = ask([shape.layers, shape.hidden, shape.intermediate, shape.vocab, shape.positions,
                  work.sequences, work.tokens, work.masked, work.operations, work.imbalance,
                  node.useful, node.memory, node.message, network.bandwidth, network.latency,
                  nodes, schedule.micro_batch, 2 if schedule.bfloat16 else 4, schedule.bucket,
                  not schedule.overlap, not schedule.apart])
    return Step(*answer[:8])


PAYS = 1.5  # times as fast that twice the nodes must make a run


def most_that_pay(hours):
    """Of [(nodes, hours of a run)], each of twice the nodes of that before: the last where doubling paid."""
    most = hours[0]
    for before, after in zip(hours, hours[1:]):
        if before[1] < PAYS * after[1]:
            break
        most = after
    return most


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


def read_config(parser, path):
    """As lambert does: the files that one includes come before what it says itself."""
    own = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, included = line.partition("=")
            if key.strip() == "include":
                read_config(parser, os.path.join(os.path.dirname(path), included.strip()))
            else:
                own.append(line)
    parser.read_string("".join(own))


def phases_of(path):
    parser = configparser.ConfigParser(inline_comment_prefixes=("#",))
    read_config(parser, path)
    return [Phase(section.split()[1], parser.getint(section, "sequence_length"),
                  parser.getint(section, "global_batch"), parser.getint(section, "steps"))
            for section in parser.sections() if section.startswith("phase ")]
