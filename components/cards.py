"""Accelerator cards: what one has, whichever cloud rents it. One table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.instance_type import NVIDIA

# How many slices of each profile fit one card: https://docs.nvidia.com/datacenter/tesla/mig-user-guide/
_A30 = {"1g.6gb": 4, "2g.12gb": 2, "4g.24gb": 1}
_40 = {"1g.5gb": 7, "2g.10gb": 3, "3g.20gb": 2, "4g.20gb": 1, "7g.40gb": 1}
_80 = {"1g.10gb": 7, "1g.20gb": 4, "2g.20gb": 3, "3g.40gb": 2, "4g.40gb": 1, "7g.80gb": 1}
_H20 = {"1g.12gb": 7, "1g.24gb": 4, "2g.24gb": 3, "3g.48gb": 2, "4g.48gb": 1, "7g.96gb": 1}
_H200 = {"1g.18gb": 7, "1g.35gb": 4, "2g.35gb": 3, "3g.71gb": 2, "4g.71gb": 1, "7g.141gb": 1}


@dataclass(frozen=True, kw_only=True)
class Card:
    """`generation`: NVIDIA's name of it, or the maker of another card. `memory_gib`: as sold."""

    name: str
    memory_gib: float
    generation: str
    mig: Mapping[str, int] = field(default_factory=dict)
    resource: str = NVIDIA


def _card(name: str, memory_gib: float, generation: str, mig: Mapping[str, int] | None = None) -> Card:
    return Card(name=name, memory_gib=memory_gib, generation=generation, mig=mig or {})


CARDS = {
    card.name: card
    for card in (
        _card("T4", 16, "turing"),
        _card("V100-16", 16, "volta"),
        _card("V100-32", 32, "volta"),
        _card("A10", 24, "ampere"),
        _card("A10G", 24, "ampere"),
        _card("A30", 24, "ampere", _A30),
        _card("A100-40", 40, "ampere", _40),
        _card("A100-80", 80, "ampere", _80),
        _card("L4", 24, "ada"),
        _card("L20", 48, "ada"),
        _card("L40S", 48, "ada"),
        _card("H20", 96, "hopper", _H20),
        _card("H100", 80, "hopper", _80),
        _card("H200", 141, "hopper", _H200),
        Card(name="PPU", memory_gib=96, generation="t-head", resource="alibabacloud.com/ppu"),
    )
}
