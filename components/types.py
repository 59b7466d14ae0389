"""What crosses seams between components: small, frozen, typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

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
