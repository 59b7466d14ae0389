"""What runs of a cluster, from the record of its init and the machine's process table."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tools.cluster.api import Api
from tools.cluster.host import find_init, members
from tools.cluster.settings import ClusterSettings


@dataclass(frozen=True)
class ProcessRow:
    """`state` is running, waiting (for the API), backoff (ended, starts again soon) or stopped; memory in MiB resident."""

    process: str
    pid: int | None
    state: str
    restarts: int
    since: datetime
    last_exit: str
    memory: float


@dataclass(frozen=True)
class ClusterStatus:
    """`memory` is that of all processes of the node, its pods included, in MiB; pages that several share count in each."""

    name: str
    init: int | None
    node_ready: bool
    problem: str
    rows: tuple[ProcessRow, ...]
    memory: float

    @property
    def running(self) -> bool:
        return self.init is not None

    @property
    def healthy(self) -> bool:
        """Every process runs and the node is Ready."""
        return self.node_ready and bool(self.rows) and all(row.state == "running" for row in self.rows)


def status(s: ClusterSettings) -> ClusterStatus:
    init = find_init(s)
    recorded = read_state(s)
    held = members(s) if init else []
    by_inner = {member.inner: member for member in held if member.inner is not None}
    rows = []
    for row in recorded.get("processes", []):
        member = by_inner.get(row["pid"]) if init and row["pid"] else None
        rows.append(
            ProcessRow(
                process=row["name"],
                pid=member.pid if member else None,
                state=row["state"] if init else "stopped",
                restarts=row["restarts"],
                since=datetime.fromtimestamp(row["since"], UTC),
                last_exit=row["last_exit"],
                memory=member.memory if member else 0.0,
            )
        )
    return ClusterStatus(
        name=s.name,
        init=init,
        node_ready=init is not None and node_ready(s),
        problem=recorded.get("problem", ""),
        rows=tuple(rows),
        memory=sum(member.memory for member in held),
    )


def read_state(s: ClusterSettings) -> dict[str, Any]:
    """The init's own record; empty if it never came so far."""
    try:
        state: dict[str, Any] = json.loads((s.folder / "state.json").read_text())
    except (OSError, ValueError):
        return {}
    return state


def admin_api(s: ClusterSettings) -> Api:
    return Api(s.api_server, s.certificate("ca"), (s.certificate("admin"), s.key("admin")))


def node_ready(s: ClusterSettings) -> bool:
    node = admin_api(s).get(f"/api/v1/nodes/{s.node}") or {}
    conditions = {c["type"]: c["status"] for c in node.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True"


def table(state: ClusterStatus) -> str:
    """For people."""
    node = "Ready" if state.node_ready else "not ready" if state.running else "stopped"
    lines = [f"cluster {state.name}: node {node}, {state.memory:.0f} MiB"]
    lines += [f"problem: {state.problem}"] if state.problem else []
    if state.rows:
        lines.append(f"{'PROCESS':25}{'PID':>8}  {'STATE':9}{'RESTARTS':>8}{'MIB':>7}  SINCE (UTC)          LAST EXIT")
    for row in state.rows:
        lines.append(
            f"{row.process:25}{row.pid or '-':>8}  {row.state:9}{row.restarts:>8}{row.memory:>7.0f}"
            f"  {row.since:%Y-%m-%d %H:%M:%S}  {row.last_exit}"
        )
    return "\n".join(line.rstrip() for line in lines)
