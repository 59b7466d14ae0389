"""Where requests go while no model server is ready: the waiting room, which has the gateway send them again later.

See serving/autoglm_serving/waiting_room. It comes second: with one healthy server of many, none is sent there.
"""

from dataclasses import dataclass
from typing import Any

from components import envoy_clusters

Json = dict[str, Any]

ROOM = "waiting-room"
_ALL = 100_000  # percent: any one healthy server is worth all of the traffic
# Each is 3 s in the room, which may know of a server before the gateway does: a cluster's DNS remembers for up to 30 s,
# each of its pods for itself, that there is none.
_RETRIES = 20


@dataclass(frozen=True, kw_only=True)
class WaitingRoom:
    """`host`: a name whose every address is one room."""

    host: str
    port: int = 8000


def retries(usual: Json, room: WaitingRoom | None) -> Json:
    """A route's retry policy. Who has waited waits on, rather than fail, until the gateway knows a server, too."""
    return usual | {"num_retries": _RETRIES} if room else usual


def clusters(servers: Json, room: WaitingRoom | None) -> list[Json]:
    """`servers`, an upstream cluster, with the room behind it under the same name."""
    if room is None:
        return [servers]
    name = servers["name"]
    ready = f"{name}-ready"
    first = servers | {
        "name": ready,
        "load_assignment": servers["load_assignment"] | {"policy": {"overprovisioning_factor": _ALL}},
    }
    both = {
        "name": name,
        "connect_timeout": servers["connect_timeout"],
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": {
            "name": "envoy.clusters.aggregate",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig",
                "clusters": [ready, ROOM],
            },
        },
        # All who waited are sent again at the same time.
        "circuit_breakers": {
            "thresholds": [
                one | {"max_retries": one["max_requests"]} for one in servers["circuit_breakers"]["thresholds"]
            ]
        },
    }
    return [both, first, envoy_clusters.service(ROOM, room.host, room.port, connect_timeout="2s")]
