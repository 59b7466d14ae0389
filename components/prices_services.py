"""What clouds charge for an hour of a service that a region has besides machines. One table. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ServicePrice:
    usd_per_hour: float
    source: str
    date: str


_EKS = ServicePrice(
    usd_per_hour=0.10, source="https://aws.amazon.com/eks/pricing/, standard support, as quoted", date="2026-09-29"
)
_NAT = ServicePrice(
    usd_per_hour=0.045, source="https://aws.amazon.com/vpc/pricing/, without traffic, as quoted", date="2026"
)

# (provider, region, service). The clouds in China and the two Chinese clouds publish theirs to accounts.
_TABLE = {
    ("aws", "us-east-1", "control plane"): _EKS,
    ("aws", "us-west-2", "control plane"): _EKS,
    ("aws", "eu-central-1", "control plane"): _EKS,
    ("aws", "us-east-1", "NAT gateway"): _NAT,
    ("aws", "us-west-2", "NAT gateway"): _NAT,
}


def find(provider: str, region: str, service: str) -> ServicePrice | None:
    return _TABLE.get((provider, region, service))
