"""Alibaba Cloud: the machine types that our regions use. Rows are (name, cards, vCPUs, GiB of memory).

ACK refuses types whose name has `-tee`. PPUs, Alibaba's own cards, come as Lingjun nodes that exist already: no row.
"""

from components import cards
from components.instance_type import Family, names, types
from components.prices_alicloud import LISTS

_DOCS = "https://www.alibabacloud.com/help/en/ecs/user-guide/gpu-accelerated-compute-optimized-instance-families"
_CPU_DOCS = "https://www.alibabacloud.com/help/en/ecs/user-guide/general-purpose-instance-families"
_DATE = "2026-11-21"
# Time slicing is NVIDIA's device plugin, cGPU Alibaba's own; its documents name no card newer than Ampere.
_SHARED = frozenset({"timeSlicing", "cgpu"})
_SLICED = frozenset({"timeSlicing"})

_GN6I = (
    ("ecs.gn6i-c4g1.xlarge", 1, 4, 15),
    ("ecs.gn6i-c8g1.2xlarge", 1, 8, 31),
    ("ecs.gn6i-c16g1.4xlarge", 1, 16, 62),
    ("ecs.gn6i-c24g1.12xlarge", 2, 48, 186),
    ("ecs.gn6i-c24g1.24xlarge", 4, 96, 372),
)
_GN6V = (
    ("ecs.gn6v-c8g1.2xlarge", 1, 8, 32),
    ("ecs.gn6v-c8g1.8xlarge", 4, 32, 128),
    ("ecs.gn6v-c8g1.16xlarge", 8, 64, 256),
)
_GN6E = (
    ("ecs.gn6e-c12g1.3xlarge", 1, 12, 92),
    ("ecs.gn6e-c12g1.12xlarge", 4, 48, 368),
    ("ecs.gn6e-c12g1.24xlarge", 8, 96, 736),
)
_GN7I = (
    ("ecs.gn7i-c8g1.2xlarge", 1, 8, 30),
    ("ecs.gn7i-c16g1.4xlarge", 1, 16, 60),
    ("ecs.gn7i-c32g1.8xlarge", 1, 32, 188),
    ("ecs.gn7i-c32g1.16xlarge", 2, 64, 376),
    ("ecs.gn7i-c32g1.32xlarge", 4, 128, 752),
)
_GN7I_BEIJING = (
    ("ecs.gn7i-2x.8xlarge", 2, 32, 128),
    ("ecs.gn7i-4x.8xlarge", 4, 32, 128),
    ("ecs.gn7i-4x.16xlarge", 4, 64, 256),
    ("ecs.gn7i-8x.16xlarge", 8, 64, 256),
    ("ecs.gn7i-8x.32xlarge", 8, 128, 512),
)
_GN7E = (
    ("ecs.gn7e-c16g1.4xlarge", 1, 16, 125),
    ("ecs.gn7e-c16g1.8xlarge", 2, 32, 250),
    ("ecs.gn7e-c16g1.16xlarge", 4, 64, 500),
    ("ecs.gn7e-c16g1.32xlarge", 8, 128, 1000),
)
_GN8IS = (
    ("ecs.gn8is.2xlarge", 1, 8, 64),
    ("ecs.gn8is.4xlarge", 1, 16, 128),
    ("ecs.gn8is-2x.8xlarge", 2, 32, 256),
    ("ecs.gn8is-4x.16xlarge", 4, 64, 512),
    ("ecs.gn8is-8x.32xlarge", 8, 128, 1024),
)
_GN8V = (
    ("ecs.gn8v.4xlarge", 1, 16, 96),
    ("ecs.gn8v.6xlarge", 1, 24, 128),
    ("ecs.gn8v-2x.8xlarge", 2, 32, 192),
    ("ecs.gn8v-4x.8xlarge", 4, 32, 384),
    ("ecs.gn8v-8x.16xlarge", 8, 64, 768),
    ("ecs.gn8v-8x.48xlarge", 8, 192, 1024),
)
_G7 = (("ecs.g7.xlarge", 0, 4, 16), ("ecs.g7.2xlarge", 0, 8, 32))
_G8I = (("ecs.g8i.xlarge", 0, 4, 16), ("ecs.g8i.2xlarge", 0, 8, 32))

# Regions are those with a price in prices_alicloud.py. gn7i in Hangzhou and gn7e in Hangzhou and Beijing are from
# users' reports of 2026; gn8is and gn8v are sold "in specific regions", by contact with sales: check what you may buy.
_GN7I_REGIONS = frozenset({"ap-southeast-1", "ap-northeast-1", "eu-central-1", "cn-beijing", "cn-hangzhou"})
_BY_SALES = frozenset({"ap-southeast-1", "eu-central-1", "cn-beijing", "cn-hangzhou"})
_EVERYWHERE = frozenset({"ap-southeast-1", "ap-northeast-1", "eu-central-1", "cn-beijing", "cn-hangzhou"})


def _family(
    card: cards.Card | None,
    rows: tuple[tuple[str, int, int, float], ...],
    regions: frozenset[str],
    sharing: frozenset[str] = _SHARED,
    interconnect: str = "pcie",
    *,
    spot: bool = True,
    read: bool = True,
) -> Family:
    return Family(
        card=card,
        source=_DOCS if card else _CPU_DOCS,
        date=_DATE,
        regions=regions,
        rows=rows,
        interconnect=interconnect,
        sharing=sharing if card else frozenset(),
        spot=spot,
        unread=frozenset() if read else names(rows),
    )


_FAMILIES = (
    _family(cards.T4, _GN6I, frozenset({"ap-southeast-1", "ap-northeast-1"})),
    _family(cards.V100_16, _GN6V, frozenset({"cn-beijing"}), interconnect="nvlink"),
    _family(cards.V100_32, _GN6E, frozenset({"cn-hangzhou"}), interconnect="nvlink"),
    _family(cards.A10, _GN7I, _GN7I_REGIONS),
    _family(cards.A10, _GN7I_BEIJING, frozenset({"cn-beijing"})),
    # The document says 80 GB and NVLink; that the card is an A100 comes from users.
    _family(
        cards.A100_80,
        _GN7E,
        frozenset({"ap-northeast-1", "cn-beijing", "cn-hangzhou"}),
        interconnect="nvlink",
        read=False,
    ),
    _family(cards.L20, _GN8IS, _BY_SALES, _SLICED, spot=False, read=False),
    # The document says 96 GB of HBM3, 4 TB/s and NVLink: what an H20 has.
    _family(cards.H20, _GN8V, _BY_SALES, _SLICED, "nvlink", spot=False, read=False),
    _family(None, _G7, _EVERYWHERE),
    _family(None, _G8I, _EVERYWHERE - {"eu-central-1"}),
)

TYPES = types("alicloud", _FAMILIES, LISTS)
