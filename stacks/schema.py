"""What a region file may say: one class a provider, chosen by the file's `provider`. dev.yaml explains the keys."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components import quantities
from stacks.fields import Folder, ImageRef, Label, ModelName, Part, Quantity


class Amount(Part):
    cpu: Quantity
    memory: Quantity


class Resources(Part):
    requests: Amount
    limits: Amount

    @model_validator(mode="after")
    def _requests_within_limits(self) -> Self:
        for kind in ("cpu", "memory"):
            request, limit = getattr(self.requests, kind), getattr(self.limits, kind)
            if quantities.parse(request) > quantities.parse(limit):
                raise ValueError(f"requests.{kind} is more than limits.{kind}: lower the request")
        return self


class Volume(Part):
    size: Quantity
    storage_class: Label | None = None
    access_mode: Literal["ReadWriteOnce", "ReadWriteMany"] = "ReadWriteOnce"


class Images(Part):
    etcd: ImageRef
    envoy: ImageRef
    serving: ImageRef


class TinySource(Part):
    type: Literal["tiny"]
    seed: int = Field(default=0, ge=0, lt=2**63)


class FolderSource(Part):
    type: Literal["folder"]
    path: Folder


class Model(Part):
    name: ModelName
    max_model_len: int = Field(ge=16)
    source: Annotated[TinySource | FolderSource, Field(discriminator="type")]
    volume: Volume


class Serving(Part):
    replicas: int = Field(ge=1, le=1000)
    resources: Resources
    drain_seconds: int = Field(ge=1, le=3600)
    startup_seconds: int = Field(default=600, ge=10, le=7200)
    max_num_seqs: int = Field(ge=1, le=1024)


class Etcd(Part):
    members: Literal[1, 3, 5]
    volume: Volume
    resources: Resources


class NodePort(Part):
    type: Literal["NodePort"]
    port: int = Field(ge=30000, le=32767)


class ClusterIP(Part):
    type: Literal["ClusterIP"]


class LoadBalancer(Part):
    type: Literal["LoadBalancer"]


class Gateway(Part):
    replicas: int = Field(ge=1, le=100)
    exposure: Annotated[NodePort | ClusterIP | LoadBalancer, Field(discriminator="type")]
    address: str | None = Field(default=None, min_length=1, pattern=r"^[0-9A-Za-z.:\[\]-]+$")
    max_body_bytes: int = Field(ge=1024, le=256 * 1024 * 1024)
    max_stream_seconds: int = Field(ge=1, le=3600)
    resources: Resources


class Quota(Part):
    cpu: Quantity
    memory: Quantity
    storage: Quantity
    pods: int = Field(ge=1)


class Region(Part):
    """What every region has, wherever it is."""

    namespace: Label
    images: Images
    model: Model
    serving: Serving
    etcd: Etcd
    gateway: Gateway
    quota: Quota


class Cluster(Part):
    kubeconfig: str = Field(min_length=1)
    context: str | None = Field(default=None, min_length=1)


class PrivateRegion(Region):
    """A cluster that exists, by kubeconfig."""

    provider: Literal["private"]
    cluster: Cluster


RegionSpec = PrivateRegion
PROVIDERS: dict[str, type[RegionSpec]] = {"private": PrivateRegion}
