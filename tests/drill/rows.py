"""The drill's table: a fault, what was promised, what was found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Row:
    fault: str
    promise: str
    found: str
    passed: bool


def table(rows: Iterable[Row]) -> list[str]:
    """One line a row, in columns."""
    cells = [("fault", "promised", "found", "")]
    cells += [(row.fault, row.promise, row.found, "ok" if row.passed else "FAILED") for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(3)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]) for line in cells
    ]


def spread(seconds: Sequence[float]) -> str:
    """Median, nine in ten, and most: `1.2 / 1.6 / 1.9 s of 20`."""
    ordered = sorted(seconds)
    tenth = ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))]
    return f"{median(ordered):.2f} / {tenth:.2f} / {ordered[-1]:.2f} s of {len(ordered)}"
