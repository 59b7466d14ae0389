"""The region files themselves: each can be used, and together they show what a file may say."""

from collections import Counter
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path

import pytest

from components import cloud_regions, cost, serving_pools
from stacks.cloud import CloudParts
from stacks.loader import parse
from stacks.rules.parts import gpu_pools
from stacks.rules.sharing import slots
from stacks.schema import RegionSpec
from tools import paths

FILES = sorted(path for path in (paths.ROOT / "stacks").glob("*.yaml") if "kind: fleet" not in path.read_text())


def read(path: Path) -> RegionSpec:
    return parse(path.read_text(), source=f"stacks/{path.name}")


@pytest.fixture(scope="module")
def regions() -> dict[str, RegionSpec]:
    return {path.stem: read(path) for path in FILES}


def clouds(regions: dict[str, RegionSpec]) -> dict[str, CloudParts]:
    return {name: region for name, region in regions.items() if isinstance(region, CloudParts)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_can_be_used(path: Path) -> None:
    region = read(path)
    name = getattr(region, "region", None)
    assert path.stem == f"{region.provider}-{name}" if name else path.stem.startswith(("dev", "private"))
    assert cost.estimate(path.stem, region).max_usd >= 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_what_it_is_for(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert any(line.startswith("# ") and not line.startswith("# yaml-language-server") for line in lines[:3])
    assert sum(" # " in line for line in lines) >= 8


def test_two_regions_a_cloud_on_each_side_of_the_border(regions: dict[str, RegionSpec]) -> None:
    sides = Counter()
    for region in clouds(regions).values():
        found = cloud_regions.find(region.provider, region.region)  # type: ignore[attr-defined]
        assert found
        sides[(region.provider, found.mainland)] += 1  # type: ignore[attr-defined]
    assert sides == {(provider, side): 2 for provider in ("aws", "alicloud", "tencentcloud") for side in (True, False)}


def test_ranges_are_apart(regions: dict[str, RegionSpec]) -> None:
    ranges: dict[str, IPv4Network] = {}
    for name, region in clouds(regions).items():
        ranges[name] = getattr(region.network, "existing", region.network).cidr
        ranges[f"{name} services"] = getattr(region.cluster, "existing", region.cluster).service_cidr
    assert not [pair for pair in combinations(ranges, 2) if ranges[pair[0]].overlaps(ranges[pair[1]])]


def test_a_rolling_update_finds_a_card(regions: dict[str, RegionSpec]) -> None:
    """A new server is ready before an old one ends (components/workloads/pod.py), so it needs cards of its own."""
    for name, region in regions.items():
        for pool in gpu_pools(region):
            gpu = region.serving.gpu
            if gpu and gpu.pool == pool.name:
                need = serving_pools.bytes_needed(region, gpu.tensor_parallel_size)
                assert (slots(pool, gpu.tensor_parallel_size, need) or 0) * pool.max_size > region.serving.replicas, (
                    name
                )


def test_the_files_show_what_a_file_may_say(regions: dict[str, RegionSpec]) -> None:
    made = clouds(regions).values()
    pools = [pool for region in regions.values() for pool in region.gpu_pools.values()]
    shown = {
        *(f"sharing {pool.sharing.type}" for pool in pools),
        *(f"base {pool.spot.on_demand_base > 0}" for pool in pools if getattr(pool, "spot", None)),
        *(f"resource {pool.facts.resource}" for pool in pools if pool.facts),
        *("native" for pool in pools if getattr(pool, "native", False)),
        *("existing network" for region in made if hasattr(region.network, "existing")),
        *("existing cluster" for region in made if hasattr(region.cluster, "existing")),
        *("existing bucket" for region in made if region.storage.bucket),
        *("existing key" for region in made if region.storage.key),
        *("existing zone" for region in made if region.dns and region.dns.existing),
        *("standby" for region in made if region.recovery and region.recovery.standby),
        *("copy" for region in made if region.storage.replica_region),
        *("digests" for region in regions.values() if region.images.require_digest),
    }
    assert shown >= {
        *("sharing none", "sharing mig", "sharing cgpu", "sharing qgpu", "native"),
        *("base True", "base False", "resource nvidia.com/gpu", "resource huawei.com/Ascend910"),
        *("existing network", "existing cluster", "existing bucket", "existing key", "existing zone"),
        *("standby", "copy", "digests"),
    }
