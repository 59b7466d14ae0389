"""What crosses seams between components: small, frozen, typed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network

import pulumi
import pulumi_kubernetes as kubernetes

from components import quantities


@dataclass(frozen=True, kw_only=True)
class Resources:
    """A container's requests and limits, as Kubernetes quantities."""

    cpu_request: str
    cpu_limit: str
    memory_request: str
    memory_limit: str

    def __post_init__(self) -> None:
        for kind in ("cpu", "memory"):
            request, limit = getattr(self, f"{kind}_request"), getattr(self, f"{kind}_limit")
            if quantities.parse(request) > quantities.parse(limit):
                raise ValueError(f"Resources.{kind}_request: {request} is more than the limit {limit}: lower it")


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A persistent volume to ask for. No storage class means the cluster's default one."""

    size: str
    storage_class: str | None = None
    access_mode: str = "ReadWriteOnce"

    def __post_init__(self) -> None:
        quantities.parse(self.size)


class ExposureType(StrEnum):
    """Kubernetes' own names: a port of every node, inside the cluster only, or the cloud's load balancer."""

    NODE_PORT = "NodePort"
    CLUSTER_IP = "ClusterIP"
    LOAD_BALANCER = "LoadBalancer"


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """How clients reach a Service. `address`: the host in its URL; a node port can't do without."""

    type: ExposureType
    node_port: int | None = None
    address: pulumi.Input[str] | None = None
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)  # by which a cloud makes its balancer
    tls: bool = False  # clients speak TLS, which the balancer ends, or the gateway
    proxies: int = 0  # in front, each of which adds whom it got a request from to X-Forwarded-For
    secrets: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(default_factory=dict)  # that the annotations name

    def __post_init__(self) -> None:
        if self.type is ExposureType.NODE_PORT and (self.node_port is None or self.address is None):
            raise ValueError("Exposure: a NodePort needs node_port, and address, a host of a node that clients reach")


@dataclass(frozen=True, kw_only=True)
class ClusterAccess:
    """A cluster to work in. `address`: a host of the cluster that its users reach, for node ports."""

    provider: kubernetes.Provider
    address: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """A model folder on a volume: mount `claim` at `mount_path`, read-only, and load `path`."""

    claim: pulumi.Input[str]
    mount_path: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """Model servers behind a headless Service: its DNS name, their port, and the name and labels of their pods."""

    host: pulumi.Input[str]
    port: int
    name: str
    pods: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class EtcdClient:
    """A user's way into etcd: `endpoints` are client URLs, separated by commas; `secret` names a Secret in the same
    namespace with ca.crt, tls.crt and tls.key, which is another one once they are renewed; `name` and `pods` are the
    members'. What the user may do follows from the certificate's common name, `user`."""

    user: str
    endpoints: pulumi.Input[str]
    secret: pulumi.Input[str]
    name: str
    pods: Mapping[str, str]
    port: int = 2379


@dataclass(frozen=True, kw_only=True)
class NetworkParts:
    """A network as the rest of a region needs it. Subnet ids are one a zone, in the order of `zones`.

    `public_subnets` is empty where a cloud has no such thing; `route_tables` are those of the node and pod subnets;
    `node_ranges` and `pod_ranges` are those subnets' CIDRs, for clouds whose rules name addresses, not groups.
    """

    vpc: pulumi.Input[str]
    cidr: IPv4Network
    zones: tuple[str, ...]
    public_subnets: tuple[pulumi.Input[str], ...]
    node_subnets: tuple[pulumi.Input[str], ...]
    pod_subnets: tuple[pulumi.Input[str], ...]
    route_tables: tuple[pulumi.Input[str], ...]
    node_ranges: tuple[pulumi.Input[str], ...] = ()
    pod_ranges: tuple[pulumi.Input[str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SecurityParts:
    """Ids of security groups: of every node, of what may mount the shared files, of the load balancer."""

    nodes: pulumi.Input[str]
    files: pulumi.Input[str]
    balancer: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ClusterParts:
    """A managed cluster. `kubeconfig` is secret; `issuer`: URL of its OIDC issuer; `issuer_id`: the cloud's."""

    id: pulumi.Input[str]
    name: pulumi.Input[str]
    kubeconfig: pulumi.Output[str]
    address: pulumi.Output[str]
    issuer: pulumi.Input[str]
    issuer_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class SharedFiles:
    """A shared file system, as a PersistentVolume's CSI source takes it."""

    driver: str
    handle: pulumi.Input[str]
    attributes: Mapping[str, pulumi.Input[str]]
    mount_options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StorageParts:
    """`bucket`: name of the region's bucket; `bucket_id`: what policies name it by; `key`: id of the key it is
    encrypted with; `files`: None where the region has no shared file system."""

    bucket: pulumi.Input[str]
    bucket_id: pulumi.Input[str]
    key: pulumi.Input[str]
    files: SharedFiles | None


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentity:
    """What a workload's service account and pods carry so that the cloud knows them."""

    annotations: Mapping[str, pulumi.Input[str]]
    pod_labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class FleetMember:
    """What a fleet needs of a region, exported by its stack: ids and addresses, no secrets.

    `subnets`: the nodes', one a zone: some clouds' VPN gateways have a leg in two of them.
    """

    provider: str
    region: str
    account: str
    cidr: str
    vpc: pulumi.Input[str]
    route_tables: tuple[pulumi.Input[str], ...]
    node_security_group: pulumi.Input[str]
    bucket: pulumi.Input[str]
    address: pulumi.Input[str]
    subnets: tuple[pulumi.Input[str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """What a provider's builder hands to the platform and the workloads.

    `identities` by workload (components/access.py); `balancer` annotates the gateway's Service, and `secrets` are those
    that the annotations name, to be made in its namespace: name -> key -> value; `depends_on` is what pods need and no
    other reference says: node pools, add-ons. `publish` makes the region's DNS record, once the gateway has an address
    (a host name or an IP), and returns the host name. `without_plugin`: GPU pools whose nodes have no device plugin
    that gives out their cards; `sets_nodes_up`: whether nodes start with the region's settings;
    `proxies`: how many the balancer is of those that speak HTTP, so that clients' addresses are in a header.
    """

    cluster: ClusterAccess
    identities: Mapping[str, WorkloadIdentity] = field(default_factory=dict)
    files: SharedFiles | None = None
    balancer: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(default_factory=dict)
    member: FleetMember | None = None
    publish: Callable[[pulumi.Output[str]], pulumi.Output[str]] | None = None
    depends_on: tuple[pulumi.Resource, ...] = ()
    without_plugin: frozenset[str] = frozenset()
    sets_nodes_up: bool = True
    proxies: int = 0


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a workload's pods go: the nodes of these pools, the first before the others, past their taints; `cards`:
    what each pod asks for, by resource."""

    pools: tuple[str, ...]
    tolerated: tuple[str, ...]  # keys of taints
    cards: Mapping[str, int]
