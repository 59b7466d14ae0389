"""A VPC that exists is looked up, checked, and never changed."""

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest

from components.alicloud.existing_network import ExistingNetwork, Switch, refusals
from components.cloud_args import ExistingNetworkArgs
from tests.components.alicloud import cloud
from tests.harness.mocks import Recorder

ARGS = ExistingNetworkArgs(
    vpc="vpc-a",
    cidr=IPv4Network("10.1.0.0/16"),
    zones=("cn-hangzhou-h", "cn-hangzhou-i"),
    public_subnets=(),
    node_subnets=("vsw-n0", "vsw-n1"),
    pod_subnets=("vsw-p0", "vsw-p1"),
)
SWITCHES = {
    f"vsw-{kind}{zone}": Switch(
        id=f"vsw-{kind}{zone}", vpc="vpc-a", zone=ARGS.zones[zone], cidr=f"10.1.{zone}.0/24", route_table="vtb-1"
    )
    for kind in "np"
    for zone in (0, 1)
}


def looked_up(switches: dict[str, Switch], *, preview: bool = False, cidr: str = "10.1.0.0/16") -> Recorder:
    answers: dict[str, dict[str, Any]] = {
        "alicloud:vpc/getNetworks:getNetworks": {"vpcs": [{"id": "vpc-a", "cidrBlock": cidr}]},
        "alicloud:vpc/getSwitches:getSwitches": {
            "vswitches": [
                {
                    "id": switch.id,
                    "vpcId": switch.vpc,
                    "zoneId": switch.zone,
                    "cidrBlock": switch.cidr,
                    "routeTableId": switch.route_table,
                }
                for switch in switches.values()
            ]
        },
    }

    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        parts = ExistingNetwork("here-network", ARGS, opts).parts
        return {
            "vpc": parts.vpc,
            "nodes": pulumi.Output.all(*parts.node_subnets),
            "ranges": pulumi.Output.all(*parts.pod_ranges),
            "tables": pulumi.Output.all(*parts.route_tables),
        }

    return cloud.run(build, preview=preview, answers=answers)


@pytest.mark.parametrize("preview", [True, False])
def test_what_exists_is_used_as_it_is(preview: bool) -> None:
    found = looked_up(SWITCHES, preview=preview)
    assert [item.type for item in found.resources if item.custom] == []
    assert found.exports["vpc"].value == "vpc-a"
    assert found.exports["nodes"].value == ["vsw-n0", "vsw-n1"]
    assert found.exports["ranges"].value == ["10.1.0.0/24", "10.1.1.0/24"]
    assert found.exports["tables"].value == ["vtb-1"] * 4


def test_a_vswitch_of_another_vpc_is_refused_in_a_preview() -> None:
    elsewhere = SWITCHES | {"vsw-n1": replace(SWITCHES["vsw-n1"], vpc="vpc-b")}
    with pytest.raises(pulumi.RunError) as refused:
        looked_up(elsewhere, preview=True)
    assert str(refused.value) == (
        "network.existing.subnets.nodes[1]: vsw-n1: belongs to vpc-b, not to vpc-a: name a vSwitch of vpc-a"
    )


def test_each_difference_is_named_with_its_field_and_its_fix() -> None:
    wrong = {
        "vsw-n0": replace(SWITCHES["vsw-n0"], zone="cn-hangzhou-i"),
        "vsw-n1": SWITCHES["vsw-n1"],
        "vsw-p0": SWITCHES["vsw-p0"],
    }
    assert refusals(ARGS, {"vpc-a": "10.2.0.0/16"}, wrong) == [
        "network.existing.cidr: 10.1.0.0/16: vpc-a has 10.2.0.0/16: write that range",
        "network.existing.subnets.nodes[0]: vsw-n0: lies in zone cn-hangzhou-i, not in cn-hangzhou-h: "
        "order them as network.existing.zones",
        "network.existing.subnets.pods[1]: vsw-p1: the account has no such vSwitch in this region: "
        "correct the id or region",
    ]
    assert refusals(ARGS, {}, {}) == [
        "network.existing.vpc: vpc-a: the account has no such VPC in this region: correct the id"
    ]
