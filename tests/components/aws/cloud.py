"""What AWS answers under mocks: the outputs that programs here read, and arguments to begin with."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockResourceArgs

from components.aws import provider
from components.aws.parts import EksParts
from components.cloud_args import NetworkArgs, SecurityArgs
from components.tags import REQUIRED, region_tags
from components.types import NetworkParts, SecurityParts
from tests.components import clouds
from tests.harness import mocks
from tests.harness.mocks import Recorder, Registered

REGION, ACCOUNT, STACK = "us-west-2", "123456789012", "aws-us-west-2"
ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
TAGS = region_tags(stack=STACK, environment="production", owner="serving", cost_center="42")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
ISSUER = f"https://oidc.eks.{REGION}.amazonaws.com/id/ABC"
# Kinds that AWS itself doesn't tag.
UNTAGGED = {
    "AccessPolicyAssociation",
    "Alias",
    "BucketLifecycleConfiguration",
    "BucketOwnershipControls",
    "BucketPolicy",
    "BucketPublicAccessBlock",
    "BucketReplicationConfig",
    "BucketServerSideEncryptionConfiguration",
    "BucketVersioning",
    "FileSystemPolicy",
    "LifecyclePolicy",
    "MountTarget",
    "Record",
    "RolePolicy",
    "RolePolicyAttachment",
    "Route",
    "RouteTableAssociation",
    "Tag",
}


def outputs(args: MockResourceArgs) -> Mapping[str, Any]:
    """An ARN for everything, and what single kinds compute."""
    if not args.typ.startswith("aws:"):
        return {}
    kind = args.typ.rpartition(":")[2]
    made: dict[str, Any] = {"arn": f"arn:aws:mock:{REGION}:{ACCOUNT}:{args.name}"}
    if not args.inputs.get("name"):
        made["name"] = f"{args.name}-name"
    return made | _COMPUTED.get(kind, lambda _: {})(args)


_COMPUTED: dict[str, Callable[[MockResourceArgs], dict[str, Any]]] = {
    "Eip": lambda args: {"allocationId": f"{args.name}-allocation"},
    "LaunchTemplate": lambda _: {"latestVersion": 1},
    "Cluster": lambda args: {
        "endpoint": "https://ABC.gr7.us-west-2.eks.amazonaws.com",
        "certificateAuthority": {"data": "Q0E="},
        "identities": [{"oidcs": [{"issuer": ISSUER}]}],
        "vpcConfig": {**args.inputs["vpcConfig"], "clusterSecurityGroupId": "sg-control-plane"},
    },
    "NodeGroup": lambda args: {"resources": [{"autoscalingGroups": [{"name": f"eks-{args.name}"}]}]},
    "Bucket": lambda args: {"bucket": f"{args.name}-bucket"},
    "Repository": lambda args: {
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{args.inputs['name']}",
    },
    "Zone": lambda args: {"zoneId": "Z1"},
}


def run(
    program: Callable[[pulumi.ResourceOptions], Mapping[str, Any]],
    *,
    preview: bool,
    calls: Callable[[Any], dict[str, Any]] | None = None,
    region: str = REGION,
) -> Recorder:
    """`program` makes components with the options it gets, which bring the provider."""

    def body() -> Mapping[str, Any]:
        parent = pulumi.ComponentResource("open-autoglm:test:Parent", "test")
        made = provider.for_region("test-aws", region, ACCOUNT, parent)
        return program(pulumi.ResourceOptions(parent=parent, providers=[made]))

    return mocks.run(body, preview=preview, recorder=Recorder(outputs=outputs, calls=calls))


def cloud(done: Recorder) -> list[Registered]:
    return [item for item in done.resources if item.type.startswith("aws:")]


def assert_house_rules(done: Recorder) -> None:
    """Explicit provider, a component of ours as parent, tags, and a description of each rule."""
    for item in clouds.resources(done, "aws"):
        kind = item.type.rpartition(":")[2]
        if kind not in UNTAGGED:
            assert set(REQUIRED) <= set(item.inputs["tags"]), item.name
        if kind.startswith("SecurityGroup"):
            assert len(item.inputs["description"]) > 10, item.name


def network_args(**more: Any) -> NetworkArgs:
    return clouds.network_args(ZONES, TAGS, **more)


def network_parts(**more: Any) -> NetworkParts:
    return NetworkParts(
        **{
            "vpc": "vpc-1",
            "cidr": clouds.CIDR,
            "zones": ZONES,
            "public_subnets": ("subnet-public-a", "subnet-public-b", "subnet-public-c"),
            "node_subnets": ("subnet-nodes-a", "subnet-nodes-b", "subnet-nodes-c"),
            "pod_subnets": ("subnet-pods-a", "subnet-pods-b", "subnet-pods-c"),
            "route_tables": ("rtb-a", "rtb-b", "rtb-c"),
            **more,
        }
    )


def security_args(**more: Any) -> SecurityArgs:
    return SecurityArgs(
        **{
            "network": network_parts(),
            "tags": TAGS,
            "clients": (IPv4Network("0.0.0.0/0"),),
            "service_cidr": IPv4Network("172.20.0.0/16"),
            **more,
        }
    )


def security_parts() -> SecurityParts:
    return SecurityParts(nodes="sg-nodes", files="sg-files", balancer="sg-nodes")


def cluster_parts(**more: Any) -> EksParts:
    return EksParts(
        **{
            "id": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/test",
            "name": "test",
            "kubeconfig": pulumi.Output.secret("kubeconfig"),
            "address": pulumi.Output.from_input("abc.eks"),
            "issuer": ISSUER,
            "issuer_id": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER.removeprefix('https://')}",
            "version": "1.33",
            **more,
        }
    )
