"""From a region's description to what watches it. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components import running_costs, telemetry
from components.connections import Pods, workload
from components.platform import gpu_metrics
from components.platform.monitoring.operator import OperatorMonitoringArgs
from components.platform.monitoring.own import Images, OwnMonitoringArgs
from components.platform.monitoring.receivers import Receiver
from components.platform.monitoring.rules import Severity
from components.platform.monitoring.scrape import RemoteWrite, SecretKey, Target
from components.platform.monitoring.watched import Objectives, Watched
from components.types import Resources, Upstream, Volume
from components.workloads import etcd_keeper, etcd_member, gateway_config
from components.workloads.etcd_snapshots import Snapshots

if TYPE_CHECKING:
    from stacks import monitoring
    from stacks.schema import RegionSpec

_SERVING_PORT = 8000
_SEVERITIES = {"page": Severity.PAGE, "ticket": Severity.TICKET, "heartbeat": Severity.NONE}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a region's file does not say by itself. `gpus`: the pods that tell of its cards; `snapshots`: of etcd;
    `room`: where requests wait; `collector`: of spans."""

    gpus: Pods | None
    snapshots: Snapshots | None
    room: Upstream | None = None
    collector: Upstream | None = None


def targets(name: str, seen: Seen) -> tuple[Target, ...]:
    """Every workload of the region `name` that shows figures."""
    gpus, room = seen.gpus, seen.room
    found = [
        Target(
            job=f"{name}-serving", pods=workload("serving", f"{name}-serving"), port=_SERVING_PORT, port_name="http"
        ),
        Target(job=f"{name}-gateway", pods=workload("gateway", f"{name}-gateway"), port=gateway_config.METRICS_PORT),
        Target(job=f"{name}-etcd", pods=workload("etcd", f"{name}-etcd"), port=etcd_member.METRICS_PORT),
        Target(
            job=f"{name}-etcd-keeper",
            pods=workload("etcd-keeper", f"{name}-etcd-keeper"),
            port=etcd_keeper.METRICS_PORT,
        ),
    ]
    if room:
        pods = Pods(name=room.name, labels=room.pods)
        found.append(Target(job=room.name, pods=pods, port=room.port, port_name="http"))
    if seen.collector:
        found.append(telemetry.target(seen.collector))
    if gpus:
        host = f"{gpus.name}.{gpus.namespace}.svc"
        found.append(Target(job=f"{name}-gpus", pods=gpus, port=gpu_metrics.PORT, host=host))
    return tuple(found)


def watched(name: str, spec: "RegionSpec", asked: "monitoring.Watching", seen: Seen, *, own: bool) -> Watched:
    return Watched(
        stack=name,
        serving=f"{name}-serving",
        gateway=f"{name}-gateway",
        etcd=f"{name}-etcd",
        keeper=f"{name}-etcd-keeper",
        gpus=f"{name}-gpus" if seen.gpus else None,
        room=seen.room.name if seen.room else None,
        own=own,
        servers=spec.serving.least,
        gateways=spec.gateway.replicas,
        members=spec.etcd.members,
        snapshot_seconds=seen.snapshots.interval_minutes * 60 if seen.snapshots else None,
        objectives=Objectives(**asked.objectives.model_dump()),
        costs=running_costs.find(spec, asked.budget_usd_per_month),
        runbooks=asked.runbooks,
    )


def own(
    name: str,
    spec: "RegionSpec",
    asked: "monitoring.OwnMonitoring",
    namespace: pulumi.Input[str],
    seen: Seen,
) -> OwnMonitoringArgs:
    size, store = asked.resources, asked.remote_write
    token = SecretKey.of(store.held_in) if store and store.held_in else None
    return OwnMonitoringArgs(
        namespace=namespace,
        images=Images(
            prometheus=spec.images.prometheus, alertmanager=spec.images.alertmanager, grafana=spec.images.grafana
        ),
        watched=watched(name, spec, asked, seen, own=True),
        targets=targets(name, seen),
        receivers={
            _SEVERITIES[key]: _receiver(told)
            for key in _SEVERITIES
            if (told := getattr(asked.receivers, key)) is not None
        },
        remote=RemoteWrite(url=store.url, token=token) if store else None,
        retention_days=asked.retention_days,
        volume=Volume(size=asked.volume.size, storage_class=asked.volume.storage_class),
        resources=Resources(
            cpu_request=size.requests.cpu,
            cpu_limit=size.limits.cpu,
            memory_request=size.requests.memory,
            memory_limit=size.limits.memory,
        ),
    )


def operator(
    name: str,
    spec: "RegionSpec",
    asked: "monitoring.OperatorMonitoring",
    namespace: pulumi.Input[str],
    seen: Seen,
) -> OperatorMonitoringArgs:
    return OperatorMonitoringArgs(
        namespace=namespace,
        watched=watched(name, spec, asked, seen, own=False),
        targets=targets(name, seen),
        prometheus_namespace=asked.prometheus_namespace,
        labels=asked.labels,
    )


def _receiver(told: "monitoring.Webhook | monitoring.Slack | monitoring.PagerDuty") -> Receiver:
    return Receiver(
        type=told.type,
        address=SecretKey.of(told.held_in),
        port=getattr(told, "port", 443),
        channel=getattr(told, "channel", None),
    )
