"""What must hold between the fields of a region file: a table of rules, each a pure function to problems."""

from collections.abc import Callable, Iterator
from pathlib import Path

from stacks.cloud import CloudParts
from stacks.problems import Problem
from stacks.rules import addresses, workloads
from stacks.schema import CloudRegion, RegionSpec

_EVERYWHERE: tuple[Callable[[RegionSpec], Iterator[Problem]], ...] = (
    workloads.drain_covers_streams,
    workloads.quota_holds_everything,
    workloads.images_have_digests,
)
_ON_CLOUDS: tuple[Callable[[CloudRegion], Iterator[Problem]], ...] = (
    addresses.ranges_are_private,
    addresses.ranges_are_apart,
    addresses.subnets_match_zones,
    addresses.subnets_are_inside_and_apart,
    addresses.subnets_are_large_enough,
)


def broken(region: RegionSpec, stack: str, folder: Path) -> list[Problem]:
    """Every broken rule; empty when all hold. `folder`: where the files of the other stacks are."""
    problems = [problem for rule in _EVERYWHERE for problem in rule(region)]
    if isinstance(region, CloudParts):
        problems += [problem for on_cloud in _ON_CLOUDS for problem in on_cloud(region)]
    return problems
