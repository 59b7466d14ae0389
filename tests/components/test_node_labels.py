"""Nodes of every kind of pool say of their cards what placing pods takes (G1)."""

from collections.abc import Mapping
from typing import Any

import pytest

from components import foundation_args, pools
from components.private import foundation as racks
from stacks.schema import PrivateRegion, RegionSpec
from tests.components.aws import cloud
from tests.harness import mocks
from tests.stacks.regions import pool, region

SLICES = {"type": "mig", "profile": "3g.40gb"}
TURNS = {"type": "timeSlicing", "replicas": 2}
BRIDGED = {"gpus": 8, "interconnect": "nvlink", "island": 2}
A100 = ("a100-80", "8", "80", "nvlink")


def labels(spec: RegionSpec) -> list[dict[str, str]]:
    """Of each group of the region's nodes."""
    if isinstance(spec, PrivateRegion):
        return list(racks.labels(spec).values())
    found: list[dict[str, str]] = []

    def program() -> Mapping[str, Any]:
        groups = foundation_args.gpu_pools(
            spec,
            cluster=cloud.cluster_parts(),
            network=cloud.network_parts(),
            security=cloud.security_parts(),
            key="key",
            tags={},
        )
        found.extend(args.labels for args in groups.values())
        return {}

    mocks.run(program)
    return found


@pytest.mark.parametrize(
    ("provider", "over", "sharing", "card"),
    [
        ("aws", {}, "none", ("l40s", "1", "44", "none")),
        ("aws", pool(spot={}), "none", ("l40s", "1", "44", "none")),
        ("aws", pool(spot={"onDemandBase": 1}), "none", ("l40s", "1", "44", "none")),
        ("aws", pool(instanceType="p4de.24xlarge", sharing=SLICES), "mig-3g.40gb", A100),
        ("aws", pool(instanceType="g6e.12xlarge", sharing=TURNS), "timeSlicing-2", ("l40s", "4", "44", "pcie")),
        ("alicloud", pool(sharing={"type": "cgpu"}), "cgpu", ("a100-80", "1", "80", "none")),
        ("tencentcloud", {}, "none", ("a100-40", "1", "40", "none")),
        (
            "tencentcloud",
            pool(instanceType="GN7.2XLARGE32", native=True, sharing={"type": "qgpu"}),
            "qgpu",
            ("t4", "1", "16", "none"),
        ),
        ("private", {}, "none", ("l20", "2", "48", "pcie")),
        ("private", pool(facts=BRIDGED, sharing=TURNS), "timeSlicing-2", ("l20", "8", "48", "nvlink")),
    ],
)
def test_each_says_card_memory_interconnect_and_slice(
    provider: str, over: dict[str, Any], sharing: str, card: tuple[str, ...]
) -> None:
    free = {"model": {"source": {"type": "tiny", "seed": 1}}, "serving": {"gpu": None}}
    found = labels(region(provider, over | free))
    assert found
    for group in found:
        accelerator, cards, memory, interconnect = card
        assert group.pop(pools.CAPACITY) in ("spot", "on-demand")
        assert group == {
            pools.POOL: "cards",
            pools.ACCELERATOR: accelerator,
            pools.SHARING: sharing,
            pools.CARDS: cards,
            pools.MEMORY: memory,
            pools.INTERCONNECT: interconnect,
        }
