"""AWS: on-demand Linux and spot prices of the types that our tables have."""

from components.prices import PriceList

_KARPENTER = "https://github.com/aws/karpenter-provider-aws pkg/providers/pricing/zz_generated.pricing_aws"
_SKYPILOT = "https://github.com/skypilot-org/skypilot-catalog catalogs/v8/aws/vms.csv@00148f2"

_US_EAST_1 = {
    "g4dn.xlarge": 0.526,
    "g4dn.2xlarge": 0.752,
    "g4dn.4xlarge": 1.204,
    "g4dn.12xlarge": 3.912,
    "g4dn.metal": 7.824,
    "g5.xlarge": 1.006,
    "g5.2xlarge": 1.212,
    "g5.4xlarge": 1.624,
    "g5.8xlarge": 2.448,
    "g5.12xlarge": 5.672,
    "g5.24xlarge": 8.144,
    "g5.48xlarge": 16.288,
    "g6.xlarge": 0.8048,
    "g6.2xlarge": 0.9776,
    "g6.4xlarge": 1.3232,
    "g6.8xlarge": 2.0144,
    "g6.12xlarge": 4.6016,
    "g6.16xlarge": 3.3968,
    "g6.24xlarge": 6.6752,
    "g6.48xlarge": 13.3504,
    "g6e.xlarge": 1.861,
    "g6e.2xlarge": 2.24208,
    "g6e.4xlarge": 3.00424,
    "g6e.8xlarge": 4.52856,
    "g6e.12xlarge": 10.49264,
    "g6e.24xlarge": 15.06559,
    "g6e.48xlarge": 30.13118,
    "p3.2xlarge": 3.06,
    "p3.8xlarge": 12.24,
    "p3.16xlarge": 24.48,
    "p3dn.24xlarge": 31.212,
    "p4d.24xlarge": 21.957642,
    "p4de.24xlarge": 27.44705,
    "p5.4xlarge": 6.88,
    "p5.48xlarge": 55.04,
    "p5en.48xlarge": 63.296,
    "p6-b200.48xlarge": 113.9328,
    "m7i.large": 0.1008,
    "m7i.xlarge": 0.2016,
    "m7i.2xlarge": 0.4032,
    "m6i.large": 0.096,
    "m6i.xlarge": 0.192,
    "m6i.2xlarge": 0.384,
}
# AWS sells these at one price in Virginia and Oregon; read for three of them, taken for the rest.
_READ_IN_OREGON = ("g4dn.xlarge", "g6.16xlarge", "g6.24xlarge")

LISTS = (
    PriceList(region="us-east-1", source=f"{_KARPENTER}.go", date="2026-01-19", per_hour=_US_EAST_1),
    PriceList(
        region="us-west-2",
        source=f"{_SKYPILOT} for {', '.join(_READ_IN_OREGON)}; the others as in us-east-1",
        date="2026-01-19",
        per_hour=_US_EAST_1,
    ),
    PriceList(
        region="us-east-1",
        source=_SKYPILOT,
        date="read 2026-11-21",
        per_hour={"g4dn.xlarge": 0.2158, "g6.16xlarge": 1.2391, "g6.24xlarge": 3.2462},
        spot=True,
    ),
    PriceList(
        region="us-west-2",
        source=_SKYPILOT,
        date="read 2026-11-21",
        per_hour={"g4dn.xlarge": 0.2479, "g6.16xlarge": 1.3873, "g6.24xlarge": 3.3743},
        spot=True,
    ),
    PriceList(
        region="eu-central-1",
        source=_SKYPILOT,
        date="read 2026-11-21",
        per_hour={"g4dn.xlarge": 0.658, "g5.12xlarge": 7.09282, "g6.24xlarge": 8.34732},
    ),
    PriceList(
        region="cn-north-1",
        source=f"{_KARPENTER}_cn.go",
        date="2023-09-18",
        cny=True,
        per_hour={
            "g4dn.xlarge": 5.223,
            "g4dn.2xlarge": 7.468,
            "g4dn.4xlarge": 11.956,
            "g4dn.12xlarge": 38.849,
            "p3.2xlarge": 36.078,
            "p3.8xlarge": 144.314,
            "p3.16xlarge": 288.627,
            "m6i.large": 1.01321,
            "m6i.xlarge": 2.02642,
            "m6i.2xlarge": 4.05283,
        },
    ),
)
