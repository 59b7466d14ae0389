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
    """`state`: running, waiting (for the API), backoff (ended, starts again soon), stopped; memory is resident MiB."""

    process: str
    pid: int | None
    state: str
    restarts: int
    since: datetime
    last_exit: str
    memory: float


@dataclass(frozen=True)
class ClusterStatus:
    """`memory`: all processes of the node, its pods included, in MiB; pages that several share count in each."""

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


def node_ready(s: ClusterSettings, since: datetime | None = None) -> bool:
    """As said by the kubelet, `since` that time: the API keeps what a kubelet said before it was killed."""
    node = admin_api(s).get(f"/api/v1/nodes/{s.node}") or {}
    for condition in node.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            fresh = since is None or datetime.fromisoformat(condition["lastHeartbeatTime"]) >= since
            return fresh and condition["status"] == "True"
    return False


def dns_serves(s: ClusterSettings, since: datetime) -> bool:
    """A DNS pod whose containers started `since` that time is ready, and no other version of it is on its way."""
    deployment = admin_api(s).get("/apis/apps/v1/namespaces/kube-system/deployments/coredns")
    pods = admin_api(s).get("/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns")
    if deployment is None or pods is None:
        return False
    now = deployment.get("status", {})
    current = now.get("observedGeneration") == deployment["metadata"]["generation"]
    complete = now.get("updatedReplicas") == now.get("replicas") == deployment["spec"]["replicas"]
    return bool(current and complete and any(_serves(pod["status"], since) for pod in pods["items"]))


def _serves(pod: dict[str, Any], since: datetime) -> bool:
    containers = pod.get("containerStatuses", [])
    started = [c["state"]["running"]["startedAt"] for c in containers if c["ready"] and "running" in c["state"]]
    return bool(started) and all(datetime.fromisoformat(time) >= since for time in started)


def table(state: ClusterStatus) -> str:
    """For people."""
    node = "Ready" if state.node_ready else "not ready" if state.running else "stopped"
    own = sum(row.memory for row in state.rows)
    lines = [f"cluster {state.name}: node {node}, {own:.0f} MiB ({state.memory:.0f} with its pods)"]
    lines += [f"problem: {state.problem}"] if state.problem else []
    if state.rows:
        lines.append(f"{'PROCESS':25}{'PID':>8}  {'STATE':9}{'RESTARTS':>8}{'MIB':>7}  SINCE (UTC)          LAST EXIT")
    for row in state.rows:
        lines.append(
            f"{row.process:25}{row.pid or '-':>8}  {row.state:9}{row.restarts:>8}{row.memory:>7.0f}"
            f"  {row.since:%Y-%m-%d %H:%M:%S}  {row.last_exit}"
        )
    return "\n".join(line.rstrip() for line in lines)
