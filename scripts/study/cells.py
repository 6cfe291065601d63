"""The runs of the study, question by question.

A question is a function that asks for the loss of one run after another, and goes on from what it hears: the
rates that are tried, and the one that seeds are spent on, follow from losses. What is not known is thereby wanted: so the
list of what is to be run is that of all questions, asked again as losses come (`wanted()`). In planning a question
goes on with what it expects, and the whole list is seen before the first run (`planned()`).

Two questions may ask for the same run, which is made once."""
import dataclasses
import functools
import math

SAMPLES = 327680                    # of every run, whatever its batch: 10 million tokens
LENGTH = 32
BATCHES = [4 << doubling for doubling in range(8)]
SMALLEST, MIDDLE, LARGEST = BATCHES[0], 64, BATCHES[-1]
SEEDS = (1, 2, 3)
MOST_FURTHER = 3                    # rates beyond the grid, where the best one is at its edge
TOKENS_OF = {32: 31.4, 128: 122.0}  # a sample of up to so many tokens has, on average

# Rule: at the middle batch the rate to begin around, and the power of the batch by which it is scaled: the square
# root for rules that divide by the gradient's size (Krizhevsky, arXiv 1404.5997; You et al., arXiv 1904.00962), the
# batch itself for the others (Goyal et al., arXiv 1706.02677; LARS, arXiv 1708.03888).
RULES = {"lamb": (0.008, 0.5), "adamw": (0.0014, 0.5), "lans": (0.008, 0.5), "lars": (2.8, 1.0), "sgd": (0.2, 1.0)}
WARMUP = 0.2                        # share of the steps at the largest batch, as in the paper's row 32k


@dataclasses.dataclass(frozen=True)
class Run:
    name: str
    keys: tuple       # of (key, value), both text: what stands beside study.ini
    ranks: int = 1

    @property
    def cost(self):
        """(tokens, steps)."""
        keys, tokens, steps = dict(self.keys), 0.0, 0
        for phase in ("one", "two"):
            if f"phase.{phase}.steps" in keys:
                length = int(keys.get(f"phase.{phase}.sequence_length", LENGTH))
                count = int(keys[f"phase.{phase}.steps"])
                steps += count
                tokens += count * int(keys[f"phase.{phase}.global_batch"]) * TOKENS_OF[length]
        return tokens, steps


@dataclasses.dataclass(frozen=True)
class Best:
    rate: float
    loss: float
    rates: dict       # of all that were tried: {rate: loss}, infinite where the run diverged
    at_edge: bool     # the lowest or the highest of them is the best


def rounded(rate):
    return float(f"{rate:.4g}")


def doubling_warmup(batch):
    """The paper's: a share of the steps in proportion to the batch, so that it is the same number of samples."""
    return WARMUP * batch / LARGEST


def one_phase(rule, batch, rate, seed=1, warmup=None, variant="", keys=(), ranks=1):
    """A run of all samples in one phase. A variant is a word of the name, and says by `keys` what it is."""
    warmup = doubling_warmup(batch) if warmup is None else warmup
    words = {"optimizer.name": rule, "phase.one.global_batch": str(batch), "phase.one.steps": str(SAMPLES // batch),
             "phase.one.learning_rate": f"{rate:g}", "phase.one.warmup_ratio": f"{warmup:g}", "run.seed": str(seed),
             **dict(keys)}
    name = "-".join(filter(None, (rule, str(batch), variant, f"{rate:g}", f"s{seed}")))
    return Run(name, tuple(sorted(words.items())), ranks)


def search(ask, run_at, centre, offsets=(-1, 0, 1), further=MOST_FURTHER):
    """The best of rates that are factors of two apart, around `centre`; beyond an edge where the best is at it. None while a
    loss is not known."""
    rate_at = lambda offset: rounded(centre * 2.0 ** offset)
    losses = {offset: ask(run_at(rate_at(offset))) for offset in offsets}
    best = 0
    while None not in losses.values():
        best = min(losses, key=lambda offset: (losses[offset], offset))  # of those that all diverged, the lowest
        low, high = min(losses), max(losses)
        at_edge = best in (low, high)
        if not at_edge or further == 0:
            rates = {rate_at(offset): losses[offset] for offset in sorted(losses)}
            return Best(rate_at(best), losses[best], rates, at_edge)
        further -= 1
        beyond = low - 1 if best == low else high + 1
        losses[beyond] = ask(run_at(rate_at(beyond)))
    return Best(rate_at(best), math.nan, {}, False) if ask.planning else None


def anchor(ask, rule):
    """The best rate at the middle batch, from which the rule says those of the others."""
    return search(ask, lambda rate: one_phase(rule, MIDDLE, rate), RULES[rule][0], (-2, -1, 0, 1, 2))


def centre_of(ask, rule, batch):
    """Where the scaling rule puts the rate at this batch; None while the anchor is not known."""
    found = anchor(ask, rule)
    return found and found.rate * (batch / MIDDLE) ** RULES[rule][1]


def best_of(ask, rule, batch):
    """The cell of the paper's table."""
    if batch == MIDDLE:
        return anchor(ask, rule)
    centre = centre_of(ask, rule, batch)
    return centre and search(ask, lambda rate: one_phase(rule, batch, rate), centre)


def with_seeds(ask, found, run_at):
    """{seed: loss} of the run at the best rate; None while it is not known. run_at(rate, seed)."""
    if not found:
        return None
    losses = {seed: ask(run_at(found.rate, seed)) for seed in SEEDS}
    return None if None in losses.values() else losses


# --- the questions --------------------------------------------------------------------------------
def batches(ask):
    """{(rule, batch): (Best or None, {seed: loss} or None)}: equal samples, the batch doubled seven times. The largest
    come first, as their runs take a third of the time of the smallest ones'."""
    cells = {}
    for rule in RULES:
        for batch in reversed(BATCHES):
            found = best_of(ask, rule, batch)
            seeds = None
            if batch in (SMALLEST, LARGEST):
                seeds = with_seeds(ask, found, functools.partial(one_phase, rule, batch))
            cells[rule, batch] = found, seeds
    return cells


MAPPED = ("lamb", "adamw")
MAP_BATCHES = (4, 16, 64, 256, 512)


def rates(ask):
    """{(rule, batch, warm or cold): Best or None}: where the best rate is, with warm-up and without."""
    cells = {}
    for rule in MAPPED:
        for batch in MAP_BATCHES:
            centre = centre_of(ask, rule, batch)
            warm = cold = None
            if centre:
                warm = search(ask, lambda rate, r=rule, b=batch: one_phase(r, b, rate), centre, (-2, -1, 0, 1, 2))
                cold = search(ask, lambda rate, r=rule, b=batch: one_phase(r, b, rate, warmup=0, variant="cold"), centre)
            cells[rule, batch, "warm"], cells[rule, batch, "cold"] = warm, cold
    return cells


WARMUP_BATCHES = BATCHES[-3:]
FIXED = doubling_warmup(MIDDLE)


def warmups(ask):
    """{(batch, doubling or fixed): (Best, {seed: loss})}: LAMB's warm-up in proportion to the batch, or the middle
    batch's share of the steps for all."""
    cells = {}
    for batch in WARMUP_BATCHES:
        doubling = lambda rate, seed=1, b=batch: one_phase("lamb", b, rate, seed)
        fixed = lambda rate, seed=1, b=batch: one_phase("lamb", b, rate, seed, warmup=FIXED, variant="fixed")
        found = best_of(ask, "lamb", batch)
        cells[batch, "doubling"] = found, with_seeds(ask, found, doubling)
        centre = centre_of(ask, "lamb", batch)
        found = centre and search(ask, fixed, centre)
        cells[batch, "fixed"] = found, with_seeds(ask, found, fixed)
    return cells


# Nine tenths of the samples short at the largest batch, the last tenth long at half of it, as in the paper's 64k/32k.
MIXED = {"one": (LARGEST, LENGTH, 0.9), "two": (LARGEST // 2, 128, 0.1)}


def mixed_run(rates_of, seed, warm, reset):
    keys = {"optimizer.name": "lamb", "run.seed": str(seed)}
    for phase, (batch, length, share) in MIXED.items():
        keys.update({f"phase.{phase}.global_batch": str(batch), f"phase.{phase}.sequence_length": str(length),
                     f"phase.{phase}.steps": str(round(SAMPLES * share / batch)),
                     f"phase.{phase}.learning_rate": f"{rates_of[phase]:g}",
                     f"phase.{phase}.warmup_ratio": f"{doubling_warmup(batch) if warm or phase == 'one' else 0:g}"})
    if reset:
        keys["phase.two.moments"] = "reset"
    name = f"mixed-{'warm' if warm else 'cold'}-{'reset' if reset else 'kept'}-s{seed}"
    return Run(name, tuple(sorted(keys.items())))


def mixed(ask):
    """{(warm, reset): {seed: loss} or None}: LAMB's mixed batch, with and without a second warm-up, moments kept or
    reset. Each phase has the best rate of its batch in one phase."""
    found = {phase: best_of(ask, "lamb", batch) for phase, (batch, _, _) in MIXED.items()}
    cells = {}
    for warm in (True, False):
        for reset in (False, True):
            cells[warm, reset] = None
            if all(found.values()):
                rates_of = {phase: best.rate for phase, best in found.items()}
                losses = {seed: ask(mixed_run(rates_of, seed, warm, reset)) for seed in SEEDS}
                cells[warm, reset] = None if None in losses.values() else losses
    return cells


TRUST = {
    "plain": (),
    "all": (("optimizer.adapt_all", "yes"),),
    "clamped": (("optimizer.ratio_min", "0.01"), ("optimizer.ratio_max", "10")),
    "uncorrected": (("optimizer.bias_correction", "no"),),
    "unclipped": (("optimizer.max_grad_norm", "0"),),
}


def trust(ask):
    """{(batch, variant): (Best, {seed: loss})}: LAMB at a middle and the largest batch."""
    cells = {}
    for batch in (MIDDLE, LARGEST):
        for variant, keys in TRUST.items():
            run_at = lambda rate, seed=1, b=batch, v=variant, k=keys: \
                one_phase("lamb", b, rate, seed, variant="" if v == "plain" else v, keys=k)
            centre = centre_of(ask, "lamb", batch)
            found = best_of(ask, "lamb", batch) if variant == "plain" else centre and search(ask, run_at, centre)
            cells[batch, variant] = found, with_seeds(ask, found, run_at)
    return cells


MASKED = "phase.one.masked_lm_probability"
MASKING = {
    "15": (),
    "20": ((MASKED, "0.2"),),
    "30": ((MASKED, "0.3"),),
    "40": ((MASKED, "0.4"),),
    "30to15": ((MASKED, "0.3"), (MASKED + "_end", "0.15")),
}
# As many masked tokens as 30% has, of twice the samples in as many steps: is it their number that helps?
TWICE = "15twice"
JUDGED = (("train.evaluate_masked_lm_probability", "0.15"),)  # its default: said, as the question hangs on it


def masking(ask):
    """{rate, or TWICE: {seed: loss} or None}: LAMB at the middle batch with its best rate, judged at 15%."""
    found, cells = anchor(ask, "lamb"), {}
    for masked, keys in MASKING.items():
        run_at = lambda rate, seed, m=masked, k=keys: one_phase(
            "lamb", MIDDLE, rate, seed, variant="" if m == "15" else f"mask{m}", keys=(*k, *JUDGED) if k else ())
        cells[masked] = with_seeds(ask, found, run_at)
    cells[TWICE] = with_seeds(ask, found, lambda rate, seed: one_phase(
        "lamb", 2 * MIDDLE, rate, seed, warmup=doubling_warmup(MIDDLE), variant="twice",
        keys=(("phase.one.steps", str(SAMPLES // MIDDLE)),)))
    return cells


TYPE, WIRE = "train.compute_type", "train.gradient_wire"
APART = ("train.ranks_per_node", "1")
TYPES = {
    "computed in bfloat16": ("", (), 1),
    "all float32": ("float32", ((TYPE, "float32"),), 1),
    "wire bfloat16": ("wire", ((TYPE, "float32"), (WIRE, "bfloat16"), APART), 2),
    "both bfloat16": ("both", ((WIRE, "bfloat16"), APART), 2),
}


def types(ask):
    """{types: {seed: loss} or None}: LAMB at the middle batch with its best rate."""
    found, cells = anchor(ask, "lamb"), {}
    for label, (variant, keys, ranks) in TYPES.items():
        cells[label] = with_seeds(ask, found, lambda rate, seed, v=variant, k=keys, n=ranks: one_phase(
            "lamb", MIDDLE, rate, seed, variant=v, keys=k, ranks=n))
    return cells


QUESTIONS = {"batches": batches, "types": types, "masking": masking, "warmups": warmups, "trust": trust, "mixed": mixed,
             "rates": rates}

# --- the pilot -------------------------------------------------------------------------------------
# What chose the scale: how far below guessing by frequency so many steps come, whatever samples they take: (rule, batch,
# steps, rate). They are judged on a few sequences, which is enough to see a nat.
STEPS = (("lamb", 16, 2560, 0.00389), ("lamb", 256, 160, 0.0156), ("lamb", 256, 160, 0.0442), ("lamb", 512, 320, 0.0312),
         ("adamw", 512, 320, 0.0079))
PILOT_WARMUP = 32  # steps
PILOT = ("lamb", "adamw")


def pilot_run(rule, batch, steps, rate):
    run = one_phase(rule, batch, rate, warmup=PILOT_WARMUP / steps, variant=f"{steps}steps",
                    keys={"phase.one.steps": str(steps), "train.evaluate_sequences": "512"})
    return dataclasses.replace(run, name="pilot-" + run.name)


def pilot_runs():
    """{(rule, batch, steps, rate): Run}: do runs end well below the unigram level, at the largest batch and at the smallest?
    Rates are where RULES puts them, whatever the anchors will say."""
    runs = {cell: pilot_run(*cell) for cell in STEPS}
    for batch in (LARGEST, SMALLEST):
        for rule in PILOT:
            centre, power = RULES[rule]
            for offset in (-1, 0, 1):
                rate = rounded(centre * (batch / MIDDLE) ** power * 2.0 ** offset)
                runs[rule, batch, SAMPLES // batch, rate] = one_phase(rule, batch, rate)
    return runs


def pilot(ask):
    """{(rule, batch, steps, rate): loss}, before all others."""
    return {cell: ask(run) for cell, run in pilot_runs().items()}


# --- asking ------------------------------------------------------------------------------------------
class Ask:
    """Answers with what is known, and notes what was asked for. In planning a question goes on where nothing is known."""

    def __init__(self, losses=None, planning=False):
        self.losses, self.planning, self.runs = losses or {}, planning, {}

    def __call__(self, run):
        before = self.runs.setdefault(run.name, run)
        assert before == run, (before, run)  # a name stands for one run
        return self.losses.get(run.keys)


def wanted(question, losses):
    """The runs that a question asks for now and that are not known."""
    ask = Ask(losses)
    question(ask)
    return [run for run in ask.runs.values() if run.keys not in losses]


def planned(question, losses=None):
    """All runs that a question asks for and, as far as losses tell now, will ask for: where they do not, the best rates
    are taken to be those in the middle."""
    ask = Ask(losses, planning=True)
    question(ask)
    return list(ask.runs.values())


def best_runs(ask):
    """{(rule, batch): Run}: of the first question's cells that are known, the run at the best rate."""
    return {(rule, batch): one_phase(rule, batch, found.rate) for (rule, batch), (found, _) in batches(ask).items() if found}
