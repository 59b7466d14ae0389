"""Fleets for tests: members of every cloud and a rack, what their stacks export, and the program that joins them."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs

from components.fleet import Fleet, FleetArgs
from components.fleet.member import export
from components.types import FleetMember
from stacks.fleet import FleetSpec
from stacks.schema import AlicloudRegion, AwsRegion, PrivateRegion, RegionSpec, TencentcloudRegion
from tests.harness.mocks import Recorder

ZONE_ID = "Z0123456789ABC"
_AMOUNT = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
_WORKLOADS: dict[str, Any] = {
    "namespace": "autoglm",
    "images": {"etcd": "etcd:v3.6.4", "keeper": "keeper:0.1.0", "envoy": "envoy:v1.40.0", "serving": "serving:0.1.0"},
    "model": {"name": "phone", "maxModelLen": 4096, "source": {"type": "tiny"}, "volume": {"size": "1Gi"}},
    "serving": {"replicas": 1, "maxNumSeqs": 8, "drainSeconds": 600, "resources": _AMOUNT},
    "etcd": {"members": 3, "volume": {"size": "2Gi"}, "resources": _AMOUNT},
    "gateway": {
        "replicas": 2,
        "exposure": {"type": "LoadBalancer", "certificate": "cert-1"},
        "maxBodyBytes": 16777216,
        "maxStreamSeconds": 600,
        "resources": _AMOUNT,
    },
    "quota": {"cpu": "99", "memory": "99Gi", "storage": "99Gi", "pods": 99},
}
# stack: account, address range, replica's region, name or address of its load balancer
_CLOUDS = {
    "aws-us-west-2": ("111122223333", "10.10.0.0/16", "us-east-1", "west.elb.amazonaws.com"),
    "aws-us-east-1": ("111122223333", "10.11.0.0/16", None, "east.elb.amazonaws.com"),
    "alicloud-ap-southeast-1": ("1234567890123456", "10.20.0.0/16", "eu-central-1", "198.51.100.20"),
    "alicloud-eu-central-1": ("1234567890123456", "10.21.0.0/16", None, "198.51.100.21"),
    "alicloud-cn-hangzhou": ("1234567890123456", "10.22.0.0/16", None, "198.51.100.22"),
    "tencentcloud-ap-singapore": ("100012345678", "10.30.0.0/16", None, "198.51.100.30"),
    "tencentcloud-na-ashburn": ("100012345678", "10.31.0.0/16", None, "198.51.100.31"),
}
RACK = {"cidr": "10.200.0.0/16", "gateway": "9.9.9.9"}
GLOBAL = ("aws-us-west-2", "alicloud-ap-southeast-1", "tencentcloud-ap-singapore")


def region(stack: str, **changes: Any) -> RegionSpec:
    """What a region file says, before the rules between its fields. `changes` of its network."""
    if stack not in _CLOUDS:
        return PrivateRegion.model_validate({**_WORKLOADS, "provider": "private", "cluster": {"kubeconfig": "k"}})
    provider, _, place = stack.partition("-")
    account, cidr, replica, _ = _CLOUDS[stack]
    more = {"appId": "1250000000"} if provider == "tencentcloud" else {}
    network = {"cidr": cidr, "zones": [f"{place}-1", f"{place}-2"], **changes}
    content = {
        **_WORKLOADS,
        **more,
        "provider": provider,
        "region": place,
        "accountId": account,
        "owner": {"name": "phones", "costCenter": "ml-42"},
        "network": network,
        "cluster": {"version": "1.33", "serviceCidr": "172.20.0.0/16", "system": {"instanceType": "any"}},
        "storage": {"replicaRegion": replica},
    }
    models = {"aws": AwsRegion, "alicloud": AlicloudRegion, "tencentcloud": TencentcloudRegion}
    return models[provider].model_validate(content)  # type: ignore[attr-defined,no-any-return]  # a union of classes


def regions(*stacks: str, **changes: Any) -> dict[str, RegionSpec]:
    return {stack: region(stack, **changes) for stack in stacks}


def content(*stacks: str, **changes: Any) -> dict[str, Any]:
    """A fleet file: the first member is the primary, the second its standby. Stacks without a cloud are racks."""
    members: dict[str, dict[str, Any]] = {stack: {} if stack in _CLOUDS else {"site": RACK} for stack in stacks}
    members[stacks[0]]["weight"] = 100
    return {
        "kind": "fleet",
        "owner": {"name": "phones", "costCenter": "ml-42"},
        "members": members,
        "dns": {"zone": "example.com", "zoneId": ZONE_ID, "accountId": "444455556666", "host": "phones"},
        "recovery": {"primary": stacks[0], "standby": stacks[1], "rtoSeconds": 300},
        **changes,
    }


def spec(*stacks: str, **changes: Any) -> FleetSpec:
    return FleetSpec.model_validate(content(*stacks, **changes))


def exported(stack: str) -> dict[str, Any]:
    account, cidr, _, address = _CLOUDS[stack]
    provider, _, place = stack.partition("-")
    member = FleetMember(
        provider=provider,
        region=place,
        account=account,
        cidr=cidr,
        vpc=f"vpc-of-{stack}",
        route_tables=(f"rtb-1-{stack}", f"rtb-2-{stack}", f"rtb-1-{stack}"),
        node_security_group=f"sg-{stack}",
        bucket=f"bucket-{stack}",
        address=address,
        subnets=(f"subnet-1-{stack}", f"subnet-2-{stack}"),
    )
    return export(member)


class _RefusedError(grpc.RpcError):  # type: ignore[misc]
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return str(self)


def recorder(missing: tuple[str, ...] = (), **changes: Any) -> Recorder:
    """Stacks that export their member, but for `missing` ones; `changes` to what each exports."""

    def stack(path: str) -> str:
        _, project, name = path.split("/")
        assert project == "open-autoglm", path
        return name

    def outputs(args: MockResourceArgs) -> Mapping[str, Any]:
        if args.typ == "pulumi:pulumi:StackReference":
            fleet = {**exported(stack(args.inputs["name"])), **changes}
            return {"outputs": {"fleet": fleet}, "secretOutputNames": []}
        return {
            "aws:ec2/vpnConnection:VpnConnection": {
                "tunnel1Address": f"{args.name} 1",
                "tunnel2Address": f"{args.name} 2",
            },
            "alicloud:vpn/gateway:Gateway": {
                "internetIp": f"{args.name} 1",
                "disasterRecoveryInternetIp": f"{args.name} 2",
            },
            "tencentcloud:Vpn/gateway:Gateway": {"publicIpAddress": f"{args.name} 1"},
            "random:index/randomPassword:RandomPassword": {"result": sha256(args.name.encode()).hexdigest()[:47]},
        }.get(args.typ, {})

    def calls(args: MockCallArgs) -> dict[str, Any]:
        assert args.token.endswith(":readStackOutputs")
        name = stack(args.args["name"])
        if name in missing:
            raise _RefusedError(f'unknown stack "{name}"')  # as the engine says it
        return {"outputs": {"fleet": {**exported(name), **changes}}}

    return Recorder(outputs=outputs, calls=calls)


def program(fleet: FleetSpec, files: Mapping[str, RegionSpec]) -> Callable[[], Mapping[str, Any]]:
    def run() -> Mapping[str, Any]:
        made = Fleet("fleet", FleetArgs(spec=fleet, regions=files))
        return {"endpoint": pulumi.Output.from_input(made.endpoint), "racks": made.racks}

    return run
