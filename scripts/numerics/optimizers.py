"""Update rules and learning rates from their papers, tensor by tensor and in double precision; the
constants and exclusions are those of include/lambert/optim/optimizer.h and docs/config.md.

    optimizer = Optimizer(Options(name="lamb", max_grad_norm=0.1))
    norm = optimizer.step(weights, gradients, rate(schedule, s))      # weights are changed
"""
import dataclasses

import torch

from reference import is_bias_or_norm


@dataclasses.dataclass
class Options:
    """The keys of section [optimizer]."""
    name: str = "lamb"
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-6
    momentum: float = 0.9
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    bias_correction: bool = True
    decay_all: bool = False
    adapt_all: bool = False
    trust_coefficient: float = 0.001
    ratio_min: float = 0.0
    ratio_max: float = 0.0
    max_update_rms: float = 0.0


@dataclasses.dataclass
class Schedule:
    """The keys of a section [phase]; warmup_steps is W, whole or not."""
    steps: int
    learning_rate: float
    warmup_steps: float = 0
    decay_power: float = 1
    schedule: str = "continuous"
    decay_steps: float = 0


def rate(schedule, s):
    """The rate of update s, counted from 0 within the phase."""
    N, W, p = schedule.steps, schedule.warmup_steps, schedule.decay_power
    if schedule.schedule == "continuous":
        factor = min((s + 1) / W, 1) if s < W else ((N - s) / (N - W)) ** p
    elif schedule.schedule == "google":
        factor = s / W if s < W else (1 - s / N) ** p
    elif schedule.schedule == "nvidia":
        k = s + 1
        factor = (k / N) / (W / N) if k < W else (1 - k / N) ** p
    elif schedule.schedule in ("trapezoid", "trapezoid_sqrt"):
        over = max(0, s - (N - schedule.decay_steps)) / max(schedule.decay_steps, 1)  # of the decay
        fallen = (1 - over) ** p if schedule.schedule == "trapezoid" else 1 - over ** 0.5
        factor = min((s + 1) / W, 1) if s < W else fallen
    else:
        raise ValueError(schedule.schedule)
    return schedule.learning_rate * factor


def global_norm(tensors):
    return float(torch.sqrt(sum((t ** 2).sum() for t in tensors.values())))


def norm(x):
    return float(torch.sqrt((x ** 2).sum()))


class Optimizer:
    def __init__(self, options):
        self.options = options
        self.updates = 0
        self.m, self.v = {}, {}
        self.rule = {"lamb": self.lamb, "adamw": self.adamw, "lars": self.lars,
                     "sgd": self.sgd, "lans": self.lans}[options.name]

    def reset_moments(self):
        """As at the beginning: of moments that begin at 0, bias correction counts the updates anew."""
        self.updates = 0
        self.m, self.v = {}, {}

    def step(self, weights, gradients, learning_rate):
        """Updates weights in place; returns the norm of the whole gradient before clipping."""
        o = self.options
        length = global_norm(gradients)
        clip = o.max_grad_norm / length if 0 < o.max_grad_norm < length else 1.0
        self.updates += 1
        for name, w in weights.items():
            g = gradients[name] * clip
            self.m.setdefault(name, torch.zeros_like(w))
            self.v.setdefault(name, torch.zeros_like(w))
            excluded = is_bias_or_norm(name)
            decay = 0.0 if excluded and not o.decay_all else o.weight_decay
            adapt = o.adapt_all or not excluded
            weights[name] = w - self.rule(name, w, g, decay, adapt, learning_rate)
        return length

    def adam_direction(self, name, w, g, decay):
        """m̂ / (√v̂ + ε) + λ w"""
        o, t = self.options, self.updates
        self.m[name] = o.beta1 * self.m[name] + (1 - o.beta1) * g
        self.v[name] = o.beta2 * self.v[name] + (1 - o.beta2) * g ** 2
        m, v = self.m[name], self.v[name]
        if o.bias_correction:
            m, v = m / (1 - o.beta1 ** t), v / (1 - o.beta2 ** t)
        return m / (torch.sqrt(v) + o.epsilon) + decay * w

    def bounded(self, ratio):
        """DeepSpeed's min_coeff and max_coeff; 0: there is none"""
        if self.options.ratio_max:
            ratio = min(ratio, self.options.ratio_max)
        return max(ratio, self.options.ratio_min)

    def lamb(self, name, w, g, decay, adapt, learning_rate):
        """You et al., arXiv 1904.00962, algorithm 2, φ the identity"""
        u = self.adam_direction(name, w, g, decay)
        ratio = 1.0
        if adapt and norm(w) > 0 and norm(u) > 0:
            ratio = self.bounded(norm(w) / norm(u))
        return learning_rate * ratio * u

    def adamw(self, name, w, g, decay, _adapt, learning_rate):
        """Loshchilov and Hutter, arXiv 1711.05101; updates clipped as in Wortsman et al., arXiv 2304.13013,
        algorithm 2, whose averages are those that are corrected here"""
        o = self.options
        u = self.adam_direction(name, w, g, decay)
        v = self.v[name] / (1 - o.beta2 ** self.updates) if o.bias_correction else self.v[name]
        rms = float(torch.sqrt((g ** 2 / torch.clamp(v, min=o.epsilon ** 2)).mean()))
        if o.max_update_rms:
            learning_rate = learning_rate / max(1.0, rms / o.max_update_rms)
        return learning_rate * u

    def lans(self, name, w, g, decay, adapt, learning_rate):
        """Zheng et al., arXiv 2006.13484, algorithm 2, φ the identity. The gradient is of length one
        whatever the clipping did to it; without a length it has no direction."""
        o, t = self.options, self.updates
        g = g / norm(g) if norm(g) > 0 else g
        self.m[name] = o.beta1 * self.m[name] + (1 - o.beta1) * g
        self.v[name] = o.beta2 * self.v[name] + (1 - o.beta2) * g ** 2
        m, v = self.m[name], self.v[name]
        if o.bias_correction:
            m, v = m / (1 - o.beta1 ** t), v / (1 - o.beta2 ** t)
        update = torch.zeros_like(w)
        for part, numerator in ((o.beta1, m), (1 - o.beta1, g)):
            u = numerator / (torch.sqrt(v) + o.epsilon) + decay * w
            ratio = self.bounded(norm(w) / norm(u)) if adapt and norm(w) > 0 and norm(u) > 0 else 1.0
            update += part * ratio * u
        return learning_rate * update

    def lars(self, name, w, g, decay, adapt, learning_rate):
        """You et al., arXiv 1708.03888; 1 where a norm is 0, as in TensorFlow's and NVIDIA's LARS"""
        ratio = 1.0
        if adapt and norm(w) > 0 and norm(g) > 0:
            ratio = self.bounded(self.options.trust_coefficient * norm(w) / (norm(g) + decay * norm(w)))
        self.m[name] = self.options.momentum * self.m[name] + learning_rate * ratio * (g + decay * w)
        return self.m[name]

    def sgd(self, name, w, g, decay, _adapt, learning_rate):
        self.m[name] = self.options.momentum * self.m[name] + g + decay * w
        return learning_rate * self.m[name]
