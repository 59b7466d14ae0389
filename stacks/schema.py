"""What a region file may say: one class a provider, chosen by the file's `provider`. dev.yaml explains the keys."""

from ipaddress import IPv4Network
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from stacks.amounts import Resources, Volume
from stacks.cloud import CloudParts, Facts, GpuPool, GpuRuntime, Id, Sharing, TencentGpuPool, Tuning, Whole
from stacks.etcd import Etcd
from stacks.fields import Folder, ImageRef, Label, ModelName, Part, Quantity
from stacks.gateway import Client, Denied, EdgeTls, Issuer, Limits, Tracing
from stacks.monitoring import NOBODY, Monitoring
from stacks.rollout import Rollout, Version
from stacks.scaling import Autoscaling
from stacks.shapes import Shape
from stacks.telemetry import UNCOLLECTED, Telemetry


class Images(Part):
    etcd: ImageRef
    keeper: ImageRef = "localhost/autoglm/keeper:0.1.0"
    envoy: ImageRef
    serving: ImageRef
    device_plugin: ImageRef = "nvcr.io/nvidia/k8s-device-plugin:v0.17.4"
    ratelimit: ImageRef | None = None  # envoyproxy/ratelimit, and a Redis, for limits that gateways count together
    redis: ImageRef | None = None
    dcgm_exporter: ImageRef | None = None  # given, each GPU node tells Prometheus of its cards
    prometheus: ImageRef = "quay.io/prometheus/prometheus:v3.13.5"
    alertmanager: ImageRef = "quay.io/prometheus/alertmanager:v0.31.1"
    grafana: ImageRef | None = "docker.io/grafana/grafana:12.0.2"  # null: nobody draws the dashboards
    collector: ImageRef | None = None  # OpenTelemetry's, of the contrib distribution, for telemetry
    require_digest: bool = False


class TinySource(Part):
    type: Literal["tiny"]
    seed: int = Field(default=0, ge=0, lt=2**63)


class PhoneSource(Part):
    """The tiny model that comes with the serving image: it operates simple screens, on any machine."""

    type: Literal["tinyphone"]


class FolderSource(Part):
    type: Literal["folder"]
    path: Folder


class SharedSource(Part):
    """A folder on the region's shared file system, put there with its SHA256SUMS."""

    type: Literal["shared"]
    path: Folder


class ModelFacts(Part):
    """A model that the table does not have: bytes of its weights, and of the KV cache for one token. `kvHeads`: over
    how many cards that cache can be split."""

    weights: Quantity
    kv_bytes_per_token: int = Field(gt=0)
    kv_heads: int = Field(default=1, ge=1)


class Model(Part):
    name: ModelName
    max_model_len: int = Field(ge=16)
    source: Annotated[TinySource | PhoneSource | FolderSource | SharedSource, Field(discriminator="type")]
    volume: Volume
    facts: ModelFacts | None = None
    version: Version | None = None


class Vllm(Part):
    """Of vLLM, which serves on GPUs. What is not said, the server decides for its model and card, and logs why.

    `weightQuantization` packs full weights into 8 bits while loading; `kvCacheDtype: fp8` holds twice the tokens.
    """

    dtype: Literal["auto", "bfloat16", "float16"] = "auto"
    weight_quantization: Literal["none", "fp8_per_tensor", "fp8_per_block"] | None = None
    kv_cache_dtype: Literal["auto", "fp8"] = "auto"
    max_num_batched_tokens: int | None = Field(default=None, ge=256, le=131072)
    enforce_eager: bool = False
    max_image_pixels: int = Field(default=5_000_000, ge=112 * 112)


class Gpu(Part):
    """GPUs for one server: a pool of the file, and how many cards the model is split over (tensor parallel).

    Without `pool` those serve that can hold the model and have no taints of the file's, the cheapest token first.
    `interconnect`: what joins the cards of a server that is split.
    """

    pool: Label | None = None
    tensor_parallel_size: int = Field(default=1, ge=1, le=16)
    interconnect: Literal["any", "nvlink"] = "any"
    vllm: Vllm = Vllm()


class Serving(Part):
    """`replicas`: with autoscaling, what the servers begin with."""

    replicas: int = Field(ge=1, le=1000)
    autoscaling: Autoscaling | None = None
    resources: Resources
    drain_seconds: int = Field(ge=1, le=3600)
    startup_seconds: int = Field(default=600, ge=10, le=7200)
    max_num_seqs: int = Field(ge=1, le=1024)
    gpu: Gpu | None = None
    rollout: Rollout | None = None

    @property
    def least(self) -> int:
        return self.autoscaling.min_replicas if self.autoscaling else self.replicas

    @property
    def most(self) -> int:
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas


class NodePort(Part):
    type: Literal["NodePort"]
    port: int = Field(ge=30000, le=32767)


class ClusterIP(Part):
    type: Literal["ClusterIP"]


class LoadBalancer(Part):
    """The cloud's. With a certificate (the cloud's id of one) it ends TLS on 443; without, it serves port 80."""

    type: Literal["LoadBalancer"]
    certificate: Id | None = None
    internal: bool = False
    clients: tuple[IPv4Network, ...] = Field(default=(IPv4Network("0.0.0.0/0"),), min_length=1)  # none were all


Host = Annotated[str, Shape(r"[0-9A-Za-z.:\[\]-]+", "a host's name or address, as in gpu.example.com")]


class Gateway(Part):
    replicas: int = Field(ge=1, le=100)
    exposure: Annotated[NodePort | ClusterIP | LoadBalancer, Field(discriminator="type")]
    address: Host | None = None
    max_body_bytes: int = Field(ge=1024, le=256 * 1024 * 1024)
    max_stream_seconds: int = Field(ge=1, le=3600)
    max_batch_requests: int = Field(default=256, ge=1, le=1024)  # open ones in each gateway that can wait
    clients: dict[Label, Client] = Field(default={}, max_length=1000)  # with keys of their own, beside the region's
    issuers: dict[Label, Issuer] = {}  # of tokens
    limits: Limits = Limits()
    denied: Denied = Denied()
    affinity: Literal["none", "session", "prompt"] = "none"
    balancing: Literal["leastRequests", "loadReports"] = "leastRequests"
    tracing: Tracing | None = None
    tls: EdgeTls | None = None
    resources: Resources


class Quota(Part):
    cpu: Quantity
    memory: Quantity
    storage: Quantity
    pods: int = Field(ge=1)


class Isolation(Part):
    """`check`: an update ends with pods that try, as each workload, what the network policies should allow and refuse,
    and it fails where one is not as declared. Needs a network plugin that enforces NetworkPolicies."""

    check: bool = False


class Region(Part):
    """What every region has, wherever it is."""

    environment: Literal["development", "production"] = "development"
    namespace: Label
    images: Images
    model: Model
    serving: Serving
    etcd: Etcd
    gateway: Gateway
    quota: Quota
    isolation: Isolation = Isolation()
    monitoring: Monitoring = NOBODY
    telemetry: Telemetry = UNCOLLECTED
    gpu_runtime: GpuRuntime = GpuRuntime()


class Cluster(Part):
    kubeconfig: str = Field(min_length=1)
    context: str | None = Field(default=None, min_length=1)


class PrivateNodes(Part):
    """GPU nodes that exist, by name; they get the pool's labels and taint."""

    nodes: tuple[Label, ...] = Field(min_length=1)
    facts: Facts
    sharing: Sharing = Whole()
    labels: dict[str, str] = {}
    taints: dict[str, str] = {}

    @property
    def max_size(self) -> int:
        """As other pools have it: what there is, is all there can be."""
        return len(self.nodes)


class PrivateRegion(Region):
    """A cluster that exists, by kubeconfig."""

    provider: Literal["private"]
    cluster: Cluster
    gpu_pools: dict[Label, PrivateNodes] = {}
    tuning: Tuning | None = None  # given, pods on the pools' nodes set them up: see GpuRuntime


class AwsRegion(Region, CloudParts):
    nodes_give_out_cards: ClassVar[bool] = False
    provider: Literal["aws"]
    account_id: Annotated[str, Shape(r"\d{12}", "an AWS account's 12 digits, in quotes")]
    gpu_pools: dict[Label, GpuPool] = {}


class AlicloudRegion(Region, CloudParts):
    spot_notice_seconds: ClassVar[int] = 300
    provider: Literal["alicloud"]
    gpu_pools: dict[Label, GpuPool] = {}


class TencentcloudRegion(Region, CloudParts):
    provider: Literal["tencentcloud"]
    app_id: Annotated[str, Shape(r"\d{6,12}", "an APPID of 6 to 12 digits, in quotes")]  # ends every bucket's name
    gpu_pools: dict[Label, TencentGpuPool] = {}


CloudRegion = AwsRegion | AlicloudRegion | TencentcloudRegion
RegionSpec = PrivateRegion | AwsRegion | AlicloudRegion | TencentcloudRegion
PROVIDERS: dict[str, type[RegionSpec]] = {
    "private": PrivateRegion,
    "aws": AwsRegion,
    "alicloud": AlicloudRegion,
    "tencentcloud": TencentcloudRegion,
}
