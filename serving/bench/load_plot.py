"""Plots of a load test: `load_plot.py outcomes.json folder`. Runs in an environment of its own: matplotlib alone."""

import json
import math
import sys
from pathlib import Path
from typing import Any


def draw(source: str, folder: str) -> None:
    import matplotlib  # type: ignore[import-not-found,unused-ignore]

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "autoglm", "font.size": 9})
    with open(source, encoding="utf-8") as file:
        content: dict[str, Any] = json.load(file)
    fine = [one for one in content["outcomes"] if one["error"] is None]
    failed = [one for one in content["outcomes"] if one["error"] is not None]
    _over_time(fine, failed, content, Path(folder) / "over-time.svg")
    _distributions(fine, Path(folder) / "distributions.svg")


def _over_time(fine: list[Any], failed: list[Any], content: dict[str, Any], target: Path) -> None:
    from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]

    figure, (above, below) = pyplot.subplots(2, 1, figsize=(9, 5), sharex=True, layout="constrained")
    above.plot([one["due"] for one in fine], [one["first"] - one["due"] for one in fine], ".", label="first token")
    above.plot([one["due"] for one in fine], [one["ended"] - one["due"] for one in fine], ".", label="whole answer")
    if failed:
        above.plot([one["due"] for one in failed], [0] * len(failed), "x", color="red", label="failed")
    above.axhline(content["promise"]["first_token"], color="gray", linestyle=":", label="promised first token")
    above.set_ylabel("seconds")
    above.set_ylim(bottom=0)
    above.legend()
    every = fine + failed
    width = max(1, math.ceil(content["seconds"] / 60))
    edges = [width * place for place in range(int(max(one["ended"] for one in every) / width) + 2)]
    below.hist([[one["due"] for one in every], [one["ended"] for one in fine]], edges, label=["came", "answered"])
    below.set_xlabel("seconds since the beginning")
    below.set_ylabel(f"requests in {width} s")
    below.legend()
    figure.savefig(target, metadata={"Date": None})


def _distributions(fine: list[Any], target: Path) -> None:
    from matplotlib import pyplot

    columns = {
        "first token, s": [one["first"] - one["due"] for one in fine],
        "a token after the first, s": [
            (one["ended"] - one["first"]) / (one["tokens"] - 1) for one in fine if one["tokens"] > 1
        ],
        "whole answer, s": [one["ended"] - one["due"] for one in fine],
    }
    figure, axes = pyplot.subplots(1, len(columns), figsize=(9, 3), layout="constrained")
    for axis, (label, values) in zip(axes, columns.items(), strict=True):
        ordered = sorted(values)
        axis.plot(ordered, [100 * (place + 1) / len(ordered) for place in range(len(ordered))])
        axis.set_xlabel(label)
        axis.set_xlim(left=0)
        axis.set_ylabel("% of requests")
        axis.grid(visible=True, alpha=0.3)
    figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    draw(sys.argv[1], sys.argv[2])
