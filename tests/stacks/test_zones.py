"""Where a region is, and what production owes: zones, versions, etcd's members, ways out (F1, F3, C1)."""

from typing import Any

import pytest

from tests.stacks.regions import EXISTING_VPC, refused


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            {"region": "us-wset-2"},
            "region = us-wset-2: components/cloud_regions.py has no such region of aws: did you mean us-west-2?",
        ),
        (
            "aws",
            {"network": {"zones": ["us-west-2a", "us-east-1a"]}},
            "network.zones[1] = us-east-1a: it is not a zone of us-west-2: take some of us-west-2a, "
            "us-west-2b, us-west-2c, us-west-2d",
        ),
        (
            "alicloud",
            {"network": {"zones": ["cn-hangzhou-i", "cn-hangzhou-i"]}},
            "network.zones[1] = cn-hangzhou-i: it is named twice: name each zone once",
        ),
        (
            "aws",
            {"network": {"existing": {**EXISTING_VPC, "zones": ["us-west-2a", "us-west-2z"]}}},
            "network.existing.zones[1] = us-west-2z: it is not a zone of us-west-2: take some of "
            "us-west-2a, us-west-2b, us-west-2c, us-west-2d",
        ),
        (
            "tencentcloud",
            {"cluster": {"version": "1.27"}},
            "cluster.version = 1.27: the workloads need Kubernetes 1.28 or newer: set a version that your cloud offers",
        ),
        (
            "aws",
            {"etcd": {"members": 1}},
            "etcd.members = 1: in production the loss of its only member would stop the region: use 3 or 5",
        ),
        (
            "aws",
            {"etcd": {"members": 4}},
            "etcd.members = 4: an even number stands no more losses than one fewer: use 1, 3 or 5",
        ),
        (
            "private",
            {"etcd": {"members": 1}},
            "etcd.members = 1: in production the loss of its only member would stop the region: use 3 or 5",
        ),
        (
            "aws",
            {"network": {"zones": ["us-west-2a"]}},
            "network.zones = us-west-2a: all members of etcd would be in one zone and be lost with it: "
            "name 2 zones, better 3",
        ),
        (
            "aws",
            {"cluster": {"system": {"minSize": 1}}},
            "cluster.system.minSize = 1: all members of etcd could be on one node, so in one zone: set it "
            "to 2 or more, better 3",
        ),
        (
            "aws",
            {"network": {"nat": "single"}},
            "network.nat = single: in production the loss of the one zone with the NAT gateway would cut "
            "off the others: set it to zone",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]
