"""A region to watch, as the tests see it."""

from dataclasses import replace
from typing import Any

from components.platform.monitoring import alerts, rules
from components.platform.monitoring.watched import Costs, Watched

WATCHED = Watched(
    stack="t",
    serving="t-serving",
    gateway="t-gateway",
    etcd="t-etcd",
    keeper="t-etcd-keeper",
    gpus="t-gpus",
    own=True,
    servers=2,
    gateways=1,
    members=3,
    snapshot_seconds=3600,
    costs=Costs(base=1.5, server=3, budget=5000),
    runbooks="https://example.com/runbooks.md",
)


def document(**changes: Any) -> dict[str, Any]:
    """The region's rule file."""
    watched = replace(WATCHED, **changes)
    return rules.document(alerts.groups(watched), stack=watched.stack, runbooks=watched.runbooks)
