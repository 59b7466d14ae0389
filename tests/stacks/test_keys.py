"""Keys and values that a file can't have: where they are, and what was meant (F1)."""

from typing import Any

import pytest

from tests.stacks.regions import EXISTING_VPC, pool, refused


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            {"network": {"podsPerZoen": 3}},
            "network.podsPerZoen: it is not a known key: did you mean podsPerZone?",
        ),
        ("aws", {"network": {"exsiting": {}}}, "network.exsiting: it is not a known key: did you mean existing?"),
        (
            "aws",
            {"network": {"existing": {**EXISTING_VPC, "vpcId": "x"}}},
            "network.existing.vpcId: it is not a known key: did you mean vpc?",
        ),
        (
            "aws",
            {"network": {"existing": {**EXISTING_VPC, "subnets": {"node": ["a"], "nodes": ["a", "b"]}}}},
            "network.existing.subnets.node: it is not a known key: did you mean nodes?",
        ),
        (
            "aws",
            {"network": {"existing": EXISTING_VPC, "cidr": "10.0.0.0/8"}},
            "network.cidr: what exists is not made: leave it out, or leave out existing",
        ),
        (
            "aws",
            {"gateway": {"exposure": {"port": 30080}}},
            "gateway.exposure.port: only the type NodePort has it, not LoadBalancer: leave it out",
        ),
        ("aws", {"appId": "1250000000"}, "appId: only the provider tencentcloud has it here: leave it out"),
        ("aws", pool(native=True), "gpuPools.cards.native: only the provider tencentcloud has it here: leave it out"),
        (
            "private",
            {"region": "us-west-2"},
            "region: only the provider aws, alicloud or tencentcloud has it here: leave it out",
        ),
        ("aws", pool(minSzie=3), "gpuPools.cards.minSzie: it is not a known key: did you mean minSize?"),
        (
            "aws",
            {"gpuPools": {"My_Pool": {"instanceType": "g6e.xlarge", "minSize": 0, "maxSize": 1}}},
            "gpuPools.My_Pool = 'My_Pool': it must be a DNS label: at most 63 of a-z, 0-9 and -, with a "
            "letter or digit at both ends",
        ),
        (
            "aws",
            {"identity": {"existing": {"srving": "role"}}},
            "identity.existing.srving = 'srving': it must be 'serving', 'model-store' or 'etcd': did you mean serving?",
        ),
        ("aws", {"environment": "prod"}, "environment = 'prod': it must be 'development' or 'production'"),
        ("aws", {"accountId": 210987654321}, "accountId = 210987654321: it must be a text: put it in quotes"),
        (
            "aws",
            {"accountId": "21098765432"},
            "accountId = '21098765432': it must be an AWS account's 12 digits, in quotes",
        ),
        ("aws", {"network": {"zones": []}}, "network.zones: it has too few entries (0): give at least 1"),
        ("aws", {"network": 3}, "network = 3: it must be a mapping of keys"),
        ("aws", {"network": {"zones": "us-west-2a"}}, "network.zones = 'us-west-2a': it must be a list, as in [a, b]"),
        ("aws", {"registry": "maybe"}, "registry = 'maybe': it must be true or false"),
        (
            "aws",
            pool(spot={"maxUsdPerHour": "cheap"}),
            "gpuPools.cards.spot.maxUsdPerHour = 'cheap': it must be a number",
        ),
        ("aws", pool(spot={"maxUsdPerHour": 0}), "gpuPools.cards.spot.maxUsdPerHour = 0: it must be more than 0.0"),
        (
            "aws",
            {"network": {"peers": ["10.300.0.0/16"]}},
            "network.peers[0] = '10.300.0.0/16': it is no range of IPv4 addresses: write its first "
            "address and its length, as in 10.20.0.0/16",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]
