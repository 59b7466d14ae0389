"""From a region's description to what follows its load. Pure."""

from typing import TYPE_CHECKING

import pulumi

from components import connections, region_args, scaling_settings
from components.platform.autoscaling import AutoscalingArgs
from components.platform.monitoring import prometheus
from components.platform.scaling.scaled_object import Sources
from components.types import Upstream
from components.workloads.waiting_room import WaitingRoomArgs
from components.workloads.warm_nodes import WarmNodesArgs

if TYPE_CHECKING:
    from stacks.schema import RegionSpec


def waiting_room(spec: "RegionSpec", namespace: pulumi.Input[str], servers: Upstream) -> WaitingRoomArgs | None:
    """None where there is always a server."""
    asked = spec.serving.autoscaling
    if asked is None or asked.min_replicas:
        return None
    return WaitingRoomArgs(
        namespace=namespace,
        image=spec.images.serving,
        servers=servers,
        places=asked.waiting.places,
        patience=asked.waiting.patience_seconds,
        retry_after=asked.waiting.retry_after_seconds,
    )


def autoscaling(
    name: str,
    spec: "RegionSpec",
    namespace: pulumi.Input[str],
    deployment: pulumi.Input[str],
    room: Upstream | None,
) -> AutoscalingArgs | None:
    """`deployment`: the servers' name. `room`: the waiting room's service. None where the file says their number."""
    asked = spec.serving.autoscaling
    if asked is None:
        return None
    own = _prometheus(name, spec)
    return AutoscalingArgs(
        namespace=namespace,
        deployment=deployment,
        scaling=scaling_settings.scaling_of(asked),
        sources=Sources(
            prometheus=asked.prometheus or (f"http://{own.host}:{own.port}" if own else ""),
            stack=name,
            serving=f"{name}-serving",
            room=f"http://{room.name}.{spec.namespace}.svc:{room.port}" if room else None,
            room_job=room.name if room else None,
            gpus=f"{name}-gpus" if spec.images.dcgm_exporter else None,
        ),
        asked=tuple(one for one in (own, room) if one),
    )


def warm_nodes(spec: "RegionSpec", namespace: pulumi.Input[str], priority: pulumi.Input[str]) -> WarmNodesArgs | None:
    """`priority`: of who holds a place until a server comes."""
    asked = spec.serving.autoscaling
    if asked is None or not asked.warm_nodes:
        return None
    return WarmNodesArgs(
        namespace=namespace,
        image=spec.images.serving,
        servers=asked.warm_nodes,
        placement=region_args.placement(spec),
        resources=region_args.resources(spec.serving.resources),
        priority=priority,
    )


def _prometheus(name: str, spec: "RegionSpec") -> Upstream | None:
    """The region's own, where that is the one to be asked."""
    asked = spec.serving.autoscaling
    if spec.monitoring.type != "own" or (asked and asked.prometheus):
        return None
    job = f"{name}-prometheus"
    pods = connections.workload("prometheus", job)
    return Upstream(host=f"{job}.{spec.namespace}.svc", port=prometheus.PORT, name=job, pods=pods.labels)
