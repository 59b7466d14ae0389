"""What the tests of Alibaba Cloud's components share: a recorded cloud that answers look-ups, and the house's rules."""

import importlib
import json
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_alicloud as alicloud
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs

from components.cidr import SubnetPlan
from components.tags import REQUIRED, region_tags
from components.types import ClusterParts, NetworkParts, SecurityParts, StorageParts
from tests.harness import mocks
from tests.harness.mocks import Recorder

ACCOUNT = "1234567890123456"
TAGS = region_tags(stack="here", environment="production", owner="team", cost_center="42")
ZONES = ("cn-hangzhou-h", "cn-hangzhou-i", "cn-hangzhou-j")
PLAN = SubnetPlan(
    public=tuple(IPv4Network(f"10.0.{zone}.0/24") for zone in range(3)),
    nodes=tuple(IPv4Network(f"10.0.{zone + 8}.0/24") for zone in range(3)),
    pods=tuple(IPv4Network(f"10.0.{16 * (zone + 1)}.0/20") for zone in range(3)),
)
NETWORK = NetworkParts(
    vpc="vpc-1",
    cidr=IPv4Network("10.0.0.0/16"),
    zones=ZONES,
    public_subnets=(),
    node_subnets=("vsw-n0", "vsw-n1", "vsw-n2"),
    pod_subnets=("vsw-p0", "vsw-p1", "vsw-p2"),
    route_tables=("vtb-0", "vtb-1", "vtb-2"),
    node_ranges=tuple(str(subnet) for subnet in PLAN.nodes),
    pod_ranges=tuple(str(subnet) for subnet in PLAN.pods),
)
SECURITY = SecurityParts(nodes="sg-1", files="here-files", balancer="acl-1")
STORAGE = StorageParts(bucket="here-bucket", bucket_id=f"acs:oss:*:{ACCOUNT}:here-bucket", key="key-1", files=None)


def cluster_parts() -> ClusterParts:
    """Made inside a program: outputs belong to one."""
    return ClusterParts(
        id="c1",
        name="here",
        kubeconfig=pulumi.Output.secret("{}"),
        address=pulumi.Output.from_input("10.0.8.2"),
        issuer="https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1",
        issuer_id=f"acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa-c1",
    )


ANSWERS: dict[str, dict[str, Any]] = {
    "alicloud:index/getAccount:getAccount": {"id": ACCOUNT},
    "alicloud:cs/getKubernetesVersion:getKubernetesVersion": {
        "metadatas": [{"version": f"1.{minor}-aliyun.1", "runtimes": []} for minor in ("32.1", "34.1", "34.3", "33.9")]
    },
    "alicloud:cs/getClusterCredential:getClusterCredential": {
        "clusterName": "there",
        "kubeConfig": "clusters: [{cluster: {server: 'https://10.9.8.7:6443'}}]",
        "certificateAuthorities": [{"clusterCert": "Y2E=", "clientCert": "Y2VydA==", "clientKey": "a2V5"}],
    },
}


def outputs(args: MockResourceArgs) -> Mapping[str, Any]:
    """What the cloud adds to what a program says."""
    match args.typ.rpartition(":")[2]:
        case "ManagedKubernetes":
            return {
                "connections": [
                    {"apiServerIntranet": "https://10.0.8.2:6443", "apiServerInternet": "https://47.9.9.9:6443"}
                ],
                "rrsaMetadata": {
                    "rrsaOidcIssuerUrl": "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1",
                    "ramOidcProviderArn": f"acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa-c1",
                },
            }
        case "NatGateway":
            return {"snatTableIds": f"stb-{args.name}"}
        case "EipAddress":
            return {"ipAddress": "47.1.2.3"}
        case "MountTarget":
            return {"mountTargetDomain": "0a1b2c.cn-hangzhou.nas.aliyuncs.com"}
    return {}


def run(
    build: Callable[[pulumi.ResourceOptions], Mapping[str, Any]],
    *,
    preview: bool = False,
    answers: Mapping[str, dict[str, Any]] | None = None,
) -> Recorder:
    """Builds with an explicit provider. `answers` of functions, by token, go before the usual ones."""

    def call(args: MockCallArgs) -> dict[str, Any]:
        if args.token.endswith(":getClusterCredential"):
            assert args.args["temporaryDurationMinutes"] <= 24 * 60  # a state keeps it: it must be worth nothing soon
        if args.token.endswith("kms/getKeys:getKeys"):
            assert args.args["enableDetails"] is True  # without, a key's state may be left out
        return {"id": "asked", **args.args, **({**ANSWERS, **(answers or {})}[args.token])}

    def program() -> Mapping[str, Any]:
        provider = alicloud.Provider("cloud", region="cn-hangzhou")
        return build(pulumi.ResourceOptions(providers=[provider]))

    recorder = mocks.run(program, preview=preview, recorder=Recorder(outputs=outputs, calls=call))
    house_rules(recorder)
    return recorder


def house_rules(recorder: Recorder) -> None:
    """Explicit providers, one of our components above each resource, unique names (`mocks.run` sees to those), tags."""
    for urn in recorder.urns:
        kinds = urn.split("::")[2].split("$")
        if kinds[-1].startswith("alicloud:"):
            assert any(kind.startswith("open-autoglm:alicloud:") for kind in kinds[:-1]), urn
    for item in recorder.resources:
        if item.type.startswith("alicloud:"):
            assert item.provider, f"{item.name} is on the default provider"
            if tagged(item.type):
                assert set(REQUIRED) <= set(mocks.plain(item.inputs).get("tags", {})), f"{item.name} lacks tags"


def tagged(kind: str) -> bool:
    """Whether the SDK's class takes tags."""
    _, where, name = kind.split(":")
    module = importlib.import_module(f"pulumi_alicloud.{where.partition('/')[0]}")
    return hasattr(getattr(module, name), "tags")


def statements(document: str) -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = json.loads(document)["Statement"]
    return parsed
