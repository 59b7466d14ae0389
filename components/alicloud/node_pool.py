"""What system and GPU pools have in common."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
from pulumi_alicloud import cs

from components.types import NetworkParts, SecurityParts

IMAGE = "AliyunLinux3"  # the default of ACK's own images that its GPU drivers support
IMAGE_TYPES = frozenset(
    {
        "AliyunLinux3",
        "AliyunLinux3Arm64",
        "AliyunLinux3ContainerOptimized",
        "AliyunLinux4",
        "AliyunLinux4Arm64",
        "AliyunLinux4ContainerOptimized",
        "AliyunLinux4ContainerOptimizedArm64",
        "ContainerOS",
        "Ubuntu",
    }
)  # those of cs.NodePool's docs that run Linux and are not about to end

_REPAIR: cs.NodePoolManagementArgsDict = {
    "enable": True,
    "auto_repair": True,
    "auto_repair_policy": {"restart_node": True},
    "auto_upgrade": False,  # nodes are replaced when the region file says so, not in the middle of a stream
    "auto_vul_fix": False,
    "max_unavailable": 1,
}

# Session tokens only (as IMDSv2): a request forged through a pod's server gets no credentials of the node.
_METADATA: cs.NodePoolInstanceMetadataOptionsArgsDict = {"http_tokens": "required"}


class Machine(TypedDict):
    """Of cs.NodePool's arguments, those that are the same for every node."""

    runtime_name: str
    system_disk_category: str
    system_disk_size: int
    system_disk_encrypted: bool
    system_disk_encrypt_algorithm: str
    system_disk_kms_key: pulumi.Input[str]
    security_group_ids: list[pulumi.Input[str]]
    instance_metadata_options: cs.NodePoolInstanceMetadataOptionsArgsDict
    management: cs.NodePoolManagementArgsDict
    install_cloud_monitor: bool


def machine(disk_gib: int, key: pulumi.Input[str], security: SecurityParts) -> Machine:
    """A disk that is encrypted with the region's key, no credentials of the node for pods, and repair."""
    return {
        "runtime_name": "containerd",
        "system_disk_category": "cloud_essd",
        "system_disk_size": disk_gib,
        "system_disk_encrypted": True,
        "system_disk_encrypt_algorithm": "aes-256",
        "system_disk_kms_key": key,
        "security_group_ids": [security.nodes],
        "instance_metadata_options": _METADATA,
        "management": _REPAIR,
        "install_cloud_monitor": True,
    }


def image(asked: str | None) -> tuple[str, str | None]:
    """The image's type, and its id where it is one of the user's own."""
    if asked is None or asked in IMAGE_TYPES:
        return asked or IMAGE, None
    return "Custom", asked


def scaling(kind: str, min_size: int, max_size: int) -> cs.NodePoolScalingConfigArgsDict | None:
    """None for a pool of one size: the cloud wants a maximum above the minimum."""
    if min_size == max_size:
        return None
    return {"enable": True, "min_size": min_size, "max_size": max_size, "type": kind}


def size(min_size: int, max_size: int) -> str | None:
    """A pool of one size says it; that of the others is the autoscaler's, and a desired size would fight it."""
    return str(min_size) if min_size == max_size else None


def subnets(network: NetworkParts, zones: Sequence[str]) -> list[pulumi.Input[str]]:
    """The nodes' subnets in these zones. ValueError names a zone that the network does not have."""
    for zone in zones:
        if zone not in network.zones:
            raise ValueError(f"zones: {zone}: the network has {', '.join(network.zones)}: name one of these")
    return [network.node_subnets[network.zones.index(zone)] for zone in zones]
