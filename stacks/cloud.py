"""What a region file on a cloud may say, beside what every region says. docs/regions.md explains the keys."""

from ipaddress import IPv4Network
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from stacks.fields import Label, Part, Quantity
from stacks.shapes import Shape

Id = Annotated[str, Shape(r"[\w:/.@-]{1,256}", "a cloud's id or name of something: letters, digits and : / . @ _ -")]
Zone = Annotated[str, Shape(r"[a-z][a-z0-9-]+", "a zone's name, as in us-west-2a")]


def _new_or_existing(value: Any) -> str:  # noqa: ANN401  the file's own, before any check
    found = "existing" in value if isinstance(value, dict) else hasattr(value, "existing")
    return "existing" if found else "new"


class Subnets(Part):
    """One a zone, in the order of the zones. Left out, they are planned from the VPC's range."""

    public: tuple[IPv4Network, ...]
    nodes: tuple[IPv4Network, ...]
    pods: tuple[IPv4Network, ...]


class NewNetwork(Part):
    cidr: IPv4Network
    zones: tuple[Zone, ...] = Field(min_length=1, max_length=6)
    pods_per_zone: int = Field(default=1000, ge=50, le=60_000)
    subnets: Subnets | None = None
    nat: Literal["zone", "single"] = "zone"
    flow_log_days: int = Field(default=30, ge=1, le=3650)
    peers: tuple[IPv4Network, ...] = ()  # ranges of other networks that this one will be connected to


class ExistingSubnets(Part):
    public: tuple[Id, ...] = ()
    nodes: tuple[Id, ...] = Field(min_length=1)
    pods: tuple[Id, ...] = ()


class ExistingVpc(Part):
    vpc: Id
    cidr: IPv4Network
    zones: tuple[Zone, ...] = Field(min_length=1)
    subnets: ExistingSubnets
    peers: tuple[IPv4Network, ...] = ()


class AdoptedNetwork(Part):
    existing: ExistingVpc


class SystemPool(Part):
    instance_type: str
    min_size: int = Field(default=2, ge=1)
    max_size: int = Field(default=4, ge=1)
    disk: Quantity = "100Gi"


class NewCluster(Part):
    version: Annotated[str, Shape(r"1\.\d{2}", "a version of Kubernetes in quotes, as in '1.33'")]
    service_cidr: IPv4Network
    system: SystemPool
    public_access: tuple[IPv4Network, ...] = ()  # none: the API server has a private address only
    admins: tuple[Id, ...] = ()
    audit_log_days: int = Field(default=90, ge=1, le=3650)


class ExistingClusterId(Part):
    id: Id
    service_cidr: IPv4Network


class AdoptedCluster(Part):
    existing: ExistingClusterId


class Facts(Part):
    """An instance type that the table does not have, as its cloud's page describes it."""

    accelerator: str
    gpus: int = Field(ge=1, le=16)
    gpu_memory_gib: float = Field(gt=0)
    vcpus: int = Field(ge=1)
    memory_gib: float = Field(gt=0)
    interconnect: Literal["none", "pcie", "nvlink"] = "pcie"
    island: int | None = Field(default=None, ge=1, le=16)  # cards that NVLink joins, where that is not all of a node
    resource: str = "nvidia.com/gpu"
    usd_per_hour: float | None = Field(default=None, gt=0)


class Spot(Part):
    on_demand_base: int = Field(default=0, ge=0)
    max_usd_per_hour: float | None = Field(default=None, gt=0)


class Whole(Part):
    type: Literal["none"] = "none"


class TimeSlicing(Part):
    type: Literal["timeSlicing"]
    replicas: int = Field(ge=2, le=48)


class Mig(Part):
    type: Literal["mig"]
    profile: Annotated[str, Shape(r"\d+g\.\d+gb", "a profile of NVIDIA's, as in 1g.10gb")]


class Cgpu(Part):
    """`memoryGib`: of a card, for each server; left out, what the model needs."""

    type: Literal["cgpu"]
    memory_gib: int | None = Field(default=None, ge=1)


class Qgpu(Part):
    """`memoryGib`: as for cgpu; a server gets as large a part of the card's time."""

    type: Literal["qgpu"]
    memory_gib: int | None = Field(default=None, ge=1)


Sharing = Annotated[Whole | TimeSlicing | Mig | Cgpu | Qgpu, Field(discriminator="type")]


class GpuPool(Part):
    instance_type: str
    min_size: int = Field(ge=0)
    max_size: int = Field(ge=1)
    zones: tuple[Zone, ...] = ()  # none: all of the network's
    spot: Spot | None = None
    sharing: Sharing = Whole()
    disk: Quantity = "200Gi"
    driver: Annotated[str, Shape(r"\d+\.\d+(\.\d+)?", "a driver's version in quotes, as in '570.86.15'")] | None = None
    image: Id | None = None
    labels: dict[str, str] = {}
    taints: dict[str, str] = {}
    facts: Facts | None = None


class TencentGpuPool(GpuPool):
    native: bool = False  # a native node pool: needed for qGPU, without spot


class Nccl(Part):
    """How the cards of a server talk to each other. What is not said, NCCL finds out."""

    debug: Literal["VERSION", "WARN", "INFO", "TRACE"] = "WARN"
    p2p_level: Literal["LOC", "NVL", "PIX", "PXB", "PHB", "SYS"] | None = Field(default=None, alias="p2pLevel")
    socket_interface: Annotated[str, Shape(r"[=^]?[\w.,-]{1,64}", "names of interfaces, as in eth0")] | None = None
    infiniband: bool = True


class Tuning(Part):
    """The kernel, the disks and the containers' limits of GPU nodes: components/platform/tuning.py."""

    somaxconn: int = Field(default=65_535, ge=128, le=65_535)
    max_files: int = Field(default=2_097_152, ge=65_536)
    open_files: int = Field(default=1_048_576, ge=1024, le=1_073_741_816)
    tcp_buffer: Quantity = "16Mi"
    bbr: bool = True
    huge_pages: int = Field(default=0, ge=0)
    io_scheduler: Literal["none", "mq-deadline", "kyber", "bfq"] | None = "none"
    read_ahead_kib: int = Field(default=1024, ge=0, le=65_536)
    nccl: Nccl = Nccl()


class GpuRuntime(Part):
    """`devicePlugin`: `auto` installs NVIDIA's where the cloud's nodes have none that shares cards as the pool says.
    `nodeCheck`: whether pods on the nodes watch that `tuning` is in force."""

    device_plugin: Literal["auto", "install", "existing"] = "auto"
    node_check: bool = True


class Storage(Part):
    bucket: Id | None = None  # an existing one; left out, it is made
    key: Id | None = None
    replica_region: str | None = None
    snapshot_days: int = Field(default=30, ge=1)
    files: bool = True  # a shared file system for weights


class Identity(Part):
    existing: dict[Literal["serving", "model-store", "etcd"], Id] = {}


class Dns(Part):
    zone: Annotated[str, Shape(r"[a-z0-9.-]+\.[a-z]+", "a domain, as in example.com")]
    existing: Id | None = None
    host: Annotated[str, Shape(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", "a host's name, as in autoglm")]
    ttl_seconds: int = Field(default=60, ge=1, le=86_400)


class Recovery(Part):
    standby: Label | None = None  # another stack
    rto_seconds: int = Field(ge=1)
    rpo_seconds: int = Field(ge=1)


class Owner(Part):
    name: str = Field(min_length=1, max_length=63)
    cost_center: str = Field(min_length=1, max_length=63)


Network = Annotated[
    Annotated[NewNetwork, Tag("new")] | Annotated[AdoptedNetwork, Tag("existing")], Discriminator(_new_or_existing)
]
Cluster = Annotated[
    Annotated[NewCluster, Tag("new")] | Annotated[AdoptedCluster, Tag("existing")], Discriminator(_new_or_existing)
]


class CloudParts(Part):
    """The part of a region that a cloud makes."""

    nodes_give_out_cards: ClassVar[bool] = True  # by a device plugin that the cloud puts on them
    # From the cloud's word until a spot machine is gone, as the clouds' documentation has it.
    spot_notice_seconds: ClassVar[int] = 120
    region: Annotated[str, Shape(r"[a-z]+-[a-z0-9-]+", "a region's name, as in us-west-2")]
    account_id: Annotated[str, Shape(r"\d{5,20}", "an account's digits, in quotes")]
    owner: Owner
    network: Network
    cluster: Cluster
    storage: Storage = Storage()
    identity: Identity = Identity()
    registry: bool = True
    dns: Dns | None = None
    recovery: Recovery | None = None
    tuning: Tuning | None = Tuning()
