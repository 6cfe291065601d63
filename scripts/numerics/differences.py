"""How far the program may be from the reference: what compare.py and compare_tasks.py share.

Differences are relative: of a loss to the loss, of a tensor to its norm. There are gradients that are 0 in exact
arithmetic, where a softmax does not see a constant: those of key biases; with the head of spans, of its bias and of the last
LayerNorm's (docs/numerics.md, sections 6 and 8). What
both programs hold there is rounding, measured by the norm of the whole gradient, and what rules make of it has
limits of its own. "Change" is the difference measured by how far the tensor moved from its start, which shows
a wrong step where a small rate would hide it. In bfloat16 the difference of a gradient is counted in what rounding
operands does to the reference's own, and the program's may have no more zeros than that of float has."""
import math

import program
from optimizers import global_norm, norm

LOSS_LIMIT = 1e-6
GRADIENT_LIMIT = 1e-4
ROUNDING_LIMIT = 1e-6  # of the norm of the whole gradient
ROUNDING_WEIGHT_LIMIT = 5e-3
STEP_LIMIT = 5e-5      # losses and gradient norms of later steps
WEIGHT_LIMIT = 1e-5
CHANGE_LIMIT = 1e-4
RATE_LIMIT = 1e-12

# In bfloat16: of the distance that rounding alone makes; no tensor is expected to be off by less than one
# rounding, which is by 0.42 u on average. What attention's scores get is not 0 in sum once it is rounded,
# which a key bias shows, and the reference's exact softmax does not.
BFLOAT16_ROUNDOFF = 2.0 ** -8
BFLOAT16_LIMIT = 3
BFLOAT16_LOSS_LIMIT = 2 * BFLOAT16_ROUNDOFF
BFLOAT16_ROUNDING_LIMIT = BFLOAT16_ROUNDOFF / 8  # of the norm of the whole gradient


def relative(seen, wanted):
    return abs(seen - wanted) / abs(wanted) if wanted else abs(seen)


def rounding_of(tensors):
    """Which of a model's tensors have a gradient that is 0 but for rounding."""
    found = {name for name in tensors if name.endswith("key.bias")}
    if "qa_outputs.bias" in tensors:
        layers = [name for name in tensors if name.endswith(".output.LayerNorm.bias") and "attention" not in name]
        found |= {"qa_outputs.bias", max(layers, key=lambda name: int(name.split(".")[3]))}
    return found


def check_names(seen, shapes):
    wanted = {name: tuple(shape) for name, shape in shapes.items()}
    found = {name: tuple(tensor.shape) for name, tensor in seen.items()}
    if found != wanted:
        names = sorted(name for name in found.keys() | wanted.keys()
                       if found.get(name) != wanted.get(name))
        raise program.Failure(f"tensors that are missing, too many or of another shape: {names}")


def compare_gradients(table, name, seen, wanted):
    whole, unseen = global_norm(wanted), rounding_of(wanted)
    differences, rounding = {}, {}
    for tensor, gradient in wanted.items():
        difference = norm(seen[tensor] - gradient)
        if tensor in unseen:
            rounding[tensor] = difference / whole
        else:
            differences[tensor] = difference / norm(gradient)
    table.add_worst(name + ": gradients", differences, GRADIENT_LIMIT)
    table.add_worst(name + ": rounding alone", rounding, ROUNDING_LIMIT)


def zeros(tensor):
    return int((tensor == 0).sum())


def compare_bfloat16(table, name, seen, wanted, rounded, of_float):
    """rounded: the reference's gradient with the operands of products rounded; of_float: the program's in
    float."""
    whole, unseen = global_norm(wanted), rounding_of(wanted)
    differences, rounding, more_zeros = {}, {}, {}
    for tensor, gradient in wanted.items():
        difference = norm(seen[tensor] - gradient)
        expected = max(norm(rounded[tensor] - gradient), 0.42 * BFLOAT16_ROUNDOFF * norm(gradient))
        if tensor in unseen:
            rounding[tensor] = difference / whole
        else:
            differences[tensor] = difference / expected
        more_zeros[tensor] = zeros(seen[tensor]) - zeros(of_float[tensor])
    table.add_worst(name + ": gradients", differences, BFLOAT16_LIMIT)
    table.add_worst(name + ": rounding alone", rounding, BFLOAT16_ROUNDING_LIMIT)
    table.add_worst(name + ": zeros", more_zeros, 0)


def compare_reports(table, name, seen, wanted, close, equal):
    """What each step reports; keys: those that differ by rounding, and those that do not."""
    if len(seen) != len(wanted):
        raise program.Failure(f"{name}: {len(seen)} steps instead of {len(wanted)}")
    for keys, limit in ((close, STEP_LIMIT), (equal, RATE_LIMIT)):
        differences = {f"{key}, step {s}": relative(seen[s][key], wanted[s][key])
                       for key in keys for s in range(len(wanted))}
        table.add_worst(name + ": reported", differences, limit)


def rounding_limit(options, rates):
    """Of the norm of a tensor whose gradient is rounding. The update of lars and sgd is as small as the
    gradient. lamb and adamw divide one rounding error by another, until epsilon ends it; under a trust ratio
    what comes out has the length rate * norm whatever it is, and two programs may move that far apart. lans
    divides the error by its own norm, so that epsilon does not end it; without a trust ratio there is no
    limit."""
    if options.name in ("lars", "sgd"):
        return WEIGHT_LIMIT
    if options.name in ("lamb", "lans") and options.adapt_all:
        return 2 * sum(rates)
    return math.inf if options.name == "lans" else ROUNDING_WEIGHT_LIMIT


def compare_weights(table, name, seen, wanted, start, limit):
    """limit: rounding_limit()"""
    unseen = rounding_of(wanted)
    differences, changes, rounding = {}, {}, {}
    for tensor, weights in wanted.items():
        difference = norm(seen[tensor] - weights)
        if tensor in unseen:
            rounding[tensor] = difference / norm(weights)
        else:
            differences[tensor] = difference / norm(weights)
            changes[tensor] = difference / norm(weights - start[tensor])
    table.add_worst(name + ": weights", differences, WEIGHT_LIMIT)
    table.add_worst(name + ": change", changes, CHANGE_LIMIT)
    table.add_worst(name + ": rounding alone", rounding, limit)


def option_words(options):
    text = {True: "yes", False: "no"}
    return [f"optimizer.{key}={text[value] if isinstance(value, bool) else value}"
            for key, value in vars(options).items()]
