"""What every group of nodes has, with GPUs or without: placement, disks, billing. Pure."""

from collections.abc import Mapping

import pulumi
from tencentcloud_iac_pulumi.kubernetes import (
    NodePoolAutoScalingConfigArgs,
    NodePoolAutoScalingConfigDataDiskArgs,
    NodePoolNodeConfigArgs,
    NodePoolNodeConfigDataDiskArgs,
    NodePoolNodeConfigGpuArgsArgs,
    NodePoolTaintArgs,
)

from components.platform.tuning import Row, encoded_user_data

IMAGE = "tlinux3.1x86_64"  # TencentOS Server 3.1; the one in the SDK's examples of clusters of 1.30
DISK = "CLOUD_BSSD"  # sold in every zone, for system and data disks, on standard and native nodes
SYSTEM_DISK_GIB = 50  # the system only: images and containers are on the data disk, which can be encrypted
CONTAINERS = "/var/lib/containerd"
NO_SCHEDULE = "NoSchedule"


def scaling_config(
    instance_type: str, disk_gib: int, group: pulumi.Input[str], *, spot_price: float | None = None
) -> NodePoolAutoScalingConfigArgs:
    """`spot_price`: the most to pay for a spot node an hour, in the account's currency; None for nodes on demand."""
    spot = spot_price is not None
    return NodePoolAutoScalingConfigArgs(
        instance_type=instance_type,
        instance_charge_type="SPOTPAID" if spot else "POSTPAID_BY_HOUR",
        # The cloud refuses a spot pool without both of these; one-time is the only kind it sells.
        spot_instance_type="one-time" if spot else None,
        spot_max_price=f"{spot_price:.4f}" if spot else None,
        system_disk_type=DISK,
        system_disk_size=SYSTEM_DISK_GIB,
        data_disks=[
            NodePoolAutoScalingConfigDataDiskArgs(
                disk_type=DISK, disk_size=disk_gib, encrypt=True, delete_with_instance=True
            )
        ],
        orderly_security_group_ids=[group],
        public_ip_assigned=False,
        internet_max_bandwidth_out=0,
        enhanced_monitor_service=True,
        enhanced_security_service=True,
    )


def node_config(
    disk_gib: int, gpu: NodePoolNodeConfigGpuArgsArgs | None = None, setup: tuple[Row, ...] = ()
) -> NodePoolNodeConfigArgs:
    """Puts images and containers on the data disk. `setup`: settings, for when TKE has set the node up."""
    return NodePoolNodeConfigArgs(
        data_disks=[
            NodePoolNodeConfigDataDiskArgs(
                disk_type=DISK,
                disk_size=disk_gib,
                file_system="ext4",
                auto_format_and_mount=True,
                mount_target=CONTAINERS,
            )
        ],
        docker_graph_path=CONTAINERS,
        gpu_args=gpu,
        user_data=encoded_user_data(setup),
    )


def taints(given: Mapping[str, str]) -> list[NodePoolTaintArgs]:
    return [NodePoolTaintArgs(key=key, value=value, effect=NO_SCHEDULE) for key, value in given.items()]
