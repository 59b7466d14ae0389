import functools

import pytest
from pulumi.runtime.mocks import MockCallArgs

from components.aws import retention
from components.aws.existing_network import ExistingNetwork, Found, refuse
from components.aws.network import Network
from components.cloud_args import ExistingNetworkArgs
from tests.components.aws import cloud
from tests.harness.mocks import Recorder

EXISTING = ExistingNetworkArgs(
    vpc="vpc-1",
    cidr=cloud.network_args().cidr,
    zones=cloud.ZONES[:2],
    public_subnets=(),
    node_subnets=("subnet-a", "subnet-b"),
    pod_subnets=("subnet-c", "subnet-d"),
)
GOOD = {
    "nodes[0]": Found(vpc="vpc-1", zone="us-west-2a"),
    "nodes[1]": Found(vpc="vpc-1", zone="us-west-2b"),
    "pods[0]": Found(vpc="vpc-1", zone="us-west-2a"),
    "pods[1]": Found(vpc="vpc-1", zone="us-west-2b"),
}


@functools.cache
def made(preview: bool, **more: object) -> Recorder:
    def program(opts):
        parts = Network("net", cloud.network_args(**more), opts).parts
        return {"vpc": parts.vpc, "nodes": list(parts.node_subnets), "tables": list(parts.route_tables)}

    return cloud.run(program, preview=preview)


@pytest.mark.parametrize("preview", [True, False])
def test_a_network_has_three_subnets_a_zone_and_one_way_out_each(preview: bool) -> None:
    done = made(preview)
    cloud.assert_house_rules(done)
    assert len(done.all("Subnet")) == 9
    assert len(done.all("NatGateway")) == 3
    assert len(done.exports["tables"].value or [1, 2, 3]) == 3
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in done.all("Subnet"))
    assert "net-internet" in done.waits_for("net-nat-us-west-2a")


def test_each_private_subnet_leaves_through_its_own_zone() -> None:
    done = made(False)
    for kind in ("nodes", "pods"):
        for zone in cloud.ZONES:
            routes = done.one("RouteTableAssociation", f"net-{kind}-{zone}-routes").inputs
            assert routes["routeTableId"] == f"net-private-{zone}-id"
    assert done.one("Route", "net-private-us-west-2b-out").inputs["natGatewayId"] == "net-nat-us-west-2b-id"


def test_one_nat_gateway_serves_all_zones_where_asked() -> None:
    done = made(False, nat_per_zone=False)
    assert len(done.all("NatGateway")) == 1
    assert done.exports["tables"].value == ["net-private-us-west-2a-id"]
    tables = {item.inputs["routeTableId"] for item in done.all("RouteTableAssociation") if "-nodes-" in item.name}
    assert tables == {"net-private-us-west-2a-id"}


def test_balancers_find_their_subnets() -> None:
    done = made(False)
    assert done.one("Subnet", "net-public-us-west-2a").inputs["tags"]["kubernetes.io/role/elb"] == "1"
    assert done.one("Subnet", "net-nodes-us-west-2a").inputs["tags"]["kubernetes.io/role/internal-elb"] == "1"
    assert not any(key.startswith("kubernetes") for key in done.one("Subnet", "net-pods-us-west-2a").inputs["tags"])


def test_all_connections_are_recorded_and_the_record_ends() -> None:
    done = made(False, flow_log_days=31)
    log = done.one("FlowLog").inputs
    assert (log["trafficType"], log["vpcId"]) == ("ALL", "net-vpc-id")
    assert done.one("LogGroup").inputs["retentionInDays"] == 60
    policy = done.one("RolePolicy").inputs["policy"]
    assert '"*"' not in policy
    # What the flow log's role needs beside writing: AWS looks the group up before it takes the log.
    assert "logs:DescribeLogGroups" in policy


def test_objects_are_fetched_past_the_nat_gateways() -> None:
    done = made(False)
    endpoint = done.one("VpcEndpoint").inputs
    assert endpoint["serviceName"] == "com.amazonaws.us-west-2.s3"
    assert endpoint["routeTableIds"] == [f"net-private-{zone}-id" for zone in cloud.ZONES]


def test_the_default_group_lets_nothing_pass() -> None:
    default = made(False).one("DefaultSecurityGroup").inputs
    assert not default.get("ingress") and not default.get("egress")


@pytest.mark.parametrize(("asked", "offered"), [(1, 1), (2, 3), (30, 30), (366, 400), (3650, 3653)])
def test_logs_are_kept_as_long_as_asked_or_the_next_longer_time(asked: int, offered: int) -> None:
    assert retention.days(asked) == offered


def answer(subnets: dict[str, Found], ranges: tuple[str, ...] = ("10.0.0.0/16",)):
    """What AWS says about the VPC, the subnets and the route tables: nodes[0] has its own, the rest the main one."""
    ids = dict(zip(("subnet-a", "subnet-b", "subnet-c", "subnet-d"), subnets.values(), strict=True))

    def call(args: MockCallArgs) -> dict[str, object]:
        match args.token.rpartition("/")[2].rpartition(":")[2]:
            case "getVpc":
                more = [{"cidrBlock": cidr} for cidr in ranges]
                return {"cidrBlock": ranges[0], "cidrBlockAssociations": more, "mainRouteTableId": "rtb-main"}
            case "getSubnet":
                found = ids[args.args["id"]]
                return {"vpcId": found.vpc, "availabilityZone": found.zone}
        own = args.args["filters"][0]["values"] == ["subnet-a"]
        return {"ids": ["rtb-own"] if own else []}

    return call


def adopted(preview: bool, **more: object) -> Recorder:
    def program(opts):
        parts = ExistingNetwork("net", EXISTING, opts).parts
        return {
            "vpc": parts.vpc,
            "nodes": list(parts.node_subnets),
            "pods": list(parts.pod_subnets),
            "tables": list(parts.route_tables),
        }

    return cloud.run(program, preview=preview, calls=answer(**{"subnets": GOOD, **more}))


@pytest.mark.parametrize("preview", [True, False])
def test_an_existing_network_is_looked_up_and_left_alone(preview: bool) -> None:
    done = adopted(preview)
    assert cloud.cloud(done) == []
    assert done.exports["vpc"].value == "vpc-1"
    assert done.exports["nodes"].value == ["subnet-a", "subnet-b"]
    assert done.exports["pods"].value == ["subnet-c", "subnet-d"]
    assert done.exports["tables"].value == ["rtb-own", "rtb-main", "rtb-main", "rtb-main"]


def test_a_range_beside_the_first_will_do() -> None:
    assert adopted(False, ranges=("192.168.0.0/16", "10.0.0.0/16")).exports["vpc"].value == "vpc-1"


@pytest.mark.parametrize(
    ("ranges", "change", "message"),
    [
        (
            ["10.1.0.0/16"],
            {},
            "network.existing.cidr: 10.0.0.0/16 is no range of vpc-1, which has 10.1.0.0/16: write that",
        ),
        (
            ["10.0.0.0/16"],
            {"nodes[1]": Found(vpc="vpc-2", zone="us-west-2b")},
            "network.existing.subnets.nodes[1]: subnet-b is in vpc-2, not in vpc-1: name a subnet of the VPC",
        ),
        (
            ["10.0.0.0/16"],
            {"pods[0]": Found(vpc="vpc-1", zone="us-west-2b")},
            "network.existing.subnets.pods[0]: subnet-c is in us-west-2b, but its place is that of us-west-2a: "
            "name one subnet a zone, in the order of network.existing.zones",
        ),
    ],
)
def test_a_network_that_differs_is_refused(ranges: list[str], change: dict[str, Found], message: str) -> None:
    with pytest.raises(ValueError) as refused:
        refuse(EXISTING, ranges, GOOD | change)
    assert str(refused.value) == message


@pytest.mark.parametrize("preview", [True, False])
def test_the_refusal_stops_the_program(preview: bool) -> None:
    with pytest.raises(Exception, match=r"network.existing.subnets.nodes\[0\]: subnet-a is in vpc-2"):
        adopted(preview, subnets=GOOD | {"nodes[0]": Found(vpc="vpc-2", zone="us-west-2a")})
