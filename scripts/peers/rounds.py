"""Programs measured in turn, and which rounds of it count.

A shared machine, or one that grows warm, is not as fast at one moment as at the next. So those who are
compared take turns, ratios are of one round, and between every two measurements, before the first and
behind the last, it is looked how fast the cores are: their FMA peak. A round in which the peak moved, or
in which other programs computed, is shown, marked, and left out of the medians.
"""
import dataclasses
import statistics

MOST_MOVED = 0.05  # of the peak within a round
MOST_OTHERS = 0.05  # of the cores' time that other programs took in one measurement


@dataclasses.dataclass
class Round:
    speeds: dict  # name -> what was measured
    peaks: list  # GFLOP/s: one before each measurement, and one behind the last
    others: float  # share of the cores' time, in the measurement where it was largest
    load: float  # load average of a minute, when the round began

    def moved(self):
        """By how much the peak was higher at one time than at another."""
        return max(self.peaks) / min(self.peaks) - 1

    def faults(self):
        """Why the round does not count; nothing for one that does."""
        found = []
        if self.moved() > MOST_MOVED:
            found.append(f"the peak moved by {100 * self.moved():.1f}%")
        if self.others > MOST_OTHERS:
            found.append(f"others took {100 * self.others:.1f}% of the cores' time")
        return found


@dataclasses.dataclass
class Ratio:
    """The fastest of some against the fastest of others."""
    title: str
    ours: list
    theirs: list

    def of(self, speeds):
        return max(speeds[name] for name in self.ours) / max(speeds[name] for name in self.theirs)


def measure_round(measurements, machine, peak):
    """measurements: {name: function that measures once}, in this order; peak: the last one measured."""
    load = machine.load()
    speeds, peaks, others = {}, [peak], 0.0
    for name, measure in measurements.items():
        started = machine.times()
        speeds[name] = measure()
        others = max(others, machine.others_since(started))
        peaks.append(machine.peak())
    return Round(speeds, peaks, others, load)


def measure(measurements, machine, count, tell):
    """The rounds; tell(number, round) after each."""
    rounds = []
    peak = machine.peak()
    for number in range(1, count + 1):
        rounds.append(measure_round(measurements, machine, peak))
        peak = rounds[-1].peaks[-1]
        tell(number, rounds[-1])
    return rounds


def spread(values, digits=2):
    """Median and range, in words."""
    return (f"{statistics.median(values):.{digits}f} "
            f"({min(values):.{digits}f} to {max(values):.{digits}f})")


class Table:
    """A line for each round, and the medians: names are columns of speeds, ratios follow them."""

    def __init__(self, names, ratios, digits=0):
        self.names, self.ratios, self.digits = names, ratios, digits
        self.titles = [*names, *(ratio.title for ratio in ratios), "peak", "moved", "others", "load"]
        self.widths = [max(len(title), 8) for title in self.titles]

    def line(self, first, cells, behind=""):
        padded = (f"{cell:>{width}}" for cell, width in zip(cells, self.widths))
        return f"{first:<7}{'  '.join(padded)}{behind}".rstrip()

    def head(self):
        return self.line("round", self.titles)

    def cells(self, speeds, ratios):
        return [*(f"{speed:.{self.digits}f}" for speed in speeds), *(f"{r:.2f}" for r in ratios)]

    def row(self, number, it):
        cells = self.cells([it.speeds[name] for name in self.names],
                           [ratio.of(it.speeds) for ratio in self.ratios])
        cells += [f"{statistics.median(it.peaks):.0f}", f"{100 * it.moved():.1f}%",
                  f"{100 * it.others:.1f}%", f"{it.load:.2f}"]
        faults = it.faults()
        return self.line(f"{number}{' x' if faults else ''}", cells,
                         f"   left out: {', and '.join(faults)}" if faults else "")

    def medians(self, rounds):
        """The last lines, of the rounds that count; None where none does."""
        kept = [it for it in rounds if not it.faults()]
        if not kept:
            return None
        ratios = {ratio.title: [ratio.of(it.speeds) for it in kept] for ratio in self.ratios}
        middle = self.cells([statistics.median(it.speeds[name] for it in kept) for name in self.names],
                            [statistics.median(values) for values in ratios.values()])
        peaks = statistics.median(peak for it in kept for peak in it.peaks)
        lines = [self.line("median", [*middle, f"{peaks:.0f}"])]
        lines += [f"{title}: {spread(values)}" for title, values in ratios.items()]
        lines.append(f"of {len(kept)} rounds; {len(rounds) - len(kept)} of {len(rounds)} left out")
        return "\n".join(lines)


NONE_LEFT = (f"no round is left: in each the cores' FMA peak moved by more than {100 * MOST_MOVED:.0f}%, or other "
             f"programs took more than {100 * MOST_OTHERS:.0f}% of their time; end what else runs here, or ask "
             "for more rounds")
