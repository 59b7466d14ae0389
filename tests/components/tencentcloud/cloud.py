"""What Tencent Cloud answers under mocks: the outputs that programs here read, and arguments to begin with."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockResourceArgs

from components.cloud_args import NetworkArgs, SecurityArgs
from components.tags import REQUIRED, region_tags
from components.tencentcloud import provider
from components.types import ClusterParts, NetworkParts, SecurityParts, StorageParts
from tests.components import clouds
from tests.harness import mocks
from tests.harness.mocks import Recorder, Registered

REGION, ACCOUNT, APP_ID, STACK = "ap-singapore", "100000000001", "1250000000", "tencentcloud-ap-singapore"
ZONES = ("ap-singapore-1", "ap-singapore-2", "ap-singapore-3")
TAGS = region_tags(stack=STACK, environment="production", owner="serving", cost_center="42")
ISSUER = "https://ap-singapore-oidc.tke.tencentcs.com/id/7cbe"
KUBECONFIG = "kubeconfig-of-the-cluster"
# Kinds that take no tags in this SDK.
UNTAGGED = {
    "AccessGroup",
    "AccessRule",
    "Addon",
    "AuthAttachment",
    "BucketPolicy",
    "ClusterEndpoint",
    "DomainInstance",
    "EncryptionProtection",
    "GroupRuleSet",
    "Index",
    "LogConfig",
    "Namespace",
    "Policy",
    "Record",
    "Repository",
    "RolePolicyAttachment",
    "TableEntry",
    "VpcAttachment",
}


def outputs(args: MockResourceArgs) -> Mapping[str, Any]:
    return _COMPUTED.get(args.typ.removeprefix("tencentcloud:"), lambda _: {})(args)


_COMPUTED: dict[str, Callable[[MockResourceArgs], dict[str, Any]]] = {
    "Eip/instance:Instance": lambda _: {"publicIp": "203.0.113.7"},
    "Cam/role:Role": lambda args: {"roleArn": f"qcs::cam::uin/{ACCOUNT}:roleName/{args.inputs['name']}"},
    "Cfs/fileSystem:FileSystem": lambda _: {"mountIp": "10.0.10.9", "fsId": "89a26c41"},
    "Kubernetes/authAttachment:AuthAttachment": lambda _: {"tkeDefaultIssuer": ISSUER},
    "Kubernetes/clusterEndpoint:ClusterEndpoint": lambda args: {
        "kubeConfigIntranet": KUBECONFIG,
        "kubeConfig": f"public-{KUBECONFIG}" if args.inputs.get("clusterInternet") else "",
        "pgwEndpoint": "10.0.10.5",
        "clusterExternalEndpoint": "203.0.113.9",
    },
    "Tcr/instance:Instance": lambda args: {"publicDomain": f"{args.inputs['name']}.tencentcloudcr.com"},
    "Tcr/serviceAccount:ServiceAccount": lambda _: {"password": "registry-password"},
}


def run(
    program: Callable[[pulumi.ResourceOptions], Mapping[str, Any]],
    *,
    preview: bool,
    calls: Callable[[Any], dict[str, Any]] | None = None,
) -> Recorder:
    """`program` makes components with the options it gets, which bring the provider."""

    def body() -> Mapping[str, Any]:
        parent = pulumi.ComponentResource("open-autoglm:test:Parent", "test")
        made = provider.for_region("test-tencentcloud", REGION, ACCOUNT, parent)
        return program(pulumi.ResourceOptions(parent=parent, providers=[made]))

    return mocks.run(body, preview=preview, recorder=Recorder(outputs=outputs, calls=calls))


def cloud(done: Recorder) -> list[Registered]:
    return [item for item in done.resources if item.type.startswith("tencentcloud:")]


def tagged(item: Registered) -> dict[str, str]:
    """A resource's tags: a map, or a native pool's list."""
    given = item.inputs["tags"]
    if isinstance(given, Mapping):
        return dict(given)
    return {tag["key"]: tag["value"] for part in given for tag in part["tags"]}


def assert_house_rules(done: Recorder) -> None:
    """Explicit provider, a component of ours as parent, tags, and a description of each rule."""
    for item in clouds.resources(done, "tencentcloud"):
        kind = item.type.rpartition(":")[2]
        if kind in UNTAGGED:
            assert "tags" not in item.inputs, f"{item.name}: the SDK tags it"
        else:
            assert set(REQUIRED) | {"Name"} <= set(tagged(item)), item.name
        for rule in (*item.inputs.get("ingresses", ()), *item.inputs.get("egresses", ())):
            assert len(rule["description"]) >= 5, item.name


def network_args(**more: Any) -> NetworkArgs:
    return clouds.network_args(ZONES, TAGS, **more)


def network_parts(**more: Any) -> NetworkParts:
    return NetworkParts(
        **{
            "vpc": "vpc-1",
            "cidr": clouds.CIDR,
            "zones": ZONES,
            "public_subnets": (),
            "node_subnets": ("subnet-nodes-1", "subnet-nodes-2", "subnet-nodes-3"),
            "pod_subnets": ("subnet-pods-1", "subnet-pods-2", "subnet-pods-3"),
            "route_tables": ("rtb-1", "rtb-2", "rtb-3"),
            "node_ranges": ("10.0.10.0/24", "10.0.11.0/24", "10.0.12.0/24"),
            "pod_ranges": ("10.0.64.0/19", "10.0.96.0/19", "10.0.128.0/19"),
            **more,
        }
    )


def security_parts() -> SecurityParts:
    return SecurityParts(nodes="sg-nodes", files="pgroup-files", balancer="sg-balancer")


def cluster_parts() -> ClusterParts:
    return ClusterParts(
        id="cls-1",
        name="region",
        kubeconfig=pulumi.Output.secret(KUBECONFIG),
        address=pulumi.Output.from_input("10.0.10.5"),
        issuer=ISSUER,
        issuer_id="cls-1",
    )


def storage_parts() -> StorageParts:
    bucket = f"region-{APP_ID}"
    return StorageParts(bucket=bucket, bucket_id=f"qcs::cos:{REGION}:uid/{APP_ID}:{bucket}", key="key-1", files=None)


def security_args(**more: Any) -> SecurityArgs:
    return SecurityArgs(
        **{
            "network": network_parts(),
            "tags": TAGS,
            "clients": (IPv4Network("198.51.100.0/24"),),
            "service_cidr": IPv4Network("172.20.0.0/16"),
            **more,
        }
    )
