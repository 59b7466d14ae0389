"""A fleet of every kind of pair, under mocks: three clouds twice, and a rack."""

from typing import Any

import pytest

from tests.components.fleet import fleets
from tests.harness import mocks
from tests.harness.mocks import Recorder, Registered, is_secret, plain

STACKS = (
    "aws-us-west-2",
    "aws-us-east-1",
    "alicloud-ap-southeast-1",
    "alicloud-eu-central-1",
    "tencentcloud-ap-singapore",
    "tencentcloud-na-ashburn",
    "private-rack",
)
WAYS = ("from", "to")
PORTS = [{"port": 2380, "reason": "etcd learners"}]


def run(preview: bool) -> Recorder:
    program = fleets.program(fleets.spec(*STACKS), fleets.regions(*STACKS))
    return mocks.run(program, preview=preview, recorder=fleets.recorder())


@pytest.fixture(scope="module")
def made() -> Recorder:
    """As an update, in which every value is known."""
    return run(preview=False)


@pytest.fixture(scope="module", params=[True, False], ids=["preview", "update"])
def fleet(request: pytest.FixtureRequest, made: Recorder) -> Recorder:
    return run(preview=True) if request.param else made


def customs(found: Recorder) -> list[Registered]:
    return [item for item in found.resources if item.custom]


def test_every_resource_has_an_explicit_provider_of_its_members_region(fleet: Recorder) -> None:
    for item in customs(fleet):
        assert item.provider, item.name
    for stack in STACKS[:-1]:
        crossings = [item for item in customs(fleet) if f"{stack}-crossing" in item.name]
        assert crossings
        for item in crossings:
            assert f"::fleet-{stack}::" in item.provider, (item.name, item.provider)


def test_every_resource_is_a_child_of_ours(fleet: Recorder) -> None:
    for urn in fleet.urns:
        kind = urn.split("::")[2]
        if not kind.endswith("pulumi:pulumi:Stack") and "pulumi:providers" not in kind:
            assert kind.removeprefix("pulumi:pulumi:Stack$").startswith("open-autoglm:"), urn


def test_what_can_be_tagged_is(made: Recorder) -> None:
    untaggable = (
        "Route", "RouteEntry", "TableEntry", "GatewayRoute", "VpnConnectionRoute", "SecurityGroupRule", "GroupRule",
        "Record", "RandomPassword", "PeerConnectManager",
    )  # fmt: skip
    for item in customs(made):
        if not item.type.endswith(tuple(f":{kind}" for kind in untaggable)):
            assert plain(item.inputs["tags"])["cost-center"] == "ml-42", item.name


def test_members_of_one_cloud_are_peered_and_the_others_get_a_vpn(made: Recorder) -> None:
    assert len(made.all("VpcPeeringConnection")) == len(made.all("VpcPeeringConnectionAccepter")) == 1
    assert len(made.all("PeerConnection")) == 1
    assert len(made.all("PeerConnectManager")) == 1
    assert not made.all("PeerConnectionAccepter")  # one account
    gateways = [item for item in customs(made) if item.type.endswith((":VpnGateway", "vpn/gateway:Gateway"))]
    assert len(gateways) + len(made.all("Vpn/gateway:Gateway")) == 6  # one a cloud's member


def test_an_aws_peering_is_accepted_in_its_own_region_before_routes(made: Recorder) -> None:
    request, accept = made.one("VpcPeeringConnection"), made.one("VpcPeeringConnectionAccepter")
    assert request.inputs["peerRegion"] == "us-east-1"
    assert "::fleet-aws-us-west-2::" in request.provider
    assert "::fleet-aws-us-east-1::" in accept.provider
    routes = [item for item in made.all("Route") if "vpcPeeringConnectionId" in item.inputs]
    assert routes
    for route in routes:
        assert route.inputs["vpcPeeringConnectionId"] == f"{accept.name}-id"


def test_aws_connects_first_and_the_other_calls_the_tunnels(made: Recorder) -> None:
    link = "fleet-aws-us-west-2-tencentcloud-ap-singapore"
    connection = made.one("VpnConnection", f"{link}-aws-us-west-2-vpn-0-connection")
    customer = made.one("CustomerGateway", f"{link}-aws-us-west-2-vpn-0-peer")
    assert customer.inputs["ipAddress"] == "fleet-tencentcloud-ap-singapore-vpn-gateway 1"
    assert connection.inputs["customerGatewayId"] == f"{customer.name}-id"
    called = [
        made.one("CustomerGateway", f"{link}-tencentcloud-ap-singapore-vpn-{index}-peer").inputs["publicIpAddress"]
        for index in (0, 1)
    ]
    assert called == [f"{connection.name} 1", f"{connection.name} 2"]


def test_two_addresses_meet_two_addresses(made: Recorder) -> None:
    """Alibaba Cloud's gateway has two: AWS makes a connection to each, and is called at one tunnel of each."""
    link = "fleet-aws-us-west-2-alicloud-ap-southeast-1"
    peers = [made.one("CustomerGateway", f"{link}-aws-us-west-2-vpn-{index}-peer") for index in (0, 1)]
    gateway = "fleet-alicloud-ap-southeast-1-vpn-gateway"
    assert [peer.inputs["ipAddress"] for peer in peers] == [f"{gateway} 1", f"{gateway} 2"]
    back = [made.one("CustomerGateway", f"{link}-alicloud-ap-southeast-1-vpn-{index}-peer") for index in (0, 1)]
    assert [peer.inputs["ipAddress"] for peer in back] == [
        f"{link}-aws-us-west-2-vpn-{index}-connection 1" for index in (0, 1)
    ]
    tunnels = made.one("Connection", f"{link}-alicloud-ap-southeast-1-vpn-connection").inputs[
        "tunnelOptionsSpecifications"
    ]
    assert [tunnel["customerGatewayId"] for tunnel in plain(tunnels)] == [f"{peer.name}-id" for peer in back]


def keys_of(item: Registered) -> list[Any]:
    """The pre-shared keys in a connection's inputs, as they went to the engine."""
    if "tunnelOptionsSpecifications" in item.inputs:
        found = item.inputs["tunnelOptionsSpecifications"]
        return [found] if is_secret(found) else [tunnel["tunnelIkeConfig"]["psk"] for tunnel in found]
    names = ("preShareKey", "tunnel1PresharedKey", "tunnel2PresharedKey")
    return [item.inputs[name] for name in names if name in item.inputs]


def test_keys_are_secret_everywhere(made: Recorder) -> None:
    connections = [item for item in customs(made) if item.type.endswith((":VpnConnection", ":Connection"))]
    assert len(connections) > len(STACKS)
    for item in connections:
        found = keys_of(item)
        assert found, item.name
        assert all(is_secret(key) for key in found), item.name
    racks = made.exports["racks"]
    assert racks.secret


def test_both_ends_of_a_tunnel_have_one_key_and_no_other_tunnel_has_it(made: Recorder) -> None:
    link = "fleet-aws-us-west-2-tencentcloud-ap-singapore"
    aws = made.one("VpnConnection", f"{link}-aws-us-west-2-vpn-0-connection")
    for index in (0, 1):
        other = made.one("Connection", f"{link}-tencentcloud-ap-singapore-vpn-{index}-connection")
        assert plain(aws.inputs[f"tunnel{index + 1}PresharedKey"]) == plain(other.inputs["preShareKey"])
    link = "fleet-alicloud-ap-southeast-1-tencentcloud-na-ashburn"
    alicloud = made.one("Connection", f"{link}-alicloud-ap-southeast-1-vpn-connection")
    tunnels = plain(alicloud.inputs["tunnelOptionsSpecifications"])
    for index in (0, 1):
        other = made.one("Connection", f"{link}-tencentcloud-na-ashburn-vpn-{index}-connection")
        assert tunnels[index]["tunnelIkeConfig"]["psk"] == plain(other.inputs["preShareKey"])
    passwords = made.all("RandomPassword")
    assert len(passwords) == 12 * 2 + 4 * 2 + 2  # pairs of clouds, the rack's with two addresses and with one
    assert len({item.name for item in passwords}) == len(passwords)


def test_every_table_once_gets_a_route_to_every_peer(made: Recorder) -> None:
    """The members' third table is their first again."""
    for stack in STACKS[:-1]:
        tables = [
            str(item.inputs.get("routeTableId"))
            for item in customs(made)
            if item.name.startswith("fleet-") and "-crossing-route-" in item.name and f"{stack}-crossing" in item.name
        ]
        for table in (f"rtb-1-{stack}", f"rtb-2-{stack}"):
            peered = [item for item in customs(made) if item.inputs.get("routeTableId") == table]
            ranges = [
                item.inputs.get("destinationCidrBlock") or item.inputs.get("destinationCidrblock") for item in peered
            ]
            assert len(ranges) == len(set(ranges)) == len(STACKS) - 1, (stack, ranges)
        assert all(table in (f"rtb-1-{stack}", f"rtb-2-{stack}") for table in tables)


RULES = ("SecurityGroupIngressRule", "SecurityGroupEgressRule", "SecurityGroupRule", "GroupRule", "GroupRuleSet")


def rules(found: Recorder) -> list[Registered]:
    return [item for kind in RULES for item in found.all(kind)]


def test_443_needs_no_rule_of_the_fleet_for_regions_let_their_peers_in(made: Recorder) -> None:
    assert rules(made) == []


def test_every_rule_is_of_one_port_and_one_member_and_described() -> None:
    stacks = ("aws-us-west-2", "alicloud-ap-southeast-1")
    spec = fleets.spec(*stacks, ports=PORTS)
    found = rules(mocks.run(fleets.program(spec, fleets.regions(*stacks)), recorder=fleets.recorder()))
    assert len(found) == 2 * 2  # both clouds, both ways: the one port beside 443
    for rule in found:
        seen = rule.inputs
        other = stacks[1] if rule.type.startswith("aws:") else stacks[0]
        assert seen["description"] in [f"etcd learners: {way} {other} of the fleet" for way in WAYS], rule.name
        if "portRange" in seen:
            assert seen["portRange"] == "2380/2380"
        else:
            assert seen["fromPort"] == seen["toPort"] == 2380
        range_ = "10.20.0.0/16" if other == stacks[1] else "10.10.0.0/16"
        assert (seen.get("cidrIpv4") or seen.get("cidrIp")) == range_
        assert seen["ipProtocol"] == "tcp"


def test_on_tencent_cloud_no_other_port_crosses() -> None:
    stacks = ("tencentcloud-ap-singapore", "tencentcloud-na-ashburn")
    spec = fleets.spec(*stacks, ports=PORTS)
    with pytest.raises(ValueError, match="nothing crosses but 443: leave 2380 out"):
        mocks.run(fleets.program(spec, fleets.regions(*stacks)), recorder=fleets.recorder())


def test_the_racks_owner_gets_what_its_device_needs(made: Recorder) -> None:
    tunnels = plain(made.exports["racks"].value)["private-rack"]
    counts = {stack: len([item for item in tunnels if item["member"] == stack]) for stack in STACKS[:-1]}
    assert counts == {stack: 1 if stack.startswith("tencentcloud") else 2 for stack in STACKS[:-1]}
    for tunnel in tunnels:
        assert set(tunnel) == {"member", "cidr", "address", "key"}
        assert len(tunnel["key"]) == 48
        assert tunnel["key"].startswith("k")


def test_a_rack_gets_no_record_without_an_address(made: Recorder) -> None:
    assert not [item for item in made.all("Record") if "private-rack" in item.name]
