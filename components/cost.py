"""What a region costs a month, at its smallest and its largest size: machines, control plane, NAT. Pure.

Disks, traffic, storage and support are not counted. A price that no list has is named, never guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from components import accelerators, pools, prices_services
from components.instance_type import InstanceType

if TYPE_CHECKING:
    from stacks.cloud import GpuPool
    from stacks.schema import CloudRegion, PrivateRegion, RegionSpec

HOURS = 730  # in a month: 8,760 / 12


@dataclass(frozen=True, kw_only=True)
class Line:
    """`count` of one thing that run at once, at the region's smallest and largest. `usd_per_hour` of one; None: no
    price is known. `source` and date of the price; `note`: what else a reader should know of it."""

    layer: str  # network, cluster or gpu
    what: str
    min_count: int
    max_count: int
    usd_per_hour: float | None
    source: str = ""
    note: str = ""

    @property
    def min_usd(self) -> float | None:
        """A month's, in USD."""
        return None if self.usd_per_hour is None else self.min_count * self.usd_per_hour * HOURS

    @property
    def max_usd(self) -> float | None:
        return None if self.usd_per_hour is None else self.max_count * self.usd_per_hour * HOURS


@dataclass(frozen=True, kw_only=True)
class Estimate:
    name: str
    lines: tuple[Line, ...]

    @property
    def min_usd(self) -> float:
        """A month's, in USD, of the lines whose price is known."""
        return sum(line.min_usd or 0 for line in self.lines)

    @property
    def max_usd(self) -> float:
        return sum(line.max_usd or 0 for line in self.lines)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What costs something that the sums do not have."""
        return tuple(line.what for line in self.lines if line.usd_per_hour is None)


def estimate(name: str, spec: "RegionSpec") -> Estimate:
    """`name`: the stack's. A region by kubeconfig costs what its pools' `facts` say."""
    lines = _cloud(cast("CloudRegion", spec)) if hasattr(spec, "network") else _private(spec)
    return Estimate(name=name, lines=tuple(lines))


def _cloud(spec: "CloudRegion") -> Iterator[Line]:
    if not hasattr(spec.network, "existing"):
        gateways = len(spec.network.zones) if spec.network.nat == "zone" else 1
        yield _service(spec, "network", "NAT gateway", gateways)
    if not hasattr(spec.cluster, "existing"):
        system = spec.cluster.system
        yield _service(spec, "cluster", "control plane", 1)
        kind = accelerators.find(spec.provider, system.instance_type)
        yield Line(
            layer="cluster",
            what=f"system nodes, {system.instance_type}",
            min_count=system.min_size,
            max_count=system.max_size,
            usd_per_hour=accelerators.usd_per_hour(kind, spec.region) if kind else None,
            source=kind.price_source.get(spec.region, "") if kind else "",
        )
    for name, pool in spec.gpu_pools.items():
        yield from _pool(spec, name, pool)


def _pool(spec: "CloudRegion", name: str, pool: "GpuPool") -> Iterator[Line]:
    kind = (
        accelerators.from_facts(spec.provider, pool.instance_type, pool.facts)
        if pool.facts
        else accelerators.find(spec.provider, pool.instance_type)
    )
    base = pool.spot.on_demand_base if pool.spot else None
    for group in pools.groups(name, min_size=pool.min_size, max_size=pool.max_size, on_demand_base=base):
        price, source, note = _price(kind, spec.region, pool, spot=group.spot) if kind else (None, "", "")
        yield Line(
            layer="gpu",
            what=f"pool {group.name}, {pool.instance_type}{' (spot)' if group.spot else ''}",
            min_count=group.min_size,
            max_count=group.max_size,
            usd_per_hour=price,
            source=source,
            note=note,
        )


def _price(kind: InstanceType, region: str, pool: "GpuPool", *, spot: bool) -> tuple[float | None, str, str]:
    """Of one node an hour, its source, and a note. Spot without a price of its own costs at most what the file bids,
    and never more than on demand."""
    on_demand = accelerators.usd_per_hour(kind, region)
    source = kind.price_source.get(region) or kind.price_source.get("", "")
    if not spot:
        return on_demand, source, ""
    found = accelerators.usd_per_hour(kind, region, spot=True) if kind.spot_usd_per_hour else None
    if found is not None:
        return found, kind.price_source.get(f"{region} spot", ""), "spot prices change by the hour"
    bid = pool.spot.max_usd_per_hour if pool.spot else None
    known = [price for price in (bid, on_demand) if price is not None]
    note = "at most: no spot price is known" if known else ""
    return min(known, default=None), source if bid is None else "the region file's maxUsdPerHour", note


def _service(spec: "CloudRegion", layer: str, what: str, count: int) -> Line:
    price = prices_services.find(spec.provider, spec.region, what)
    return Line(
        layer=layer,
        what=what,
        min_count=count,
        max_count=count,
        usd_per_hour=price.usd_per_hour if price else None,
        source=f"{price.source}, {price.date}" if price else "",
    )


def _private(spec: "PrivateRegion") -> Iterator[Line]:
    for name, pool in spec.gpu_pools.items():
        kind = accelerators.from_facts("private", name, pool.facts)
        yield Line(
            layer="gpu",
            what=f"pool {name}, {pool.facts.accelerator}",
            min_count=len(pool.nodes),
            max_count=len(pool.nodes),
            usd_per_hour=accelerators.usd_per_hour(kind, ""),
            source="the region file's facts",
        )
