"""Address planning: which subnets a VPC gets. Pure."""

from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """One subnet a zone of each kind, in the order of the zones."""

    public: tuple[IPv4Network, ...]
    nodes: tuple[IPv4Network, ...]
    pods: tuple[IPv4Network, ...]
