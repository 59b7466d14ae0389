"""`make preview STACK=all`: every file of stacks/, side by side, each with a backend of its own that is thrown away."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools import regions
from tools.paths import ROOT, TOOLS
from tools.preview import Outcome, preview
from tools.preview_text import lacking
from tools.process import ToolError
from tools.stack import Stack
from tools.steps import HEARTBEAT, Clock
from tools.trial import overlay

MEMORY = 1.0  # GiB that one preview takes: the engine, the program with its SDK, three provider plugins


@dataclass(frozen=True, kw_only=True)
class Row:
    """`outcome` None: there is no plan, and `problem` says why."""

    stack: str
    outcome: Outcome | None
    problem: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome is not None and self.outcome.passed

    def cells(self) -> tuple[str, ...]:
        if self.outcome is None:
            return (self.stack, "", "", "", "", "", "FAILED")
        found = self.outcome
        costs = found.estimate
        return (
            self.stack,
            str(found.resources),
            f"{costs.min_usd:,.0f}{'+' if costs.unknown else ''}" if costs else "",
            f"{costs.max_usd:,.0f}{'+' if costs.unknown else ''}" if costs else "",
            str(len(found.report.mandatory)),
            f"{found.seconds:.1f}",
            "ok" if found.passed else "VIOLATES",
        )


HEADS = ("stack", "resources", "USD/month min", "max", "violations", "seconds", "result")


def names() -> list[str]:
    """Every stack that has a file."""
    return sorted(path.stem for path in (ROOT / "stacks").glob("*.yaml"))


def workers(stacks: int, memory: float) -> int:
    """How many previews at a time; `memory` is what is free, in GiB."""
    return max(1, min(stacks, len(os.sched_getaffinity(0)), int(memory / MEMORY)))


class _Progress:
    """What the previews under way say, in one line now and then."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._guard = clock, threading.Lock()
        self._said: dict[str, str] = {}
        self._last = time.monotonic()

    def tell(self, name: str, text: str) -> None:
        with self._guard:
            self._said[name] = text.removeprefix("… ")
            if time.monotonic() - self._last >= HEARTBEAT:
                self._clock.line(f"… {'; '.join(f'{one}: {said}' for one, said in sorted(self._said.items()))}")
                self._last = time.monotonic()

    def end(self, name: str) -> None:
        with self._guard:
            self._said.pop(name, None)


def preview_all(stacks: Sequence[str], clock: Clock, *, memory: float) -> list[Row]:
    """In the order of `stacks`. A stack that can't be previewed is a row that says so."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="preview-", dir=TOOLS))
    rows: dict[str, Row] = {}
    progress = _Progress(clock)
    pool = ThreadPoolExecutor(workers(len(stacks), memory))
    try:
        for future in as_completed([pool.submit(partial(_row, name, folder / name, progress)) for name in stacks]):
            row = future.result()
            progress.end(row.stack)
            rows[row.stack] = row
            clock.line(f"{row.stack}: {_result(row)} ({len(rows)} of {len(stacks)})")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(folder, ignore_errors=True)
    return [rows[name] for name in stacks]


def _row(name: str, folder: Path, progress: _Progress) -> Row:
    try:
        region = regions.load(name)
        stack = Stack(name, folder)
        stack.prepare(region.with_overlay(overlay(region)))
        return Row(stack=name, outcome=preview(region, stack, partial(progress.tell, name)))
    except ToolError as error:
        return Row(stack=name, outcome=None, problem=str(error))


def _result(row: Row) -> str:
    if row.outcome is None:
        return "no plan"
    count = len(row.outcome.report.mandatory)
    return f"{row.outcome.resources} resources" + (f", {count} violations" if count else "")


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The summary, then what went wrong, stack by stack."""
    cells = [HEADS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    for line in cells:
        shown = [
            cell.ljust(width) if column in (0, len(HEADS) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(shown).rstrip()
    if any(row.outcome and row.outcome.estimate and row.outcome.estimate.unknown for row in rows):
        yield "+: without what has no known price"
    for row in rows:
        yield from _details(row)


def _details(row: Row) -> Iterator[str]:
    if row.outcome is None:
        yield f"\n{row.stack}: no plan: {row.problem}"
        return
    for found in row.outcome.report.mandatory:
        yield f"\n{row.stack}: {found}"
    if row.outcome.estimate and row.outcome.estimate.unknown:
        yield f"\n{row.stack}: its cost is{lacking(row.outcome.estimate).removeprefix(',')}"
