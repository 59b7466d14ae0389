"""Tencent Cloud: the machine types that our regions use. Rows are (name, cards, vCPUs, GiB of memory).

No price list of these is public without an account, so none is here: `facts.usdPerHour` of a pool says what yours is.
"""

from components import cards
from components.instance_type import Family, names, types

_DOCS = "https://www.tencentcloud.com/document/product/560 (computing instances), a copy on GitHub"
_LIST = "Tencent Cloud HPC's list of instance types, a copy on GitHub"
_DATE = "2026-11-21"
# qGPU: on native nodes, from Volta to Ampere: https://www.tencentcloud.com/document/product/457/59103
_SHARED = frozenset({"timeSlicing", "qgpu"})

_GN7 = (
    ("GN7.2XLARGE32", 1, 8, 32),
    ("GN7.5XLARGE80", 1, 20, 80),
    ("GN7.8XLARGE128", 1, 32, 128),
    ("GN7.10XLARGE160", 2, 40, 160),
    ("GN7.20XLARGE320", 4, 80, 320),
)
_GN10XP = (
    ("GN10Xp.2XLARGE40", 1, 10, 40),
    ("GN10Xp.5XLARGE80", 2, 20, 80),
    ("GN10Xp.10XLARGE160", 4, 40, 160),
    ("GN10Xp.20XLARGE320", 8, 80, 320),
)
_PNV4 = (
    ("PNV4.7XLARGE116", 1, 28, 116),
    ("PNV4.14XLARGE232", 2, 56, 232),
    ("PNV4.28XLARGE466", 4, 112, 466),
    ("PNV4.56XLARGE932", 8, 224, 932),
)
_GT4 = (
    ("GT4.4XLARGE96", 1, 16, 96),
    ("GT4.8XLARGE192", 2, 32, 192),
    ("GT4.20XLARGE474", 4, 82, 474),
    ("GT4.41XLARGE948", 8, 164, 948),
)
_PNV5B = (
    ("PNV5b.8XLARGE96", 1, 32, 96),
    ("PNV5b.16XLARGE192", 2, 64, 192),
    ("PNV5b.32XLARGE384", 4, 128, 384),
    ("PNV5b.64XLARGE768", 8, 256, 768),
)
_PNV6 = (
    ("PNV6.4XLARGE160", 1, 16, 160),
    ("PNV6.8XLARGE320", 2, 32, 320),
    ("PNV6.16XLARGE640", 4, 64, 640),
    ("PNV6.32XLARGE1280", 8, 128, 1280),
)
_CPU = (
    ("S5.LARGE16", 0, 4, 16),
    ("S5.2XLARGE32", 0, 8, 32),
    ("SA5.LARGE16", 0, 4, 16),
    ("SA5.2XLARGE32", 0, 8, 32),
)
_MAINLAND = frozenset({"ap-guangzhou", "ap-shanghai", "ap-beijing"})
_ABROAD = frozenset({"ap-hongkong", "ap-singapore", "ap-tokyo", "na-ashburn", "na-siliconvalley", "eu-frankfurt"})


def _zones(**numbers: str) -> frozenset[str]:
    """`ap_guangzhou="367"` is its zones 3, 6 and 7."""
    return frozenset(f"{region.replace('_', '-')}-{digit}" for region, digits in numbers.items() for digit in digits)


_GN7_ZONES = _zones(
    ap_guangzhou="3467",
    ap_shanghai="2345",
    ap_beijing="3567",
    ap_nanjing="123",
    ap_hongkong="2",
    ap_singapore="123",
    ap_tokyo="2",
    na_siliconvalley="2",
    na_ashburn="2",
    eu_frankfurt="1",
)
_GN10XP_ZONES = _zones(
    ap_guangzhou="34",
    ap_shanghai="23",
    ap_beijing="457",
    ap_nanjing="1",
    ap_chongqing="1",
    ap_singapore="1",
    na_siliconvalley="2",
    eu_frankfurt="1",
)
_PNV4_ZONES = _zones(ap_guangzhou="7", ap_shanghai="45", ap_beijing="6")
_GT4_ZONES = _zones(ap_guangzhou="346", ap_shanghai="45", ap_beijing="56", ap_nanjing="1")


def _family(
    card: cards.Card, rows: tuple[tuple[str, int, int, float], ...], zones: frozenset[str], interconnect: str = "pcie"
) -> Family:
    """Types that their document places in zones, that TKE makes native nodes of, and that come as spot."""
    return Family(
        card=card,
        source=_DOCS,
        date=_DATE,
        regions=frozenset(zone.rsplit("-", 1)[0] for zone in zones),
        zones=zones,
        rows=rows,
        interconnect=interconnect,
        sharing=_SHARED,
        native=True,
    )


def _invited(card: cards.Card, rows: tuple[tuple[str, int, int, float], ...], interconnect: str) -> Family:
    """Types by invitation: the list has their memory only, the card and the regions are what third parties say."""
    return Family(
        card=card,
        source=_LIST,
        date=_DATE,
        regions=_MAINLAND,
        rows=rows,
        interconnect=interconnect,
        sharing=frozenset({"timeSlicing"}),
        spot=False,
        unread=names(rows),
    )


_FAMILIES = (
    _family(cards.T4, _GN7, _GN7_ZONES),
    _family(cards.V100_32, _GN10XP, _GN10XP_ZONES, "nvlink"),
    _family(cards.A10, _PNV4, _PNV4_ZONES),
    _family(cards.A100_40, _GT4, _GT4_ZONES, "nvlink"),
    _invited(cards.L20, _PNV5B, "pcie"),
    _invited(cards.H20, _PNV6, "nvlink"),
    Family(card=None, source=_LIST, date=_DATE, regions=_MAINLAND | _ABROAD, rows=_CPU),
)

TYPES = types("tencentcloud", _FAMILIES, ())
