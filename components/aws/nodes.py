"""A managed node group and what it needs: a role, and a launch template with a hardened metadata service."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import ec2, eks, iam
from pulumi_aws.ec2 import LaunchTemplateBlockDeviceMappingArgsDict, LaunchTemplateTagSpecificationArgsDict

from components.aws import names, partition, policy, roles, user_data
from components.aws.images import Image
from components.aws.parts import EksParts
from components.cloud_args import Tags
from components.platform.tuning import Row, encoded
from components.tags import tags

_LONGEST_NAME = 63
# Nodes join, and pull images. Addresses for pods are the CNI's own role's business.
_POLICIES = {"join": "AmazonEKSWorkerNodePolicy", "pull": "AmazonEC2ContainerRegistryPullOnly"}


@dataclass(frozen=True, kw_only=True)
class NodesArgs:
    """`disk_gib`: for images, logs and empty volumes. `taints`: key -> value, NoSchedule. `setup`: see GpuPoolArgs."""

    cluster: EksParts
    region: str
    subnets: tuple[pulumi.Input[str], ...]
    security_group: pulumi.Input[str]
    tags: Tags
    key: pulumi.Input[str]
    instance_type: str
    image: Image
    min_size: int
    max_size: int
    disk_gib: int
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Mapping[str, str] = field(default_factory=dict)
    spot: bool = False
    setup: tuple[Row, ...] = ()


def make(
    name: str, args: NodesArgs, parent: pulumi.Resource, before: tuple[pulumi.Resource, ...] = ()
) -> eks.NodeGroup:
    """`before`: what nodes need to become ready and refer to by nothing."""
    role, rights = _role(name, args, parent)
    template = _template(name, args, parent)
    return eks.NodeGroup(
        name,
        cluster_name=args.cluster.name,
        node_group_name=names.bounded(name, _LONGEST_NAME),
        node_role_arn=role.arn,
        subnet_ids=list(args.subnets),
        version=args.cluster.version,
        ami_type=args.image.type,
        instance_types=[args.instance_type],
        capacity_type="SPOT" if args.spot else "ON_DEMAND",
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        labels=dict(args.labels),
        taints=[{"key": key, "value": value, "effect": "NO_SCHEDULE"} for key, value in args.taints.items()],
        scaling_config={"min_size": args.min_size, "max_size": args.max_size, "desired_size": args.min_size},
        update_config={"max_unavailable": 1},
        node_repair_config={"enabled": True},
        tags=tags(args.tags, name),
        opts=pulumi.ResourceOptions(
            parent=parent,
            # A node without its rights never joins, and the group fails after half an hour.
            depends_on=[*rights, *before],
            ignore_changes=["scalingConfig.desiredSize"],  # the cluster autoscaler owns it
        ),
    )


def _role(name: str, args: NodesArgs, parent: pulumi.Resource) -> tuple[iam.Role, tuple[iam.RolePolicyAttachment, ...]]:
    child = pulumi.ResourceOptions(parent=parent)
    trust = policy.service_trust(partition.of(args.region).ec2)
    role = roles.make(f"{name}-role", "Nodes join the cluster and pull images", trust, args.tags, child)
    attached = (
        iam.RolePolicyAttachment(
            f"{name}-{key}", role=role.name, policy_arn=partition.managed_policy(args.region, managed), opts=child
        )
        for key, managed in _POLICIES.items()
    )
    return role, tuple(attached)


def _template(name: str, args: NodesArgs, parent: pulumi.Resource) -> ec2.LaunchTemplate:
    """With no image in it, so that EKS brings its own, and puts its own user data beside ours."""
    marks = tags(args.tags, name)
    parts: list[LaunchTemplateTagSpecificationArgsDict] = [
        {"resource_type": kind, "tags": marks} for kind in ("instance", "volume", "network-interface")
    ]
    return ec2.LaunchTemplate(
        f"{name}-template",
        description="Encrypted disks, and a metadata service that pods can't reach",
        update_default_version=True,
        user_data=_user_data(args),
        block_device_mappings=_disks(args),
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            # Answers don't get past the node itself. The CNI and Pod Identity's agent are in the node's network
            # namespace, where one hop is enough; the CSI drivers ask the API server instead.
            "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "disabled",
        },
        vpc_security_group_ids=[args.security_group, *args.cluster.node_groups],
        tag_specifications=parts,
        tags=marks,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _user_data(args: NodesArgs) -> str | None:
    if not args.setup:
        return None
    return encoded(user_data.mime(args.setup) if args.image.shell else user_data.toml(args.setup))


def _disks(args: NodesArgs) -> list[LaunchTemplateBlockDeviceMappingArgsDict]:
    """The image's own system disk keeps its size."""
    sizes = {args.image.disk: args.disk_gib} | ({args.image.system: None} if args.image.system else {})
    return [
        {
            "device_name": device,
            "ebs": {
                "volume_type": "gp3",
                "volume_size": size,
                "encrypted": "true",
                "kms_key_id": args.key,
                "delete_on_termination": "true",
            },
        }
        for device, size in sizes.items()
    ]
