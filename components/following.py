"""What has the number of servers follow the load, as a region's file says: nothing, or KEDA and what it needs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pulumi

from components import scaling_args
from components.connections import Connection
from components.platform.autoscaling import Autoscaling
from components.platform.priorities import Priorities
from components.types import Upstream
from components.workloads.serving import Serving
from components.workloads.waiting_room import WaitingRoom
from components.workloads.warm_nodes import WarmNodes

if TYPE_CHECKING:
    from stacks.schema import RegionSpec


def wait(
    name: str, spec: "RegionSpec", namespace: pulumi.Input[str], servers: Upstream, opts: pulumi.ResourceOptions
) -> WaitingRoom | None:
    """Where requests wait while there is no server; None where there always is one."""
    args = scaling_args.waiting_room(spec, namespace, servers)
    return WaitingRoom(f"{name}-waiting-room", args, opts) if args else None


def follow(
    name: str,
    spec: "RegionSpec",
    namespace: pulumi.Input[str],
    serving: Serving,
    room: WaitingRoom | None,
    priorities: Priorities,
    opts: pulumi.ResourceOptions,
) -> Iterator[Connection]:
    """Yields who may reach whom for it."""
    args = scaling_args.autoscaling(name, spec, namespace, serving.deployment, room.service if room else None)
    if args:
        yield from Autoscaling(f"{name}-autoscaling", args, opts).connections
    if room:
        yield from room.connections
    warm = scaling_args.warm_nodes(spec, namespace, priorities.place)
    if warm:
        WarmNodes(f"{name}-warm-nodes", warm, opts)
