"""AWS: the machine types that our regions use. Rows are (name, cards, vCPUs, GiB of memory)."""

from components import cards
from components.instance_type import Family, names, types
from components.prices_aws import LISTS

_DOCS = "https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html"
_COPY = "https://github.com/skypilot-org/skypilot-catalog catalogs/v8/aws/vms.csv@00148f2"
_DATE = "2026-11-21"
_US = frozenset({"us-east-1", "us-west-2"})
_EU = frozenset({"eu-central-1"})
# Beijing: as priced there. Ningxia: taken to have what Beijing has; check its console before you rely on it.
_CHINA = frozenset({"cn-north-1", "cn-northwest-1"})
_NVIDIA = frozenset({"timeSlicing"})

_G4DN = (
    ("g4dn.xlarge", 1, 4, 16),
    ("g4dn.2xlarge", 1, 8, 32),
    ("g4dn.4xlarge", 1, 16, 64),
    ("g4dn.12xlarge", 4, 48, 192),
    ("g4dn.metal", 8, 96, 384),
)
_G5 = (
    ("g5.xlarge", 1, 4, 16),
    ("g5.2xlarge", 1, 8, 32),
    ("g5.4xlarge", 1, 16, 64),
    ("g5.8xlarge", 1, 32, 128),
    ("g5.12xlarge", 4, 48, 192),
    ("g5.24xlarge", 4, 96, 384),
    ("g5.48xlarge", 8, 192, 768),
)
_G6 = (
    ("g6.xlarge", 1, 4, 16),
    ("g6.2xlarge", 1, 8, 32),
    ("g6.4xlarge", 1, 16, 64),
    ("g6.8xlarge", 1, 32, 128),
    ("g6.16xlarge", 1, 64, 256),
    ("g6.12xlarge", 4, 48, 192),
    ("g6.24xlarge", 4, 96, 384),
    ("g6.48xlarge", 8, 192, 768),
)
_G6E = (
    ("g6e.xlarge", 1, 4, 32),
    ("g6e.2xlarge", 1, 8, 64),
    ("g6e.4xlarge", 1, 16, 128),
    ("g6e.8xlarge", 1, 32, 256),
    ("g6e.12xlarge", 4, 48, 384),
    ("g6e.24xlarge", 4, 96, 768),
    ("g6e.48xlarge", 8, 192, 1536),
)
_P3 = (("p3.2xlarge", 1, 8, 61), ("p3.8xlarge", 4, 32, 244), ("p3.16xlarge", 8, 64, 488))
_CPU = (("m7i.large", 0, 2, 8), ("m7i.xlarge", 0, 4, 16), ("m7i.2xlarge", 0, 8, 32))
_CPU_OLDER = (("m6i.large", 0, 2, 8), ("m6i.xlarge", 0, 4, 16), ("m6i.2xlarge", 0, 8, 32))


def _large(card: cards.Card, *rows: tuple[str, int, int, float]) -> Family:
    """Types with NVLink, in Virginia and Oregon."""
    return Family(
        card=card,
        source=_DOCS,
        date=_DATE,
        regions=_US,
        rows=rows,
        interconnect="nvlink",
        sharing=_NVIDIA,
        unread=names(rows),
    )


_FAMILIES = (
    Family(
        card=cards.T4,
        source=_COPY,
        date=_DATE,
        regions=_US | _EU | _CHINA,
        rows=_G4DN,
        sharing=_NVIDIA,
        unread=names(_G4DN) - {"g4dn.xlarge"},
    ),
    Family(
        card=cards.A10G,
        source=_COPY,
        date=_DATE,
        regions=_US | _EU,
        rows=_G5,
        sharing=_NVIDIA,
        unread=names(_G5) - {"g5.12xlarge"},
    ),
    Family(
        card=cards.L4,
        source=_COPY,
        date=_DATE,
        regions=_US | _EU,
        rows=_G6,
        sharing=_NVIDIA,
        unread=names(_G6) - {"g6.2xlarge", "g6.16xlarge", "g6.24xlarge"},
    ),
    Family(
        card=cards.L40S,
        source=_DOCS,
        date=_DATE,
        regions=_US,
        rows=_G6E,
        sharing=_NVIDIA,
        unread=names(_G6E),
    ),
    Family(
        card=cards.V100_16,
        source=_DOCS,
        date=_DATE,
        regions=_US | _CHINA,
        rows=_P3,
        interconnect="nvlink",
        sharing=_NVIDIA,
        unread=names(_P3),
    ),
    _large(cards.V100_32, ("p3dn.24xlarge", 8, 96, 768)),
    _large(cards.A100_40, ("p4d.24xlarge", 8, 96, 1152)),
    _large(cards.A100_80, ("p4de.24xlarge", 8, 96, 1152)),
    _large(cards.H100, ("p5.4xlarge", 1, 16, 256), ("p5.48xlarge", 8, 192, 2048)),
    _large(cards.H200, ("p5e.48xlarge", 8, 192, 2048), ("p5en.48xlarge", 8, 192, 2048)),
    _large(cards.B200, ("p6-b200.48xlarge", 8, 192, 2048)),
    Family(card=None, source=_DOCS, date=_DATE, regions=_US | _EU, rows=_CPU, unread=names(_CPU)),
    Family(card=None, source=_DOCS, date=_DATE, regions=_US | _EU | _CHINA, rows=_CPU_OLDER, unread=names(_CPU_OLDER)),
)

TYPES = types("aws", _FAMILIES, LISTS)
