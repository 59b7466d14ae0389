"""What the tests of several clouds begin with, and what they hold each cloud's resources to."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from components.cidr import SubnetPlan
from components.cloud_args import NetworkArgs
from tests.harness.mocks import Recorder, Registered

CIDR = IPv4Network("10.0.0.0/16")
SUBNETS = SubnetPlan(
    public=tuple(IPv4Network(f"10.0.{zone}.0/24") for zone in range(3)),
    nodes=tuple(IPv4Network(f"10.0.{zone + 10}.0/24") for zone in range(3)),
    pods=tuple(IPv4Network(f"10.0.{zone * 32 + 64}.0/19") for zone in range(3)),
)


def network_args(zones: tuple[str, ...], tags: Mapping[str, str], **more: Any) -> NetworkArgs:
    return NetworkArgs(**{"cidr": CIDR, "zones": zones, "subnets": SUBNETS, "tags": tags, **more})


def resources(done: Recorder, cloud: str) -> list[Registered]:
    """The cloud's. Fails for one on the default provider, or with a parent that is no component of ours."""
    found = [item for item in done.resources if item.type.startswith(f"{cloud}:")]
    assert found
    for item in found:
        assert item.provider, f"{item.name}: the default provider"
        urn = next(urn for urn in done.urns if urn.endswith(f"{item.type}::{item.name}"))
        assert urn.split("::")[2].split("$")[-2].startswith(f"open-autoglm:{cloud}:"), urn
    return found
