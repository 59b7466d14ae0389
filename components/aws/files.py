"""The region's shared files: an EFS file system that nodes mount, encrypted at rest and on the way."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import efs

from components.aws import policy
from components.cloud_args import Tags
from components.tags import tags
from components.types import NetworkParts, SharedFiles

USER = 65532  # whom the pods run as (components/workloads/pod.py): every file is theirs


@dataclass(frozen=True, kw_only=True)
class FilesArgs:
    network: NetworkParts
    security_group: pulumi.Input[str]
    key: pulumi.Input[str]
    tags: Tags


class Files(pulumi.ComponentResource):
    """One mount target a zone, so that a zone's nodes need no other's."""

    shared: SharedFiles

    def __init__(self, name: str, args: FilesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Files", name, None, opts)
        child, marks = pulumi.ResourceOptions(parent=self), tags(args.tags, name)
        system = efs.FileSystem(
            f"{name}-system",
            encrypted=True,
            kms_key_id=args.key,
            throughput_mode="elastic",  # weights are read seldom and then at once
            tags=marks,
            opts=child,
        )
        root = efs.AccessPoint(
            f"{name}-root",
            file_system_id=system.id,
            posix_user={"uid": USER, "gid": USER},
            root_directory={
                "path": "/autoglm",
                "creation_info": {"owner_uid": USER, "owner_gid": USER, "permissions": "0755"},
            },
            tags=marks,
            opts=child,
        )
        efs.FileSystemPolicy(
            f"{name}-policy",
            file_system_id=system.id,
            policy=pulumi.Output.all(system.arn, root.arn).apply(lambda arns: mount_policy(arns[0], arns[1])),
            opts=child,
        )
        targets = [
            efs.MountTarget(
                f"{name}-{zone}",
                file_system_id=system.id,
                subnet_id=subnet,
                security_groups=[args.security_group],
                opts=child,
            )
            for zone, subnet in zip(args.network.zones, args.network.node_subnets, strict=True)
        ]
        # Made of the mount targets, too: what mounts the volume waits for them, as no argument would make it.
        ids = pulumi.Output.all(system.id, root.id, *(target.id for target in targets))
        self.shared = SharedFiles(
            driver="efs.csi.aws.com",
            handle=ids.apply(lambda known: f"{known[0]}::{known[1]}"),
            attributes={"encryptInTransit": "true"},
        )
        self.register_outputs({"system": system.id})


def mount_policy(system: str, access_point: str) -> str:
    """Whoever the security group lets reach a mount target may mount the access point, over TLS, and nothing else."""
    actions = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    conditions = {
        "Bool": {"elasticfilesystem:AccessedViaMountTarget": "true", "aws:SecureTransport": "true"},
        "StringEquals": {"elasticfilesystem:AccessPointArn": access_point},
    }
    return policy.document({**policy.allow(actions, system, conditions), "Principal": {"AWS": "*"}})
