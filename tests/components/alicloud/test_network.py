"""A VPC of our own."""

from dataclasses import replace
from ipaddress import IPv4Network

import pulumi
import pytest

from components.alicloud.network import Network
from components.cloud_args import NetworkArgs
from tests.components.alicloud import cloud
from tests.harness.mocks import Recorder

ARGS = NetworkArgs(
    cidr=IPv4Network("10.0.0.0/16"), zones=cloud.ZONES, subnets=cloud.PLAN, tags=cloud.TAGS, flow_log_days=45
)


def made(args: NetworkArgs, *, preview: bool = False) -> Recorder:
    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        parts = Network("here-network", args, opts).parts
        return {
            "nodes": pulumi.Output.all(*parts.node_subnets),
            "tables": pulumi.Output.all(*parts.route_tables),
            "ranges": pulumi.Output.all(*parts.node_ranges),
        }

    return cloud.run(build, preview=preview)


@pytest.fixture(scope="module", params=[True, False], ids=["preview", "update"])
def network(request: pytest.FixtureRequest) -> Recorder:
    return made(ARGS, preview=request.param)


def test_each_zone_has_a_vswitch_for_nat_nodes_and_pods(network: Recorder) -> None:
    planned = {
        str(subnet): zone
        for kind in (cloud.PLAN.public, cloud.PLAN.nodes, cloud.PLAN.pods)
        for subnet, zone in zip(kind, cloud.ZONES, strict=True)
    }
    assert {item.inputs["cidrBlock"]: item.inputs["zoneId"] for item in network.all("Switch")} == planned


def test_a_zone_leaves_through_its_own_gateway(network: Recorder) -> None:
    assert len(network.all("NatGateway")) == len(network.all("EipAddress")) == len(network.all("RouteTable")) == 3
    for zone in range(3):
        table = f"here-network-nat-gateway-{zone}-routes"
        for kind in ("nodes", "pods"):
            attached = network.one("RouteTableAttachment", f"{table}-{kind}-{zone}").inputs
            source = network.one("SnatEntry", f"here-network-nat-gateway-{zone}-snat-{kind}-{zone}").inputs
            assert attached["vswitchId"] == source["sourceVswitchId"] == f"here-network-{kind}-{zone}-id"
    assert all(item.inputs["natType"] == "Enhanced" for item in network.all("NatGateway"))


def test_an_snat_entry_waits_for_its_address_to_be_the_gateways(network: Recorder) -> None:
    for entry in network.all("SnatEntry"):
        gateway = entry.name.partition("-snat-")[0]
        assert f"{gateway}-association" in network.waits_for(entry.name)


def test_one_gateway_may_serve_all_zones() -> None:
    network = made(replace(ARGS, nat_per_zone=False))
    assert len(network.all("NatGateway")) == 1
    assert len(network.all("SnatEntry")) == len(network.all("RouteTableAttachment")) == 6
    assert len(network.exports["tables"].value) == 1


def test_flow_logs_are_of_the_whole_vpc_and_kept_as_long_as_asked(network: Recorder) -> None:
    log = network.one("FlowLog").inputs
    assert (log["resourceType"], log["trafficType"]) == ("VPC", "All")
    assert network.one("Store").inputs["retentionPeriod"] == 45
    assert cloud.ACCOUNT in network.one("Project").inputs["projectName"]


def test_the_ranges_of_nodes_are_known_before_anything_is_made() -> None:
    network = made(ARGS, preview=True)
    assert network.exports["ranges"].value == [str(subnet) for subnet in cloud.PLAN.nodes]
