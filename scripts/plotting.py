"""What the scripts that draw have in common: how a picture looks, how long curves are made short, and how a
picture is written. Needs Debian's python3-matplotlib."""
import io
import logging
import os

from run_metrics import fail

RUN_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
NEUTRAL = "#606060"
MOST_POINTS = 2000  # of a line; of more than that the SVG grows and the eye sees nothing


logging.getLogger("matplotlib").setLevel(logging.ERROR)  # no word of font caches
try:
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
except ImportError as missing:
    fail(f"matplotlib cannot be loaded ({missing}); on Debian: apt-get install python3-matplotlib")

STYLE = {
    "svg.hashsalt": "lambert",  # the same ids in the SVG each time
    "svg.fonttype": "none",     # text as text
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": NEUTRAL,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "xtick.color": NEUTRAL,
    "ytick.color": NEUTRAL,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": 9,
}


def smooth(values, weights, half):
    """Weighted means over 2 half + 1 values; at the ends, over those of them that there are."""
    here = np.arange(len(values))
    first, behind = np.maximum(here - half, 0), np.minimum(here + half + 1, len(values))
    known = np.isfinite(values) & np.isfinite(weights)
    sums = np.cumsum(np.concatenate([[0], np.where(known, values * weights, 0)]))
    totals = np.cumsum(np.concatenate([[0], np.where(known, weights, 0)]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (sums[behind] - sums[first]) / (totals[behind] - totals[first])


def envelope(x, y):
    """Of many points, the lowest and the highest of each stretch."""
    if len(x) <= MOST_POINTS:
        return x, y
    stretches = np.array_split(np.arange(len(x)), MOST_POINTS // 2)
    low_high = np.where(np.isfinite(y), y, np.inf), np.where(np.isfinite(y), y, -np.inf)
    keep = np.unique([(s[np.argmin(low_high[0][s])], s[np.argmax(low_high[1][s])])
                      for s in stretches])
    return x[keep], y[keep]


def save(path, write, **options):
    """Under a temporary name first, so that no half picture is left."""
    picture = io.BytesIO()
    write(picture, **options)
    try:
        with open(path + ".tmp", "wb") as file:
            file.write(picture.getvalue())
        os.replace(path + ".tmp", path)
    except OSError as error:
        if os.path.isfile(path + ".tmp"):
            os.remove(path + ".tmp")
        fail(f"cannot write {path}: {error.strerror}")


def save_both(figure, output):
    """PICTURE.png and PICTURE.svg; the name may end with either."""
    output = output[:-4] if output.endswith((".png", ".svg")) else output
    for axes in figure.axes:
        if not axes.get_title():
            axes.set_title("", y=1)  # else a place for it is sought above all labels, each time
    # The layout once for both, as it takes as long as to draw one; savefig() would draw each a second time for its sake.
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine("none")
    figure.set_dpi(130)
    save(output + ".png", FigureCanvasAgg(figure).print_png)
    save(output + ".svg", FigureCanvasSVG(figure).print_svg, metadata={"Date": None})
