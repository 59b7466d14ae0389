"""Address planning: no two subnets share an address, all lie in the VPC, and growth moves none."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import cidr
from components.cidr import SubnetPlan

PREFIXES = st.integers(min_value=8, max_value=28)
ZONES = st.integers(min_value=1, max_value=6)
PODS = st.integers(min_value=1, max_value=60_000)


def vpcs(prefixes: st.SearchStrategy[int] = PREFIXES) -> st.SearchStrategy[IPv4Network]:
    numbers = st.integers(min_value=0, max_value=2**32 - 1)
    return st.builds(
        lambda number, prefix: IPv4Network((number >> (32 - prefix) << (32 - prefix), prefix)), numbers, prefixes
    )


def subnets(plan: SubnetPlan) -> list[IPv4Network]:
    return [*plan.public, *plan.nodes, *plan.pods]


def planned(vpc: IPv4Network, zones: int, pods: int) -> SubnetPlan | None:
    try:
        return cidr.plan(vpc, zones, pods)
    except ValueError:
        return None


@given(vpcs(), ZONES, PODS)
def test_subnets_are_apart_and_inside(vpc: IPv4Network, zones: int, pods: int) -> None:
    if plan := planned(vpc, zones, pods):
        found = subnets(plan)
        assert all(subnet.subnet_of(vpc) for subnet in found)
        assert not any(one.overlaps(other) for one, other in combinations(found, 2))


@given(vpcs(), ZONES, PODS)
def test_each_kind_has_one_subnet_a_zone_that_is_large_enough(vpc: IPv4Network, zones: int, pods: int) -> None:
    if plan := planned(vpc, zones, pods):
        assert len(plan.public) == len(plan.nodes) == len(plan.pods) == zones
        assert all(subnet.num_addresses >= pods + 5 for subnet in plan.pods)  # AWS keeps five
        assert all(subnet.num_addresses >= 64 for subnet in plan.nodes)
        assert all(subnet.num_addresses >= 32 for subnet in plan.public)


@given(vpcs(), ZONES, PODS)
def test_a_plan_is_always_the_same(vpc: IPv4Network, zones: int, pods: int) -> None:
    assert planned(vpc, zones, pods) == planned(vpc, zones, pods)


@given(vpcs(), st.integers(min_value=1, max_value=5), PODS)
def test_one_more_zone_moves_no_subnet(vpc: IPv4Network, zones: int, pods: int) -> None:
    if larger := planned(vpc, zones + 1, pods):
        smaller = cidr.plan(vpc, zones, pods)
        assert larger.public[:zones] == smaller.public
        assert larger.nodes[:zones] == smaller.nodes
        assert larger.pods[:zones] == smaller.pods


@given(vpcs(st.integers(min_value=8, max_value=16)), ZONES, st.integers(min_value=1, max_value=4000))
def test_pods_asked_within_the_reserve_move_no_subnet(vpc: IPv4Network, zones: int, pods: int) -> None:
    assert cidr.plan(vpc, zones, pods) == cidr.plan(vpc, zones, 50)


@given(vpcs(), ZONES, PODS)
def test_a_range_that_the_refusal_names_is_enough(vpc: IPv4Network, zones: int, pods: int) -> None:
    try:
        cidr.plan(vpc, zones, pods)
    except ValueError as error:
        prefix = int(str(error).split("take a /")[1].split()[0])
        assert prefix < vpc.prefixlen
        assert cidr.plan(vpc.supernet(new_prefix=prefix), zones, pods)


def test_the_addresses_of_a_plan() -> None:
    """Pinned: other addresses would replace the subnets of regions that exist."""
    plan = cidr.plan(IPv4Network("10.0.0.0/16"), 2, 1000)
    assert [str(subnet) for subnet in plan.pods] == ["10.0.0.0/20", "10.0.16.0/20"]
    assert [str(subnet) for subnet in plan.nodes] == ["10.0.248.0/22", "10.0.240.0/22"]
    assert [str(subnet) for subnet in plan.public] == ["10.0.252.0/23", "10.0.244.0/23"]


def test_a_subnet_has_room_for_what_a_cloud_keeps() -> None:
    """4,090 pods and AWS's own five would fill 4,096 addresses, and nothing could be added to that subnet."""
    plan = cidr.plan(IPv4Network("10.0.0.0/16"), 2, 4090)
    assert [subnet.prefixlen for subnet in plan.pods] == [19, 19]


def test_a_small_range_is_refused_with_one_that_would_do() -> None:
    with pytest.raises(ValueError) as error:
        cidr.plan(IPv4Network("10.0.0.0/24"), 3, 1000)
    assert str(error.value) == (
        "10.0.0.0/24 has 256 addresses, too few for 3 zones of 1000 pods: "
        "take a /20 range or larger, or fewer zones or pods a zone"
    )


@pytest.mark.parametrize(("zones", "pods"), [(0, 100), (3, 0), (-1, 100)])
def test_nothing_to_plan_is_refused(zones: int, pods: int) -> None:
    with pytest.raises(ValueError, match="both must be at least 1"):
        cidr.plan(IPv4Network("10.0.0.0/16"), zones, pods)
