"""Ranges of addresses: private, apart, inside, large enough (F1, F2)."""

from typing import Any

import pytest

from tests.stacks.regions import EXISTING_VPC, pool, refused

SUBNETS = {
    "public": ["10.20.0.0/24", "10.20.1.0/24"],
    "nodes": ["10.20.2.0/24", "10.20.3.0/24"],
    "pods": ["10.20.32.0/20", "10.20.48.0/20"],
}


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            {"network": {"cidr": "52.0.0.0/16"}},
            "network.cidr = 52.0.0.0/16: it is no private range, so what has these addresses elsewhere "
            "could not be reached: take a range inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
        ),
        (
            "aws",
            {"network": {"cidr": "10.20.0.1/16"}},
            "network.cidr = '10.20.0.1/16': it is no range of IPv4 addresses: write its first address and "
            "its length, as in 10.20.0.0/16",
        ),
        (
            "aws",
            {"cluster": {"serviceCidr": "100.64.0.0/16"}},
            "cluster.serviceCidr = 100.64.0.0/16: it is no private range, so what has these addresses "
            "elsewhere could not be reached: take a range inside 10.0.0.0/8, 172.16.0.0/12 or "
            "192.168.0.0/16",
        ),
        (
            "aws",
            {"cluster": {"serviceCidr": "172.20.0.0/28"}},
            "cluster.serviceCidr = 172.20.0.0/28: a cluster takes /12 to /24 for its services: write a "
            "length in between, as in 172.20.0.0/16",
        ),
        (
            "aws",
            {"cluster": {"serviceCidr": "10.20.128.0/17"}},
            "cluster.serviceCidr = 10.20.128.0/17: it overlaps network.cidr 10.20.0.0/16, so no route "
            "could tell them apart: take a range outside it",
        ),
        (
            "aws",
            {"network": {"peers": ["10.20.64.0/18"]}},
            "network.peers[0] = 10.20.64.0/18: it overlaps network.cidr 10.20.0.0/16, so no route could "
            "tell them apart: take a range outside it",
        ),
        (
            "aws",
            {"network": {"peers": ["172.20.0.0/24"]}},
            "network.peers[0] = 172.20.0.0/24: it overlaps cluster.serviceCidr 172.20.0.0/16, so no route "
            "could tell them apart: take a range outside it",
        ),
        (
            "aws",
            {"network": {"peers": ["10.30.0.0/16", "10.30.1.0/24"]}},
            "network.peers[1] = 10.30.1.0/24: it overlaps network.peers[0] 10.30.0.0/16, so no route "
            "could tell them apart: take a range outside it",
        ),
        (
            "alicloud",
            {"network": {"cidr": "10.20.0.0/24"}},
            "network.cidr = 10.20.0.0/24: 10.20.0.0/24 has 256 addresses, too few for 2 zones of 1000 "
            "pods: take a /20 range or larger, or fewer zones or pods a zone",
        ),
        (
            "tencentcloud",
            {"network": {"cidr": "10.20.0.0/22", "podsPerZone": 60000}},
            "network.cidr = 10.20.0.0/22: 10.20.0.0/22 has 1024 addresses, too few for 2 zones of 60000 "
            "pods: take a /14 range or larger, or fewer zones or pods a zone",
        ),
        (
            "aws",
            {"network": {"cidr": "10.20.0.0/20"}, **pool(maxSize=300)},
            "network.cidr = 10.20.0.0/20: its subnet for nodes, 10.20.15.128/26, has 59 free addresses, "
            "fewer than the 152 that the pools' maxSize need in a zone: take a larger range, or lower "
            "maxSize",
        ),
        (
            "aws",
            {"network": {"subnets": {**SUBNETS, "pods": ["10.20.32.0/20"]}}},
            "network.subnets.pods = 1: there must be one a zone, and network.zones names 2: name 2 subnets",
        ),
        (
            "aws",
            {"network": {"subnets": {**SUBNETS, "public": []}}},
            "network.subnets.public = 0: there must be one a zone, and network.zones names 2: name 2 subnets",
        ),
        (
            "aws",
            {"network": {"subnets": {**SUBNETS, "nodes": ["10.20.2.0/24", "10.21.3.0/24"]}}},
            "network.subnets.nodes[1] = 10.21.3.0/24: it is not inside network.cidr 10.20.0.0/16: take a part of that",
        ),
        (
            "aws",
            {"network": {"subnets": {**SUBNETS, "public": ["10.20.0.0/24", "10.20.3.0/25"]}}},
            "network.subnets.nodes[1] = 10.20.3.0/24: it overlaps network.subnets.public[1] 10.20.3.0/25, "
            "so no route could tell them apart: take a range outside it",
        ),
        (
            "aws",
            {"network": {"subnets": {**SUBNETS, "pods": ["10.20.32.0/20", "10.20.48.0/24"]}}},
            "network.subnets.pods[1] = 10.20.48.0/24: it has 251 free addresses, fewer than the 1000 that "
            "network.podsPerZone asks for in a zone: take a /22 or larger, or lower podsPerZone",
        ),
        (
            "aws",
            {"network": {"subnets": {**SUBNETS, "nodes": ["10.20.2.0/28", "10.20.3.0/24"]}}, **pool(maxSize=40)},
            "network.subnets.nodes[0] = 10.20.2.0/28: it has 11 free addresses, fewer than the 22 that "
            "the pools' maxSize need in a zone: take a /27 or larger, or lower maxSize",
        ),
        (
            "aws",
            {"network": {"existing": {**EXISTING_VPC, "subnets": {"nodes": ["subnet-1"]}}}},
            "network.existing.subnets.nodes = 1: there must be one a zone, and network.existing.zones "
            "names 2: name 2 subnets",
        ),
        (
            "aws",
            {"network": {"existing": {**EXISTING_VPC, "subnets": {"nodes": ["subnet-1", "subnet-1"]}}}},
            "network.existing.subnets.nodes[1] = subnet-1: it is named twice: name another subnet for "
            "each zone and kind",
        ),
        (
            "aws",
            {"network": {"existing": {**EXISTING_VPC, "cidr": "172.20.0.0/24"}}},
            "cluster.serviceCidr = 172.20.0.0/16: it overlaps network.existing.cidr 172.20.0.0/24, so no "
            "route could tell them apart: take a range outside it",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]
