"""etcd's configuration file. Pure: the same shape and start give the same text."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autoglm_etcd.keeper.join import initial_cluster
from autoglm_etcd.keeper.shape import CLIENT_PORT, METRICS_PORT, PEER_PORT, Shape

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104  a pod's own
HEARTBEAT_MS: Final = 100
ELECTION_MS: Final = 1000
"""etcd's defaults, right within a region: ten heartbeats, and a round trip of at most 10 ms
(https://etcd.io/docs/v3.6/tuning/)."""


@dataclass(frozen=True, kw_only=True)
class Files:
    """`data` is the member's folder, `tls` that of ca.crt, tls.crt and tls.key."""

    data: Path
    tls: Path


def render(
    shape: Shape, name: str, files: Files, *, quota_bytes: int, cluster: str = "", listen: str = EVERYWHERE
) -> str:
    """JSON, which is YAML. `cluster` is the `--initial-cluster` of one that joins; a new cluster's is the shape's."""
    every = initial_cluster({member: shape.peer_url(member) for member in shape.members})
    tls = {
        "cert-file": str(files.tls / "tls.crt"),
        "key-file": str(files.tls / "tls.key"),
        "trusted-ca-file": str(files.tls / "ca.crt"),
        "client-cert-auth": True,
    }
    content: dict[str, Any] = {
        "name": name,
        "data-dir": str(files.data),
        "listen-client-urls": f"https://{listen}:{CLIENT_PORT}",
        "advertise-client-urls": shape.client_url(name),
        "listen-peer-urls": f"https://{listen}:{PEER_PORT}",
        "initial-advertise-peer-urls": shape.peer_url(name),
        "listen-metrics-urls": f"http://{listen}:{METRICS_PORT}",
        "initial-cluster": cluster or every,
        "initial-cluster-state": "existing" if cluster else "new",
        "initial-cluster-token": shape.domain,
        "strict-reconfig-check": True,
        "client-transport-security": tls,
        # A user's certificate is of the same authority, and must not make it a peer.
        "peer-transport-security": {**tls, "allowed-cn": [shape.name]},
        "quota-backend-bytes": quota_bytes,
        "auto-compaction-mode": "periodic",
        "auto-compaction-retention": "1h",
        "heartbeat-interval": HEARTBEAT_MS,
        "election-timeout": ELECTION_MS,
        "logger": "zap",
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"
