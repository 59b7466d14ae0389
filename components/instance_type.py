"""A machine type that a cloud rents, as the tables describe it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from components.cards import NVIDIA, Card
from components.prices import PriceList


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """Prices are USD an hour by the cloud's region, without tax. A region without a price has none that we found.

    `gpus` is 0 for the types of system pools, which have no accelerator. `gpu_memory_gib`: of one card.
    `mig`: profile -> slices of one card, empty where the card has no MIG. `sharing`: ways that pods may share a card
    of this type (`sharing.type` of a pool). `regions`: where the cloud offers it; `spot`: whether it does so as spot.
    `island`: cards of a node that reach each other without the host (NVLink) or, without NVLink, all of them.
    `capability` and `bandwidth` (GB/s of memory): the card's, None and 0 of a card that the table does not have.
    `resource`: what a pod asks for. `native`: Tencent Cloud makes native pools of it. `source` and `date`: where and
    when its shape was read; `verified`: whether it was, with its regions, or is what we know of its family.
    `price_source`: the same for prices, by region. `zones`: those that have it, where the cloud says so; empty: any.
    """

    provider: str
    name: str
    accelerator: str
    gpus: int
    gpu_memory_gib: float
    vcpus: int
    memory_gib: float
    source: str
    date: str
    interconnect: str = "none"  # between the cards of a node: none (one card), pcie or nvlink
    island: int = 0
    capability: tuple[int, int] | None = None
    bandwidth: float = 0
    mig: Mapping[str, int] = field(default_factory=dict)
    sharing: frozenset[str] = frozenset({"none"})
    spot: bool = False
    regions: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    resource: str = NVIDIA
    native: bool = False
    usd_per_hour: Mapping[str, float] = field(default_factory=dict)
    spot_usd_per_hour: Mapping[str, float] = field(default_factory=dict)
    price_source: Mapping[str, str] = field(default_factory=dict)
    verified: bool = True


@dataclass(frozen=True, kw_only=True)
class Family:
    """Types with the same card: `rows` are (name, cards, vCPUs, GiB of memory). `card` None: no accelerator.

    `zones`: see InstanceType. `unread`: names of rows whose figures or regions were not read at `source`.
    """

    card: Card | None
    source: str
    date: str
    regions: frozenset[str]
    rows: tuple[tuple[str, int, int, float], ...]
    interconnect: str = "pcie"
    sharing: frozenset[str] = frozenset()
    spot: bool = True
    native: bool = False
    zones: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()


def names(rows: Iterable[tuple[str, int, int, float]]) -> frozenset[str]:
    return frozenset(row[0] for row in rows)


def types(provider: str, families: Iterable[Family], prices: Iterable[PriceList]) -> tuple[InstanceType, ...]:
    lists = tuple(prices)
    return tuple(_type(provider, family, row, lists) for family in families for row in family.rows)


def _type(
    provider: str, family: Family, row: tuple[str, int, int, float], prices: tuple[PriceList, ...]
) -> InstanceType:
    name, gpus, vcpus, memory = row
    card = family.card
    priced = [listed for listed in prices if name in listed.per_hour and listed.region in family.regions]
    return InstanceType(
        provider=provider,
        name=name,
        accelerator=card.name if card else "",
        gpus=gpus,
        gpu_memory_gib=card.memory_gib if card else 0,
        vcpus=vcpus,
        memory_gib=memory,
        source=family.source,
        date=family.date,
        interconnect=family.interconnect if gpus > 1 else "none",
        island=gpus,  # NVSwitch, or V100's mesh, joins all cards of each type in the tables
        capability=card.capability if card else None,
        bandwidth=card.bandwidth if card else 0,
        mig=card.mig if card else {},
        sharing=family.sharing | {"none"} | ({"mig"} if card and card.mig else set()),
        spot=family.spot,
        regions=family.regions,
        zones=family.zones,
        resource=card.resource if card else "",
        native=family.native,
        usd_per_hour={listed.region: listed.usd(name) for listed in priced if not listed.spot},
        spot_usd_per_hour={listed.region: listed.usd(name) for listed in priced if listed.spot},
        price_source={
            f"{listed.region} spot" if listed.spot else listed.region: f"{listed.source}, {listed.date}"
            for listed in priced
        },
        verified=name not in family.unread,
    )
