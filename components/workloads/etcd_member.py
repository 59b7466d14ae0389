"""The pod of a member of etcd: the keeper's command prepares its disk and configuration, then etcd runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodSpecArgsDict, VolumeArgsDict, VolumeMountArgsDict

from components.types import Resources
from components.workloads import etcd_client, etcd_snapshots, pod
from components.workloads.etcd_snapshots import Bucket, Kept

CLIENT_PORT, PEER_PORT, METRICS_PORT = 2379, 2380, 2381
FOUNDED: Final = "founded"
_DATA, _FOUNDED, _TLS = "/var/lib/etcd", "/etc/etcd/founded", "/etc/etcd/members"
_READABLE: Final = 0o440
_NAME: Final = "$(POD_NAME)"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What members and keeper must agree on. `domain`: the headless Service's name and namespace, `etcd.autoglm.svc`.
    `restore`: the snapshot to begin from, which is in `store`."""

    cluster: str
    domain: pulumi.Output[str]
    members: tuple[str, ...]
    restore: str | None
    store: Bucket | Kept | None

    @property
    def flags(self) -> list[pulumi.Input[str]]:
        return [
            f"--cluster={self.cluster}",
            pulumi.Output.concat("--domain=", self.domain),
            f"--members={len(self.members)}",
            *([f"--restore={self.restore}"] if self.restore else []),
            *(etcd_snapshots.flags(self.store) if self.store else []),
        ]


@dataclass(frozen=True, kw_only=True)
class Mounted:
    """Names of what the members mount: Secrets of their own certificates and of the administrator's, a ConfigMap, and
    the claim of the snapshots' volume, where one is restored from."""

    certificates: pulumi.Input[str]
    administrator: pulumi.Input[str]
    founded: str
    snapshots: pulumi.Input[str] | None


def spec(
    shape: Shape, mounted: Mounted, *, image: str, keeper_image: str, quota_bytes: int, resources: Resources
) -> PodSpecArgsDict:
    preparing = _prepare(shape, keeper_image, quota_bytes, resources)
    return {
        "init_containers": [preparing],
        "containers": [_etcd(image, resources)],
        "volumes": _volumes(shape, mounted),
    }


def _prepare(shape: Shape, image: str, quota_bytes: int, resources: Resources) -> ContainerArgsDict:
    """It may wait for the other members as long as it takes, and has no probe for that."""
    restores = shape.store is not None and shape.restore is not None
    mounts: Sequence[VolumeMountArgsDict] = [
        {"name": "data", "mount_path": _DATA},
        {"name": "tls", "mount_path": _TLS, "read_only": True},
        {"name": "administrator", "mount_path": etcd_client.MOUNT_PATH, "read_only": True},
        {"name": FOUNDED, "mount_path": _FOUNDED, "read_only": True},
        *(etcd_snapshots.mounts(shape.store) if shape.store and restores else []),
    ]
    return pod.container(
        {
            "name": "prepare",
            "image": image,
            "command": ["python3", "-m", "autoglm_etcd.keeper"],
            "args": [
                "prepare",
                f"--name={_NAME}",
                f"--volume={_DATA}",
                f"--founded={_FOUNDED}",
                f"--member-tls={_TLS}/{_NAME}",
                f"--quota-bytes={quota_bytes}",
                *shape.flags,
            ],
            "env": [{"name": "POD_NAME", "value_from": {"field_ref": {"field_path": "metadata.name"}}}],
            "env_from": etcd_snapshots.environment(shape.store) if shape.store and restores else [],
            "resources": pod.resources(resources),
            "volume_mounts": mounts,
        }
    )


def _etcd(image: str, resources: Resources) -> ContainerArgsDict:
    return pod.container(
        {
            "name": "etcd",
            "image": image,
            "command": ["/usr/local/bin/etcd"],
            "args": [f"--config-file={_DATA}/etcd.json"],
            "ports": [
                {"name": "client", "container_port": CLIENT_PORT},
                {"name": "peer", "container_port": PEER_PORT},
                {"name": "metrics", "container_port": METRICS_PORT},
            ],
            # /readyz reads through a quorum and refuses a learner: a rolling update goes on only when the member that
            # was replaced is a whole one again.
            "startup_probe": pod.probe("/livez", "metrics", period=2, failures=300),
            "readiness_probe": pod.probe("/readyz", "metrics", period=5, failures=3),
            "liveness_probe": pod.probe("/livez", "metrics", period=10, failures=6),
            "resources": pod.resources(resources),
            "volume_mounts": [
                {"name": "data", "mount_path": _DATA},
                {"name": "tls", "mount_path": _TLS, "read_only": True},
            ],
        }
    )


def _volumes(shape: Shape, mounted: Mounted) -> list[VolumeArgsDict]:
    files = [("ca.crt", "ca.crt"), ("{0}.crt", "tls.crt"), ("{0}.key", "tls.key")]
    return [
        {
            "name": "tls",
            "secret": {
                "secret_name": mounted.certificates,
                "default_mode": _READABLE,
                # A folder for each: all members have one pod template.
                "items": [
                    {"key": key.format(member), "path": f"{member}/{path}"}
                    for member in shape.members
                    for key, path in files
                ],
            },
        },
        {"name": "administrator", "secret": {"secret_name": mounted.administrator, "default_mode": _READABLE}},
        {"name": FOUNDED, "config_map": {"name": mounted.founded, "optional": True}},
        *(etcd_snapshots.volumes(shape.store, mounted.snapshots) if shape.store else []),
    ]
