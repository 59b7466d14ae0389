"""What a region file adopts, whatever the cloud."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from components import adoption
from components.cloud_args import ExistingNetworkArgs
from stacks import loader
from stacks.cloud import AdoptedCluster
from tools.paths import ROOT

ARGS = ExistingNetworkArgs(
    vpc="vpc-1",
    cidr=IPv4Network("10.0.0.0/16"),
    zones=("a", "b"),
    public_subnets=(),
    node_subnets=("n-1", "n-2"),
    pod_subnets=("p-1",),
)
OWN_NETWORKS = ("aws-us-west-2", "alicloud-cn-hangzhou", "tencentcloud-ap-singapore")


def test_each_subnet_has_its_place_in_the_file() -> None:
    assert adoption.named_subnets(ARGS) == {"nodes[0]": "n-1", "nodes[1]": "n-2", "pods[0]": "p-1"}


def test_a_subnet_at_its_place_is_let_be() -> None:
    for field, zone in (("nodes[0]", "a"), ("nodes[1]", "b"), ("pods[0]", "a")):
        adoption.check_subnet(ARGS, field, vpc="vpc-1", zone=zone)


@pytest.mark.parametrize(
    ("field", "vpc", "zone", "message"),
    [
        ("nodes[1]", "vpc-2", "b", "network.existing.subnets.nodes[1]: n-2 is in vpc-2, not in vpc-1"),
        ("nodes[1]", "vpc-1", "a", "network.existing.subnets.nodes[1]: n-2 is in a, but its place is that of b"),
    ],
)
def test_a_subnet_elsewhere_is_refused(field: str, vpc: str, zone: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        adoption.check_subnet(ARGS, field, vpc=vpc, zone=zone)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("stack", OWN_NETWORKS)
def test_an_existing_cluster_needs_the_network_that_it_stands_in(stack: str) -> None:
    path = Path(ROOT / "stacks" / f"{stack}.yaml")
    spec = loader.parse(path.read_text(), source=path.name)
    adoption.check_cluster(spec)  # type: ignore[arg-type]  # a cloud's, by its name
    found = AdoptedCluster.model_validate({"existing": {"id": "shared", "serviceCidr": "172.20.0.0/16"}})
    with pytest.raises(ValueError, match=r"^cluster\.existing\.id: shared: .* name it under network\.existing$"):
        adoption.check_cluster(spec.model_copy(update={"cluster": found}))  # type: ignore[arg-type]  # as above
