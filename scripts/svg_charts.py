"""Charts as SVG that stands in an HTML page: lines over a number, and horizontal bars. Wants nothing but Python.

Colours and fonts are the page's: a line of class "c2" is drawn in what the page's style says of it, and so follows light
and dark. Titles and legends are the page's as well, being text that wraps. What lies under the pointer is told by the
browser, in titles of strips of the chart: there is no program in the page.
"""
import math
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 460, 250
TOP, BOTTOM, RIGHT = 22, 24, 12  # around the plot, in the units of WIDTH; left of it is what the numbers need
DIGIT = 7.2                      # how wide one is, in the same units
STRIPS = 46                      # of a chart, with a title each
COLUMNS = 400                    # that a line of many points is thinned to: of more the eye sees nothing


@dataclass
class Curve:
    """A line, or points with a thin line between them; NaN leaves a gap in it."""
    label: str
    colour: str                # class of the page's style
    x: list
    y: list
    style: str = ""            # more classes: "raw", "dashed"
    dots: bool = False
    told: bool = True          # whether titles name its values
    value: callable = None     # number -> text in titles


@dataclass
class Chart:
    curves: list
    x_name: str
    x_last: float
    y_name: str = ""
    zero: bool = False          # whether 0 is in the picture
    log: bool = False
    most: float = math.inf      # no axis goes beyond
    percent: bool = False       # y is a share
    phases: list = field(default_factory=list)  # (x where it begins, name, class)


# --- numbers --------------------------------------------------------------------------------------

def engineering(value):
    """1234567 -> 1.23M"""
    for limit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.4g}"


def tick_step(span, wanted):
    """1, 2 or 5 times a power of ten, so that about so many fit."""
    rough = span / wanted
    power = 10 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def linear_ticks(low, high, wanted):
    step = tick_step(high - low, wanted)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low, high):
    """Powers of ten, every so manieth; where there are fewer than three, 2 and 5 times them as well."""
    decades = list(range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1))
    inside = [10.0 ** d for d in decades if low <= 10.0 ** d <= high]
    if len(inside) < 3:
        inside = [f * 10.0 ** d for d in decades for f in (1, 2, 5) if low <= f * 10.0 ** d <= high]
    return inside[::math.ceil(len(inside) / 6)]


def finite(values):
    return [value for value in values if math.isfinite(value)]


def y_range(chart):
    """(lowest, highest) of the axis; a little room around what is drawn. Of curves that are not smoothed, outliers do
    not count: they would press all else flat, and are cut off at the edge."""
    values = []
    for curve in chart.curves:
        known = sorted(v for v in finite(curve.y) if not chart.log or v > 0)
        left_out = len(known) // 20 if "raw" in curve.style else 0
        values += known[left_out:len(known) - left_out]
    if not values:
        return (1, 10) if chart.log else (0, 1)
    low, high = min(values), max(values)
    if chart.log:
        return low / 1.2, high * 1.2
    if chart.zero:
        low, high = min(low, 0), max(high, 0)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1
    return low - (room if low != 0 or not chart.zero else 0), min(high + room, max(high, chart.most))


def y_text(chart, value):
    if chart.percent:
        return f"{100 * value:.4g}%"
    return f"{value:.4g}" if abs(value) < 1000 or chart.log and value < 1e4 else engineering(value)


# --- lines ------------------------------------------------------------------------------------------

def smooth(values, weights, half):
    """Weighted means over 2 half + 1 values; at the ends, over those of them that there are. NaN is left out."""
    sums, totals = [0.0], [0.0]
    for value, weight in zip(values, weights):
        known = math.isfinite(value) and math.isfinite(weight)
        sums.append(sums[-1] + (value * weight if known else 0))
        totals.append(totals[-1] + (weight if known else 0))
    means = []
    for here in range(len(values)):
        first, behind = max(0, here - half), min(len(values), here + half + 1)
        total = totals[behind] - totals[first]
        means.append((sums[behind] - sums[first]) / total if total > 0 else math.nan)
    return means


def thinned(x, y):
    """Of many points, the lowest and the highest of each stretch."""
    if len(x) <= 2 * COLUMNS:
        return list(zip(x, y))
    points = []
    for column in range(COLUMNS):
        stretch = range(column * len(x) // COLUMNS, (column + 1) * len(x) // COLUMNS)
        known = [i for i in stretch if math.isfinite(y[i])]
        kept = {min(known, key=y.__getitem__), max(known, key=y.__getitem__)} if known else {stretch[0]}
        points += [(x[i], y[i]) for i in sorted(kept)]
    return points


class Plane:
    """Where numbers lie on the paper."""

    def __init__(self, chart):
        self.chart = chart
        self.low, self.high = y_range(chart)
        self.ticks = log_ticks(self.low, self.high) if chart.log else linear_ticks(self.low, self.high, 6)
        self.left = 10 + DIGIT * max((len(y_text(chart, tick)) for tick in self.ticks), default=1)
        self.right, self.bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        self.x_last = chart.x_last or 1

    def x(self, value):
        return self.left + (self.right - self.left) * value / self.x_last

    def y(self, value):
        if not math.isfinite(value) or self.chart.log and value <= 0:
            return math.nan
        if self.chart.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.bottom + (TOP - self.bottom) * min(1, max(0, share))


def axes_of(plane):
    chart, parts = plane.chart, []
    for tick in plane.ticks:
        y = plane.y(tick)
        parts.append(f'<path class="grid" d="M{plane.left:.1f} {y:.1f}H{plane.right:.1f}"/>'
                     f'<text class="end" x="{plane.left - 6:.1f}" y="{y + 4:.1f}">{y_text(chart, tick)}</text>')
    for tick in linear_ticks(0, plane.x_last, 5):
        x, text = plane.x(tick), engineering(tick)
        anchor = "end" if x + DIGIT * len(text) / 2 > WIDTH else "middle"
        parts.append(f'<path class="axis" d="M{x:.1f} {plane.bottom:.1f}v4"/>'
                     f'<text class="{anchor}" x="{min(x, WIDTH - 1):.1f}" y="{plane.bottom + 17:.1f}">{text}</text>')
    parts.append(f'<path class="axis" d="M{plane.left:.1f} {plane.bottom:.1f}H{plane.right:.1f}"/>')
    return parts


def phases_of(plane):
    """A line where each phase begins, and its name where there is room for it."""
    parts, room = [], -math.inf
    for begin, name, colour in plane.chart.phases:
        x = plane.x(begin)
        shown = name if len(name) <= 14 else name[:13] + "…"
        parts.append(f'<path class="phase {colour}" d="M{x:.1f} {TOP - 6}V{plane.bottom:.1f}"/>')
        if x >= room and x + DIGIT * len(shown) < WIDTH:
            parts.append(f'<text class="name" x="{x + 3:.1f}" y="{TOP - 9}">{escape(shown)}</text>')
            room = x + DIGIT * (len(shown) + 1)
    return parts


def curve_of(plane, curve):
    path, pen, parts = [], "M", []
    places = [(plane.x(x), plane.y(y)) for x, y in thinned(curve.x, curve.y)]
    for x, y in places:
        if math.isfinite(y):
            path.append(f"{pen}{x:.1f} {y:.1f}")
            pen = "L"
        else:
            pen = "M"
    if path:
        parts.append(f'<path class="line {curve.colour} {curve.style}{" thin" if curve.dots else ""}" '
                     f'd="{"".join(path)}"/>')
    known = [(x, y) for x, y in places if math.isfinite(y)]
    if curve.dots or len(known) == 1:  # a line through one point is not seen
        radius = 3 if len(known) <= 60 else 1.8
        parts += [f'<circle class="dot {curve.colour}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>' for x, y in known]
    return parts


def strips_of(plane):
    """Strips that tell, under the pointer, the values that lie in them."""
    chart, width = plane.chart, (plane.right - plane.left) / STRIPS
    told = [{} for _ in range(STRIPS)]  # of each, curve -> its last point there
    for c, curve in enumerate(chart.curves):
        for x, y in zip(curve.x, curve.y):
            if curve.told and math.isfinite(y):
                strip = min(STRIPS - 1, int(STRIPS * x / plane.x_last))
                told[strip][c] = (x, y)
    parts = []
    for s, points in enumerate(told):
        if not points:
            continue
        lines = []
        for c, (x, y) in points.items():
            curve = chart.curves[c]
            text = curve.value(y) if curve.value else y_text(chart, y)
            lines.append(f"{curve.label}: {text} at {x:.0f} {chart.x_name}")
        parts.append(f'<rect class="strip" x="{plane.left + s * width:.1f}" y="{TOP}" width="{width:.1f}" '
                     f'height="{plane.bottom - TOP:.1f}"><title>{escape(chr(10).join(lines))}</title></rect>')
    return parts


def draw(chart, description):
    """The SVG element of a chart."""
    plane = Plane(chart)
    parts = axes_of(plane) + phases_of(plane)
    for curve in chart.curves:
        parts += curve_of(plane, curve)
    parts += strips_of(plane)
    return (f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(description)}">'
            + "".join(parts) + "</svg>")


def bar(shares, description):
    """One horizontal bar: [(share, class, title), ...], whose shares add up to 1 at most."""
    parts, x = [], 0.0
    for share, colour, title in shares:
        width = 1000 * share
        parts.append(f'<rect class="part {colour}" x="{x:.2f}" y="0" width="{width:.2f}" height="24">'
                     f"<title>{escape(title)}</title></rect>")
        x += width
    return (f'<svg class="bar" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" '
            f'aria-label="{escape(description)}">' + "".join(parts) + "</svg>")
