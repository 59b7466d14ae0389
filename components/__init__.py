"""Open-AutoGLM on Kubernetes, as components: import what you need into your own Pulumi program."""

from components.connections import Connection, Pods, Port
from components.envoy_affinity import Affinity
from components.envoy_denied import Denied
from components.envoy_jwt import JwtIssuer
from components.envoy_limits import Limits, RateLimit
from components.envoy_shared_limits import WhenDown
from components.envoy_tracing import Tracing
from components.platform.edges import Edges, EdgesArgs
from components.platform.isolation import Isolation, IsolationArgs, Quota
from components.region import Region, RegionArgs
from components.types import Exposure, ExposureType, Resources, SharedFiles, StoredModel, Upstream, Volume
from components.workloads.api_key import ApiKey
from components.workloads.client_keys import ClientKeys, ClientKeysArgs
from components.workloads.etcd import Etcd, EtcdArgs
from components.workloads.gateway import Gateway, GatewayArgs
from components.workloads.gateway_tls import EdgeTls
from components.workloads.model_source import ModelFolder, PhoneModel, SharedFolder, TinyModel
from components.workloads.model_store import ModelStore, ModelStoreArgs
from components.workloads.ratelimit import RateLimiter, RateLimiterArgs
from components.workloads.serving import Serving, ServingArgs
from components.workloads.vllm import VllmArgs

__all__ = [
    "Affinity",
    "ApiKey",
    "ClientKeys",
    "ClientKeysArgs",
    "Connection",
    "Denied",
    "EdgeTls",
    "Edges",
    "EdgesArgs",
    "Etcd",
    "EtcdArgs",
    "Exposure",
    "ExposureType",
    "Gateway",
    "GatewayArgs",
    "Isolation",
    "IsolationArgs",
    "JwtIssuer",
    "Limits",
    "ModelFolder",
    "ModelStore",
    "ModelStoreArgs",
    "PhoneModel",
    "Pods",
    "Port",
    "Quota",
    "RateLimit",
    "RateLimiter",
    "RateLimiterArgs",
    "Region",
    "RegionArgs",
    "Resources",
    "Serving",
    "ServingArgs",
    "SharedFiles",
    "SharedFolder",
    "StoredModel",
    "TinyModel",
    "Tracing",
    "Upstream",
    "VllmArgs",
    "Volume",
    "WhenDown",
]
