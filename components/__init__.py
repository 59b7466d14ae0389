"""Open-AutoGLM on Kubernetes, as components: import what you need into your own Pulumi program."""

from components.connections import Connection, Pods, Port
from components.platform.edges import Edges, EdgesArgs
from components.platform.isolation import Isolation, IsolationArgs, Quota
from components.region import Region, RegionArgs
from components.types import Exposure, ExposureType, Resources, SharedFiles, StoredModel, Upstream, Volume
from components.workloads.api_key import ApiKey
from components.workloads.etcd import Etcd, EtcdArgs
from components.workloads.gateway import Gateway, GatewayArgs
from components.workloads.model_source import ModelFolder, PhoneModel, SharedFolder, TinyModel
from components.workloads.model_store import ModelStore, ModelStoreArgs
from components.workloads.serving import Serving, ServingArgs
from components.workloads.vllm import VllmArgs

__all__ = [
    "ApiKey",
    "Connection",
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
    "ModelFolder",
    "ModelStore",
    "ModelStoreArgs",
    "PhoneModel",
    "Pods",
    "Port",
    "Quota",
    "Region",
    "RegionArgs",
    "Resources",
    "Serving",
    "ServingArgs",
    "SharedFiles",
    "SharedFolder",
    "StoredModel",
    "TinyModel",
    "Upstream",
    "VllmArgs",
    "Volume",
]
