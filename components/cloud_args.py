"""What the components of every cloud take: the same arguments, so that one region file's parts fit each cloud."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

import pulumi

from components.cidr import SubnetPlan
from components.platform.tuning import Row
from components.types import ClusterParts, NetworkParts, SecurityParts, StorageParts

Tags = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """A VPC of our own. `nat_per_zone`: one gateway a zone, so that a zone's loss takes no other's way out."""

    cidr: IPv4Network
    zones: tuple[str, ...]
    subnets: SubnetPlan
    tags: Tags
    nat_per_zone: bool = True
    flow_log_days: int = 30


@dataclass(frozen=True, kw_only=True)
class ExistingNetworkArgs:
    """A VPC that exists: looked up and checked, never changed."""

    vpc: str
    cidr: IPv4Network
    zones: tuple[str, ...]
    public_subnets: tuple[str, ...]
    node_subnets: tuple[str, ...]
    pod_subnets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SecurityArgs:
    """`clients`: ranges that may reach the load balancer on 443; `peers`: those of other regions of the fleet."""

    network: NetworkParts
    tags: Tags
    clients: tuple[IPv4Network, ...]
    service_cidr: IPv4Network
    peers: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SystemPoolArgs:
    """Nodes without GPUs, for everything but models."""

    instance_type: str
    min_size: int = 2
    max_size: int = 4
    disk_gib: int = 100


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """`key`: id of the KMS key for Secrets. `public_access`: ranges that may reach a public API; none makes it private.
    `admins`: principals of the cloud that administer the cluster."""

    network: NetworkParts
    security: SecurityParts
    tags: Tags
    version: str
    service_cidr: IPv4Network
    key: pulumi.Input[str]
    system: SystemPoolArgs
    public_access: tuple[IPv4Network, ...] = ()
    admins: tuple[str, ...] = ()
    audit_log_days: int = 90
    protect: bool = True


@dataclass(frozen=True, kw_only=True)
class ExistingClusterArgs:
    """A managed cluster that exists, by the cloud's name or id of it; looked up, never changed."""

    id: str


@dataclass(frozen=True, kw_only=True)
class GpuPoolArgs:
    """One group of like GPU nodes (components/pools.py splits a pool of mixed capacity into several).

    `driver`: version of the NVIDIA driver, where the cloud installs one; `image`: an own node image's id or type.
    `labels` and `taints` are complete. `offers`: what a node gives out, by resource, as an autoscaler must know while
    there is none; empty for what the cloud knows by itself. `setup`: settings that nodes start with. `native`: Tencent
    Cloud's native pool. `max_price`: USD an hour for spot.
    """

    cluster: ClusterParts
    network: NetworkParts
    security: SecurityParts
    tags: Tags
    key: pulumi.Input[str]
    instance_type: str
    min_size: int
    max_size: int
    labels: Mapping[str, str]
    taints: Mapping[str, str]  # key -> value, with the effect NoSchedule
    zones: tuple[str, ...]
    spot: bool = False
    max_price: float | None = None
    disk_gib: int = 200
    driver: str | None = None
    image: str | None = None
    sharing: str = "none"
    offers: Mapping[str, int] = field(default_factory=dict)
    setup: tuple[Row, ...] = ()
    native: bool = False


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """`bucket` and `key`: names or ids of existing ones, or None to make them. `replica_region`: where a second bucket
    gets a copy of every object; None for none."""

    network: NetworkParts
    security: SecurityParts
    tags: Tags
    region: str
    account: str
    bucket: str | None = None
    key: str | None = None
    replica_region: str | None = None
    snapshot_days: int = 30
    files: bool = True
    app_id: str | None = None  # Tencent Cloud's, which ends every bucket's name


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """`existing`: workload -> the cloud's id of a role that exists; the rest are made, from `access.GRANTS`."""

    cluster: ClusterParts
    storage: StorageParts
    tags: Tags
    namespace: str
    region_name: str
    account: str
    region: str
    app_id: str | None = None
    existing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """A private registry for the serving image. `immutable`: a pushed tag never changes."""

    network: NetworkParts
    tags: Tags
    key: pulumi.Input[str]
    region: str
    repositories: tuple[str, ...] = ("serving", "keeper")


@dataclass(frozen=True, kw_only=True)
class DnsArgs:
    """`zone`: a domain; `existing`: the cloud's id of its zone, else it is made. `host` gets a record to `address`."""

    zone: str
    host: str
    address: pulumi.Input[str]
    ttl: int
    tags: Tags
    existing: str | None = None
