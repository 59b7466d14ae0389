"""Curves of bench.growth: `plot.py growth.json growth.svg`. Runs in an environment of its own: matplotlib alone."""

import json
import sys
from typing import Any


def draw(source: str, target: str) -> None:
    import matplotlib  # type: ignore[import-not-found,unused-ignore]

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "autoglm", "font.size": 9})  # the same figures, the same file
    from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]

    with open(source, encoding="utf-8") as file:
        content: dict[str, Any] = json.load(file)
    rows = (("streams", "streams at the same time"), ("context", "tokens of the prompt, 4 streams"))
    columns = ("tokens/s", "TTFT P50 s", "PSS MiB")
    figure, axes = pyplot.subplots(len(rows), len(columns), figsize=(11, 6), layout="constrained")
    for row, (kind, label) in zip(axes, rows, strict=True):
        for axis, column in zip(row, columns, strict=True):
            for side, points in content["figures"].items():
                found = [(point["x"], point[column]) for point in points[kind]]
                axis.plot(*zip(*found, strict=True), marker="o", markersize=3, label=side)
            axis.set_xscale("log", base=2)
            axis.set_ylim(bottom=0)
            axis.set_xlabel(label)
            axis.set_title(column)
            axis.grid(visible=True, alpha=0.3)
    axes[0][0].legend()
    about = content["about"]
    figure.suptitle(f"{about['model']} model, {about['threads']} thread(s), {about['processor']}, {about['date']}")
    figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    draw(sys.argv[1], sys.argv[2])
