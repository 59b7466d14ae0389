"""The VPC of a region on Tencent Cloud, made and adopted."""

from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs

from components.cloud_args import ExistingNetworkArgs
from components.tencentcloud.existing_network import ExistingNetwork
from components.tencentcloud.logs import kept_days
from components.tencentcloud.names import fitted, region_of
from components.tencentcloud.network import Network
from tests.components.tencentcloud import cloud
from tests.harness.mocks import Recorder

both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])


def make(preview: bool, **more: Any) -> Recorder:
    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        parts = Network("net", cloud.network_args(**more), opts).parts
        return {"vpc": parts.vpc, "nodes": parts.node_subnets, "tables": parts.route_tables}

    return cloud.run(program, preview=preview)


@both
def test_a_network_keeps_the_house_rules(preview: bool) -> None:
    cloud.assert_house_rules(make(preview))


def test_each_zone_has_its_own_way_out() -> None:
    done = make(False)
    assert [gateway.inputs["zone"] for gateway in done.all("Gateway")] == list(cloud.ZONES)
    assert all(gateway.inputs["assignedEipSets"] == ["203.0.113.7"] for gateway in done.all("Gateway"))
    ways = {entry.inputs["routeTableId"]: entry.inputs["nextHub"] for entry in done.all("TableEntry")}
    assert ways == {f"net-routes-{zone}-id": f"net-nat-{zone}-id" for zone in cloud.ZONES}
    assert all(entry.inputs["nextType"] == "NAT" for entry in done.all("TableEntry"))


def test_one_gateway_may_serve_all_zones() -> None:
    done = make(False, nat_per_zone=False)
    assert len(done.all("Gateway")) == 1
    assert {entry.inputs["nextHub"] for entry in done.all("TableEntry")} == {"net-nat-ap-singapore-1-id"}


def test_every_zone_has_a_node_and_a_pod_subnet_on_its_own_routes() -> None:
    done = make(False)
    subnets = [item for item in done.all("Instance") if "Subnet/" in item.type]
    placed = {(s.inputs["availabilityZone"], s.inputs["cidrBlock"]): s.inputs["routeTableId"] for s in subnets}
    assert placed == {
        (zone, cidr): f"net-routes-{zone}-id"
        for zone, cidrs in zip(
            cloud.ZONES,
            [("10.0.10.0/24", "10.0.64.0/19"), ("10.0.11.0/24", "10.0.96.0/19"), ("10.0.12.0/24", "10.0.128.0/19")],
            strict=True,
        )
        for cidr in cidrs
    }
    assert list(done.exports["nodes"].value) == [f"net-nodes-{zone}-id" for zone in cloud.ZONES]


def test_flow_logs_hold_all_traffic_for_the_days_asked() -> None:
    done = make(False, flow_log_days=400)
    log = done.one("FlowLog").inputs
    assert (log["trafficType"], log["resourceType"], log["storageType"]) == ("ALL", "VPC", "cls")
    assert log["cloudLogId"] == "net-flow-log-id"
    assert done.one("Topic").inputs["period"] == 400
    assert done.one("Index").inputs["topicId"] == "net-flow-log-id"


def test_logs_are_never_kept_for_less_than_asked() -> None:
    assert [kept_days(days) for days in (1, 3600, 3601)] == [1, 3600, 3640]


def test_names_are_cut_but_stay_different() -> None:
    one, two = fitted("tencentcloud-ap-singapore-glm-a", 25), fitted("tencentcloud-ap-singapore-glm-b", 25)
    assert len(one) <= 25 and len(two) <= 25 and one != two
    assert fitted("short", 25) == "short"
    assert region_of("na-ashburn-2") == "na-ashburn"


EXISTING = ExistingNetworkArgs(
    vpc="vpc-old",
    cidr=IPv4Network("10.1.0.0/16"),
    zones=cloud.ZONES[:2],
    public_subnets=(),
    node_subnets=("subnet-n1", "subnet-n2"),
    pod_subnets=("subnet-p1", "subnet-p2"),
)


def world(**changes: dict[str, str] | None) -> Any:
    """What the cloud has: `changes` by subnet id, None for a subnet that is not there."""

    def answer(call: MockCallArgs) -> dict[str, Any]:
        if call.token.endswith(":getInstances"):
            there = [] if call.args["vpcId"] == "vpc-gone" else [{"cidrBlock": "10.1.0.0/16", "vpcId": "vpc-old"}]
            return {"instanceLists": there}
        subnet = call.args["subnetId"]
        found = {
            "subnetId": subnet,
            "vpcId": "vpc-old",
            "availabilityZone": f"ap-singapore-{subnet[-1]}",
            "cidrBlock": f"10.1.{subnet[-1]}.0/24",
            "routeTableId": f"rtb-{subnet}",
        }
        change = changes.get(subnet.replace("-", "_"), {})
        return {"instanceLists": [] if change is None else [found | change]}

    return answer


def adopt(args: ExistingNetworkArgs, preview: bool, **changes: dict[str, str] | None) -> Recorder:
    def program(opts: pulumi.ResourceOptions) -> dict[str, Any]:
        parts = ExistingNetwork("old", args, opts).parts
        return {
            "vpc": parts.vpc,
            "nodes": list(parts.node_subnets),
            "tables": list(parts.route_tables),
            "ranges": [*parts.node_ranges, *parts.pod_ranges],
        }

    return cloud.run(program, preview=preview, calls=world(**changes))


@both
def test_an_existing_network_is_looked_up_and_nothing_is_made(preview: bool) -> None:
    done = adopt(EXISTING, preview)
    assert not cloud.cloud(done)
    found = {name: export.value for name, export in done.exports.items()}
    assert found == {
        "vpc": "vpc-old",
        "nodes": ["subnet-n1", "subnet-n2"],
        "tables": ["rtb-subnet-n1", "rtb-subnet-n2", "rtb-subnet-p1", "rtb-subnet-p2"],
        "ranges": ["10.1.1.0/24", "10.1.2.0/24", "10.1.1.0/24", "10.1.2.0/24"],
    }


@both
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"subnet_n2": {"vpcId": "vpc-other"}},
            r"subnets\.nodes\[1\]: subnet-n2 is in vpc-other, not in vpc-old: name",
        ),
        ({"subnet_p1": {"availabilityZone": "ap-singapore-4"}}, r"subnets\.pods\[0\]: subnet-p1 is in ap-singapore-4"),
        ({"subnet_n1": None}, r"subnets\.nodes\[0\]: subnet-n1 is not in this account and region: correct the id"),
    ],
)
def test_a_subnet_that_does_not_fit_is_refused(preview: bool, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(pulumi.RunError, match=message):
        adopt(EXISTING, preview, **changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vpc": "vpc-gone"}, r"network\.existing\.vpc: vpc-gone is not in this account and region"),
        ({"cidr": IPv4Network("10.2.0.0/16")}, r"cidr: 10\.2\.0\.0/16 is not the range of vpc-old, which is 10\.1\.0"),
    ],
)
def test_a_vpc_that_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    args = ExistingNetworkArgs(**{**vars(EXISTING), **change})
    with pytest.raises(pulumi.RunError, match=message):
        adopt(args, False)
