"""The region's own rules in a real Prometheus over a drill's programs, in a hurry: which alerts does a fault fire?

Thresholds and figures are the rules' own. Minutes become seconds, and an alert need not last: `promtool test rules`
plays how long (tests/components/monitoring/cases.py).
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.platform.monitoring import alerts, rules, scrape
from components.platform.monitoring.watched import Watched
from tests.drill.rows import Row
from tests.harness import prometheus
from tests.harness.ports import free_ports
from tests.harness.prometheus import Process
from tests.harness.waiting import until

_PATIENCE = 120.0
_PACE = "1s"
# Long enough for a fault that is made again and again, as restarts; else as short as figures come.
_SECONDS = {"30s": 1, "5m": 5, "10m": 10, "15m": 20, "30m": 120, "1h": 120, "6h": 180, "3d": 240}
_RANGE = re.compile(r"\[(\w+)(?::(\w+))?\]")


def hurried(watched: Watched) -> dict[str, Any]:
    """The region's rule file, with seconds for minutes."""
    made = rules.document(alerts.groups(watched), stack=watched.stack, runbooks=watched.runbooks)
    for group in made["groups"]:
        for rule in group["rules"]:
            rule["expr"] = _RANGE.sub(_shorter, rule["expr"])
            if "alert" in rule:
                rule["for"] = "0s"
    return made


def _shorter(found: re.Match[str]) -> str:
    return "[" + ":".join(f"{_SECONDS[part]}s" for part in found.groups() if part) + "]"


@dataclass(frozen=True)
class Watch:
    """Several faults may be in force at a time; each alert is asked for once."""

    process: Process

    def firing(self, seconds: float = 3.0) -> set[str]:
        """Alerts that fired at some time within the last seconds."""
        found = self.process.query(f'present_over_time(ALERTS{{alertstate="firing"}}[{seconds:.0f}s])')
        return {series["metric"]["alertname"] for series in found}

    def fires(self, fault: str, names: Sequence[str], make: Callable[[], object] | None) -> Row:
        """Makes the fault, if it is not there from the start, and waits for its alerts. Whether one fired before is
        said: on a busy machine disks are slow, and figures late, without our doing."""
        early = self.firing() & {*names} if make else set[str]()
        began = time.monotonic()
        if make:
            make()

        def missing() -> set[str]:
            return {*names} - self.firing(time.monotonic() - began + 1)

        late = set[str]()
        try:
            until(lambda: not missing(), "alerts fire", _PATIENCE, pause=0.5)
        except AssertionError:
            late = missing()
        said = f"{', '.join(sorted(early))} before; " * bool(early) + f"{', '.join(sorted(late))} never; " * bool(late)
        return Row(
            fault=fault,
            promise=f"fires {', '.join(names)}",
            found=said + f"after {time.monotonic() - began:.0f} s",
            passed=not late,
        )


@contextmanager
def watching(
    folder: Path,
    watched: Watched,
    jobs: Mapping[str, Sequence[str]],
    *,
    alertmanager: str = "127.0.0.1:1",
    more: Sequence[Mapping[str, Any]] = (),
) -> Iterator[Watch]:
    """`jobs`: addresses by the job's name, beside Prometheus' own; `more`: groups of rules beside the region's."""
    folder.mkdir(parents=True)
    (port,) = free_ports(1)
    jobs = {**jobs, f"{watched.stack}-prometheus": [f"127.0.0.1:{port}"]}
    document = hurried(watched)
    document["groups"] += more
    (folder / scrape.RULES).write_text(json.dumps(document))
    told = [scrape.by_address(job, *addresses) | {"scrape_timeout": _PACE} for job, addresses in jobs.items()]
    config = scrape.config(told, stack=watched.stack, alertmanagers=[alertmanager])
    config["global"] |= {"scrape_interval": _PACE, "evaluation_interval": _PACE}
    with prometheus.prometheus(folder, config, f"--web.listen-address=127.0.0.1:{port}") as process:
        until(lambda: _asked(process, jobs), "all targets are asked")
        yield Watch(process)


def _asked(process: Process, jobs: Mapping[str, Sequence[str]]) -> bool:
    found = process.query("up == 1")
    return len(found) == sum(map(len, jobs.values()))
