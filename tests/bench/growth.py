"""`python -m tests.bench.growth docs/growth.svg`: how times and memory grow up to a million photos."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from tests.bench.large import figures
from tests.bench.report import RUNS, machine

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
# Of what tests.bench.large_run measures: words, what to multiply with, colour.
TIMES = {
    "meaning": ("meaning, text tower excluded", 1, "#1769E0"),
    "filtered": ("date range and label", 1, "#3FB68B"),
    "first_screen": ("catalog opened, newest 500 photos", 1000, "#E6A23C"),
    "table": ("all photos' rows, in the background", 1000, "#646B75"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="the picture to write, for example docs/growth.svg")
    parser.add_argument("--runs", type=int, default=RUNS)
    arguments = parser.parse_args()
    found = []
    for size in SIZES:
        print(f"{size:,} photos …", file=sys.stderr, flush=True)
        found.append(figures(size, arguments.runs))
    draw(found).savefig(arguments.file, metadata={"Date": None})


def draw(found: list[dict[str, float]]) -> Figure:
    """Times on the left, memory on the right, both axes logarithmic."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    times, memory = figure.subplots(1, 2)
    sizes = [figures["photos"] for figures in found]
    for key, (words, factor, colour) in TIMES.items():
        times.plot(sizes, [factor * one[key] for one in found], "o-", color=colour, label=words, markersize=3)
    times.set_title("milliseconds", fontsize=10)
    resident = [1000 * one["vectors_resident"] for one in found]
    memory.plot(sizes, resident, "o-", color="#1769E0", label="vectors and index", markersize=3)
    memory.axhline(1800, color="#E5534B", linewidth=0.8, linestyle="--", label="limit at a million")
    memory.set_title("megabytes resident", fontsize=10)
    for axes in (times, memory):
        _dress(axes)
    figure.suptitle(machine(), fontsize=7)
    return figure


def _dress(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("photos", fontsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.tick_params(labelsize=8)
    axes.grid(color="#E3E6EA", linewidth=0.6)
    axes.legend(fontsize=7, frameon=False)


if __name__ == "__main__":
    main()
